"""How often the answer about a track changes, with no truth needed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.figures import Resampling, figure, missing, quotient
from pose_ssl_ros.evaluation.records import UNKNOWN_INDEX

#: A longer gap between two sightings adds no time, seconds.
_GAP = 1.0


@dataclass
class _Watched:
    time: float
    known: int = UNKNOWN_INDEX  # last answer that was not unknown
    seconds: float = 0.0
    flips: int = 0
    reversals: int = 0


class Stability:
    """Counts flips: from one heading to another, whatever number of `unknown` lies between."""

    def __init__(self) -> None:
        self._tracks: dict[int, _Watched] = {}

    def add(self, track: int, time: float, answer: int) -> None:
        """One answer about a track.

        Args:
            track: Its number, never used for another track.
            time: Robot seconds.
            answer: Index into HEADINGS_AND_UNKNOWN.
        """
        watched = self._tracks.setdefault(track, _Watched(time))
        since = time - watched.time
        if 0 < since <= _GAP:
            watched.seconds += since
        watched.time = time
        if answer == UNKNOWN_INDEX:
            return
        if watched.known not in (UNKNOWN_INDEX, answer):
            watched.flips += 1
            watched.reversals += abs(watched.known - answer) == 2  # HEADINGS go round: opposite ones are two apart
        watched.known = answer

    def figures(self, how: Resampling) -> dict[str, Any]:
        """`flips_per_track_minute`, `reversals_per_track_minute` (to the opposite) and `track_minutes`."""
        if not self._tracks:
            none = missing("no object was answered")
            return {"flips_per_track_minute": none, "reversals_per_track_minute": none, "track_minutes": 0.0}
        sums = np.array([(w.flips, w.reversals, w.seconds / 60) for w in self._tracks.values()], dtype=float)
        sums = sums[sums[:, 2] > 0]
        reason = "no track was seen twice within a second"
        return {
            "flips_per_track_minute": figure(sums[:, [0, 2]], quotient, int(sums[:, 0].sum()), how, reason=reason),
            "reversals_per_track_minute": figure(sums[:, [1, 2]], quotient, int(sums[:, 1].sum()), how, reason=reason),
            "track_minutes": float(sums[:, 2].sum()),
        }
