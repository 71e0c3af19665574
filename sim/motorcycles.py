"""Parametric motorcycles."""

from __future__ import annotations

import math

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    HUB,
    REAR_PLATE,
    RED_LAMP,
    STEEL,
    TYRE,
    WHITE_LAMP,
    body_colour,
    chance,
    glass_colour,
    jitter,
    pick,
    trim_colour,
)
from pose_ssl_sim.parts import disc_wheel, end_panel, hoop_wheel, loft, rod, round_lamp, sheet
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def motorcycle(rng: Rng, rider: bool = True) -> Mesh:
    """A motorcycle: naked, sporting, cruiser, tourer or enduro, with a rider or two unless it is parked."""
    mesh = Mesh()
    style = pick(rng, ("naked", "sport", "cruiser", "tourer", "enduro"))
    base = rng.uniform(1.28, 1.45) + (0.2 if style == "cruiser" else 0.0)
    front, rear = base / 2, -base / 2
    radius = rng.uniform(0.28, 0.34)
    paint = body_colour(rng)
    metal, trim = jitter(rng, pick(rng, (STEEL, DARK)), 0.1), trim_colour(rng, paint)
    seat = {"cruiser": rng.uniform(0.62, 0.7), "enduro": rng.uniform(0.84, 0.92)}.get(style, rng.uniform(0.74, 0.82))
    for x, width in ((front, 0.11), (rear, 0.16 if style != "enduro" else 0.12)):
        if style in ("enduro", "cruiser"):
            hoop_wheel(mesh, x, 0.0, radius, width, (TYRE, metal), sides=11, thick=0.32)
        else:
            disc_wheel(mesh, x, radius, width, metal)
    rake = {"cruiser": 0.45, "sport": 0.2}.get(style, 0.3)
    bar_z = {"sport": seat + 0.13, "cruiser": seat + 0.4, "enduro": seat + 0.3}.get(style, seat + rng.uniform(0.2, 0.3))
    bars = (front - rake, bar_z)
    head = (bars[0] + 0.06, bar_z - 0.07)
    spread = {"sport": 0.3, "enduro": 0.42}.get(style, 0.37)
    sweep = {"cruiser": 0.28, "sport": 0.02}.get(style, 0.12)
    for side in (-1, 1):
        rod(mesh, (front, side * 0.1, radius), (head[0], side * 0.09, head[1]), 0.03, metal)
        rod(mesh, (bars[0] + 0.04, 0, bar_z - 0.04), (bars[0] - sweep, side * spread, bar_z), 0.022, DARK)
        rod(
            mesh,
            (bars[0], side * spread * 0.6, bar_z),
            (bars[0] + 0.05, side * spread * 0.85, bar_z + 0.16),
            0.01,
            DARK,
            3,
        )
        mesh.box((bars[0] + 0.05, side * spread * 0.87, bar_z + 0.19), (0.03, 0.14, 0.09), trim)
        rod(mesh, (rear, side * 0.1, radius), (-0.05, side * 0.1, radius + 0.1), 0.03, metal)
        round_lamp(mesh, (head[0] - 0.02, side * 0.2, head[1]), 0.03, AMBER_LAMP, sides=4)
    # Mudguard of the front wheel, engine, tank, seat, tail: each has its own outline.
    mesh.wedge(
        (front - radius * 0.8, front + radius * 0.5, 0.15),
        (front - radius * 0.4, front + radius * 0.3, 0.13),
        (radius * 1.85, radius * 2.12),
        paint,
    )
    engine = trim_colour(rng, paint)
    loft(
        mesh,
        [
            (rear + 0.38, 0.22, 0.12),
            (front - 0.42, 0.2, 0.14),
            (front - 0.34, seat - 0.22, 0.16),
            (rear + 0.42, seat - 0.2, 0.12),
        ],
        engine,
    )
    tank = rng.uniform(0.12, 0.2)
    loft(
        mesh,
        [
            (-0.12, seat - 0.14, 0.1),
            (bars[0] - 0.04, seat - 0.06, 0.11),
            (bars[0] - 0.06, seat + tank * 0.8, 0.12),
            (bars[0] - 0.26, seat + tank, 0.17),
            (-0.14, seat + 0.02, 0.1),
        ],
        paint,
    )
    kick = {"sport": 0.2, "cruiser": -0.06}.get(style, 0.07)
    end = rear - rng.uniform(0.05, 0.2)
    loft(
        mesh,
        [
            (end + 0.25, seat - 0.1, 0.11),
            (-0.08, seat - 0.1, 0.11),
            (-0.1, seat + 0.02, 0.14),
            (end + 0.1, seat + 0.03 + kick, 0.12),
        ],
        trim,
    )
    mesh.wedge(
        (end + 0.02, end + 0.3, 0.16), (end, end + 0.25, 0.12), (seat - 0.12 + kick * 0.6, seat + 0.02 + kick), paint
    )
    mesh.box((end - 0.0, 0, seat - 0.06 + kick * 0.7), (0.06, 0.2, 0.07), RED_LAMP)
    mesh.wedge((end - 0.12, end - 0.08, 0.12), (end + 0.05, end + 0.1, 0.1), (seat - 0.42, seat - 0.12 + kick), DARK)
    end_panel(mesh, -1, (end - 0.135, end - 0.1), (seat - 0.42, seat - 0.26), (-0.1, 0.1), REAR_PLATE)
    for side in pick(rng, ((-1,), (1,), (-1, 1))):
        up = 0.3 if style in ("sport", "enduro") else 0.0
        rod(mesh, (0.1, side * 0.17, 0.25), (rear + 0.1, side * 0.18, 0.27 + up * 0.4), 0.04, HUB, 5)
        mesh.cylinder(
            (rear + 0.1, side * 0.18, 0.27 + up * 0.4),
            (rear - 0.28, side * 0.19, 0.31 + up),
            0.055,
            metal,
            0.065,
            sides=5,
        )
    if style == "sport" or style == "tourer":  # fairing and screen
        loft(
            mesh,
            [
                (bars[0] - 0.1, seat - 0.25, 0.2),
                (front - 0.28, radius + 0.18, 0.12),
                (front + 0.0, head[1], 0.12),
                (bars[0] + 0.04, bar_z + 0.08, 0.2),
            ],
            paint,
        )
        h = rng.uniform(0.15, 0.4)
        sheet(
            mesh,
            [
                (bars[0] + 0.16, -0.17, bar_z),
                (bars[0] + 0.16, 0.17, bar_z),
                (bars[0] - 0.06, 0.12, bar_z + h),
                (bars[0] - 0.06, -0.12, bar_z + h),
            ],
            glass_colour(rng),
        )
        for side in (-1, 1):
            end_panel(
                mesh,
                1,
                (front - 0.0, front - 0.08),
                (head[1] - 0.06, head[1] + 0.05),
                (side * 0.1 - 0.055, side * 0.1 + 0.055),
                WHITE_LAMP,
            )
    else:
        mesh.cylinder((head[0] - 0.04, 0, head[1]), (head[0] + 0.06, 0, head[1]), 0.09, metal, sides=6)
        round_lamp(mesh, (head[0] + 0.06, 0, head[1]), rng.uniform(0.085, 0.11), WHITE_LAMP)
        if chance(rng, 0.3):
            sheet(
                mesh,
                [
                    (head[0], -0.2, head[1] + 0.1),
                    (head[0], 0.2, head[1] + 0.1),
                    (head[0] - 0.12, 0.16, head[1] + 0.48),
                    (head[0] - 0.12, -0.16, head[1] + 0.48),
                ],
                glass_colour(rng),
            )
    if style == "enduro":
        mesh.wedge(
            (front - 0.4, front + 0.35, 0.14),
            (front - 0.4, front + 0.3, 0.1),
            (radius * 2 + 0.12, radius * 2 + 0.16),
            paint,
        )
    cases = style == "tourer" or chance(rng, 0.15)
    if cases:
        for side in (-1, 1):
            mesh.box((rear + 0.02, side * 0.29, seat - 0.18), (0.46, 0.2, 0.34), trim)
    if chance(rng, 0.6 if cases else 0.15):
        mesh.wedge((end - 0.12, end + 0.26, 0.42), (end - 0.06, end + 0.22, 0.38), (seat + 0.12, seat + 0.44), paint)
    if rider:
        _motorcyclists(mesh, rng, style, seat, bars, (spread, sweep))
    return mesh


