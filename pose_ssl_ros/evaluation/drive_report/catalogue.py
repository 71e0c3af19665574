"""The figures of metrics.json by name: what each means in words, its unit, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SHARE, DEGREES, SECONDS, MILLISECONDS, PER_MINUTE, PLAIN = "share", "deg", "s", "ms", "per min", ""


@dataclass(frozen=True)
class Known:
    """A figure that the page names."""

    path: str  # in metrics.json
    words: str
    unit: str
    better: int  # +1 more is better, -1 less is better, 0 neither
    short: str = ""  # head of a narrow column


@dataclass(frozen=True)
class Figure:
    """A measured figure, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    tracks: int | None = None
    reason: str = ""


GROUPS: tuple[tuple[str, tuple[Known, ...]], ...] = (
    (
        "Heading",
        (
            Known("heading.toward_away_accuracy", "towards or away, named right", SHARE, 1, "toward/away"),
            Known("heading.reversed_rate", "towards or away, the wrong way round", SHARE, -1, "reversed"),
            Known("heading.four_way_accuracy", "right of four headings", SHARE, 1, "four-way"),
            Known("heading.unknown_rate", "unknown, of answers for true objects", SHARE, -1, "unknown"),
            Known(
                "heading.toward_away_accuracy_with_missed", "towards or away, unseen objects counted wrong", SHARE, 1
            ),
            Known("coverage", "true objects that had an answer", SHARE, 1, "found"),
            Known("heading.parked.toward_away_accuracy", "parked objects, towards or away", SHARE, 1),
            Known("heading.moving.toward_away_accuracy", "moving objects, towards or away", SHARE, 1),
            Known("heading.by_track.toward_away_accuracy", "towards or away, each object counted once", SHARE, 1),
            Known("heading.by_track.four_way_accuracy", "right of four, each object counted once", SHARE, 1),
        ),
    ),
    (
        "Azimuth",
        (
            Known("heading.azimuth_median_error_deg", "azimuth error, median", DEGREES, -1, "azimuth"),
            Known("heading.azimuth_within_30deg", "azimuth within 30°", SHARE, 1),
            Known("heading.axis_median_error_deg", "axis error, median (front and back not told apart)", DEGREES, -1),
            Known("heading.flip_rate", "azimuth more than 90° off", SHARE, -1),
            Known("heading.azimuth_rate", "answers with an azimuth", SHARE, 1),
        ),
    ),
    (
        "Identity and certainty",
        (
            Known("identity.accuracy", "identity right", SHARE, 1, "identity"),
            Known("identity.nmi", "identity, normalised mutual information", PLAIN, 1),
            Known("identity.answered_rate", "identity answered", SHARE, 1),
            Known("calibration.ece", "calibration error (ECE)", SHARE, -1, "ECE"),
        ),
    ),
    (
        "Stability, without truth",
        (
            Known(
                "stability.flips_per_track_minute", "changes of the answer on one track", PER_MINUTE, -1, "flips/min"
            ),
            Known("stability.reversals_per_track_minute", "changes to the opposite", PER_MINUTE, -1),
            Known("teacher.agreement", "agreement with what motion says", SHARE, 1, "agrees with motion"),
            Known("teacher.opposite_rate", "opposite to what motion says", SHARE, -1),
            Known("teacher.azimuth_median_difference_deg", "azimuth apart from motion's, median", DEGREES, -1),
            Known("answers.unknown_rate", "unknown, of all answers", SHARE, -1, "unknown"),
        ),
    ),
    (
        "What a planner would notice",
        (
            Known("planner.raised_rate", "threats that raised danger", SHARE, 1, "threats raised"),
            Known("planner.seconds_to_raise", "until danger is raised, median", SECONDS, -1),
            Known("planner.seconds_to_raise_turned", "the same, objects that turned towards us", SECONDS, -1),
            Known("planner.held_share", "time that it then stays raised", SHARE, 1),
            Known("planner.seconds_to_release", "until it is released, median", SECONDS, -1),
            Known("planner.false_alarms_per_minute", "false alarms", PER_MINUTE, -1, "false alarms"),
        ),
    ),
    (
        "Work for a frame",
        (
            Known("latency_ms.p50", "half of the frames took at most", MILLISECONDS, -1),
            Known("latency_ms.p95", "95 % of the frames took at most", MILLISECONDS, -1, "p95"),
        ),
    ),
)
BY_PATH = {known.path: known for _, group in GROUPS for known in group}
#: Columns of the table of models, with truth and without.
MAIN = (
    "heading.toward_away_accuracy",
    "heading.reversed_rate",
    "heading.four_way_accuracy",
    "heading.unknown_rate",
    "heading.azimuth_median_error_deg",
    "coverage",
    "stability.flips_per_track_minute",
    "planner.raised_rate",
    "planner.false_alarms_per_minute",
    "latency_ms.p95",
)
MAIN_WITHOUT_TRUTH = (
    "answers.unknown_rate",
    "teacher.agreement",
    "teacher.opposite_rate",
    "stability.flips_per_track_minute",
    "latency_ms.p95",
)


