"""Box arithmetic: overlap, union, clipping."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from pose_ssl_ros.interfaces import Box


def as_array(boxes: Sequence[Box]) -> np.ndarray:
    """Corners (x0, y0, x1, y1) of boxes, shape (n, 4)."""
    array = np.array(boxes, dtype=float).reshape(-1, 4)
    array[:, 2:] += array[:, :2]
    return array


def intersections(first: Sequence[Box], second: Sequence[Box]) -> np.ndarray:
    """Areas of overlap in square pixels, shape (len(first), len(second))."""
    a, b = as_array(first)[:, None], as_array(second)[None]
    size = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    return np.maximum(size, 0.0).prod(axis=-1)


def iou_matrix(first: Sequence[Box], second: Sequence[Box]) -> np.ndarray:
    """Intersection over union, shape (len(first), len(second))."""
    common = intersections(first, second)
    area_a = np.array([b.w * b.h for b in first]).reshape(-1, 1)
    area_b = np.array([b.w * b.h for b in second]).reshape(1, -1)
    return common / np.maximum(area_a + area_b - common, 1e-9)


def union(a: Box, b: Box) -> Box:
    """Smallest box around two boxes."""
    x, y = min(a.x, b.x), min(a.y, b.y)
    return Box(x, y, max(a.x + a.w, b.x + b.w) - x, max(a.bottom, b.bottom) - y)


def clean(boxes: Iterable[Box], width: int, height: int, min_side: float = 2.0) -> tuple[list[Box], int]:
    """Clip boxes to the image and drop those that are not finite, empty or outside.

    Returns:
        The good boxes and the number of dropped ones.
    """
    kept, dropped = [], 0
    for box in boxes:
        if not all(math.isfinite(v) for v in box):
            dropped += 1
            continue
        x0, y0 = max(0.0, box.x), max(0.0, box.y)
        x1, y1 = min(float(width), box.x + box.w), min(float(height), box.bottom)
        if x1 - x0 < min_side or y1 - y0 < min_side:
            dropped += 1
            continue
        kept.append(Box(x0, y0, x1 - x0, y1 - y0))
    return kept, dropped


def touches_border(box: Box, width: int, height: int, slack: float = 2.0) -> bool:
    """Whether a box reaches the image border, so that the object may be cut off."""
    return box.x <= slack or box.y <= slack or box.x + box.w >= width - slack or box.bottom >= height - slack
