"""Three sentences that say what the figures mean."""

from __future__ import annotations

from typing import NamedTuple

from pose_ssl_ros.evaluation.drive_report.catalogue import (
    BY_PATH,
    SECONDS,
    SHARE,
    change,
    figure,
    interval,
    say,
)
from pose_ssl_ros.evaluation.drive_report.material import Material, Model

#: Fewer true objects than this make a rate an anecdote.
FEW_OBJECTS = 5
#: From here on toward/away is good, if no more than this share is the wrong way round.
GOOD, REVERSED = 0.8, 0.1
#: Planner: this share of threats raised and at most so many false alarms a minute are good.
RAISED, ALARMS = 0.9, 0.5


class Sentence(NamedTuple):
    """A sentence with its tone: good, bad or so."""

    tone: str
    words: str


def sentences(material: Material) -> tuple[Sentence, Sentence, Sentence]:
    """The verdict on the first model: right or not, better than the other or steady, of use to a planner."""
    model = material.models[0]
    if figure(model.metrics, "heading.toward_away_accuracy").value is None:
        return _without_truth(material)
    return _accuracy(model), _comparison(material), _planner(model)


def headline(material: Material) -> Sentence:
    """A few words above the sentences."""
    said = sentences(material)
    failed = [a for a in material.assertions if not a.passed]
    if failed:
        return Sentence("bad", f"{len(failed)} of {len(material.assertions)} assertions failed")
    if figure(material.models[0].metrics, "heading.toward_away_accuracy").value is None:
        return Sentence("so", "Not judged against truth")
    tones = [s.tone for s in said]
    if "bad" in tones:
        return Sentence("bad", "Not good enough on this drive")
    if tones.count("good") >= 2 and tones[0] == "good":
        return Sentence("good", "Good on this drive")
    return Sentence("so", "Mixed on this drive")


def _accuracy(model: Model) -> Sentence:
    metrics = model.metrics
    right = figure(metrics, "heading.toward_away_accuracy")
    wrong = figure(metrics, "heading.reversed_rate")
    unknown = figure(metrics, "heading.unknown_rate")
    base = figure(metrics, "heading.majority_rate").value
    assert right.value is not None
    span = interval(right, SHARE)
    objects = right.tracks or 0
    words = (
        f"Of {right.n or 0:,} sightings of {objects} {_plural('object', objects)} that headed towards or away from us, "
        f"{say(right.value, SHARE)} were named right{f' ({span})' if span else ''} and {say(wrong.value, SHARE)} the "
        f"wrong way round; {say(unknown.value, SHARE)} of all answers for true objects were unknown"
    )
    if objects < FEW_OBJECTS:
        return Sentence("so", f"{words}, and so few objects prove little.")
    if base is not None and (right.low if right.low is not None else right.value) <= base - 0.2:
        return Sentence("bad", f"{words}.")
    good = right.value >= GOOD and (wrong.value or 0.0) <= REVERSED
    return Sentence("good" if good else "bad" if (wrong.value or 0.0) > 2 * REVERSED else "so", f"{words}.")


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"


def _comparison(material: Material) -> Sentence:
    model = material.models[0]
    if len(material.models) < 2:
        return _steady(model)
    other = material.models[1]
    known = BY_PATH["heading.toward_away_accuracy"]
    mine, theirs = figure(model.metrics, known.path), figure(other.metrics, known.path)
    step = change(mine, theirs, known)
    if step is None:
        return Sentence("so", f"“{other.name}” cannot be compared with it: {theirs.reason or 'not measured'}.")
    wrong = BY_PATH["heading.reversed_rate"]
    turned = change(figure(model.metrics, wrong.path), figure(other.metrics, wrong.path), wrong)
    beside = f", {turned.words} the wrong way round" if turned else ""
    there = f"“{other.name}” named {say(theirs.value, SHARE)} right"
    if step.tone == "good":
        return Sentence("good", f"It is better than “{other.name}”: {step.words} named right{beside}.")
    if step.tone == "bad":
        return Sentence("bad", f"It is worse than “{other.name}”: {step.words} named right{beside}.")
    return Sentence("so", f"{there}: a difference of {step.words}{beside}, too small for this drive to show.")


