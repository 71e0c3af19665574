"""A dataset of object crops: pixels read on demand, one row of facts per crop, sequences that give triplets.

What learning may read without labels is `trajectory`, `step`, `bearing` and `motion`; `category`,
`azimuth`, `elevation` and `roll` are for probes, metrics and the supervised ceilings alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Protocol

import numpy as np

SPLITS = ("train", "val", "test")
#: `unseen_pose`: elevations and azimuth gaps never trained on; `unseen_category`: categories never trained on.
DOMAINS = ("in_domain", "unseen_pose", "unseen_category")


class DatasetError(ValueError):
    """A dataset cannot be read or used; the text says which file or row and why."""


class CropSource(Protocol):
    """Where pixels come from."""

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Crops (n, S, S, 3) uint8 RGB of rows of the whole table.

        Raises:
            DatasetError: If a shard or image is missing or damaged.
        """
        ...


@dataclass(frozen=True)
class Dataset:
    """Rows of a table, all arrays of the same length n.

    Attributes:
        source: Pixels; addressed by `row`.
        row: (n,) int64, index into the source.
        categories: Names; `category` indexes them.
        category: (n,) int64, -1 if not known.
        instance: (n,) int64, unique over categories.
        split: (n,) int8, index into `SPLITS`; instances are disjoint between splits.
        domain: (n,) int8, index into `DOMAINS`.
        azimuth, elevation, roll: (n,) float32 radians, NaN if not known; azimuth as in `viewpoint`.
        trajectory: (n,) int64, -1 if a crop belongs to none.
        step: (n,) int64, position along the trajectory.
        bearing: (n,) float32 radians, from which side the camera looks at the object in a frame that is fixed to
            the trajectory, as odometry tells it (with its error); NaN without odometry. Differences between two
            views of a trajectory are the change of azimuth of an object that does not turn.
        motion: (n,) float32 radians, azimuth that the object's own motion tells (a motion teacher's, sometimes
            wrong); NaN where it stands or the teacher is silent.
    """

    source: CropSource
    row: np.ndarray
    categories: tuple[str, ...]
    category: np.ndarray
    instance: np.ndarray
    split: np.ndarray
    domain: np.ndarray
    azimuth: np.ndarray
    elevation: np.ndarray
    roll: np.ndarray
    trajectory: np.ndarray
    step: np.ndarray
    bearing: np.ndarray
    motion: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def crops(self, indices: np.ndarray | Sequence[int]) -> np.ndarray:
        """Crops (n, S, S, 3) uint8 of the given positions in this dataset."""
        return self.source.read(self.row[np.asarray(indices, dtype=np.int64)])

    def where(self, mask: np.ndarray) -> Dataset:
        """The rows that a mask (n,) or an index array selects."""
        arrays = {f.name: getattr(self, f.name)[mask] for f in fields(self) if f.name not in ("source", "categories")}
        return replace(self, **arrays)

    def part(self, split: str, domain: str) -> Dataset:
        """The rows of one split and one domain."""
        return self.where((self.split == SPLITS.index(split)) & (self.domain == DOMAINS.index(domain)))

    def sequences(self) -> list[np.ndarray]:
        """Positions of each trajectory's crops in the order of their steps; crops without one are left out."""
        held = np.flatnonzero(self.trajectory >= 0)
        order = held[np.lexsort((self.step[held], self.trajectory[held]))]
        breaks = np.flatnonzero(np.diff(self.trajectory[order])) + 1
        return [run for run in np.split(order, breaks) if len(run)]
