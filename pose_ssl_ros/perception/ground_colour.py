"""What colours the ground has, learnt from the stream itself.

The ground before the robot is mostly free, and it reaches across the whole picture, while things stand
in a few columns.  So each colour (a cell of a coarse Lab grid) counts in how many columns it appears
near the bottom of the picture, averaged over time; what appears there in a large share of the columns
is ground: asphalt, shadows and markings alike.  Farther ground may look a little different, so colours
near to those count as ground too when they are as widely spread farther away.
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
_PRESENT = 0.006
#: Share of the rows below the horizon that counts as far.
_NEAR = 0.4
#: Share of `spread` that a colour must reach near the robot.
_SEEN = 0.3
#: Darkest shade of the ground, as a share of its lightness.
_SHADE = 0.35
#: Chroma difference within which a colour is the same but for light.
_SAME_CHROMA = 6


class Ground:
    """Colours of the ground, averaged over time."""

    def __init__(self, spread: float, contrast: float, memory_s: float = 6.0) -> None:
        """Start without memory: the first picture alone decides.

        Args:
            spread: Share of the column groups in which a ground colour appears.
            contrast: Lab distance (CIE units) within which a colour is like a ground colour.
            memory_s: Time constant of the average.
        """
        self._spread = spread
        self._light_reach = max(1, round(contrast * 2.55 / _CELL / 2))
        self._chroma_reach = max(1, round(contrast / _CELL / 2))
        self._memory_s = memory_s
        self._near: np.ndarray | None = None
        self._all: np.ndarray | None = None

    def reset(self) -> None:
        """Forget all colours."""
        self._near = self._all = None

    def unlike(self, lab: np.ndarray, dt: float) -> np.ndarray:
        """Mark what looks unlike ground.

        Args:
            lab: (H, W, 3) uint8 in OpenCV's Lab, from the horizon down.
            dt: Seconds since the last picture.

        Returns:
            (H, W) uint8, 0 = ground, 1 = ground in shade, perhaps (or a dull thing), 2 = no ground.
        """
        cells = _cells(lab)
        split = round(_NEAR * cells.shape[0])
        groups = (np.arange(cells.shape[1]) * _GROUPS // cells.shape[1]).astype(np.int32)
        share = min(1.0, max(0.02, dt / self._memory_s))
        self._near = _blend(self._near, _columns(cells[split:], groups), share)
        self._all = _blend(self._all, _columns(cells, groups), share)
        seen = _grow(self._near >= _SEEN * self._spread, self._light_reach, self._chroma_reach)
        known = seen & _grow(self._all >= self._spread, self._light_reach, self._chroma_reach)
        other = ~known.reshape(-1)[cells]
        return other.astype(np.uint8) * (np.uint8(2) - _shaded(lab, other))


def _columns(cells: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Share of the column groups in which each colour appears."""
    counts = np.bincount((cells * _GROUPS + groups[None]).reshape(-1), minlength=_COLOURS * _GROUPS)
    enough = max(2.0, _PRESENT * cells.size / _GROUPS)
    return (counts.reshape(_COLOURS, _GROUPS) >= enough).mean(axis=1, dtype=np.float32)


def _shaded(lab: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Where a pixel has the ground's chroma but is darker, (H, W) uint8."""
    ground = lab[~other]
    if len(ground) < 50:
        return np.zeros(other.shape, np.uint8)
    light, a, b = np.median(ground[:: max(1, len(ground) // 2000)], axis=0)
    chroma = np.abs(lab[..., 1:].astype(np.int16) - np.array([a, b], np.int16)).max(axis=2)
    darker = (lab[..., 0] < light) & (lab[..., 0] > _SHADE * light)
    return (darker & (chroma <= _SAME_CHROMA)).astype(np.uint8)


def _blend(before: np.ndarray | None, now: np.ndarray, share: float) -> np.ndarray:
    return now if before is None else before + share * (now - before)


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
