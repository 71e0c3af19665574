"""Which detection answers for which true object of the same frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.assignment import assign
from pose_ssl_ros.perception.boxes import iou_matrix

#: More boxes than this in a frame are no plausible detections; the rest is left out.
MOST_BOXES = 200


def match(truth: Sequence[Box], detected: Sequence[Box], least: float = 0.3) -> list[tuple[int, int]]:
    """Pair true boxes with detections one to one for the greatest total overlap.

    Args:
        truth: True boxes.
        detected: Detected boxes; those that are not finite match nothing.
        least: Overlap below which a pair is no pair.

    Returns:
        Pairs (index of truth, index of detection), by truth.
    """
    if not truth or not detected:
        return []
    overlap = np.nan_to_num(iou_matrix(truth[:MOST_BOXES], detected[:MOST_BOXES]), nan=0.0, posinf=0.0)
    # Pairs below the limit must not pull others out of place: they are worth nothing.
    overlap[overlap < least] = 0.0
    return assign(overlap)
