"""Averages identity over a track: an object does not change what it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pose_ssl_ros.viewpoint import UNKNOWN


class IdentityFilter:
    """Mean identity probabilities per track, older frames fading.

    The evidence is kept by prototype where the model tells of prototypes, not by name: an object that was
    `object_3` for ten seconds is a forklift with ten seconds of evidence as soon as somebody says so.

    Args:
        memory_s: Time in which a frame's share falls to 1/e.
        forget_s: A track not seen for so long is forgotten.
    """

    def __init__(self, memory_s: float = 3.0, forget_s: float = 2.0) -> None:
        """Start without tracks."""
        self._memory_s = memory_s
        self._forget_s = forget_s
        self._columns: tuple[str, ...] = ()
        self._tracks: dict[str, tuple[int, float, np.ndarray]] = {}  # stamp, weight, mean

    def update(self, track_id: str, probabilities: np.ndarray, stamp_ns: int) -> np.ndarray:
        """Add a frame's probabilities (K,) and return the mean (K,), summing to 1.

        Another number of columns or a stamp in the past starts the track anew.
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

    def relabel(self, columns: Sequence[str], merged: Mapping[str, str] | None = None) -> None:
        """Carry the evidence over to another model.

        Args:
            columns: What the probabilities of the new model are about (prototypes, else classes).
            merged: Old columns that are no more, to what they have become.

        What a column said that is not there any more is lost, and the less is left of a track's evidence, the
        less that is worth: its weight shrinks by the square of the share.  Evidence for `unknown` is lost when
        a new column comes: a new prototype is perhaps what was unknown.
        """
        new, merged = tuple(columns), merged or {}
        if new == self._columns:
            return
        place = {name: index for index, name in enumerate(new)}
        target = [place.get(_followed(name, merged, place), -1) for name in self._columns]
        if UNKNOWN in self._columns and set(new) - set(self._columns):
            target[self._columns.index(UNKNOWN)] = -1
        self._columns = new
        carried: dict[str, tuple[int, float, np.ndarray]] = {}
        for track, (stamp, weight, mean) in self._tracks.items():
            if mean.shape != (len(target),):
                continue
            values = np.zeros(len(new))
            for share, index in zip(mean, target, strict=True):
                if index >= 0:
                    values[index] += share
            left = float(values.sum())
            if left > 1e-6:
                carried[track] = (stamp, weight * left**2, values / left)
        self._tracks = carried

    def forget(self, stamp_ns: int, alive: Iterable[str] = ()) -> None:
        """Drop tracks that were not seen for `forget_s` and are not in `alive`."""
        keep, limit = set(alive), int(self._forget_s * 1e9)
        self._tracks = {k: v for k, v in self._tracks.items() if k in keep or abs(stamp_ns - v[0]) <= limit}

    def reset(self) -> None:
        """Forget everything."""
        self._tracks.clear()


def _followed(name: str, merged: Mapping[str, str], known: Mapping[str, int]) -> str:
    """What a column has become; a chain of merges ends at the first one that is there."""
    seen = {name}
    while name not in known and (target := merged.get(name)) is not None and target not in seen:
        seen.add(target)
        name = target
    return name
