"""Filters heading over a track.

A frame's reading is evidence, but frames a tenth of a second apart repeat each
other: the same light, the same view, the same mistake.  So a frame counts by the
time since the one before, ``w = min(1, dt / independent_s)``, and evidence fades
with ``exp(-dt / memory_s)``: however long a track is watched, its evidence never
exceeds that of memory_s / independent_s independent frames.

With p the model's five probabilities, q = 1 - p_unknown and p' the four others given
that it is known, over the frames i with faded weights w_i::

    score(heading) = sum w_i q_i log(4 max(p'_i, floor))       (uniform prior)
    known          = sum w_i q_i / sum w_i * min(1, sum w_i)
    answer         = known * softmax(score), 1 - known

The azimuth is the weighted mean of q times the model's resultant vector; averaging
does not shorten its spread, because the frames are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from pose_ssl_ros.inference.config import HeadingConfig
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

#: The answer when nothing is known.
UNKNOWN_HEADING = (0.0, 0.0, 0.0, 0.0, 1.0)
#: Variance of a direction of which nothing is known (uniform over the circle), rad^2.
UNIFORM_VARIANCE = math.pi**2 / 3


class HeadingEstimate(NamedTuple):
    """Filtered heading of one track."""

    heading: tuple[float, float, float, float, float]  # aligned with HEADINGS_AND_UNKNOWN, sums to 1
    azimuth: float | None  # radians
    variance: float | None  # rad^2


UNKNOWN_ESTIMATE = HeadingEstimate(UNKNOWN_HEADING, None, None)


@dataclass
class _Evidence:
    stamp_ns: int
    weight: float = 0.0
    known: float = 0.0
    score: np.ndarray = field(default_factory=lambda: np.zeros(4))
    resultant: np.ndarray = field(default_factory=lambda: np.zeros(2))


class HeadingFilter:
    """Keeps the evidence of all tracks.

    Example:
        >>> f = HeadingFilter(HeadingConfig())
        >>> f.update("1", (0.8, 0.1, 0.05, 0.05, 0.0), (0.9, 0.0), 0).heading[0] > 0.7
        True
    """

    def __init__(self, config: HeadingConfig) -> None:
        """Start without tracks."""
        self.config = config
        self._tracks: dict[str, _Evidence] = {}

    def __len__(self) -> int:
        """Number of tracks remembered."""
        return len(self._tracks)

    def update(
        self, track_id: str, heading: Sequence[float], azimuth: Sequence[float], stamp_ns: int
    ) -> HeadingEstimate:
        """Add a frame's reading and return the filtered one.

        Args:
            track_id: The track.
            heading: Five probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
            azimuth: Mean resultant vector (cos, sin) with its concentration as length.
            stamp_ns: When.  A stamp before the track's last one starts the track anew.
        """
        reading = np.clip(np.nan_to_num(np.asarray(heading, dtype=float)), 0.0, None)
        total = float(reading.sum())
        if len(reading) != len(HEADINGS_AND_UNKNOWN) or total <= 0:
            reading, total = np.array(UNKNOWN_HEADING), 1.0
        reading = reading / total
        q = 1.0 - float(reading[4])
        state = self._tracks.get(track_id)
        if state is None or stamp_ns < state.stamp_ns:
            state = self._tracks[track_id] = _Evidence(stamp_ns)
            weight = 1.0
        else:
            dt = (stamp_ns - state.stamp_ns) * 1e-9
            weight = min(1.0, dt / self.config.independent_s)
            self._fade(state, math.exp(-dt / self.config.memory_s))
        state.stamp_ns = stamp_ns
        state.weight += weight
        state.known += weight * q
        if q > 1e-6:
            given = np.maximum(reading[:4] / q, self.config.floor)
            state.score += weight * q * np.log(4.0 * given / given.sum())
            vector = np.nan_to_num(np.asarray(azimuth, dtype=float)[:2])
            state.resultant += weight * q * vector / max(1.0, float(np.linalg.norm(vector)))
        return self._read(state)

    def fading(self, track_id: str, stamp_ns: int) -> HeadingEstimate:
        """What is left at a time of a track's evidence, nothing new having come; unknown for one never seen."""
        state = self._tracks.get(track_id)
        if state is None or stamp_ns < state.stamp_ns:
            return UNKNOWN_ESTIMATE
        left = replace(state)
        self._fade(left, math.exp(-(stamp_ns - state.stamp_ns) * 1e-9 / self.config.memory_s))
        return self._read(left)

    def forget(self, stamp_ns: int, alive: Iterable[str] = ()) -> None:
        """Drop tracks that were not seen for `forget_s` and are not in `alive`."""
        keep, limit = set(alive), int(self.config.forget_s * 1e9)
        self._tracks = {k: s for k, s in self._tracks.items() if k in keep or abs(stamp_ns - s.stamp_ns) <= limit}

    def reset(self) -> None:
        """Forget all evidence."""
        self._tracks.clear()

    @staticmethod
    def _fade(state: _Evidence, factor: float) -> None:
        state.weight *= factor
        state.known *= factor
        state.score = state.score * factor
        state.resultant = state.resultant * factor

    @staticmethod
    def _read(state: _Evidence) -> HeadingEstimate:
        if state.weight <= 0:
            return UNKNOWN_ESTIMATE
        known = state.known / state.weight * min(1.0, state.weight)
        likely = np.exp(state.score - state.score.max())
        likely = likely / likely.sum() * known
        heading = (float(likely[0]), float(likely[1]), float(likely[2]), float(likely[3]), 1.0 - known)
        mean = state.resultant / state.weight
        length = min(1.0 - 1e-6, float(np.linalg.norm(mean)))
        variance = -2.0 * math.log(length) if length > 0 else math.inf  # of a wrapped normal
        if variance >= UNIFORM_VARIANCE:
            return HeadingEstimate(heading, None, None)
        return HeadingEstimate(heading, math.atan2(mean[1], mean[0]), variance)
