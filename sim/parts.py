"""Parts that several vehicles have, each with as few triangles as it can do with."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from pose_ssl_sim.limbs import joint
from pose_ssl_sim.meshes import Colour, Mesh, Point
from pose_ssl_sim.paint import FRONT_PLATE, HUB, REAR_PLATE, TYRE, shade


def wheel(
    mesh: Mesh, x: float, y: float, radius: float, width: float, sides: int = 10, tyre: Colour = TYRE, hub: Colour = HUB
) -> None:
    """A wheel whose outer face is at y, standing on the ground."""
    side = 1 if y > 0 else -1
    outer = ring((x, y, radius), radius, sides)
    inner = ring((x, y - side * width, radius), radius, sides)
    strip(mesh, outer, inner, tyre, side > 0)
    mesh.face(outer[::-side], tyre)
    mesh.face(inner[::side], shade(tyre, 0.8))
    mesh.face(ring((x, y + side * 0.012, radius), radius * 0.58, 6)[::-side], hub)


def ring(centre: Point, radius: float, sides: int) -> list[np.ndarray]:
    """Points on an upright circle about an axle along y, counter-clockwise seen from y = -infinity."""
    x, y, z = centre
    turns = (2 * math.pi * (i + 0.5) / sides for i in range(sides))
    return [np.array([x + radius * math.cos(t), y, z + radius * math.sin(t)]) for t in turns]


def strip(mesh: Mesh, a: Sequence[Point], b: Sequence[Point], colour: Colour, flip: bool = False) -> None:
    """Join two rings by quadrilaterals that look outwards if `a` is the right (-y) one; `flip` if it is the left."""
    n = len(a)
    for i in range(n):
        j = (i + 1) % n
        quad = [a[i], b[i], b[j], a[j]]
        mesh.face(quad[::-1] if flip else quad, colour)


def hoop_wheel(
    mesh: Mesh,
    x: float,
    y: float,
    radius: float,
    width: float,
    colours: tuple[Colour, Colour],
    sides: int = 12,
    spokes: int = 3,
    thick: float = 0.1,
) -> None:
    """A spoked wheel that one can see through, in the plane y; colours of the tyre and of the spokes."""
    tyre, metal = colours
    left, right = (ring((x, y + s * width / 2, radius), radius, sides) for s in (1, -1))
    inner = ring((x, y, radius), radius * (1 - thick), sides)
    strip(mesh, right, left, tyre)
    strip(mesh, inner, right, tyre)
    strip(mesh, left, inner, tyre)
    for k in range(spokes):
        t = math.pi * (k + 0.25) / spokes
        d = np.array([math.cos(t), 0.0, math.sin(t)]) * radius * (1 - thick / 2)
        n = np.array([-math.sin(t), 0.0, math.cos(t)]) * max(0.008, radius * 0.028)
        c = np.array([x, y, radius])
        sheet(mesh, [c - d - n, c + d - n, c + d + n, c - d + n], metal)


def disc_wheel(
    mesh: Mesh, x: float, radius: float, width: float, metal: Colour, sides: int = 10, y: float = 0.0
) -> None:
    """A wheel whose faces show on both sides, in the plane y."""
    right, left = (ring((x, y + s * width / 2, radius), radius, sides) for s in (-1, 1))
    strip(mesh, right, left, TYRE)
    mesh.face(right, TYRE)
    mesh.face(left[::-1], TYRE)
    for s in (-1, 1):
        hub = ring((x, y + s * (width / 2 + 0.008), radius), radius * 0.55, 6)
        mesh.face(hub[::-s], metal)


def sheet(mesh: Mesh, points: Sequence[Point], colour: Colour) -> None:
    """A thin polygon that shows from both sides."""
    mesh.face(points, colour)
    mesh.face(list(points)[::-1], colour)


def rod(
    mesh: Mesh, start: Point, end: Point, radius: float, colour: Colour, sides: int = 4, end_radius: float | None = None
) -> None:
    """A bar without caps: its ends lie in other parts."""
    a, b = np.asarray(start, float), np.asarray(end, float)
    axis = (b - a) / max(1e-9, float(np.linalg.norm(b - a)))
    u = np.cross(axis, (0.0, 0.0, 1.0) if abs(axis[2]) < 0.9 else (1.0, 0.0, 0.0))
    u /= np.linalg.norm(u)
    v = np.cross(axis, u)
    turns = [2 * math.pi * (i + 0.5) / sides for i in range(sides)]
    offsets = [math.cos(t) * u + math.sin(t) * v for t in turns]
    last = radius if end_radius is None else end_radius
    for i in range(sides):
        p, q = offsets[i], offsets[(i + 1) % sides]
        mesh.face([a + radius * p, a + radius * q, b + last * q, b + last * p], colour)


def loft(mesh: Mesh, profile: Sequence[tuple[float, float, float]], colour: Colour) -> None:
    """A body symmetric in y given by its outline seen from its right side.

    Args:
        mesh: What it is added to.
        profile: Corners (x, z, half width), counter-clockwise with x to the
            right and z up; all of it must show from the first corner.
        colour: Its colour.
    """
    right = [np.array([x, -h, z]) for x, z, h in profile]
    left = [np.array([x, h, z]) for x, z, h in profile]
    for i in range(1, len(profile) - 1):
        # Triangles each, because the corners of a side that bulges lie in no plane.
        mesh.face([right[0], right[i], right[i + 1]], colour)
        mesh.face([left[0], left[i + 1], left[i]], colour)
    strip(mesh, right, left, colour)


def slab(mesh: Mesh, outline: Sequence[tuple[float, float]], y: tuple[float, float], colour: Colour) -> None:
    """A plate between two planes of constant y (least, greatest) with an outline (x, z) as `loft` has it."""
    right = [np.array([x, y[0], z]) for x, z in outline]
    left = [np.array([x, y[1], z]) for x, z in outline]
    mesh.face(right, colour)
    mesh.face(left[::-1], colour)
    strip(mesh, right, left, colour)


def side_panel(
    mesh: Mesh, side: int, outline: Sequence[tuple[float, float]], half_width: Sequence[float] | float, colour: Colour
) -> None:
    """A flat piece of a vehicle's side: corners (x, z) counter-clockwise seen from the right, half width at each."""
    widths = [half_width] * len(outline) if isinstance(half_width, (int, float)) else half_width
    points = [(x, side * w, z) for (x, z), w in zip(outline, widths, strict=True)]
    mesh.face(points if side < 0 else points[::-1], colour)


