"""Places of a replay buffer: entries that look alike, whatever their track is called.

A robot that stands sees the same parked car for an hour, under a new track id each time something passes between.
Its crops look alike to the pixel but for noise; what is seen while driving does not.  So a place is a look: a crop
within a small cosine distance of the crop that founded the place.  The robot's pose is not used: it would need
odometry that neither jumps nor drifts, and cars that pass a waiting robot are not the same place over again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import cv2
import numpy as np

#: Side of the thumbnail that a look is.
_SIDE = 6
#: Length of a look.
DIMENSION = _SIDE * _SIDE * 3
#: Whole numbers up to this: their products add up exactly in float32, in any order (127^2 * 108 < 2^24).
SCALE = 127
#: Least cosine of one look.  Of rendered crops, one pixel of jitter and noise of 5 grey levels stay above 0.96 in
#: 99 of 100, and the nearest crop of any other object lies above 0.95 in 4 of 1000.
_ALIKE = 0.93
#: Length of a look below which it is noise, in grey levels.
_FLAT = 2.0


def look_of(crop: np.ndarray) -> np.ndarray:
    """Look (DIMENSION,) int8 of a crop (S, S, 3) uint8; flat ones (night, a covered lens) all have one look."""
    small = cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    look = small - small.mean()
    return whole_numbers(look if np.linalg.norm(look) > _FLAT else np.ones(DIMENSION))


def whole_numbers(vector: np.ndarray) -> np.ndarray:
    """A vector scaled to length SCALE and rounded, int8; zeros where it is (nearly) zero or not finite."""
    norm = float(np.linalg.norm(vector))
    if not np.isfinite(norm) or norm < 1e-3:
        return np.zeros(len(vector), np.int8)
    return np.round(vector * (SCALE / norm)).astype(np.int8)


class Places:
    """Which entries are of one place; entries are known by their serial.

    Attributes:
        next: Number that the next new place gets; a forgotten place's number is not given away again.
    """

    def __init__(self) -> None:
        self._looks = np.zeros((0, DIMENSION), np.float32)
        self._ids: list[int] = []  # of the rows of _looks
        self._members: dict[int, dict[int, None]] = defaultdict(dict)
        self.next = 0

    def __len__(self) -> int:
        return len(self._members)

    def find(self, look: np.ndarray) -> int:
        """The place of a look; a new one where none is near."""
        vector = look.astype(np.float32)
        if self._ids:
            alike = self._looks[: len(self._ids)] @ vector
            best = int(alike.argmax())
            if alike[best] >= _ALIKE * SCALE * SCALE:
                return self._ids[best]
        place, self.next = self.next, self.next + 1
        self._found(place, vector)
        return place

    def join(self, place: int, serial: int) -> None:
        """Make an entry a member."""
        self._members[place][serial] = None

    def members(self, place: int) -> list[int]:
        """Serials of a place's entries, oldest first."""
        return list(self._members.get(place, ()))

    def leave(self, place: int, serial: int) -> None:
        """Take an entry out; a place without entries is forgotten."""
        members = self._members[place]
        members.pop(serial, None)
        if not members:
            del self._members[place]
            row, last = self._ids.index(place), len(self._ids) - 1
            self._ids[row], self._looks[row] = self._ids[last], self._looks[last]
            self._ids.pop()

    def looks(self) -> dict[int, np.ndarray]:
        """Look (DIMENSION,) int8 by place, for a checkpoint."""
        return {place: self._looks[row].astype(np.int8) for row, place in enumerate(self._ids)}

    def restore(self, looks: Mapping[int, np.ndarray]) -> None:
        """Inverse of `looks`; members have to join again."""
        self.__init__()  # type: ignore[misc]
        for place, look in looks.items():
            self._found(int(place), look.astype(np.float32))
            self.next = max(self.next, int(place) + 1)

    def _found(self, place: int, vector: np.ndarray) -> None:
        if len(self._ids) == len(self._looks):
            self._looks = np.concatenate([self._looks, np.zeros((max(64, len(self._looks)), DIMENSION), np.float32)])
        self._looks[len(self._ids)] = vector
        self._ids.append(place)
