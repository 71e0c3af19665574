"""Windows of robot time that the curves of the reports are counted in."""

from __future__ import annotations

import numpy as np


def window_of(times: np.ndarray, width: float) -> np.ndarray:
    """Number of the window (N,) that each time falls into; what is left after the last whole one joins a neighbour.

    A run of 60.4 s has six windows of 10 s: a seventh, of four pictures, would be a point of the curve like any other.

    Args:
        times: (N,) robot seconds from the beginning of the run.
        width: Of a window, seconds; a last one of at least half of that stays.
    """
    if not len(times):
        return np.zeros(0, int)
    count = max(int(np.floor(float(times.max()) / width + 0.5)), 1)
    return np.asarray(np.minimum(np.floor(times / width).astype(int), count - 1))
