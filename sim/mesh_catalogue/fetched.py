"""A folder of fetched models: which are there, and each as an object of the catalogue."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pose_ssl_sim.catalogue import ObjectSpec
from pose_ssl_sim.config import SimError
from pose_ssl_sim.mesh_catalogue.fetching import FORMAT, MANIFEST
from pose_ssl_sim.mesh_catalogue.painting import as_mesh, paint
from pose_ssl_sim.mesh_catalogue.table import Entry, read_table
from pose_ssl_sim.mesh_catalogue.wavefront import read_obj

#: Triangles of a file above which it is left out.
MOST_FACES = 150_000


@dataclass(frozen=True)
class Models:
    """Models of a folder that our table knows.

    Attributes:
        folder: Where they are.
        entries: Those that are there, in the table's order.
        facts: What the package says of each, by key.
    """

    folder: Path
    entries: tuple[Entry, ...]
    facts: dict[str, dict[str, Any]]

    def fingerprint(self, entry: Entry) -> str:
        """Hash of a model's files and of how it is turned, in hex."""
        digest = hashlib.sha256(repr((entry, sorted(self.facts[entry.model].items()))).encode())
        for path in sorted((self.folder / entry.model).iterdir()):
            digest.update(path.name.encode() + b"\0")
            digest.update(path.read_bytes())
        return digest.hexdigest()


def open_models(folder: Path) -> Models:
    """Look what a folder holds.

    Raises:
        SimError: If it was not written by `fetch`, with how to get the models.
    """
    path = folder / MANIFEST
    if not path.is_file():
        msg = f"{folder} holds no models; `pose-ssl meshes fetch --out {folder}` gets them (a download of 120 MB)"
        raise SimError(msg)
    try:
        facts = json.loads(path.read_bytes())
        form, models = facts["format"], facts["models"]
        for model in models.values():
            name = model["file"]
            if len(model["size"]) != 3 or len(model["rotation"]) != 9 or Path(name).name != name:
                msg = "a model is not described"
                raise ValueError(msg)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        msg = f"{path} is damaged ({error}); fetch the models again"
        raise SimError(msg) from None
    if form != FORMAT:
        msg = f"{path} has format {form}, this version reads {FORMAT}; fetch the models again"
        raise SimError(msg)
    entries = tuple(e for e in read_table() if e.model in models and (folder / e.model).is_dir())
    if not entries:
        msg = f"{folder} holds none of the models that our table knows; fetch them again"
        raise SimError(msg)
    return Models(folder, entries, models)


def load(models: Models, entry: Entry, most_faces: int = MOST_FACES) -> tuple[ObjectSpec, tuple[str, ...]]:
    """A model, standing on z = 0 around the origin, facing +x, in metres.

    Returns:
        The object and sentences about what of its files could not be read.

    Raises:
        SimError: If it cannot be read or is too heavy.
    """
    facts = models.facts[entry.model]
    shape = read_obj(models.folder / entry.model / facts["file"], most_faces)
    points, colours = paint(shape)
    points = stand(points, facts["rotation"], facts["size"], entry.yaw, entry.scale)
    low, high = points.min(axis=(0, 1)), points.max(axis=(0, 1))
    size = high - low
    spec = ObjectSpec(entry.category, as_mesh(points, colours), (float(size[0]), float(size[1]), float(high[2])))
    return spec, shape.skipped


def readable(models: Models, tell: Callable[[str], None] = print) -> Models:
    """Those models that can be read; the others are told and left out.

    Raises:
        SimError: If none can.
    """
    kept = []
    for entry in models.entries:
        try:
            skipped = read_obj(models.folder / entry.model / models.facts[entry.model]["file"], MOST_FACES).skipped
        except SimError as error:
            tell(f"left out: {error}")
            continue
        for sentence in skipped:
            tell(f"{entry.model}: {sentence}")
        kept.append(entry)
    if not kept:
        msg = f"none of the models in {models.folder} can be read; fetch them again"
        raise SimError(msg)
    return replace(models, entries=tuple(kept))


def stand(
    points: np.ndarray, rotation: list[float], size: list[float], yaw: float = 0.0, scale: float = 1.0
) -> np.ndarray:
    """From a file's axes to ours.

    Args:
        points: (n, 3, 3) corners in the file's axes and units.
        rotation: Row-major 3x3 into x right, y up, z to the front.
        size: Width, depth and height in metres.
        yaw: Turn about the vertical, counter-clockwise from above, that brings the front to +x.
        scale: Further factor.
    """
    turned = points @ np.asarray(rotation, float).reshape(3, 3).T
    ours = turned[..., [2, 0, 1]]  # whoever faces +z has +x on its left
    extent = np.ptp(ours.reshape(-1, 3), axis=0)
    wanted = np.array([size[1], size[0], size[2]])
    # One factor for all axes: the measures are rounded, and a flat side says nothing.
    solid = extent > 1e-9 * extent.max()
    ours = ours * (float(np.median(wanted[solid] / extent[solid])) * scale)
    c, s = math.cos(yaw), math.sin(yaw)
    ours = ours @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    low, high = ours.min(axis=(0, 1)), ours.max(axis=(0, 1))
    return ours - [(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, low[2]]
