"""What the Debian package holds: archives of furniture models, each with a catalogue of properties."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pose_ssl_sim.config import SimError

PROPERTIES = "PluginFurnitureCatalog.properties"
_ENTRY = re.compile(r"(\w+)#(\d+)\s*[=:]\s*(.*)")
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})|\\(.)")
_NO_TURN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class PackageModel:
    """A model as its archive's catalogue describes it.

    Attributes:
        key: `<archive>/<model>`, such as `Scopia/bus`; what our table names.
        name: What people call it.
        creator: Who made it.
        licence: As the archive states it.
        size: Width, depth and height in metres.
        rotation: Row-major 3x3, from the file's axes to x right, y up, z to the front.
        path: OBJ file within the archive.
    """

    key: str
    name: str
    creator: str
    licence: str
    size: tuple[float, float, float]
    rotation: tuple[float, ...]
    path: str


def read_archive(path: Path) -> dict[str, PackageModel]:
    """Models of one archive by key; entries without a model or sizes are left out.

    Raises:
        SimError: If it is not such an archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read(PROPERTIES).decode("latin-1")  # as Java reads properties
            licence_text = _member(archive, "LICENSE.TXT")
            names = set(archive.namelist())
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        msg = f"{path} is not a furniture archive: {error}"
        raise SimError(msg) from None
    shared: dict[str, str] = {}
    entries: dict[int, dict[str, str]] = {}
    for line in text.splitlines():
        match = _ENTRY.match(line.strip())
        if match:
            entries.setdefault(int(match[2]), {})[match[1]] = _unescape(match[3].strip())
        elif "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            shared[key.strip()] = _unescape(value.strip())
    licence = " ".join(shared.get("license", "").split()) or f"see LICENSE.TXT: {licence_text[:120]}"
    found = {}
    for entry in entries.values():
        model = _model(path.stem, entry, licence, names)
        if model is not None:
            found[model.key] = model
    return found


def _model(stem: str, entry: dict[str, str], licence: str, names: Iterable[str]) -> PackageModel | None:
    path = entry.get("model", "").lstrip("/")
    if not path.lower().endswith(".obj") or path not in names or ".." in PurePosixPath(path).parts:
        return None
    try:
        size = tuple(float(entry[side]) / 100 for side in ("width", "depth", "height"))
        rotation = tuple(float(v) for v in entry["modelRotation"].split()) if "modelRotation" in entry else _NO_TURN
    except (KeyError, ValueError):
        return None
    if len(rotation) != 9 or min(size) <= 0:
        return None
    key = f"{stem}/{PurePosixPath(path).parent.name}"
    creator = entry.get("creator", "unknown")
    return PackageModel(key, entry.get("name", key), creator, licence, size, rotation, path)  # type: ignore[arg-type]


def _member(archive: zipfile.ZipFile, name: str) -> str:
    try:
        return " ".join(archive.read(name).decode("latin-1").split())
    except KeyError:
        return ""


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def extract(archive: Path, model: PackageModel, folder: Path) -> Path:
    """Unpack a model's files side by side, flat, into a folder; returns the OBJ file.

    Names of archive members are never used as paths, so an archive cannot write elsewhere.
    """
    folder.mkdir(parents=True, exist_ok=True)
    base = PurePosixPath(model.path).parent
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            path = PurePosixPath(info.filename)
            if not info.is_dir() and path.parent == base:
                (folder / path.name).write_bytes(opened.read(info))
    return folder / PurePosixPath(model.path).name