def _motorcyclists(
    mesh: Mesh, rng: Rng, style: str, seat: float, bars: tuple[float, float], grips: tuple[float, float]
) -> None:
    lean = {"sport": 0.4, "cruiser": -0.02}.get(style, 0.14) + rng.uniform(-0.04, 0.08)
    hip = (-0.22, seat + 0.12)
    hands = [(bars[0] - grips[1], side * grips[0] * 0.95, bars[1] + 0.02) for side in (-1, 1)]
    ahead = {"cruiser": 0.4, "sport": -0.12}.get(style, 0.1)
    feet = [(ahead, side * 0.22, 0.34) for side in (-1, 1)]
    if chance(rng, 0.15):  # one foot on the ground
        feet[int(rng.integers(2))] = (0.02, float(rng.choice((-0.34, 0.34))), 0.1)
        feet[1] = (feet[1][0], abs(feet[1][1]), feet[1][2])
        feet[0] = (feet[0][0], -abs(feet[0][1]), feet[0][2])
    shoulder = (hip[0] + lean, hip[1] + math.sqrt(0.48**2 - lean**2))
    person(mesh, rng, hip, shoulder, hands, feet, helmet=0.92, pack=0.3, knees=(1.0, 0.25, 0.5))
    if chance(rng, 0.12):  # a passenger behind
        hip = (hip[0] - 0.36, hip[1] + 0.08)
        waist = [(hip[0] + 0.3, side * 0.16, hip[1] + 0.15) for side in (-1, 1)]
        person(
            mesh,
            rng,
            hip,
            (hip[0] + 0.12, hip[1] + 0.44),
            waist,
            [(hip[0] + 0.3, s * 0.24, 0.4) for s in (-1, 1)],
            helmet=0.9,
            knees=(1.0, 0.3, 0.5),
        )
