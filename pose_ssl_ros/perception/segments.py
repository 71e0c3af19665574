"""Things that stand on the ground, read column by column.

A thing at least as tall as the camera reaches from the ground up to the horizon, so in its columns all
that lies between the horizon and its foot is unlike the ground, while beside it the ground goes on up
to far away.  The row of the foot is the depth of the column; a run of columns of steady depth is one
thing.  Its top is where its columns begin to look like what is seen beside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.runs import Run, unite

#: Share of a column between horizon and foot that must be unlike the ground.
_SOLID = 0.7
#: Ratio of depths (as logarithm) between neighbouring columns that separates two things of unlike colour.
_DEPTH_JUMP = 0.2
#: The same for things of any colour: wheels and bumpers jump less.
_SURE_JUMP = 0.7
#: Colour difference (CIE Lab) across a cut between two things.
_COLOUR_JUMP = 10.0
#: Heights from which two neighbours are parts of one truck or bus, and the longest of these, metres.
_TALL_M, _TALLEST_M, _LONGEST_M = 2.3, 4.2, 14.0
#: Height that is likeliest for a thing whose top is hard to see, metres.
_USUAL_M = 1.8
#: Share of a row's pixels that must differ from both sides for the row to belong to the thing.
_ROW_SHARE = 0.25


@dataclass(frozen=True)
class Shape:
    """What a thing on the ground may look like."""

    min_height: float  # pixels
    min_rise: float  # height in camera heights
    max_rise: float
    min_aspect: float
    max_aspect: float
    contrast: float  # CIE Lab
    camera_height: float = 1.0  # metres


def standing_boxes(mask: np.ndarray, lab: np.ndarray, horizon: int, shape: Shape) -> list[Box]:
    """Boxes of the things that stand on the ground.

    Args:
        mask: (H, W) uint8 from `Ground.unlike`; only rows below the horizon are read.
        lab: (H, W, 3) uint8, the picture in OpenCV's Lab.
        horizon: Row of the horizon.
        shape: Limits.

    Returns:
        Boxes in mask pixels.
    """
    height = mask.shape[0]
    horizon = max(0, horizon)
    if height - horizon < 8:
        return []
    depth = _fill(_depths(mask[horizon:]))
    colours = lab.astype(np.float32) * np.array([1 / 2.55, 1, 1], np.float32)
    least = max(3.0, 0.4 * shape.min_height)
    found = []
    runs = _runs(depth, colours, horizon, least)
    runs = unite(runs, mask[horizon:], lab[horizon:])
    for run in _unite_tall(runs, colours, depth, horizon, shape):
        top = _top(colours, depth, horizon, run, shape)
        if top is None:
            continue
        bottom = min(height, horizon + run.depth + 1)
        box = Box(float(run.start), float(top), float(run.stop - run.start), float(bottom - top))
        found.append(box)
    return [b for b in found if fits(b, horizon, shape)]


def _unite_tall(runs: list[Run], colours: np.ndarray, depth: np.ndarray, horizon: int, shape: Shape) -> list[Run]:
    """Join neighbours that are both as tall as trucks: a cab and its load have other colours."""
    joined: list[Run] = []
    for run in runs:
        while joined:
            last = joined[-1]
            deep = max(last.depth, run.depth)
            together = Run(last.start, run.stop, deep)
            near = abs(float(np.log(last.depth / run.depth))) < 0.4 and run.start - last.stop <= 0.4 * deep
            metre = deep / shape.camera_height
            if not near or not 2.2 * metre < together.stop - together.start < _LONGEST_M * metre:
                break
            rises = [
                (horizon + deep - _raw_top(colours, depth, horizon, together, p, shape)[0]) / metre for p in (last, run)
            ]
            if not all(_TALL_M < rise < _TALLEST_M for rise in rises):
                break
            joined.pop()
            run = together
        joined.append(run)
    return joined


def fits(box: Box, horizon: float, shape: Shape) -> bool:
    """Whether a box has the size and place of a thing standing on the ground."""
    if box.h < shape.min_height or not shape.min_aspect <= box.w / box.h <= shape.max_aspect:
        return False
    depth = box.bottom - horizon
    # A thing of camera height reaches exactly up to the horizon, wherever it stands.
    return depth > 1.0 and shape.min_rise * depth <= box.h <= shape.max_rise * depth


def _depths(mask: np.ndarray) -> np.ndarray:
    """Rows from the horizon to the foot of what fills each column from the horizon on, (W,)."""
    rows = np.arange(1, mask.shape[0] + 1, dtype=np.float32)[:, None]
    filled = np.cumsum(mask > 0, axis=0, dtype=np.float32) >= _SOLID * rows
    # Shade may be part of a dull thing, but a foot in the shade is more often the thing's shadow.
    solid = filled & (mask > 1)
    depth = mask.shape[0] - np.argmax(solid[::-1], axis=0)
    depth[~solid.any(axis=0)] = 0
    return depth.astype(np.float32)


def _runs(depth: np.ndarray, colours: np.ndarray, horizon: int, least: float) -> list[Run]:
    """Runs of columns that belong to one thing."""
    near = depth >= least
    edges = np.flatnonzero(np.diff(np.concatenate([[False], near, [False]]).astype(np.int8)))
    runs = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        inner = {*_cuts(depth, colours, horizon, int(start), int(stop))}
        inner |= {*_seams(depth, colours, horizon, int(start), int(stop))}
        cuts = [int(start), *sorted(inner), int(stop)]
        for a, b in zip(cuts[:-1], cuts[1:], strict=True):
            foot = float(np.percentile(depth[a:b], 85))
            if b - a >= max(3.0, 0.12 * foot):
                runs.append(Run(a, b, foot))
    return runs


def _fill(depth: np.ndarray) -> np.ndarray:
    """Fill what one sees between wheels and legs: gaps about as wide as the depth on both sides."""
    filled = depth.copy()
    for reach in (5, 9, 17, 33, 65):
        padded = np.pad(depth, reach, mode="edge")[None]
        closed = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))[0, reach:-reach]
        # A gap may be filled when it is narrower than the things beside it are near, and not bottomless.
        allowed = (closed >= reach * 0.9) & (depth >= 0.3 * closed)
        filled = np.where(allowed, np.maximum(filled, closed), filled)
    return cv2.medianBlur(filled[None].astype(np.float32), 3)[0]


def _cuts(depth: np.ndarray, colours: np.ndarray, horizon: int, start: int, stop: int) -> list[int]:
    """Columns where one thing ends and the next begins."""
    logs = np.log(np.maximum(depth[start:stop], 1.0))
    gap = 3
    if stop - start <= 2 * gap:
        return []
    jump = np.abs(logs[gap:] - logs[:-gap])
    cuts = []
    column = 0
    while column < len(jump):
        if jump[column] <= _DEPTH_JUMP:
            column += 1
            continue
        end = column
        while end + 1 < len(jump) and jump[end + 1] > _DEPTH_JUMP:
            end += 1
        steepest = column + int(np.argmax(np.abs(np.diff(logs[column : end + gap + 1]))))
        cut = start + steepest + 1
        sure = float(jump[column : end + 1].max()) > _SURE_JUMP
        if sure or _colours_change(depth, colours, horizon, cut):
            cuts.append(cut)
        column = end + gap
    return cuts


def _seams(depth: np.ndarray, colours: np.ndarray, horizon: int, start: int, stop: int) -> list[int]:
    """Columns across which the colours change in most rows around the horizon, though the depth may not."""
    middle = float(np.median(depth[start:stop]))
    top, bottom = max(0, round(horizon - 0.4 * middle)), round(horizon + 0.8 * middle)
    if stop - start < 8 or stop - start < 6 * middle or bottom - top < 4:
        return []
    band = colours[top:bottom, start:stop]
    change = np.median(np.abs(band[:, 3:] - band[:, :-3]).sum(axis=2), axis=0)
    reach = max(3, round(0.2 * middle))
    peak = cv2.dilate(change[None].astype(np.float32), np.ones((1, 2 * reach + 1), np.uint8))[0]
    found = np.flatnonzero((change >= peak) & (change > 1.5 * _COLOUR_JUMP)) + start + 2
    return [int(c) for c in found if start + 3 <= c <= stop - 3]


def _colours_change(depth: np.ndarray, colours: np.ndarray, horizon: int, cut: int) -> bool:
    """Whether the colours left and right of a column differ in most rows that both sides fill."""
    width = len(depth)
    if not 2 < cut < width - 3:
        return True
    shallow = float(min(depth[cut - 3], depth[cut + 2]))
    top, bottom = max(0, round(horizon - 0.3 * shallow)), round(horizon + shallow)
    if bottom - top < 3:
        return True
    left = colours[top:bottom, max(0, cut - 5) : cut - 1].mean(axis=1)
    right = colours[top:bottom, cut + 1 : cut + 5].mean(axis=1)
    return float(np.median(np.linalg.norm(left - right, axis=1))) > _COLOUR_JUMP


def _top(colours: np.ndarray, depth: np.ndarray, horizon: int, run: Run, shape: Shape) -> int | None:
    """Row where the thing ends upwards; None when it has no end (a wall)."""
    top, first, body = _raw_top(colours, depth, horizon, run, run, shape)
    tallest = horizon + run.depth * (1 - _tallest(run, shape))
    if top <= max(first + 2, tallest) and first > 0 or top < tallest:
        return _roof(body, first, round(tallest), horizon, run, shape)
    return top


def _raw_top(
    colours: np.ndarray, depth: np.ndarray, horizon: int, run: Run, part: Run, shape: Shape
) -> tuple[int, int, np.ndarray]:
    """Row up to which a part of a run looks unlike what is beside the run.

    Returns:
        That row, the first row that was looked at, and the part's colours from there down.
    """
    first = max(0, round(horizon + run.depth * (1 - shape.max_rise)) - 2)
    start = max(first + 2, min(colours.shape[0] - 1, round(horizon + 0.4 * run.depth)))
    inner = (part.stop - part.start) // 6
    stride = max(1, (part.stop - part.start - 2 * inner) // 20)
    body = colours[first:start, part.start + inner : max(part.start + inner + 1, part.stop - inner) : stride]
    flanks = [f for f in (_flank(depth, run, side, like) for side in (-1, 1) for like in (0.95, 0.7)) if f is not None]
    if not flanks:
        return first, first, body
    unlike = np.ones(body.shape[:2], bool)
    for flank in flanks:
        behind = np.median(colours[first:start, flank], axis=1)[:, None]
        unlike &= np.abs(body - behind).sum(axis=2) > 1.3 * shape.contrast
    own = unlike.mean(axis=1) >= _ROW_SHARE
    patience = max(2, round(0.22 * run.depth))
    missing, top = 0, start
    for row in range(len(own) - 1, -1, -1):
        if own[row]:
            missing, top = 0, first + row
        else:
            missing += 1
            if missing > patience:
                break
    return top, first, body


def _tallest(run: Run, shape: Shape) -> float:
    """Greatest usual height of a thing as wide as a run, in camera heights.

    Narrow things are people and posts, wider ones cars, and only what is wide can be a truck or a bus.
    """
    wide = (run.stop - run.start) / run.depth * shape.camera_height
    metres = float(np.interp(wide, [0.6, 1.2, 2.2, 2.6], [2.1, 2.2, 2.4, 3.9]))
    return min(shape.max_rise, metres / shape.camera_height)


def _flank(depth: np.ndarray, run: Run, side: int, like: float) -> slice | None:
    """Columns beside a run, less near than `like` times the run, in which one sees what is behind it."""
    strip = max(3, round(0.35 * run.depth))
    column = run.start - 2 if side < 0 else run.stop + 1
    limit = column + side * round(2.0 * run.depth + 2)
    while 0 <= column < len(depth) and column != limit and depth[column] > like * run.depth:
        column += side
    a, b = (column - strip, column) if side < 0 else (column + 1, column + 1 + strip)
    a, b = max(0, a), min(len(depth), b)
    return slice(a, b) if b - a >= 2 and column != limit else None


def _roof(body: np.ndarray, first: int, highest: int, horizon: int, run: Run, shape: Shape) -> int | None:
    """The clearest edge across the columns, where a thing ends before a building that stands behind it."""
    low = max(2, highest - first)
    high = round(horizon - 0.15 * run.depth) - first
    if high - low < 1 or high + 2 > len(body):
        return None
    step = np.abs(body[low + 1 : high + 1] - body[low - 2 : high - 2]).sum(axis=2) > 1.3 * _COLOUR_JUMP
    share = step.mean(axis=1)
    # Belt lines and window sills are edges too: prefer the height of a car or a person.
    metres = (horizon + run.depth - (first + low + np.arange(len(share)))) / run.depth * shape.camera_height
    best = int(np.argmax(share * np.exp(-(((metres - _USUAL_M) / 1.2) ** 2))))
    return first + low + best if share[best] > 0.4 else None
