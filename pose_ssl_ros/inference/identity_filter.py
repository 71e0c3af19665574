"""Averages identity over a track: an object does not change what it is."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np


class IdentityFilter:
    """Mean identity probabilities per track, older frames fading.

    Args:
        memory_s: Time in which a frame's share falls to 1/e.
        forget_s: A track not seen for so long is forgotten.
    """

    def __init__(self, memory_s: float = 3.0, forget_s: float = 2.0) -> None:
        """Start without tracks."""
        self._memory_s = memory_s
        self._forget_s = forget_s
        self._tracks: dict[str, tuple[int, float, np.ndarray]] = {}  # stamp, weight, mean

    def update(self, track_id: str, probabilities: np.ndarray, stamp_ns: int) -> np.ndarray:
        """Add a frame's probabilities (K,) and return the mean (K,), summing to 1.

        Another number of classes or a stamp in the past starts the track anew.
        """
        reading = np.clip(np.asarray(probabilities, dtype=float), 0.0, None)
        reading = reading / max(float(reading.sum()), 1e-9)
        known = self._tracks.get(track_id)
        weight, mean = 1.0, reading
        if known is not None and known[0] <= stamp_ns and known[2].shape == reading.shape:
            faded = known[1] * math.exp(-(stamp_ns - known[0]) * 1e-9 / self._memory_s)
            weight = faded + 1.0
            mean = (known[2] * faded + reading) / weight
        self._tracks[track_id] = (stamp_ns, weight, mean)
        return mean

    def forget(self, stamp_ns: int, alive: Iterable[str] = ()) -> None:
        """Drop tracks that were not seen for `forget_s` and are not in `alive`."""
        keep, limit = set(alive), int(self._forget_s * 1e9)
        self._tracks = {k: v for k, v in self._tracks.items() if k in keep or abs(stamp_ns - v[0]) <= limit}

    def reset(self) -> None:
        """Forget everything."""
        self._tracks.clear()
