"""Wavefront OBJ and MTL as arrays: triangles with positions, texture coordinates and a material each."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from pose_ssl_sim.config import SimError

#: A file with a larger share of lines that cannot be read is refused.
_MOST_BROKEN = 0.01
_NO_COLOUR = (0.6, 0.6, 0.6)  # of faces whose material is not described


@dataclass(frozen=True)
class Material:
    """How faces look: a diffuse colour (r, g, b in 0..1), its opacity, and a texture (h, w, 3 or 4) RGB or RGBA."""

    colour: tuple[float, float, float] = _NO_COLOUR
    opacity: float = 1.0
    texture: np.ndarray | None = None


@dataclass(frozen=True)
class Wavefront:
    """Triangles as a file gives them, in its own axes and units.

    Attributes:
        points: (n, 3, 3) float64, corners of each triangle.
        uv: (n, 3, 2) float64, texture coordinates, NaN where there are none.
        material: (n,) int64, index into `materials`.
        materials: Their descriptions.
        skipped: Sentences about what could not be read, at most one a kind.
    """

    points: np.ndarray
    uv: np.ndarray
    material: np.ndarray
    materials: tuple[Material, ...]
    skipped: tuple[str, ...] = ()


@dataclass
class _Notes:
    """What was left out, counted by kind."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def sentences(self) -> tuple[str, ...]:
        return tuple(f"{what} ({count} times)" if count > 1 else what for what, count in self.counts.items())


def read_obj(path: Path, most_faces: int = 0) -> Wavefront:
    """Read an OBJ file with the materials that it names; polygons become fans of triangles.

    Args:
        path: The file.
        most_faces: Refuse a file with more triangles, 0 for no limit.

    Raises:
        SimError: If the file cannot be read, holds no face, too many of them, or more than 1 % broken lines.
    """
    vertices: list[tuple[float, float, float]] = []
    coordinates: list[tuple[float, float]] = []
    corners: list[tuple[int, int]] = []  # (vertex, texture coordinate or -1), three a triangle
    of_face: list[int] = []
    numbers: dict[str, int] = {}
    described: dict[str, Material] = {}
    notes = _Notes()
    current, lines, broken = "", 0, 0
    for key, rest in _statements(path):
        lines += 1
        try:
            if key == "v":
                x, y, z = (float(c) for c in rest.split()[:3])
                if not math.isfinite(x + y + z):
                    msg = "not finite"
                    raise ValueError(msg)
                vertices.append((x, y, z))
            elif key == "vt":
                u, v = (float(c) for c in rest.split()[:2])
                coordinates.append((u, v) if math.isfinite(u + v) else (0.0, 0.0))
            elif key == "f":
                polygon = [_corner(word, len(vertices), len(coordinates)) for word in rest.split()]
                if len(polygon) < 3:
                    notes.add(f"{path.name}: a face with fewer than three corners was left out")
                    continue
                number = numbers.setdefault(current, len(numbers))
                for i in range(1, len(polygon) - 1):
                    corners += (polygon[0], polygon[i], polygon[i + 1])
                    of_face.append(number)
            elif key == "usemtl":
                current = rest
            elif key == "mtllib":
                _add_materials(path.parent, rest, described, notes)
        except (ValueError, IndexError):
            broken += 1
            if key == "v":  # keeps the numbers of those that follow
                vertices.append((math.nan, math.nan, math.nan))
            elif key == "vt":
                coordinates.append((0.0, 0.0))
    if broken > max(1, _MOST_BROKEN * lines):
        msg = f"{path} has {broken} lines of {lines} that cannot be read; it is not a whole OBJ file"
        raise SimError(msg)
    if not of_face:
        msg = f"{path} holds no faces"
        raise SimError(msg)
    if most_faces and len(of_face) > most_faces:
        msg = f"{path} has {len(of_face)} triangles, more than the {most_faces} that are drawn in good time"
        raise SimError(msg)
    if broken:
        notes.counts[f"{path.name}: a line that cannot be read was left out"] = broken
    for name in numbers:
        if name and name not in described:
            notes.add(f"{path.name}: material '{name}' is not described, its faces are grey")
    index = np.asarray(corners, dtype=np.int64).reshape(-1, 3, 2)
    points = np.asarray(vertices, dtype=float)[index[..., 0]]
    table = np.asarray([*coordinates, (math.nan, math.nan)], dtype=float)
    uv = table[index[..., 1]]
    material = np.asarray(of_face, dtype=np.int64)
    whole = np.isfinite(points).all(axis=(1, 2))
    if not whole.any():
        msg = f"{path} holds no face whose corners can be read"
        raise SimError(msg)
    materials = tuple(described.get(name, Material()) for name in numbers)
    return Wavefront(points[whole], uv[whole], material[whole], materials, notes.sentences())


