"""Runs of columns, and which of them are parts of one thing.

Wheels, lamps and bumpers cut the foot line of a vehicle into pieces.  Pieces of one thing stand at about
the same depth and share their colours; things side by side seldom do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

_LIGHT, _CHROMA = 32, 12  # widths of the colour cells, 8-bit Lab
#: Cells darker than this (8-bit lightness) are tyres, windows and shade, which all things share.
_DARK = 45
#: Share of common colours that makes two runs one thing.
_ALIKE = 0.35
#: Largest ratio of depths (as logarithm) of two parts side by side, and of two parts with a gap between.
_NEIGHBOURS, _ACROSS = 0.55, 0.2


@dataclass(frozen=True)
class Run:
    """Columns [start, stop) whose foot lies `depth` rows below the horizon."""

    start: int
    stop: int
    depth: float


def unite(runs: Sequence[Run], mask: np.ndarray, lab: np.ndarray) -> list[Run]:
    """Join the runs that are parts of one thing.

    Args:
        runs: In column order.
        mask: (H, W) uint8 from the horizon down, 0 = ground.
        lab: (H, W, 3) uint8 from the horizon down.

    Returns:
        Fewer or as many runs, in column order.
    """
    things: list[tuple[Run, dict[int, float]]] = []
    for run in runs:
        colours = _colours(run, mask, lab)
        things.append((run, colours))
        while len(things) > 1:
            for back in (2, 3):
                if len(things) < back or (back == 3 and things[-2][0].depth >= 0.9 * things[-1][0].depth):
                    continue  # what lies between stands in front: no gap
                if _one(things[-back], things[-1], adjacent=back == 2):
                    parts = things[-back:]
                    del things[-back:]
                    things.append(_join(parts))
                    break
            else:
                break
    return [run for run, _ in things]


def _one(a: tuple[Run, dict[int, float]], b: tuple[Run, dict[int, float]], adjacent: bool) -> bool:
    """Whether two runs are parts of one thing."""
    first, second = a[0], b[0]
    depth = max(first.depth, second.depth)
    gap = second.start - first.stop
    difference = abs(math.log(first.depth / second.depth))
    if gap > (0.6 if adjacent else 3.0) * depth or difference > (_NEIGHBOURS if adjacent else _ACROSS):
        return False
    narrow = min(first.stop - first.start, second.stop - second.start) < 0.5 * depth
    dull = not a[1] or not b[1]
    if dull:
        # Nothing but tyre and shade: a part of what it touches, if that is near enough.
        return narrow and gap <= 2 and difference < 0.35
    return sum(min(share, b[1].get(cell, 0.0)) for cell, share in a[1].items()) >= _ALIKE


def _join(parts: Sequence[tuple[Run, dict[int, float]]]) -> tuple[Run, dict[int, float]]:
    run = Run(parts[0][0].start, parts[-1][0].stop, max(p[0].depth for p in parts))
    weights = [(p[0].stop - p[0].start) * p[0].depth for p in parts]
    total = sum(weights)
    colours: dict[int, float] = {}
    for (_, own), weight in zip(parts, weights, strict=True):
        for cell, share in own.items():
            colours[cell] = colours.get(cell, 0.0) + share * weight / total
    return run, colours


def _colours(run: Run, mask: np.ndarray, lab: np.ndarray) -> dict[int, float]:
    """Shares of the colour cells below the horizon, without ground and dark; empty if little is left."""
    rows = slice(0, max(1, round(run.depth)))
    pixels = lab[rows, run.start : run.stop]
    body = (mask[rows, run.start : run.stop] > 0) & (pixels[..., 0] > _DARK)
    chosen = pixels[body].astype(np.int32)
    if len(chosen) < 0.12 * body.size or len(chosen) < 6:
        return {}
    cells = (chosen[:, 0] // _LIGHT * 32 + chosen[:, 1] // _CHROMA) * 32 + chosen[:, 2] // _CHROMA
    found, counts = np.unique(cells, return_counts=True)
    return {int(c): float(n) / len(chosen) for c, n in zip(found, counts, strict=True)}
