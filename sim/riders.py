"""People on and in vehicles, drawn with few triangles: face ahead, hair or helmet round it, limbs in any pose."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pose_ssl_sim.limbs import HAIR, SKINS
from pose_ssl_sim.meshes import Colour, Mesh, Point
from pose_ssl_sim.paint import body_colour, chance, jitter, pick, shade
from pose_ssl_sim.parts import limb, rod

Rng = np.random.Generator


def person(
    mesh: Mesh,
    rng: Rng,
    hip: tuple[float, float],
    shoulder: tuple[float, float],
    hands: Sequence[Point],
    feet: Sequence[Point],
    *,
    helmet: float = 0.0,
    pack: float = 0.2,
    knees: Point = (1.0, 0.0, 0.5),
) -> None:
    """Add a person who sits or stands facing ahead.

    Args:
        mesh: Where to.
        rng: Where chance comes from.
        hip: x and z of the middle of the hip.
        shoulder: x and z of the middle between the shoulders.
        hands: Where the right (y < 0) and the left hand are.
        feet: Where the right and the left ankle are; none for somebody whose legs do not show.
        helmet: How often a helmet is worn.
        pack: How often a rucksack is worn.
        knees: Which way the knees point; the sideways part is mirrored.
    """
    shirt, trousers, shoes = body_colour(rng), body_colour(rng), body_colour(rng)
    skin = jitter(rng, pick(rng, SKINS), 0.04)
    sleeve = pick(rng, (shirt, shirt, skin))
    build = rng.uniform(0.85, 1.15)
    (hx, hz), (sx, sz) = hip, shoulder
    wide, deep = 0.17 * build, 0.12 * build
    axis = np.array([sx - hx, sz - hz]) / max(1e-6, float(np.hypot(sx - hx, sz - hz)))
    ahead = np.array([axis[1], -axis[0]])  # of the trunk, however it leans
    low, top = np.array(hip) - axis * 0.08, np.array(shoulder) + axis * 0.06
    mesh.hexahedron(
        *[
            [(m[0] + ahead[0] * dx, dy, m[1] + ahead[1] * dx) for dx, dy in ((-d, -w), (d, -w), (d, w), (-d, w))]
            for m, d, w in ((low, deep, wide), (top, deep * 0.95, wide * 1.25))
        ],
        shirt,
    )
    if chance(rng, pack):
        back = (np.array(hip) + np.array(shoulder) * 1.4) / 2.4 - ahead * (deep + 0.09)
        part = body_colour(rng)
        mesh.hexahedron(
            *[
                [
                    (m[0] + ahead[0] * dx, dy, m[1] + ahead[1] * dx)
                    for dx, dy in ((-0.1, -0.15), (0.1, -0.15), (0.1, 0.15), (-0.1, 0.15))
                ]
                for m in (back - axis * 0.2, back + axis * 0.22)
            ],
            part,
        )
    for side, hand in zip((-1, 1), hands, strict=True):
        joint = (sx, side * wide * 1.2, sz)
        limb(mesh, joint, hand, (0.3, 0.28), (-0.5, side * 0.5, -0.6), (0.06, 0.05, 0.035), (shirt, sleeve))
        mesh.sphere(hand, 0.045, skin, sides=4, rings=2)
    for side, foot in zip((-1, 1), feet, strict=False):
        joint = (hx, side * 0.09, hz)
        bend = (knees[0], side * knees[1], knees[2])
        limb(mesh, joint, foot, (0.44, 0.43), bend, (0.095, 0.07, 0.05), (trousers, trousers))
        mesh.wedge_at((foot[0] + 0.06, foot[1], foot[2] - 0.03), (0.27, 0.1, 0.1), shade(shoes, 0.6))
    _head(mesh, rng, (float(top[0] + axis[0] * 0.17 + 0.03), 0.0, float(top[1] + 0.16)), skin, chance(rng, helmet))
    rod(mesh, (top[0], 0, top[1] - 0.03), (top[0] + axis[0] * 0.1, 0, top[1] + 0.08), 0.055, skin)


def _head(mesh: Mesh, rng: Rng, at: tuple[float, float, float], skin: Colour, helmet: bool) -> None:
    x, y, z = at
    r = rng.uniform(0.1, 0.115)
    hair = jitter(rng, pick(rng, HAIR), 0.05)
    if helmet:
        shell = body_colour(rng)
        mesh.sphere((x - 0.015, y, z + 0.02), r * 1.38, shell, sides=6, rings=4)
        full = chance(rng, 0.7)
        visor = pick(rng, ((0.06, 0.07, 0.1), (0.3, 0.36, 0.42))) if full else skin
        low = -0.3 if full else -1.0
        mesh.wedge((x, x + r * 1.38, r * 1.8), (x, x + r * 1.4, r * 1.7), (z + r * low, z + r * 0.5), visor)
        return
    mesh.sphere((x, y, z), (r, r * 0.88, r * 1.25), skin, sides=6, rings=3)
    mesh.sphere((x - r * 0.38, y, z + r * 0.32), (r, r * 1.02, r * 1.15), hair, sides=6, rings=3)
    mesh.wedge((x + r * 0.8, x + r * 1.35, r * 0.5), (x + r * 0.8, x + r, r * 0.3), (z - r * 0.35, z + r * 0.2), skin)
    if chance(rng, 0.3):
        mesh.wedge(
            (x - r * 1.4, x - r * 0.5, r * 1.7),
            (x - r * 1.3, x - r * 0.3, r * 1.8),
            (z - r * rng.uniform(1.5, 3.0), z),
            hair,
        )
    if chance(rng, 0.25):
        cap = body_colour(rng)
        mesh.wedge((x - r, x + r * 1.05, r * 2.1), (x - r * 0.8, x + r * 0.6, r * 1.6), (z + r * 0.6, z + r * 1.5), cap)
        mesh.wedge(
            (x + r * 0.6, x + r * 1.9, r * 1.6), (x + r * 0.6, x + r * 1.8, r * 1.5), (z + r * 0.5, z + r * 0.65), cap
        )