def _statements(path: Path) -> Iterator[tuple[str, str]]:
    """Keyword and the rest of every line that says something; a backslash joins lines."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise SimError(msg) from None
    for line in text.replace("\\\n", " ").replace("\\\r\n", " ").splitlines():
        key, _, rest = line.strip().partition(" ")
        if key and not key.startswith("#"):
            yield key, rest.strip()


def _corner(word: str, vertices: int, coordinates: int) -> tuple[int, int]:
    """Zero-based numbers of a face's corner `v`, `v/t`, `v/t/n` or `v//n`; negative ones count from the end."""
    parts = word.split("/")
    vertex = _number(parts[0], vertices)
    if vertex < 0:
        msg = f"there is no vertex {parts[0]}"
        raise IndexError(msg)
    # Exporters name texture coordinates that are not there; the face is one all the same.
    return vertex, _number(parts[1], coordinates) if len(parts) > 1 and parts[1] else -1


def _number(word: str, count: int) -> int:
    """Zero-based number of an element, -1 if there is no such element."""
    value = int(word)
    index = value - 1 if value > 0 else count + value
    return index if value and 0 <= index < count else -1


def _add_materials(folder: Path, name: str, described: dict[str, Material], notes: _Notes) -> None:
    path = _beside(folder, name)
    if path is None:
        notes.add(f"material file '{name}' is missing, faces without it are grey")
        return
    described.update(read_mtl(path, notes))


def read_mtl(path: Path, notes: _Notes | None = None) -> dict[str, Material]:
    """Materials of an MTL file by name; what cannot be read keeps its default and is noted."""
    notes = notes or _Notes()
    found: dict[str, dict[str, object]] = {}
    current: dict[str, object] = {}
    textures: dict[str, np.ndarray | None] = {}
    for key, rest in _statements(path):
        key = key.lower()
        try:
            if key == "newmtl":
                current = found.setdefault(rest, {})
            elif key == "kd":
                r, g, b = (min(1.0, max(0.0, float(c))) for c in rest.split()[:3])
                current["colour"] = (r, g, b)
            elif key == "d":
                current["opacity"] = min(1.0, max(0.0, float(rest.split()[-1])))
            elif key == "tr" and "opacity" not in current:
                current["opacity"] = 1.0 - min(1.0, max(0.0, float(rest.split()[-1])))
            elif key == "map_kd":
                if rest not in textures:
                    textures[rest] = _texture(path.parent, rest, notes)
                current["texture"] = textures[rest]
        except (ValueError, IndexError):
            notes.add(f"{path.name}: a '{key}' line that cannot be read was left out")
    return {name: Material(**values) for name, values in found.items()}  # type: ignore[arg-type]


def _texture(folder: Path, rest: str, notes: _Notes) -> np.ndarray | None:
    # Options such as `-s 1 1 1` come before the file name.
    path = _beside(folder, rest) or _beside(folder, rest.split()[-1] if rest else "")
    if path is None:
        notes.add(f"texture '{rest}' is missing")
        return None
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        notes.add(f"texture '{path.name}' cannot be read")
        return None
    if image.dtype == np.uint16:
        image = (image // 256).astype(np.uint8)
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    return np.ascontiguousarray(image[..., [2, 1, 0, 3]] if image.shape[2] == 4 else image[..., ::-1])


def _beside(folder: Path, name: str) -> Path | None:
    """A file next to another one, whatever the case of its letters; None if there is none."""
    name = name.strip().strip('"').replace("\\", "/").rsplit("/", 1)[-1]
    if not name or not folder.is_dir():
        return None
    path = folder / name
    if path.is_file():
        return path
    return next((other for other in sorted(folder.iterdir()) if other.name.lower() == name.lower()), None)
