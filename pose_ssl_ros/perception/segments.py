"""From a mask of what stands out to boxes of things that stand on the ground."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box

#: Ratio of depths (as logarithm) between neighbouring columns that separates two objects.
_DEPTH_JUMP = 0.2
#: Colour difference (CIE Lab) across a cut between two objects.
_COLOUR_JUMP = 12.0
_LEAST_COLUMNS = 4


@dataclass(frozen=True)
class Shape:
    """What a thing on the ground may look like."""

    min_height: float  # pixels
    min_rise: float  # object height in camera heights
    min_aspect: float
    max_aspect: float


def boxes_from_mask(mask: np.ndarray, lab: np.ndarray, horizon: float, shape: Shape) -> list[Box]:
    """Boxes of the connected parts of a mask that stand on the ground.

    Parts are cut where the line along which they touch the ground jumps in depth and the colours change
    across the jump: there one object stands before another.  (A jump alone may be a wheel.)

    Args:
        mask: (H, W) uint8, 1 = stands out.
        lab: (H, W, 3) uint8, the picture in OpenCV's Lab.
        horizon: Row of the horizon.
        shape: Limits.

    Returns:
        Boxes in mask pixels.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    found: list[Box] = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[label])
        if h < shape.min_height or area < 0.1 * w * h or y + h < horizon:
            continue
        window = (slice(y, y + h), slice(x, x + w))
        part = labels[window] == label
        boxes = [Box(b.x + x, b.y + y, b.w, b.h) for b in _objects(part, lab[window], horizon - y)]
        found += [b for b in boxes if fits(b, horizon, shape)]
    return found


def fits(box: Box, horizon: float, shape: Shape) -> bool:
    """Whether a box has the size and place of a thing standing on the ground."""
    if box.h < shape.min_height or not shape.min_aspect <= box.w / box.h <= shape.max_aspect:
        return False
    depth = box.bottom - horizon
    # A thing of camera height reaches exactly up to the horizon, wherever it stands.
    return depth > 1.0 and box.h >= shape.min_rise * depth


def _objects(part: np.ndarray, lab: np.ndarray, horizon: float) -> list[Box]:
    """Cut one connected part at jumps in depth; coordinates within the part."""
    height, width = part.shape
    contact = _contact(part)
    depth = np.log(np.maximum(contact - horizon, 1.0))
    gap = max(3, height // 10)
    cuts = [0]
    jump = np.abs(depth[gap:] - depth[:-gap]) if width > 2 * gap else np.zeros(0)
    column = 0
    while column < len(jump):
        if jump[column] > _DEPTH_JUMP:
            end = column
            while end + 1 < len(jump) and jump[end + 1] > _DEPTH_JUMP:
                end += 1
            cut = (column + end + gap) // 2 + 1
            if _colours_change(part, lab, cut, max(3, height // 6)):
                cuts.append(cut)
            column = end + 1
        else:
            column += 1
    cuts.append(width)
    return _join(part, cuts)


def _contact(part: np.ndarray) -> np.ndarray:
    """Lowest row per column, with what one sees between the wheels filled up to half the height wide."""
    height = part.shape[0]
    lowest = height - 1 - np.argmax(part[::-1], axis=0)
    lowest[~part.any(axis=0)] = 0
    reach = max(3, int(0.5 * height) | 1)
    # Padded, so that a narrow run at either end stays: nothing lies beyond it that could fill it.
    padded = np.pad(lowest.astype(np.float32), reach, mode="edge")[None]
    return cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))[0, reach:-reach]


def _colours_change(part: np.ndarray, lab: np.ndarray, cut: int, reach: int) -> bool:
    """Whether the colours left and right of a column differ in most rows."""
    left, right = slice(max(0, cut - reach - 1), max(1, cut - 1)), slice(cut + 1, cut + 1 + reach)
    sides = []
    for side in (left, right):
        weight = part[:, side].astype(np.float32)
        total = weight.sum(axis=1)
        mean = (lab[:, side].astype(np.float32) * weight[..., None]).sum(axis=1) / np.maximum(total, 1.0)[:, None]
        sides.append((mean, total >= 0.5 * reach))
    rows = sides[0][1] & sides[1][1]
    if int(rows.sum()) < 3:
        return True  # they hardly share a row: two things
    difference = (sides[0][0] - sides[1][0])[rows]
    difference[:, 0] /= 2.55
    return float(np.median(np.linalg.norm(difference, axis=1))) > _COLOUR_JUMP


def _join(part: np.ndarray, cuts: list[int]) -> list[Box]:
    """Boxes between the cuts; slivers are given back to their neighbour."""
    spans = [(a, b) for a, b in zip(cuts[:-1], cuts[1:], strict=True) if b > a]
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and stop - start < _LEAST_COLUMNS:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    if len(merged) > 1 and merged[0][1] - merged[0][0] < _LEAST_COLUMNS:
        merged[:2] = [(merged[0][0], merged[1][1])]
    boxes = []
    for start, stop in merged:
        used = np.flatnonzero(part[:, start:stop].any(axis=1))
        if used.size:
            boxes.append(Box(float(start), float(used[0]), float(stop - start), float(used[-1] - used[0] + 1)))
    return boxes