def end_panel(
    mesh: Mesh, facing: int, x: tuple[float, float], z: tuple[float, float], y: tuple[float, float], colour: Colour
) -> None:
    """A flat piece of a vehicle's front (facing 1) or back (-1): x below and above, z, and y from and to."""
    points = [(x[0], y[0], z[0]), (x[0], y[1], z[0]), (x[1], y[1], z[1]), (x[1], y[0], z[1])]
    mesh.face(points if facing > 0 else points[::-1], colour)


def round_lamp(mesh: Mesh, centre: Point, radius: float, colour: Colour, facing: int = 1, sides: int = 7) -> None:
    """A round lamp that stands a little proud."""
    x, y, z = centre
    turns = [2 * math.pi * i / sides for i in range(sides)]
    rim = [(x, y + radius * math.cos(t), z + radius * math.sin(t)) for t in turns]
    lens = [(x + facing * radius * 0.35, y + (b - y) * 0.8, z + (c - z) * 0.8) for _, b, c in rim]
    mesh.face(lens[::facing], colour)
    for i in range(sides):
        j = (i + 1) % sides
        quad = [rim[i], rim[j], lens[j], lens[i]]
        mesh.face(quad[::facing], shade(colour, 0.75))


def lamps(
    mesh: Mesh, x: float, y: float, z: float, size: tuple[float, float], colour: Colour, depth: float = 0.06
) -> None:
    """A lamp on each side of the middle."""
    for side in (-1, 1):
        mesh.box((x, side * y, z), (depth, size[0], size[1]), colour)


def plates(mesh: Mesh, front: tuple[float, float], rear: tuple[float, float], width: float = 0.5) -> None:
    """Number plates, each at its (x, z)."""
    h = width / 2
    for facing, (x, z), colour in ((1, front, FRONT_PLATE), (-1, rear, REAR_PLATE)):
        end_panel(mesh, facing, (x, x), (z - 0.06, z + 0.06), (-h, h), colour)


def limb(
    mesh: Mesh,
    start: Point,
    end: Point,
    lengths: tuple[float, float],
    bend: Point,
    radii: tuple[float, float, float],
    colours: tuple[Colour, Colour],
) -> None:
    """An arm or a leg of two bones from joint to end, its elbow or knee towards `bend`."""
    middle = joint(start, end, *lengths, bend)
    rod(mesh, start, middle, radii[0], colours[0], end_radius=radii[1])
    rod(mesh, middle, end, radii[1], colours[1], end_radius=radii[2])
