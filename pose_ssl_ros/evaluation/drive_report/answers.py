"""A frame's answers as evaluation sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.evaluation.matching import match
from pose_ssl_ros.evaluation.metrics import decide
from pose_ssl_ros.evaluation.records import Answer, TruthObject
from pose_ssl_ros.interfaces import ObjectState, TeacherEvidence
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import UNKNOWN

#: The motion teacher is silent below this score.
LEAST_MOTION = 0.5


@dataclass(frozen=True)
class Scene:
    """One frame: what was answered, what is true, and which belongs to which."""

    drive: float  # seconds
    result: FrameResult
    answers: tuple[Answer, ...]
    truth: tuple[TruthObject, ...] | None  # None: nobody knows
    pairs: tuple[tuple[int, int], ...] = ()  # (truth, answer)
    counted: tuple[bool, ...] = ()  # by truth: in sight and large enough


def answer_of(item: ObjectState) -> Answer:
    """An object state in evaluation's words; identity is None when it is unknown."""
    named = bool(item.identity) and item.identity[0][0] != UNKNOWN
    return Answer(
        item.track_id,
        item.box,
        item.heading,
        item.identity[0][0] if named else None,
        item.identity[0][1] if named else 0.0,
        item.azimuth,
    )


def scene(
    drive: float,
    result: FrameResult,
    truth: list[TruthObject] | None,
    *,
    iou: float = 0.3,
    min_visible: float = 0.3,
    min_side: float = 12.0,
) -> Scene:
    """Match a frame's answers with its truth.

    Args:
        drive: Its time in seconds.
        result: What was said of it.
        truth: What is true, None if nobody knows.
        iou: Least overlap of a pair.
        min_visible: True objects that show less of themselves are not counted.
        min_side: Nor are those with a shorter side, pixels.
    """
    answers = tuple(answer_of(item) for item in result.objects)
    if truth is None:
        return Scene(drive, result, answers, None)
    pairs = match([t.box for t in truth], [a.box for a in answers], iou)
    counted = tuple(
        t.visible >= min_visible and min(t.box.w, t.box.h) >= min_side and math.isfinite(t.azimuth) for t in truth
    )
    return Scene(drive, result, answers, tuple(truth), tuple(pairs), counted)


def motion_of(evidence: TeacherEvidence | None) -> tuple[int, float]:
    """Heading that motion tells, as an index into HEADINGS, with its score; (-1, 0.0) when it is silent."""
    if evidence is None:
        return -1, 0.0
    scores = np.asarray(evidence.scores, dtype=float)
    if not np.all(np.isfinite(scores)) or scores.max() < LEAST_MOTION:
        return -1, 0.0
    return int(scores.argmax()), float(scores.max())


def decided(answer: Answer) -> tuple[int, float]:
    """Index of the answer in HEADINGS_AND_UNKNOWN with its probability."""
    index = decide(answer.heading)
    return index, float(answer.heading[index]) if math.isfinite(answer.heading[index]) else 0.0
