"""Labelled crops from a folder: gallery/<class>/<azimuth_deg>_*.png."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass
class Gallery:
    """Labelled crops.

    Attributes:
        crops: (N, S, S, 3) uint8 RGB.
        names: Class of each crop.
        azimuths: (N,) radians; nan where the file's name gives none.
        skipped: What was left out and why, one sentence a file.
    """

    crops: np.ndarray
    names: list[str] = field(default_factory=list)
    azimuths: np.ndarray = field(default_factory=lambda: np.zeros(0))
    skipped: list[str] = field(default_factory=list)


def azimuth_from_name(name: str) -> float:
    """Azimuth in radians from `<azimuth_deg>_anything`, nan if the name has none."""
    try:
        degrees = float(name.split("_", 1)[0])
    except ValueError:
        return math.nan
    return math.radians(degrees) if math.isfinite(degrees) and abs(degrees) <= 360 else math.nan


def read_gallery(folder: Path, size: int) -> Gallery:
    """Read a gallery; files that cannot be read are named in `skipped`, never fatal.

    Args:
        folder: Holds one folder per class.
        size: Side that crops are resized to.
    """
    gallery = Gallery(np.zeros((0, size, size, 3), np.uint8))
    if not folder.is_dir():
        gallery.skipped.append(f"{folder} is not a folder")
        return gallery
    crops, azimuths = [], []
    for path in sorted(folder.glob("*/*")):
        if path.suffix.lower() not in SUFFIXES:
            continue
        image = cv2.imdecode(np.frombuffer(path.read_bytes() or b"\0", np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            gallery.skipped.append(f"{path} is not an image")
            continue
        rgb = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        crops.append(cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA))
        azimuth = azimuth_from_name(path.stem)
        if math.isnan(azimuth):
            gallery.skipped.append(f"{path} names no azimuth (<degrees>_*.png): it gives an identity, no heading")
        azimuths.append(azimuth)
        gallery.names.append(path.parent.name)
    if crops:
        gallery.crops, gallery.azimuths = np.stack(crops), np.array(azimuths)
    return gallery
