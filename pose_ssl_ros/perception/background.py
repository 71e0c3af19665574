"""What colours the ground and the sky have, learnt from the stream itself.

Ground and sky reach across the whole picture, objects do not.  So each colour (a cell of a coarse
Lab grid) counts in how many columns it appears, above and below the horizon, averaged over time; what
appears in a large share of the columns is background, everything else stands out.
"""

from __future__ import annotations

import cv2
import numpy as np

_GROUPS = 20  # groups of columns
_CELL = 8  # width of a colour cell in 8-bit Lab
_LIGHT = 256 // _CELL
_CHROMA = 16  # cells per chroma axis, around neutral
_COLOURS = _LIGHT * _CHROMA * _CHROMA
#: Share of a column group's pixels that a colour must fill to count there.
_PRESENT = 0.004


class Background:
    """Colours of ground and sky, averaged over time."""

    def __init__(self, spread: float, contrast: float, memory_s: float = 3.0) -> None:
        """Start without memory: the first picture alone decides.

        Args:
            spread: Share of the column groups in which a background colour appears.
            contrast: Lab distance (CIE units) within which a colour is like a background colour.
            memory_s: Time constant of the average.
        """
        self._spread = spread
        self._light_reach = max(1, round(contrast * 2.55 / _CELL / 2))
        self._chroma_reach = max(1, round(contrast / _CELL / 2))
        self._memory_s = memory_s
        self._zones: list[np.ndarray | None] = [None, None]

    def reset(self) -> None:
        """Forget all colours."""
        self._zones = [None, None]

    def foreground(self, lab: np.ndarray, horizon: int, dt: float) -> np.ndarray:
        """Mark what looks unlike ground and sky.

        Args:
            lab: (H, W, 3) uint8 in OpenCV's Lab.
            horizon: Row of the horizon, may lie outside the picture.
            dt: Seconds since the last picture.

        Returns:
            (H, W) uint8, 1 where a pixel stands out.
        """
        height, width = lab.shape[:2]
        cells = _cells(lab)
        groups = (np.arange(width) * _GROUPS // width).astype(np.int32)
        out = np.zeros((height, width), np.uint8)
        split = min(max(horizon, 0), height)
        for zone, rows in enumerate((slice(0, split), slice(split, height))):
            part = cells[rows]
            if part.shape[0] < 4:
                continue
            spread = self._update(zone, part, groups, dt)
            known = _grow(spread >= self._spread, self._light_reach, self._chroma_reach)
            out[rows] = ~known.reshape(-1)[part]
        return out

    def _update(self, zone: int, cells: np.ndarray, groups: np.ndarray, dt: float) -> np.ndarray:
        """Spread of each colour over the columns, averaged with what was known."""
        counts = np.bincount((cells * _GROUPS + groups[None]).reshape(-1), minlength=_COLOURS * _GROUPS).reshape(
            _COLOURS, _GROUPS
        )
        enough = _PRESENT * cells.size / _GROUPS
        now = (counts >= enough).mean(axis=1, dtype=np.float32)
        before = self._zones[zone]
        if before is not None:
            share = min(1.0, max(0.02, dt / self._memory_s))
            now = before + share * (now - before)
        self._zones[zone] = now
        return now


def _cells(lab: np.ndarray) -> np.ndarray:
    """Colour cell of each pixel, (H, W) int32."""
    light = lab[..., 0].astype(np.int32) // _CELL
    chroma = np.clip(lab[..., 1:].astype(np.int32) - 128 + _CELL * _CHROMA // 2, 0, _CELL * _CHROMA - 1) // _CELL
    return (light * _CHROMA + chroma[..., 0]) * _CHROMA + chroma[..., 1]


def _grow(known: np.ndarray, light: int, chroma: int) -> np.ndarray:
    """Colours within reach of a known colour, (LIGHT, CHROMA, CHROMA) bool."""
    cube: np.ndarray = known.reshape(_LIGHT, _CHROMA * _CHROMA).astype(np.uint8)
    cube = cv2.dilate(cube, np.ones((2 * light + 1, 1), np.uint8))
    planes = cube.reshape(_LIGHT, _CHROMA, _CHROMA)
    grown = np.stack([cv2.dilate(p, np.ones((2 * chroma + 1, 2 * chroma + 1), np.uint8)) for p in planes])
    return grown.astype(bool)
