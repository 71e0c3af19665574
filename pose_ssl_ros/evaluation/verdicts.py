"""Says in plain sentences what a summary's figures mean."""

from __future__ import annotations

from typing import Any, NamedTuple

#: Accuracy has to beat always giving the commoner answer by this much to be called learned.
MARGIN = 0.05
LATENCY_BUDGET_MS = 100.0
#: Fewer true objects than this make a rate an anecdote.
FEW_OBJECTS = 5


class Verdict(NamedTuple):
    """A sentence and how it sounds: good, bad or so."""

    tone: str
    sentence: str


def percent(value: float | None) -> str:
    """A share in words."""
    return "not measured" if value is None else f"{100 * value:.0f} %"


def _brought_along(summary: dict[str, Any]) -> bool:
    """Whether the first model told headings before it had learned anything in this run."""
    versions = summary.get("model_versions") or []
    return bool(versions) and versions[0]["heading_ready"] and not versions[0]["training"].get("steps", 0)


def _heading(summary: dict[str, Any]) -> list[Verdict]:
    heading = summary["heading"]
    final = heading["final"]
    accuracy, base = final["toward_away_accuracy"], final["majority_rate"]
    if accuracy is None:
        return [Verdict("so", "No object that headed towards or away was answered in the last third of the run.")]
    words = (
        f"In the last third of the run, toward or away was right in {percent(accuracy)} of "
        f"{final['n_toward_away']:,} sightings (always giving the commoner of the two would score {percent(base)})"
    )
    if accuracy >= base + MARGIN and final["objects"] < FEW_OBJECTS:
        verdict = Verdict("so", f"{words}; with so few objects that proves nothing.")
    elif accuracy >= base + MARGIN:
        origin = "the start model brought that along" if _brought_along(summary) else "heading was learned"
        verdict = Verdict("good", f"{words}: {origin}.")
    elif (final["unknown_rate"] or 0) > 0.5:
        verdict = Verdict("so", f"{words}; {percent(final['unknown_rate'])} of all answers were unknown.")
    else:
        verdict = Verdict("bad", f"{words}: no better than not looking.")
    said = [verdict]
    flips = final["reversed_rate"]
    said.append(
        Verdict(
            "good" if flips < 0.1 else "bad",
            f"Front and back were confused in {percent(flips)} of them; "
            f"{percent(final['unknown_rate'])} of the answers were unknown, which counts as wrong.",
        )
    )
    parked = heading["parked"]
    if parked["toward_away_accuracy"] is not None:
        said.append(
            Verdict(
                "so",
                f"Parked objects, whose motion tells nothing, over the whole run: "
                f"{percent(parked['toward_away_accuracy'])} of {parked['n_toward_away']:,} sightings "
                f"(the commoner answer: {percent(parked['majority_rate'])}); moving ones: "
                f"{percent(heading['moving']['toward_away_accuracy'])}.",
            )
        )
    if final["objects"] < FEW_OBJECTS:
        said.append(
            Verdict(
                "so",
                f"Only {final['objects']} different true objects were answered in that part: "
                "the figures are an anecdote.",
            )
        )
    return said


def verdicts(summary: dict[str, Any]) -> list[Verdict]:
    """The sentences on top of a report, weightiest first."""
    said: list[Verdict] = []
    if not summary["ground_truth"]:
        said.append(
            Verdict(
                "so",
                "There was no ground truth: accuracy could not be measured; what follows says what was "
                "answered, not whether it was right.",
            )
        )
        answers = summary["answers"]
        if answers["n"]:
            said.append(
                Verdict(
                    "so", f"{answers['n']:,} answers were given, {percent(answers['unknown_rate'])} of them unknown."
                )
            )
    elif not summary["heading"]["n"]:
        said.append(Verdict("bad", "No detection matched a true object: heading could not be judged."))
    else:
        said += _heading(summary)
        coverage = summary["coverage"]
        said.append(
            Verdict(
                "good" if coverage >= 0.7 else "bad",
                f"{percent(coverage)} of the true objects in view had a detection; accuracy is over these only "
                f"(with the missed ones counted as wrong: "
                f"{percent(summary['heading']['toward_away_accuracy_with_missed'])} over the whole run).",
            )
        )
        identity = summary["identity"]
        said.append(
            Verdict(
                "good" if identity["accuracy"] >= identity["majority_rate"] + MARGIN else "so",
                f"Identity was right in {percent(identity['accuracy'])} "
                f"(the commonest category alone: {percent(identity['majority_rate'])}; NMI {identity['nmi']:.2f}).",
            )
        )
    p95 = summary["latency_ms"]["p95"]
    if p95 is None:
        said.append(Verdict("bad", "No detections came for any image."))
    else:
        good = p95 <= LATENCY_BUDGET_MS
        words = f"From image to detections: 95 % within {p95:.0f} ms (budget {LATENCY_BUDGET_MS:.0f} ms)."
        said.append(Verdict("good" if good else "bad", words))
    if summary["collisions"] is not None:
        n = summary["collisions"]
        said.append(Verdict("bad" if n else "good", f"The robot collided {n} times." if n else "No collision."))
    if summary["learner_steps"] == 0:
        said.append(Verdict("so", "The learner reported no step."))
    return said
