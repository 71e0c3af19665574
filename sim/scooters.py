"""Parametric scooters: with a motor and a seat, or with a deck to stand on."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    HUB,
    REAR_PLATE,
    RED_LAMP,
    WHITE_LAMP,
    body_colour,
    chance,
    glass_colour,
    jitter,
    trim_colour,
)
from pose_ssl_sim.parts import disc_wheel, end_panel, loft, rod, round_lamp, sheet
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def scooter(rng: Rng, rider: bool = True) -> Mesh:
    """A scooter: a motor scooter (leg shield, footboard) or a kick scooter (deck, upright stem)."""
    return _motor_scooter(rng, rider) if chance(rng, 0.55) else _kick_scooter(rng, rider)


def _motor_scooter(rng: Rng, rider: bool) -> Mesh:
    mesh = Mesh()
    base = rng.uniform(1.15, 1.35)
    front, rear = base / 2, -base / 2
    r = rng.uniform(0.2, 0.25)
    paint = body_colour(rng)
    trim = trim_colour(rng, paint)
    seat, bar = rng.uniform(0.72, 0.8), rng.uniform(0.94, 1.06)
    for x in (front, rear):
        disc_wheel(mesh, x, r, 0.11, jitter(rng, HUB, 0.1), 9)
    shield = front - r - 0.08
    column = (shield - 0.06, bar)
    deck = rng.uniform(0.26, 0.32)
    # Leg shield, footboard and the swollen rear: the outline is an L with a gap for the legs.
    wide = rng.uniform(0.2, 0.25)
    mesh.hexahedron(
        *[
            [(x + dx, y, z) for dx, y in ((-0.03, -w), (0.06, -w * 0.8), (0.06, w * 0.8), (-0.03, w))]
            for x, z, w in ((shield, deck - 0.04, wide * 0.8), (column[0] + 0.02, bar - 0.16, wide))
        ],
        paint,
    )
    mesh.box(((shield - 0.2) / 2 + 0.02, 0, deck - 0.04), (shield + 0.3, wide * 1.5, 0.08), trim)
    bulge = rng.uniform(0.19, 0.25)
    loft(
        mesh,
        [
            (rear - 0.05, r + 0.1, bulge * 0.7),
            (-0.12, deck - 0.06, bulge * 0.8),
            (-0.06, seat - 0.08, bulge * 0.75),
            (rear - 0.1, seat - 0.05, bulge * 0.7),
            (rear - 0.28, seat - 0.18, bulge * 0.5),
        ],
        paint,
    )
    long = rng.uniform(0.0, 0.14)
    mesh.wedge((rear - 0.12 - long, -0.04, 0.26), (rear - 0.14 - long, -0.08, 0.2), (seat - 0.07, seat + 0.04), trim)
    mesh.wedge((front - 0.2, front + 0.2, 0.17), (front - 0.24, front + 0.05, 0.13), (r * 1.7, r * 2.3 + 0.05), paint)
    rod(mesh, (front, 0, r), (shield, 0, r * 2 + 0.2), 0.05, trim)
    mesh.wedge(
        (column[0] - 0.05, column[0] + 0.12, 0.22),
        (column[0] - 0.05, column[0] + 0.06, 0.26),
        (bar - 0.16, bar + 0.04),
        paint,
    )
    low_lamp = chance(rng, 0.4)
    round_lamp(
        mesh,
        (shield + 0.07, 0, deck + 0.4) if low_lamp else (column[0] + 0.1, 0, bar - 0.07),
        rng.uniform(0.07, 0.095),
        WHITE_LAMP,
    )
    for side in (-1, 1):
        rod(mesh, (column[0], side * 0.08, bar), (column[0] - 0.08, side * 0.33, bar + 0.02), 0.022, DARK)
        round_lamp(mesh, (shield + 0.06, side * wide * 0.7, bar - 0.28), 0.035, AMBER_LAMP, sides=4)
        if chance(rng, 0.8):
            rod(mesh, (column[0], side * 0.18, bar), (column[0] + 0.04, side * 0.27, bar + 0.2), 0.01, DARK, 3)
            mesh.box((column[0] + 0.04, side * 0.29, bar + 0.23), (0.03, 0.12, 0.1), trim)
    mesh.box((rear - 0.26, 0, seat - 0.16), (0.06, 0.18, 0.08), RED_LAMP)
    end_panel(mesh, -1, (rear - 0.3, rear - 0.28), (seat - 0.42, seat - 0.24), (-0.09, 0.09), REAR_PLATE)
    mesh.cylinder((rear + 0.12, -0.17, r), (rear - 0.18, -0.17, r + 0.05), 0.045, HUB, sides=5)
    if chance(rng, 0.4):
        h = rng.uniform(0.2, 0.45)
        sheet(
            mesh,
            [
                (column[0] + 0.09, -0.2, bar),
                (column[0] + 0.09, 0.2, bar),
                (column[0] - 0.02, 0.17, bar + h),
                (column[0] - 0.02, -0.17, bar + h),
            ],
            glass_colour(rng),
        )
    if chance(rng, 0.35):
        size = rng.uniform(0.3, 0.46)
        mesh.wedge(
            (rear - 0.2 - size, rear - 0.2, size),
            (rear - 0.17 - size, rear - 0.22, size * 0.9),
            (seat, seat + size * 0.9),
            body_colour(rng),
        )
    if rider:
        hip = (rear + 0.36, seat + 0.13)
        lean = rng.uniform(0.0, 0.14)
        hands = [(column[0] - 0.07, side * 0.31, bar + 0.04) for side in (-1, 1)]
        feet = [(shield - 0.24 + rng.uniform(-0.06, 0.06), side * 0.13, deck + 0.08) for side in (-1, 1)]
        person(
            mesh, rng, hip, (hip[0] + lean, hip[1] + 0.47), hands, feet, helmet=0.8, pack=0.3, knees=(1.0, 0.15, 0.6)
        )
    return mesh


def _kick_scooter(rng: Rng, rider: bool) -> Mesh:
    mesh = Mesh()
    base = rng.uniform(0.78, 0.98)
    front, rear = base / 2, -base / 2
    r = rng.uniform(0.09, 0.14)
    paint, tube = body_colour(rng), rng.uniform(0.028, 0.04)
    trim = trim_colour(rng, paint)
    bar = rng.uniform(0.95, 1.15)
    deck = r + rng.uniform(0.02, 0.07)
    for x in (front, rear):
        disc_wheel(mesh, x, r, 0.06, jitter(rng, HUB, 0.1), 8)
    lean = rng.uniform(0.12, 0.2)
    top = (front - lean, bar)
    mesh.box(((rear + front) / 2 - 0.04, 0, deck), (base - 2 * r - 0.02, 0.17, 0.07), paint)
    mesh.wedge((rear - r * 1.1, rear + r, 0.08), (rear - r * 0.6, rear + r * 1.3, 0.07), (2 * r, 2 * r + 0.03), trim)
    foot = (front - 0.08, 2 * r + 0.03)
    rod(mesh, (front - r - 0.12, 0, deck), (foot[0], 0, foot[1] + 0.1), tube * 1.2, paint)
    rod(mesh, (front, 0, r), (foot[0], 0, foot[1]), tube * 1.2, trim)
    rod(mesh, (foot[0], 0, foot[1]), (top[0], 0, bar), tube, paint)
    rod(mesh, (front - 0.08, 0, 2 * r + 0.04), (front + r, 0, 2 * r + 0.01), 0.04, trim)
    for side in (-1, 1):
        rod(mesh, (top[0], 0, bar), (top[0] - 0.05, side * 0.24, bar + 0.01), 0.022, DARK)
    if chance(rng, 0.75):  # an electric one has lamps and a battery
        round_lamp(mesh, (top[0] + 0.07, 0, bar - 0.09), 0.045, WHITE_LAMP, sides=6)
        mesh.box((top[0] + 0.03, 0, bar - 0.08), (0.07, 0.08, 0.09), DARK)
        mesh.box((rear - r - 0.01, 0, 2 * r - 0.0), (0.03, 0.08, 0.05), RED_LAMP)
    if chance(rng, 0.25):
        mesh.box((top[0] + 0.16, 0, bar - 0.2), (0.18, 0.26, 0.26), body_colour(rng))
    if chance(rng, 0.12):
        rod(mesh, (rear + 0.2, 0, deck), (rear + 0.14, 0, 0.7), tube, trim)
        mesh.wedge((rear + 0.02, rear + 0.28, 0.14), (rear + 0.0, rear + 0.24, 0.18), (0.7, 0.77), trim)
    if rider:
        hip = (rng.uniform(-0.14, 0.0), deck + rng.uniform(0.78, 0.86))
        shoulder = (hip[0] + rng.uniform(0.02, 0.16), hip[1] + 0.48)
        hands = [(top[0] - 0.04, side * 0.2, bar + 0.03) for side in (-1, 1)]
        z = deck + 0.11
        feet = [(0.02, -0.04, z), (-0.22, 0.05, z)]
        pose = int(rng.integers(4))
        if pose == 0:  # kicking
            feet = [(-0.05, -0.02, z), (-0.42, 0.17, 0.14)]
        elif pose == 1:
            feet = [(-0.42, -0.17, 0.2), (-0.05, 0.02, z)]
        elif pose == 2:
            feet = [(-0.22, -0.05, z), (0.02, 0.04, z)]
        person(mesh, rng, hip, shoulder, hands, feet, helmet=0.4, pack=0.35, knees=(1.0, 0.0, 0.1))
    return mesh
