"""Parametric wheelchairs: pushed, sporting and electric ones."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import DARK, STEEL, TYRE, body_colour, chance, jitter, pick, shade, trim_colour
from pose_ssl_sim.parts import disc_wheel, hoop_wheel, rod
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def wheelchair(rng: Rng, person_in_it: bool = True) -> Mesh:
    """A wheelchair: footrests and castors ahead, backrest and handles behind; with or without somebody in it."""
    mesh = Mesh()
    style = pick(rng, ("manual", "manual", "sport", "electric"))
    width = rng.uniform(0.42, 0.54)
    depth = rng.uniform(0.42, 0.5)
    seat = rng.uniform(0.46, 0.54)
    paint = body_colour(rng)
    cloth = body_colour(rng) if chance(rng, 0.6) else trim_colour(rng, paint)
    rear, front = -depth / 2, depth / 2
    back = seat + (rng.uniform(0.25, 0.36) if style == "sport" else rng.uniform(0.42, 0.6))
    lean = rng.uniform(0.04, 0.14) * (0.5 if style == "sport" else 1.0)
    mesh.box((0.0, 0, seat - 0.03), (depth, width, 0.07), cloth)
    mesh.wedge(
        (rear - 0.03, rear + 0.04, width),
        (rear - 0.03 - lean, rear + 0.02 - lean, width * rng.uniform(0.85, 1.0)),
        (seat, back),
        cloth,
    )
    if style == "electric":
        foot = _electric(mesh, rng, (rear, front), width, seat, back - lean * 0, paint, cloth)
    else:
        foot = _frame(mesh, rng, style, (rear, front), width, (seat, back, lean), paint)
    if chance(rng, 0.35):  # a bag hung behind
        bag = body_colour(rng)
        mesh.wedge(
            (rear - 0.22 - lean * 0.4, rear - 0.05 - lean * 0.4, width * 0.75),
            (rear - 0.16 - lean, rear - 0.05 - lean, width * 0.65),
            (seat + 0.02, min(back - 0.05, seat + 0.4)),
            bag,
        )
    if person_in_it:
        hip = (rear + 0.17, seat + 0.12)
        shoulder = (hip[0] - lean + rng.uniform(-0.02, 0.12), hip[1] + 0.46)
        grip = pick(rng, ("lap", "rests", "rims")) if style != "electric" else "rests"
        places = {
            "lap": (front - 0.08, 0.08, seat + 0.16),
            "rests": (front - 0.1, width / 2 + 0.02, seat + 0.22),
            "rims": (rear + rng.uniform(0.0, 0.3), width / 2 + 0.08, seat + 0.1),
        }
        x, y, z = places[grip]
        hands = [(x + rng.uniform(-0.05, 0.05), side * y, z) for side in (-1, 1)]
        feet = [(foot[0], side * foot[1], foot[2] + 0.1) for side in (-1, 1)]
        person(mesh, rng, hip, shoulder, hands, feet, helmet=0.05, pack=0.0, knees=(0.9, 0.1, 0.8))
        if chance(rng, 0.2):  # a blanket or a bag on the lap
            mesh.wedge((0.0, front + 0.1, 0.4), (0.05, front + 0.02, 0.3), (seat + 0.16, seat + 0.3), body_colour(rng))
    elif chance(rng, 0.2):
        mesh.box((0.0, 0, seat + 0.12), rng.uniform((0.25, 0.25, 0.15), (0.38, 0.38, 0.3)), body_colour(rng))
    return mesh


def _frame(
    mesh: Mesh,
    rng: Rng,
    style: str,
    x: tuple[float, float],
    width: float,
    heights: tuple[float, float, float],
    paint: Colour,
) -> tuple[float, float, float]:
    """Large wheels behind, castors ahead; returns where a foot rests."""
    rear, front = x
    seat, back, lean = heights
    big = rng.uniform(0.27, 0.32)
    metal = jitter(rng, STEEL, 0.15)
    axle = rear + rng.uniform(0.06, 0.16)
    small = rng.uniform(0.06, 0.1)
    camber = rng.uniform(0.04, 0.08) if style == "sport" else 0.02
    low = rng.uniform(0.1, 0.16)
    foot_x = front + rng.uniform(0.16, 0.3)
    for side in (-1, 1):
        y = side * (width / 2 + 0.05 + camber)
        hoop_wheel(mesh, axle, y, big, 0.04, (TYRE, metal), spokes=int(rng.integers(3, 6)), thick=0.13)
        disc_wheel(mesh, front + 0.02, small, 0.04, metal, 7, y=side * width * 0.46)
        s = side * width / 2
        rod(mesh, (axle, s, big), (axle, y, big), 0.025, metal, 3)
        rod(mesh, (rear, s, seat - 0.03), (front, s, seat - 0.03), 0.022, paint)
        rod(mesh, (rear, s, big * 0.7), (rear, s, seat), 0.02, paint)
        rod(mesh, (rear, s, seat), (rear - lean, s, back), 0.02, paint)
        rod(mesh, (axle, s, big * 0.75), (front, s, seat * 0.55), 0.02, paint)
        rod(mesh, (front, s, seat - 0.03), (foot_x - 0.06, s * 0.75, low), 0.02, paint)
        rod(mesh, (front + 0.02, side * width * 0.46, small), (front, s, seat - 0.1), 0.016, metal, 3)
        mesh.box((foot_x, side * width * 0.2, low), (0.16, width * 0.32, 0.025), DARK)
        if style == "manual":
            rod(mesh, (rear - lean, s, back - 0.01), (rear - lean - 0.14, s, back + 0.01), 0.022, DARK)
            mesh.box((0.0, s, seat + 0.21), (0.3, 0.06, 0.04), DARK)
            rod(mesh, (front - 0.12, s, seat), (front - 0.12, s, seat + 0.2), 0.016, paint, 3)
            panel = shade(paint, 0.9)
            mesh.box((-0.02, s, seat + 0.1), (0.26, 0.015, 0.16), panel)
    return (foot_x - 0.02, width * 0.22, low)


def _electric(
    mesh: Mesh,
    rng: Rng,
    x: tuple[float, float],
    width: float,
    seat: float,
    back: float,
    paint: Colour,
    cloth: Colour,
) -> tuple[float, float, float]:
    """A box of batteries on four wheels, armrests with a stick, a headrest; returns where a foot rests."""
    rear, front = x
    big, small = rng.uniform(0.16, 0.22), rng.uniform(0.09, 0.12)
    behind = chance(rng, 0.6)  # which wheels drive
    metal = jitter(rng, STEEL, 0.1)
    mesh.wedge(
        (rear - 0.12, front + 0.05, width * 0.8), (rear - 0.05, front - 0.08, width * 0.7), (0.14, seat - 0.12), paint
    )
    mesh.box((0, 0, seat - 0.1), (0.1, 0.1, 0.14), DARK)
    low, foot_x = 0.14, front + rng.uniform(0.14, 0.24)
    for side in (-1, 1):
        y = side * (width / 2 + 0.01)
        disc_wheel(mesh, rear - 0.02 if behind else front - 0.08, big, 0.08, metal, 9, y=y)
        disc_wheel(mesh, front + 0.02 if behind else rear - 0.1, small, 0.06, metal, 8, y=y * 0.92)
        mesh.box((0.02, y, seat + 0.22), (0.34, 0.08, 0.05), cloth)
        rod(mesh, (rear + 0.05, y, seat), (rear + 0.02, y, seat + 0.22), 0.02, DARK)
    mesh.box((foot_x, 0, low), (0.22, width * 0.7, 0.03), DARK)
    rod(mesh, (front - 0.02, 0, seat - 0.08), (foot_x - 0.06, 0, low), 0.035, DARK)
    hand = pick(rng, (-1, 1))
    mesh.box((0.24, hand * (width / 2 + 0.01), seat + 0.27), (0.1, 0.07, 0.05), DARK)
    rod(
        mesh,
        (0.26, hand * (width / 2 + 0.01), seat + 0.28),
        (0.28, hand * (width / 2 + 0.01), seat + 0.38),
        0.018,
        DARK,
    )
    if chance(rng, 0.6):
        mesh.wedge((rear - 0.17, rear - 0.09, 0.24), (rear - 0.19, rear - 0.11, 0.2), (back + 0.06, back + 0.22), cloth)
        rod(mesh, (rear - 0.1, 0, back - 0.05), (rear - 0.13, 0, back + 0.1), 0.02, DARK)
    for side in (-1, 1):  # reflectors behind
        mesh.face(
            [
                (rear - 0.13, p[0] + side * width * 0.3, p[1])
                for p in ((0.03, 0.2), (-0.03, 0.2), (-0.03, 0.26), (0.03, 0.26))
            ],
            (0.85, 0.05, 0.05),
        )
    return (foot_x - 0.03, width * 0.2, low)
