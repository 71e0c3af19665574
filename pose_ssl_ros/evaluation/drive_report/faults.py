"""What went wrong in one frame, and how bad it is: with truth, or by what contradicts itself without it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.evaluation.drive_report.answers import Scene, decided, motion_of
from pose_ssl_ros.evaluation.metrics import AWAY, TOWARD, heading_index
from pose_ssl_ros.evaluation.records import UNKNOWN_INDEX
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.viewpoint import HEADINGS, HEADINGS_AND_UNKNOWN

#: Kinds in words for a heading of the page.
KINDS = {
    "reversed": "Front and back confused",
    "missed": "Not seen",
    "side": "Heading wrong",
    "unknown": "No answer",
    "motion": "Contradicts its motion",
    "flip": "Answer flipped",
}
#: An object this high in the picture, as a share of its height, is near.
NEAR = 0.35
#: A flip back and forth within this time counts, seconds.
FLIP_SECONDS = 1.0
_COURSE = {"toward": "coming towards us", "away": "going away", "left": "heading left", "right": "heading right"}


@dataclass(frozen=True)
class Fault:
    """Something wrong with one object in one frame."""

    kind: str
    key: str  # object or track that it happened to
    severity: float
    words: str  # without a full stop, so that a duration can follow
    track: str  # id of the track, empty when it was not seen
    box: Box


def _size(box: Box, height: int) -> float:
    """0.5 for what is far, 1.5 for what is near."""
    return 0.5 + min(1.0, box.h / max(1.0, NEAR * height))


def faults(seen: Scene, last: dict[str, tuple[int, float]]) -> list[Fault]:
    """Faults of a frame.

    Args:
        seen: The frame.
        last: By track, the last answer of toward or away with its time; kept up to date here.
    """
    found = _against_truth(seen) if seen.truth is not None else _without_truth(seen, last)
    for answer in seen.answers:
        index, _ = decided(answer)
        if index in (TOWARD, AWAY):
            last[answer.id] = (index, seen.drive)
    return found


def _against_truth(seen: Scene) -> list[Fault]:
    assert seen.truth is not None
    answered = dict(seen.pairs)
    height = seen.result.height
    found = []
    for i, item in enumerate(seen.truth):
        if not seen.counted[i]:
            continue
        true = int(heading_index(np.array([item.azimuth]))[0])
        size = _size(item.box, height)
        name = f"{_article(item.category)} {_COURSE[HEADINGS[true]]}"
        if i not in answered:
            if true == TOWARD:
                found.append(Fault("missed", item.id, size * item.visible, f"{name} had no box", "", item.box))
            continue
        answer = seen.answers[answered[i]]
        index, sure = decided(answer)
        if index == true:
            continue
        words = f"{name} was called {HEADINGS_AND_UNKNOWN[index]} ({_percent(sure)} sure)"
        if index == UNKNOWN_INDEX:
            if true == TOWARD:
                words = f"{name} was called unknown"
                found.append(Fault("unknown", item.id, 0.6 * size, words, answer.id, answer.box))
        elif {index, true} == {TOWARD, AWAY}:
            worst = 3.0 if true == TOWARD else 1.8
            found.append(Fault("reversed", item.id, worst * sure * size, words, answer.id, answer.box))
        else:
            weight = 1.2 if true == TOWARD else 0.7
            found.append(Fault("side", item.id, weight * sure * size, words, answer.id, answer.box))
    return found


def _without_truth(seen: Scene, last: dict[str, tuple[int, float]]) -> list[Fault]:
    found = []
    for answer in seen.answers:
        index, sure = decided(answer)
        if index == UNKNOWN_INDEX:
            continue
        size = _size(answer.box, seen.result.height)
        said = HEADINGS_AND_UNKNOWN[index]
        told, score = motion_of(seen.result.evidence.get(answer.id))
        if told >= 0 and told != index:
            opposite = (told - index) % 4 == 2
            words = (
                f"object {answer.id} was called {said} ({_percent(sure)} sure) while its motion said {HEADINGS[told]}"
            )
            weight = 2.0 if opposite else 0.7
            found.append(Fault("motion", answer.id, weight * sure * score * size, words, answer.id, answer.box))
        before, at = last.get(answer.id, (index, 0.0))
        if {before, index} == {TOWARD, AWAY} and seen.drive - at <= FLIP_SECONDS:
            words = f"object {answer.id} changed from {HEADINGS[before]} to {said} ({_percent(sure)} sure)"
            found.append(Fault("flip", answer.id, 1.5 * sure * size, words, answer.id, answer.box))
    return found


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"


def _article(name: str) -> str:
    """The name with its article, in small letters."""
    plain = (name or "object").lower()
    return ("an " if plain[0] in "aeiou" else "a ") + plain
