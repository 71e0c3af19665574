"""Coloured triangle meshes put together from boxes, wedges, cylinders and spheres."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: Bits per channel of the palette that all meshes share.
PALETTE_BITS = 5
PALETTE_SHAPE = (128, 256)  # rows, columns; 2**15 texels

Colour = tuple[float, float, float]
Point = Sequence[float] | np.ndarray


def cross(a: Point, b: Point) -> np.ndarray:
    """Cross product (3,) of two vectors, without the cost that numpy's has for a single pair."""
    (ax, ay, az), (bx, by, bz) = a, b
    return np.array([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


class Mesh:
    """Convex polygons with a colour each; metres, x forward, y left, z up.

    One mesh is one visual shape, whose colours are texels of one palette: a
    renderer draws far fewer shapes that way than with a shape per box.
    """

    def __init__(self) -> None:
        self._faces: list[np.ndarray] = []
        self._colours: list[Colour] = []

    def __len__(self) -> int:
        return len(self._faces)

    def face(self, points: Sequence[Point] | np.ndarray, colour: Colour) -> None:
        """Add a convex polygon, its points counter-clockwise seen from outside."""
        self._faces.append(np.asarray(points, dtype=float))
        self._colours.append(colour)

    def hexahedron(self, bottom: Sequence[Point], top: Sequence[Point], colour: Colour) -> None:
        """Add a solid between two quadrilaterals, both counter-clockwise seen from above."""
        self.face(list(reversed(bottom)), colour)
        self.face(top, colour)
        for i in range(4):
            j = (i + 1) % 4
            self.face([bottom[i], bottom[j], top[j], top[i]], colour)

    def box(self, centre: Point, size: Point, colour: Colour) -> None:
        """Add a box along the axes."""
        (x, y, z), (a, b, c) = centre, (s / 2 for s in size)
        ring = ((-a, -b), (a, -b), (a, b), (-a, b))
        self.hexahedron(
            [(x + dx, y + dy, z - c) for dx, dy in ring], [(x + dx, y + dy, z + c) for dx, dy in ring], colour
        )

    def wedge(
        self,
        bottom: tuple[float, float, float],
        top: tuple[float, float, float],
        z: tuple[float, float],
        colour: Colour,
    ) -> None:
        """Add a solid symmetric in y.

        Args:
            bottom: Rear x, front x and full width below.
            top: The same above.
            z: Lower and upper height.
            colour: Its colour.
        """
        rings = []
        for (rear, front, width), height in zip((bottom, top), z, strict=True):
            h = width / 2
            rings.append([(rear, -h, height), (front, -h, height), (front, h, height), (rear, h, height)])
        self.hexahedron(rings[0], rings[1], colour)

    def wedge_at(self, centre: Point, size: Point, colour: Colour) -> None:
        """Add a box whose front slopes: a shoe."""
        (x, y, z), (a, b, c) = centre, (s / 2 for s in size)
        low = [(x - a, y - b, z - c), (x + a, y - b, z - c), (x + a, y + b, z - c), (x - a, y + b, z - c)]
        top = [(x - a, y - b, z + c), (x + a * 0.4, y - b, z + c), (x + a * 0.4, y + b, z + c), (x - a, y + b, z + c)]
        self.hexahedron(low, top, colour)

    def cylinder(
        self, start: Point, end: Point, radius: float, colour: Colour, end_radius: float | None = None, sides: int = 8
    ) -> None:
        """Add a cylinder or, with another radius at its end, a cone."""
        a, b = np.asarray(start, float), np.asarray(end, float)
        axis = (b - a) / max(1e-9, float(np.linalg.norm(b - a)))
        helper = np.array([0.0, 0.0, 1.0]) if abs(axis[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
        u = cross(axis, helper)
        u /= np.linalg.norm(u)
        v = cross(axis, u)
        last = radius if end_radius is None else end_radius
        angles = [2 * math.pi * i / sides for i in range(sides)]
        ring_a = [a + radius * (math.cos(t) * u + math.sin(t) * v) for t in angles]
        ring_b = [b + last * (math.cos(t) * u + math.sin(t) * v) for t in angles]
        self.face(ring_a[::-1], colour)
        if last > 1e-6:
            self.face(ring_b, colour)
        for i in range(sides):
            j = (i + 1) % sides
            quad = [ring_a[i], ring_a[j], ring_b[j], ring_b[i]]
            self.face(quad if last > 1e-6 else quad[:3], colour)

    def sphere(self, centre: Point, radii: Point | float, colour: Colour, sides: int = 8, rings: int = 5) -> None:
        """Add an ellipsoid."""
        r = np.full(3, radii) if isinstance(radii, (int, float)) else np.asarray(radii, float)
        c = np.asarray(centre, float)
        rows = []
        for i in range(rings + 1):
            t = math.pi * i / rings
            rows.append(
                [
                    c + r * np.array([math.sin(t) * math.cos(p), math.sin(t) * math.sin(p), math.cos(t)])
                    for p in (2 * math.pi * k / sides for k in range(sides))
                ]
            )
        for i in range(rings):
            for k in range(sides):
                n = (k + 1) % sides
                quad = [rows[i][k], rows[i + 1][k], rows[i + 1][n], rows[i][n]]
                if i == 0:
                    quad = quad[:3]
                elif i == rings - 1:
                    quad = [quad[0], quad[1], quad[3]]
                self.face(quad, colour)

    def polygons(self) -> list[tuple[np.ndarray, Colour]]:
        """All polygons, each its corners (n, 3) and its colour."""
        return list(zip(self._faces, self._colours, strict=True))

    def vertices(self) -> np.ndarray:
        """All corners, (n, 3) float64, repeated per face."""
        return np.concatenate(self._faces) if self._faces else np.zeros((0, 3))

    def triangles(self) -> np.ndarray:
        """All triangles, (n, 3, 3) float64."""
        fans = [(f[0], f[i], f[i + 1]) for f in self._faces for i in range(1, len(f) - 1)]
        return np.asarray(fans, dtype=float).reshape(-1, 3, 3)

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest corner, each (3,)."""
        points = self.vertices()
        return points.min(axis=0), points.max(axis=0)

    def moved(self, shift: Point, scale: float = 1.0) -> Mesh:
        """A copy, scaled and then shifted."""
        copy = Mesh()
        copy._faces = [f * scale + np.asarray(shift, float) for f in self._faces]
        copy._colours = list(self._colours)
        return copy

    def obj_text(self) -> str:
        """The mesh as Wavefront OBJ whose texture coordinates point into the palette."""
        lines: list[str] = []
        faces: list[str] = []
        count = 0
        texture_of: dict[int, int] = {}
        texels: list[str] = []
        normals: list[str] = []
        for polygon, colour in zip(self._faces, self._colours, strict=True):
            corner, second, third, *_ = points = polygon.tolist()
            nx, ny, nz = cross(
                [b - a for a, b in zip(corner, second, strict=True)],
                [b - a for a, b in zip(corner, third, strict=True)],
            ).tolist()
            length = max(1e-12, math.sqrt(nx * nx + ny * ny + nz * nz))
            index = palette_index(colour)
            if index not in texture_of:
                u, v = palette_uv(index)
                texels.append(f"vt {u:.6f} {v:.6f}")
                texture_of[index] = len(texels)
            normals.append(f"vn {nx / length:.4f} {ny / length:.4f} {nz / length:.4f}")
            lines.extend("v {:.4f} {:.4f} {:.4f}".format(*p) for p in points)
            t, n = texture_of[index], len(normals)
            for i in range(1, len(polygon) - 1):
                corners = (count + 1, count + 1 + i, count + 2 + i)
                faces.append("f " + " ".join(f"{c}/{t}/{n}" for c in corners))
            count += len(polygon)
        return "\n".join([*lines, *texels, *normals, *faces, ""])


def palette_index(colour: Colour) -> int:
    """Number of the palette's texel nearest to an RGB colour in 0..1."""
    top = (1 << PALETTE_BITS) - 1
    r, g, b = (min(top, max(0, round(c * top))) for c in colour)
    return (r << 2 * PALETTE_BITS) | (g << PALETTE_BITS) | b


def palette_uv(index: int) -> tuple[float, float]:
    """Texture coordinates of the middle of a texel."""
    rows, columns = PALETTE_SHAPE
    return (index % columns + 0.5) / columns, (index // columns + 0.5) / rows


def palette_image() -> np.ndarray:
    """The palette, (128, 256, 3) uint8 RGB; row 0 is at texture coordinate v = 0."""
    top = (1 << PALETTE_BITS) - 1
    index = np.arange(1 << 3 * PALETTE_BITS)
    channels = [(index >> 2 * PALETTE_BITS) & top, (index >> PALETTE_BITS) & top, index & top]
    image = np.stack([np.round(c * 255 / top) for c in channels], axis=-1).astype(np.uint8)
    return image.reshape(*PALETTE_SHAPE, 3)