def _steady(model: Model) -> Sentence:
    flips = figure(model.metrics, "stability.flips_per_track_minute")
    ece = figure(model.metrics, "calibration.ece")
    parts = []
    if flips.value is not None:
        parts.append(f"the answer on one track changes {flips.value:.1f} times a minute")
    if ece.value is not None:
        parts.append(f"its certainty is {100 * ece.value:.0f} points off on average")
    if not parts:
        return Sentence("so", f"How steady answers are was not measured: {flips.reason or 'nothing to count'}.")
    text = " and ".join(parts)
    calm = (flips.value or 0.0) <= 2.0 and (ece.value or 0.0) <= 0.1
    return Sentence("good" if calm else "so", f"{text[0].upper()}{text[1:]}.")


def _planner(model: Model) -> Sentence:
    metrics = model.metrics
    raised, after = figure(metrics, "planner.raised_rate"), figure(metrics, "planner.seconds_to_raise")
    held, alarms = figure(metrics, "planner.held_share"), figure(metrics, "planner.false_alarms_per_minute")
    groundless = "" if alarms.value is None else f"{alarms.value:.2f} false alarms a minute"
    if raised.value is None:
        words = f"Nothing can be said about warnings: {raised.reason or 'not measured'}"
        return Sentence("so", f"{words} ({groundless})." if groundless else f"{words}.")
    words = f"Danger was raised in {say(raised.value, SHARE)} of {raised.n or 0} {_plural('threat', raised.n or 0)}"
    if after.value is not None:
        words += f", {say(after.value, SECONDS)} after it began (median)"
    if held.value is not None:
        words += f", and stayed raised {say(held.value, SHARE)} of the time"
    if groundless:
        words += f"; there were {groundless}"
    good = raised.value >= RAISED and (alarms.value is None or alarms.value <= ALARMS)
    bad = raised.value < RAISED - 0.3 or (alarms.value or 0.0) > 4 * ALARMS
    return Sentence("good" if good else "bad" if bad else "so", f"{words}.")


def _without_truth(material: Material) -> tuple[Sentence, Sentence, Sentence]:
    metrics = material.models[0].metrics
    reason = figure(metrics, "heading.toward_away_accuracy").reason
    unknown = figure(metrics, "answers.unknown_rate")
    count, tracks = figure(metrics, "answers.n").value or 0, figure(metrics, "tracks").value or 0
    why = "There was no truth" if not metrics.get("ground_truth") else f"Heading could not be judged ({reason})"
    first = Sentence(
        "so",
        f"{why}, so nothing here says whether answers were right: {count:,.0f} answers on {tracks:,.0f} tracks, "
        f"{say(unknown.value, SHARE)} of them unknown.",
    )
    agree, opposite = figure(metrics, "teacher.agreement"), figure(metrics, "teacher.opposite_rate")
    if agree.value is None:
        second = Sentence("so", f"Appearance could not be held against motion: {agree.reason or 'not measured'}.")
    else:
        good = agree.value >= GOOD and (opposite.value or 0.0) <= REVERSED
        bad = (opposite.value or 0.0) > 2 * REVERSED
        second = Sentence(
            "good" if good else "bad" if bad else "so",
            f"Where motion tells a heading, appearance says the same in {say(agree.value, SHARE)} and the opposite in "
            f"{say(opposite.value, SHARE)} of {agree.n or 0:,} answers" + _other_agreement(material) + ".",
        )
    flips, p95 = figure(metrics, "stability.flips_per_track_minute"), figure(metrics, "latency_ms.p95")
    changing = f"The answer on one track changes {flips.value:.1f} times a minute" if flips.value is not None else ""
    work = f"95 % of the frames took at most {p95.value:.0f} ms of work" if p95.value is not None else ""
    text = "; ".join(filter(None, (changing, work))) or "How steady answers are was not measured"
    return first, second, Sentence("so", f"{text}.")


def _other_agreement(material: Material) -> str:
    if len(material.models) < 2:
        return ""
    other = figure(material.models[1].metrics, "teacher.agreement")
    return f" (“{material.models[1].name}”: the same in {say(other.value, SHARE)})" if other.value is not None else ""
