"""Things without a category: trees, poles, bins, boxes, cones, hedges, buildings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import GLASS, body_colour, jitter, pick, shade

Rng = np.random.Generator


def tree(rng: Rng) -> Mesh:
    """A broad-leaved tree or a conifer."""
    mesh = Mesh()
    height = rng.uniform(3.0, 6.0)
    bark, leaf = jitter(rng, (0.35, 0.25, 0.17), 0.06), jitter(rng, (0.25, 0.42, 0.16), 0.1)
    mesh.cylinder((0, 0, 0), (0, 0, height * 0.5), rng.uniform(0.1, 0.2), bark, sides=6)
    if rng.random() < 0.3:
        for i in range(3):
            z = height * (0.25 + 0.22 * i)
            mesh.cylinder(
                (0, 0, z),
                (0, 0, z + height * 0.35),
                height * (0.24 - 0.06 * i),
                shade(leaf, 0.7 + 0.1 * i),
                end_radius=0.0,
                sides=7,
            )
    else:
        for _ in range(int(rng.integers(2, 5))):
            r = height * rng.uniform(0.14, 0.24)
            centre = (rng.uniform(-0.5, 0.5), rng.uniform(-0.5, 0.5), height * rng.uniform(0.55, 0.85))
            mesh.sphere(centre, (r, r, r * rng.uniform(0.7, 1.1)), jitter(rng, leaf, 0.05), sides=7, rings=4)
    return mesh


def pole(rng: Rng) -> Mesh:
    """A lamp post or a traffic sign."""
    mesh = Mesh()
    grey = jitter(rng, (0.4, 0.42, 0.43), 0.1)
    if rng.random() < 0.5:
        height = rng.uniform(3.5, 5.0)
        mesh.cylinder((0, 0, 0), (0, 0, height), 0.06, grey, sides=6)
        mesh.box((0.4, 0, height), (0.9, 0.08, 0.08), grey)
        mesh.box((0.8, 0, height - 0.06), (0.3, 0.16, 0.08), (0.95, 0.95, 0.85))
    else:
        mesh.cylinder((0, 0, 0), (0, 0, 2.4), 0.035, grey, sides=5)
        face = pick(rng, ((0.8, 0.1, 0.1), (0.1, 0.25, 0.7), (0.95, 0.8, 0.1)))
        mesh.box((0.04, 0, 2.2), (0.03, 0.5, 0.5), face)
        mesh.box((0.06, 0, 2.2), (0.02, 0.3, 0.14), (0.95, 0.95, 0.95))
    return mesh


def bin_(rng: Rng) -> Mesh:
    """A litter bin or a post box."""
    mesh = Mesh()
    colour = body_colour(rng)
    if rng.random() < 0.5:
        mesh.cylinder((0, 0, 0), (0, 0, 0.85), 0.25, colour, 0.28, sides=8)
        mesh.cylinder((0, 0, 0.85), (0, 0, 0.95), 0.3, shade(colour, 0.6), sides=8)
    else:
        mesh.box((0, 0, 0.55), (0.5, 0.45, 1.1), colour)
        mesh.box((0, 0, 1.12), (0.56, 0.5, 0.06), shade(colour, 0.7))
    return mesh


def boxes(rng: Rng) -> Mesh:
    """A stack of boxes or a pallet."""
    mesh = Mesh()
    z = 0.0
    for _ in range(int(rng.integers(1, 4))):
        a, b, c = rng.uniform(0.3, 0.8, 3)
        mesh.box(
            (rng.uniform(-0.08, 0.08), rng.uniform(-0.08, 0.08), z + c / 2),
            (a, b, c),
            jitter(rng, (0.6, 0.46, 0.3), 0.15),
        )
        z += c
    return mesh


def cone(rng: Rng) -> Mesh:
    """A traffic cone or a bollard."""
    mesh = Mesh()
    if rng.random() < 0.5:
        colour = jitter(rng, (0.95, 0.4, 0.08), 0.05)
        mesh.box((0, 0, 0.02), (0.36, 0.36, 0.04), shade(colour, 0.7))
        mesh.cylinder((0, 0, 0.04), (0, 0, 0.7), 0.14, colour, 0.03, sides=8)
        mesh.cylinder((0, 0, 0.3), (0, 0, 0.42), 0.115, (0.95, 0.95, 0.95), 0.095, sides=8)
    else:
        mesh.cylinder((0, 0, 0), (0, 0, 0.9), 0.09, jitter(rng, (0.3, 0.3, 0.32), 0.15), sides=8)
        mesh.cylinder((0, 0, 0.7), (0, 0, 0.8), 0.1, (0.9, 0.9, 0.9), sides=8)
    return mesh


def hedge(rng: Rng) -> Mesh:
    """A hedge, a planter or a low wall."""
    mesh = Mesh()
    length, height = rng.uniform(1.2, 3.0), rng.uniform(0.5, 1.1)
    if rng.random() < 0.6:
        green = jitter(rng, (0.22, 0.4, 0.15), 0.07)
        mesh.wedge((-length / 2, length / 2, 0.6), (-length / 2 + 0.1, length / 2 - 0.1, 0.45), (0, height), green)
        for _ in range(3):
            mesh.sphere(
                (rng.uniform(-length / 2, length / 2), 0, height),
                (0.4, 0.3, 0.22),
                jitter(rng, green, 0.05),
                sides=6,
                rings=4,
            )
    else:
        wall = jitter(rng, (0.6, 0.5, 0.45), 0.15)
        mesh.box((0, 0, height / 2), (length, 0.25, height), wall)
        mesh.box((0, 0, height), (length + 0.06, 0.33, 0.08), shade(wall, 0.7))
    return mesh


def building(rng: Rng) -> Mesh:
    """A house whose street front looks along -y; its front wall stands on y = 0."""
    mesh = Mesh()
    width, depth = rng.uniform(7.0, 11.0), 5.0
    floors = int(rng.integers(1, 5))
    storey = rng.uniform(2.6, 3.2)
    height = floors * storey + 0.5
    wall = jitter(
        rng,
        pick(rng, ((0.78, 0.72, 0.62), (0.62, 0.36, 0.28), (0.66, 0.66, 0.68), (0.85, 0.82, 0.75), (0.5, 0.55, 0.6))),
        0.07,
    )
    mesh.box((0, depth / 2, height / 2), (width, depth, height), wall)
    mesh.box((0, depth / 2, 0.3), (width + 0.06, depth + 0.06, 0.6), shade(wall, 0.6))
    roof = jitter(rng, pick(rng, ((0.45, 0.2, 0.15), (0.25, 0.25, 0.28))), 0.05)
    if rng.random() < 0.6:
        a, b, h = width / 2 + 0.2, depth + 0.2, rng.uniform(1.0, 2.2)
        ring = [(-a, -0.2, height), (a, -0.2, height), (a, b, height), (-a, b, height)]
        ridge = [
            (-a, depth / 2 - 0.05, height + h),
            (a, depth / 2 - 0.05, height + h),
            (a, depth / 2 + 0.05, height + h),
            (-a, depth / 2 + 0.05, height + h),
        ]
        mesh.hexahedron(ring, ridge, roof)
    else:
        mesh.box((0, depth / 2, height + 0.15), (width + 0.3, depth + 0.3, 0.3), shade(wall, 0.75))
    columns = int(rng.integers(3, 6))
    pitch = width / columns
    door = int(rng.integers(columns))
    glass = jitter(rng, GLASS, 0.06)
    for floor in range(floors):
        for column in range(columns):
            x = -width / 2 + pitch * (column + 0.5)
            z = 0.5 + storey * (floor + 0.5)
            if floor == 0 and column == door:
                mesh.box((x, 0, 1.1), (1.0, 0.3, 2.2), body_colour(rng))
                continue
            mesh.box((x, 0, z), (pitch * 0.6, 0.24, storey * 0.55), (0.9, 0.9, 0.88))
            mesh.box((x, 0, z), (pitch * 0.5, 0.44, storey * 0.46), glass)
    return mesh


def rack(rng: Rng) -> Mesh:
    """A pallet rack whose front looks along -y and stands on y = 0."""
    mesh = Mesh()
    width, depth = rng.uniform(6.5, 7.8), 1.2
    levels, step = int(rng.integers(2, 5)), rng.uniform(1.3, 1.7)
    bays = int(rng.integers(2, 4))
    post, beam = jitter(rng, (0.15, 0.25, 0.55), 0.08), jitter(rng, (0.9, 0.4, 0.1), 0.08)
    for bay in range(bays + 1):
        x = width * (bay / bays - 0.5)
        for y in (0.05, depth - 0.05):
            mesh.box((x, y, levels * step / 2), (0.1, 0.1, levels * step), post)
    for level in range(levels):
        z = level * step + (0.1 if level else 0.0)
        if level:
            mesh.box((0, 0.05, z - 0.06), (width, 0.06, 0.12), beam)
            mesh.box((0, depth - 0.05, z - 0.06), (width, 0.06, 0.12), beam)
        for bay in range(bays):
            wide = width / bays
            for half in (0.27, 0.73):
                if rng.random() < 0.85:
                    x, high = width * (bay / bays - 0.5) + wide * half, rng.uniform(0.5, 0.8) * step
                    load = jitter(rng, pick(rng, ((0.6, 0.46, 0.3), (0.75, 0.75, 0.72), (0.35, 0.45, 0.55))), 0.1)
                    mesh.box((x, depth / 2, z + high / 2), (wide * 0.4, depth * 0.85, high), load)
    return mesh


_SMALL: dict[str, Callable[[Rng], Mesh]] = {
    "tree": tree,
    "pole": pole,
    "bin": bin_,
    "boxes": boxes,
    "cone": cone,
    "hedge": hedge,
}
#: Clutter that stands about.
SMALL_CLUTTER = tuple(_SMALL)


#: What lines a site; its front looks along -y.
LINING: dict[str, Callable[[Rng], Mesh]] = {"building": building, "rack": rack}


def small(kind: str, rng: Rng) -> Mesh:
    """A piece of clutter, one of `SMALL_CLUTTER`."""
    return _SMALL[kind](rng)