def number(value: Any) -> float | None:
    """The value as a finite float, or None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value)


def figure(metrics: Mapping[str, Any], path: str) -> Figure:
    """The figure at a dotted path; without value, with a reason, if it is not there."""
    value: Any = metrics
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return Figure(None, reason="not measured")
        value = value[part]
    if isinstance(value, Mapping):
        n, tracks = number(value.get("n")), number(value.get("tracks"))
        return Figure(
            number(value.get("value")),
            number(value.get("low")),
            number(value.get("high")),
            None if n is None else int(n),
            None if tracks is None else int(tracks),
            str(value.get("reason") or ""),
        )
    plain = number(value)
    return Figure(plain, reason="" if plain is not None else "not measured")


#: A space that keeps a number with its unit, and the sign that is as wide as a plus.
_HARD, _MINUS = "\u00a0", "\u2212"


def _plain(value: float) -> str:
    """Three figures or so."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def say(value: float | None, unit: str) -> str:
    """A value in its unit, short."""
    if value is None:
        return "–"
    if unit == SHARE:
        fine = 0 < abs(value) < 0.0095
        return f"{100 * value:.1f}{_HARD}%" if fine else f"{100 * value:.0f}{_HARD}%"
    if unit == DEGREES:
        return f"{value:.0f}°"
    if unit == MILLISECONDS:
        return f"{value:.0f}{_HARD}ms" if value >= 10 else f"{value:.1f}{_HARD}ms"
    if unit == SECONDS:
        return f"{value:.1f}{_HARD}s"
    return _plain(value) + ("/min" if unit == PER_MINUTE else "")


def interval(found: Figure, unit: str) -> str:
    """The interval in words, empty where there is none."""
    if found.value is None or found.low is None or found.high is None:
        return ""
    if unit == SHARE:
        return f"{100 * found.low:.0f}–{100 * found.high:.0f}{_HARD}%"
    if unit in (DEGREES, MILLISECONDS):
        return f"{found.low:.0f}–{found.high:.0f}{'°' if unit == DEGREES else _HARD + 'ms'}"
    return f"{_plain(found.low)}–{_plain(found.high)}" + (f"{_HARD}s" if unit == SECONDS else "")


def signed(step: float, unit: str) -> str:
    """A difference in its unit with its sign; ± where it rounds to nothing."""
    scale, form, name = {
        SHARE: (100.0, ".0f", f"{_HARD}points"),
        DEGREES: (1.0, ".0f", "°"),
        MILLISECONDS: (1.0, ".0f", f"{_HARD}ms"),
        SECONDS: (1.0, ".1f", f"{_HARD}s"),
    }.get(unit, (1.0, ".1f" if abs(step) >= 10 else ".2f", ""))
    text = format(abs(step) * scale, form)
    sign = "±" if float(text) == 0 else _MINUS if step < 0 else "+"
    return f"{sign}{text}{name}"


@dataclass(frozen=True)
class Change:
    """How a figure stands against another model's."""

    words: str  # signed difference
    tone: str  # good, bad: intervals apart; so: they overlap, or there are none
    better: bool  # the sign alone, whatever the intervals say


def change(mine: Figure, other: Figure, known: Known) -> Change | None:
    """The difference to another model, or None where either was not measured."""
    if mine.value is None or other.value is None:
        return None
    step = mine.value - other.value
    better = step * known.better > 0
    tone = "so"
    if known.better and None not in (mine.low, mine.high, other.low, other.high):
        apart = mine.low > other.high or mine.high < other.low  # type: ignore[operator]
        tone = ("good" if better else "bad") if apart else "so"
    return Change(signed(step, known.unit), tone, better)
