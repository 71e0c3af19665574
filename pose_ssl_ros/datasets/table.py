"""One row of a dataset folder's `table.csv`: what is known of one crop, as text and back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, DatasetError

TABLE, MANIFEST = "table.csv", "manifest.json"
#: Version of the folder format; a reader refuses others.
FORMAT = 1
#: The columns of `table.csv`, in order; angles in radians, unknown cells empty, box "x;y;w;h" in pixels of the crop.
COLUMNS = (
    "shard", "index", "category", "instance", "split", "domain", "azimuth", "elevation", "roll",
    "trajectory", "step", "box", "bearing", "motion",
)  # fmt: skip
UNKNOWN = math.nan


@dataclass(frozen=True)
class CropRow:
    """Facts of one crop as a renderer knows them.

    Attributes:
        category: Name, empty if not known.
        instance: Name or number of the object; unique within its category.
        split: One of `SPLITS`.
        domain: One of `DOMAINS`.
        azimuth, elevation, roll, bearing, motion: Radians as in `Dataset`, NaN if not known.
        trajectory: Name or number, unique within its instance; -1 or empty if there is none.
        step: Position along the trajectory.
        box: The object within the crop (x, y, w, h) in pixels, or None.
    """

    category: str
    instance: str | int
    split: str
    domain: str = "in_domain"
    azimuth: float = UNKNOWN
    elevation: float = UNKNOWN
    roll: float = UNKNOWN
    trajectory: str | int = -1
    step: int = 0
    box: tuple[float, float, float, float] | None = None
    bearing: float = UNKNOWN
    motion: float = UNKNOWN

    def cells(self) -> list[str]:
        """The cells behind `shard,index`; an angle comes back from its text as the same float32.

        Raises:
            DatasetError: If split or domain does not exist, or a cell cannot be told from an empty one.
        """
        if self.split not in SPLITS or self.domain not in DOMAINS:
            msg = f"a crop has split '{self.split}' of {SPLITS} and domain '{self.domain}' of {DOMAINS}"
            raise DatasetError(msg)
        if str(self.instance).strip() == "":
            msg = f"a crop of category '{self.category}' has no instance"
            raise DatasetError(msg)
        box = "" if self.box is None else ";".join(f"{value:g}" for value in self.box)
        trajectory = "" if self.trajectory == -1 else str(self.trajectory)
        angles = [_angle_text(a) for a in (self.azimuth, self.elevation, self.roll, self.bearing, self.motion)]
        head = [self.category, str(self.instance), self.split, self.domain]
        return [*head, *angles[:3], trajectory, str(int(self.step)), box, *angles[3:]]


def row_of(cells: Sequence[str]) -> CropRow:
    """Inverse of `CropRow.cells`.

    Raises:
        DatasetError: If a cell is not what its column holds.
    """
    if len(cells) != len(COLUMNS) - 2:
        msg = f"has {len(cells) + 2} cells, not {len(COLUMNS)}"
        raise DatasetError(msg)
    category, instance, split, domain, azimuth, elevation, roll, trajectory, step, box, bearing, motion = cells
    if split not in SPLITS:
        msg = f"split is '{split}', not one of {', '.join(SPLITS)}"
        raise DatasetError(msg)
    if domain not in DOMAINS:
        msg = f"domain is '{domain}', not one of {', '.join(DOMAINS)}"
        raise DatasetError(msg)
    try:
        corners = tuple(float(part) for part in box.split(";")) if box else None
        number = int(step) if step else 0
    except ValueError as error:
        msg = f"step '{step}' or box '{box}' is not a number: {error}"
        raise DatasetError(msg) from error
    if corners is not None and len(corners) != 4:
        msg = f"box '{box}' has {len(corners)} numbers, not 4"
        raise DatasetError(msg)
    names = ("azimuth", "elevation", "roll", "bearing", "motion")
    angles = dict(zip(names, map(_angle, names, (azimuth, elevation, roll, bearing, motion)), strict=True))
    return CropRow(category, instance, split, domain, trajectory=trajectory or -1, step=number, box=corners, **angles)  # type: ignore[arg-type]


def shard_name(number: int) -> str:
    """File name of a shard."""
    return f"crops_{number:05d}.npy"


def _angle_text(value: float) -> str:
    if math.isnan(value):
        return ""
    if math.isinf(value):
        msg = "an angle is infinite"
        raise DatasetError(msg)
    return str(np.float32(value))  # the shortest text that comes back as the same float32


def _angle(name: str, text: str) -> float:
    if text == "":
        return UNKNOWN
    try:
        value = float(text)
    except ValueError as error:
        msg = f"{name} '{text}' is not a number"
        raise DatasetError(msg) from error
    if not abs(value) <= 100 * math.pi:
        msg = f"{name} {text} is no angle in radians"
        raise DatasetError(msg)
    return value
