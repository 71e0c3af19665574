"""What the evaluator is told and what it keeps, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Box

#: One true object in one answered frame.  `answer` is an index into
#: viewpoint.HEADINGS_AND_UNKNOWN or MISSED; names are indices of a `Names`.
SIGHTING = np.dtype(
    [
        ("time", "f8"),  # robot seconds
        ("truth_azimuth", "f4"),  # radians
        ("azimuth", "f4"),  # radians, NaN when none was given
        ("answer", "i1"),
        ("moving", "i1"),  # 1 moving, 0 parked, -1 not known
        ("category", "i2"),
        ("identity", "i2"),  # -1: none given
        ("object", "i4"),
        ("version", "i4"),  # model that answered
    ]
)
#: `answer` of a true object that no detection matched.
MISSED = -1
#: Index of `unknown` in HEADINGS_AND_UNKNOWN.
UNKNOWN_INDEX = 4


@dataclass(frozen=True)
class TruthObject:
    """One true object in one frame."""

    id: str
    category: str
    box: Box
    azimuth: float  # radians
    position: tuple[float, float, float] | None = None  # metres, camera optical frame
    visible: float = 1.0  # fraction that is not hidden or cut off


@dataclass(frozen=True)
class Answer:
    """What the inference node said of one object in one frame."""

    id: str
    box: Box
    heading: tuple[float, float, float, float, float] = (0.0, 0.0, 0.0, 0.0, 1.0)
    identity: str | None = None
    identity_score: float = 0.0
    azimuth: float | None = None  # radians


class Names:
    """Small integers for strings, in the order of first use."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._index)

    def index(self, name: str) -> int:
        """The number of a name, a new one if it was never seen."""
        return self._index.setdefault(name, len(self._index))

    @property
    def names(self) -> list[str]:
        """All names by number."""
        return list(self._index)


class Table:
    """Rows of one dtype that never outgrow a limit.

    When the limit is reached every second row is dropped and from then on only
    every second new row is kept (then every fourth, ...), so that what is left
    stays spread evenly over the run.

    Args:
        dtype: Structured dtype of a row.
        limit: Most rows kept.
    """

    def __init__(self, dtype: np.dtype, limit: int) -> None:
        self._limit = max(2, limit)
        self._rows = np.zeros(min(1024, self._limit), dtype)
        self._used = 0
        self._offered = 0
        self.stride = 1  # one of this many offered rows is kept

    def __len__(self) -> int:
        return self._used

    @property
    def rows(self) -> np.ndarray:
        """The rows kept, oldest first; a view."""
        return self._rows[: self._used]

    def add(self, row: tuple[float | int, ...]) -> None:
        """Offer one row."""
        keep = self._offered % self.stride == 0
        self._offered += 1
        if not keep:
            return
        if self._used == self._limit:
            half = self._rows[: self._used : 2].copy()
            self._rows[: len(half)] = half
            self._used = len(half)
            self.stride *= 2
        elif self._used == len(self._rows):
            self._rows = np.resize(self._rows, min(2 * len(self._rows), self._limit))
        self._rows[self._used] = row
        self._used += 1
