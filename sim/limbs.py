"""Parts of bodies that bend: tubes through rings, jointed legs, parts that turn, somebody who sits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh, Point, cross
from pose_ssl_sim.paint import body_colour, jitter, pick, shade

Rng = np.random.Generator
SKINS = ((0.95, 0.78, 0.66), (0.86, 0.66, 0.52), (0.7, 0.5, 0.36), (0.5, 0.34, 0.24), (0.34, 0.22, 0.16))
HAIR = ((0.1, 0.07, 0.05), (0.3, 0.18, 0.08), (0.75, 0.6, 0.3), (0.45, 0.2, 0.1), (0.7, 0.7, 0.7))
DARK: Colour = (0.07, 0.06, 0.06)
#: Where in the stride each leg is: front right, front left, hind right, hind left.
GAITS = {
    "stand": (0.0, 0.0, 0.0, 0.0),
    "walk": (0.0, 0.5, 0.75, 0.25),
    "trot": (0.0, 0.5, 0.5, 0.0),
    "gallop": (0.05, 0.15, 0.55, 0.65),
}


def tube(
    mesh: Mesh,
    points: Sequence[Point],
    radii: Sequence[float | tuple[float, float]],
    colour: Colour,
    sides: int = 6,
) -> None:
    """Add a solid through elliptic rings: a trunk, a neck, a tail.

    Args:
        mesh: Where to.
        points: Middles of the rings, at least two; nowhere going straight aside.
        radii: Per ring its radius, or the half width (y) and the half height across the path.
        colour: Its colour.
        sides: Corners of a ring.
    """
    path = np.asarray(points, float)
    along = np.vstack([path[1] - path[0], (path[2:] - path[:-2]) / 2, path[-1] - path[-2]])
    angles = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    rings = []
    for middle, way, radius in zip(path, along, radii, strict=True):
        way = way / np.linalg.norm(way)
        across = np.array([0.0, 1.0, 0.0]) - way[1] * way
        across /= np.linalg.norm(across)
        up = cross(way, across)
        wide, high = radius if isinstance(radius, tuple) else (radius, radius)
        rings.append(middle + np.outer(np.cos(angles) * wide, across) + np.outer(np.sin(angles) * high, up))
    mesh.face(rings[0][::-1], colour)
    mesh.face(rings[-1], colour)
    for a, b in zip(rings, rings[1:], strict=False):
        for i in range(sides):
            j = (i + 1) % sides
            mesh.face([a[i], a[j], b[j], b[i]], colour)


def joint(start: Point, end: Point, upper: float, lower: float, bend: Point) -> np.ndarray:
    """Where the joint (3,) of two links is that reach from start to end, bent towards a direction.

    Links too short to reach are stretched out in proportion.
    """
    a, b = np.asarray(start, float), np.asarray(end, float)
    reach = float(np.linalg.norm(b - a))
    way = (b - a) / max(reach, 1e-9)
    factor = max(1.0, 1.001 * reach / (upper + lower))
    upper, lower = upper * factor, lower * factor
    along = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.asarray(bend, float) - (np.asarray(bend, float) @ way) * way
    aside /= max(1e-9, float(np.linalg.norm(aside)))
    return np.asarray(a + along * way + np.sqrt(max(0.0, upper**2 - along**2)) * aside)


def stride(rng: Rng, gait: str, length: float) -> list[tuple[float, float]]:
    """How far ahead and how high each of four feet is, front right and left, then hind right and left."""
    begin = rng.random()
    steps = []
    for phase in GAITS[gait]:
        if gait == "stand":
            steps.append((rng.uniform(-0.15, 0.15) * length, 0.0))
        else:
            turn = 2 * np.pi * (begin + phase)
            steps.append((length * np.cos(turn), max(0.0, np.sin(turn)) * length * 0.45))
    return steps


def join(mesh: Mesh, part: Mesh, at: Point, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> None:
    """Add a part turned about its own origin (roll, then pitch with the nose down, then yaw) at a place."""
    cy, sy, cp, sp, cr, sr = (f(a) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    turn = (
        np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        @ np.array([[cp, 0, sp], [0, 1, 0], [-sp, 0, cp]])
        @ np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
    )
    for points, colour in part.polygons():
        mesh.face(points @ turn.T + np.asarray(at, float), colour)


def grounded(mesh: Mesh) -> Mesh:
    """The mesh with its lowest point on the ground."""
    low, _ = mesh.bounds()
    return mesh.moved((0.0, 0.0, -float(low[2])))


def flap(mesh: Mesh, corners: Sequence[Point], thick: float, colour: Colour) -> None:
    """Add a thin quadrilateral plate around its corners: an ear, a cloth, a fin."""
    ring = np.asarray(corners, float)
    normal = cross(ring[1] - ring[0], ring[2] - ring[0])
    normal *= thick / 2 / max(1e-12, float(np.linalg.norm(normal)))
    mesh.hexahedron(list(ring - normal), list(ring + normal), colour)


def head(mesh: Mesh, rng: Rng, at: Point, size: float, yaw: float = 0.0, helmet: bool = False) -> None:
    """Add a person's head: nose, chin and eyes ahead, hair behind, and perhaps a hat or a helmet.

    Args:
        mesh: Where to.
        rng: Where chance comes from.
        at: Middle of the skull.
        size: Half width of the face in metres.
        yaw: How far it is turned to the left, radians.
        helmet: Whether it must wear one.
    """
    part = Mesh()
    r = size
    skin, hair = jitter(rng, pick(rng, SKINS), 0.04), jitter(rng, pick(rng, HAIR), 0.04)
    part.sphere((0, 0, 0), (r * 1.1, r * 0.9, r * 1.25), skin, sides=8, rings=5)
    part.wedge((r * 0.2, r * 0.95, r * 0.9), (r * 0.2, r * 1.08, r * 1.1), (-r * 1.28, -r * 0.6), skin)
    nose = [(r * 0.95, -r * 0.24, -r * 0.3), (r * 1.5, 0, -r * 0.34), (r * 0.95, r * 0.24, -r * 0.3)]
    part.hexahedron([nose[0], nose[1], nose[1], nose[2]], [(r * 0.95, 0, r * 0.32)] * 4, shade(skin, 0.88))
    for side in (-1, 1):
        part.box((r * 0.98, side * r * 0.42, r * 0.14), (r * 0.24, r * 0.32, r * 0.2), DARK)
        part.box((-r * 0.1, side * r * 0.95, -r * 0.1), (r * 0.35, r * 0.2, r * 0.5), shade(skin, 0.92))
    part.box((r * 0.97, 0, -r * 0.68), (r * 0.2, r * 0.6, r * 0.15), (0.6, 0.22, 0.22))
    cut = pick(rng, ("short", "short", "bob", "long", "tail", "bun", "bald"))
    if cut != "bald":
        # A cap that sits back, so that the face shows from the front only.
        part.sphere((-r * 0.35, 0, r * 0.28), (r * 1.02, r * 1.02, r * 1.18), hair, sides=8, rings=5)
    if cut == "bob":
        part.wedge((-r * 1.3, -r * 0.1, r * 2.2), (-r * 1.2, 0, r * 2.0), (-r * 1.3, r * 0.3), hair)
    elif cut == "long":
        part.wedge((-r * 1.5, -r * 0.7, r * 1.9), (-r * 1.3, -r * 0.2, r * 2.0), (-r * rng.uniform(2.4, 3.6), 0), hair)
    elif cut == "tail":
        tube(
            part, [(-r, 0, r * 0.5), (-r * 1.9, 0, r * 0.4), (-r * 1.8, 0, -r * 2)], (r * 0.3, r * 0.45, r * 0.2), hair
        )
    elif cut == "bun":
        part.sphere((-r * 1.35, 0, r * 0.75), r * 0.55, hair, sides=6, rings=4)
    if rng.random() < 0.2:
        for side in (-1, 1):
            part.box((r * 0.5, side * r * 0.93, r * 0.16), (r * 1.1, r * 0.06, r * 0.08), DARK)
            part.box((r * 1.1, side * r * 0.42, r * 0.14), (r * 0.05, r * 0.5, r * 0.36), DARK)
    cover = "helmet" if helmet else pick(rng, ("none",) * 5 + ("cap", "beanie", "brim", "helmet", "hood"))
    cloth = body_colour(rng)
    top = (-r * 0.1, 0, r * 0.5)
    if cover in ("cap", "beanie", "helmet"):
        tall = r * (1.15 if cover == "beanie" else 1.0)
        part.sphere(top, (r * 1.22, r * 1.12, tall), cloth, sides=8, rings=5)
    if cover in ("cap", "helmet"):
        peak = r * (1.0 if cover == "cap" else 0.45)
        part.wedge((r * 0.7, r * 1.0 + peak, r * 1.3), (r * 0.7, r * 0.95 + peak, r * 1.2), (r * 0.45, r * 0.6), cloth)
    elif cover == "brim":
        part.cylinder((-r * 0.1, 0, r * 0.5), (-r * 0.1, 0, r * 0.6), r * 2.0, cloth, sides=8)
        part.cylinder((-r * 0.1, 0, r * 0.6), (-r * 0.1, 0, r * 1.4), r * 1.1, shade(cloth, 0.8), r * 0.9)
    elif cover == "hood":
        part.sphere((-r * 0.45, 0, r * 0.1), (r * 1.25, r * 1.25, r * 1.5), cloth, sides=8, rings=5)
    join(mesh, part, at, yaw)


def sitter(
    mesh: Mesh, rng: Rng, seat: Point, hands: Point, feet: Point, scale: float = 1.0, spread: float = 0.1
) -> None:
    """Add a person who sits facing ahead: a rider, a helmsman.

    Args:
        mesh: Where to.
        rng: Where chance comes from.
        seat: Middle of what is sat on.
        hands: Where the hands are, in the middle; they are `spread` to either side of it.
        feet: Where the feet are, likewise.
        scale: Size against a grown person's.
        spread: Half the distance between the hands and between the feet.
    """
    shirt, trousers = body_colour(rng), body_colour(rng)
    s = np.asarray(seat, float)
    lean, k = rng.uniform(0.0, 0.18), scale
    chest = s + np.array([lean, 0, 0.52]) * k
    low, top = [(-0.11, 0.11, 0.34), (-0.11, 0.1, 0.44)]
    mesh.wedge(
        (s[0] + low[0] * k, s[0] + low[1] * k, low[2] * k),
        (chest[0] + top[0] * k, chest[0] + top[1] * k, top[2] * k),
        (s[2], chest[2]),
        shirt,
    )
    for side in (-1, 1):
        hip = s + np.array([0.02, side * 0.11, 0.06]) * k
        foot = np.asarray(feet, float) + np.array([0, side * spread, 0.0])
        knee = joint(hip, foot, 0.43 * k, 0.43 * k, (1, side * 0.3, 0.6))
        mesh.cylinder(hip, knee, 0.085 * k, trousers, 0.065 * k, sides=6)
        mesh.cylinder(knee, foot, 0.065 * k, trousers, 0.045 * k, sides=6)
        mesh.box(foot + np.array([0.06, 0, -0.02]) * k, (0.25 * k, 0.09 * k, 0.08 * k), shade(body_colour(rng), 0.6))
        shoulder = chest + np.array([0, side * 0.2, -0.06]) * k
        hand = np.asarray(hands, float) + np.array([0, side * spread, 0.0])
        elbow = joint(shoulder, hand, 0.3 * k, 0.3 * k, (-0.2, side * 0.3, -1))
        mesh.cylinder(shoulder, elbow, 0.055 * k, shirt, 0.045 * k, sides=6)
        mesh.cylinder(elbow, hand, 0.045 * k, shirt, 0.035 * k, sides=6)
    head(mesh, rng, chest + np.array([0.04, 0, 0.2]) * k, 0.105 * k, rng.uniform(-0.3, 0.3))
