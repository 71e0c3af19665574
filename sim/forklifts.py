"""Parametric forklifts: with a counterweight, with three wheels, reaching, or walked behind."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    RED_LAMP,
    STEEL,
    WHITE_LAMP,
    body_colour,
    chance,
    glass_colour,
    jitter,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import end_panel, lamps, loft, rod, round_lamp, sheet, side_panel, wheel
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def forklift(rng: Rng, driver: bool = True) -> Mesh:
    """A forklift: mast and forks ahead, counterweight behind, with or without cab, load and driver."""
    mesh = Mesh()
    style = pick(rng, ("counter", "counter", "counter", "three", "reach"))
    length, width = rng.uniform(1.9, 2.6), rng.uniform(1.05, 1.35)
    if style == "reach":
        length = rng.uniform(1.5, 1.8)
    height = rng.uniform(1.95, 2.3)
    paint = body_colour(rng)
    trim = trim_colour(rng, paint)
    front, rear = length / 2, -length / 2
    deck = rng.uniform(0.66, 0.86)
    h = width / 2
    # Low ahead, where the driver climbs in; high and rounded behind, where the weight is.
    loft(
        mesh,
        [
            (rear + 0.4, 0.18, h * 0.9),
            (front - 0.05, 0.18, h * 0.9),
            (front - 0.1, deck * 0.66, h * 0.9),
            (rear + 0.7, deck * 0.62, h * 0.9),
        ],
        paint,
    )
    weight = deck + (rng.uniform(0.05, 0.25) if style != "reach" else rng.uniform(0.3, 0.5))
    bulge = rng.uniform(0.05, 0.2)
    loft(
        mesh,
        [
            (rear + bulge, 0.2, h * 0.9),
            (rear + 0.9, 0.2, h * 0.9),
            (rear + 0.85, weight, h * 0.95),
            (rear + bulge, weight, h * 0.9),
            (rear, weight - 0.22, h * 0.9),
            (rear, 0.45, h * 0.9),
        ],
        pick(rng, (paint, trim, shade(paint, 0.5))),
    )
    end_panel(mesh, -1, (rear - 0.01, rear - 0.01), (0.5, weight - 0.28), (-h * 0.5, h * 0.5), DARK)
    lamps(mesh, rear + 0.02, h * 0.72, weight - 0.3, (0.14, 0.16), RED_LAMP, 0.08)
    seat = (rear + (0.8 if style != "reach" else 0.65), weight - 0.02)
    mesh.box((seat[0], 0, seat[1] + 0.06), (0.45, 0.5, 0.14), DARK)
    mesh.wedge(
        (seat[0] - 0.24, seat[0] - 0.14, 0.48),
        (seat[0] - 0.3, seat[0] - 0.22, 0.42),
        (seat[1] + 0.1, seat[1] + 0.6),
        DARK,
    )
    column = (front - 0.45, deck * 0.62)
    rim = (front - 0.6, seat[1] + 0.38)
    rod(mesh, (column[0], 0, column[1]), (rim[0], 0, rim[1]), 0.035, DARK)
    mesh.cylinder((rim[0], 0, rim[1]), (rim[0] - 0.02, 0, rim[1] + 0.04), 0.16, DARK, sides=7)
    _guard(mesh, rng, (rear + 0.3, front - 0.3), (deck * 0.6, weight, height), width, paint, trim)
    big, small = rng.uniform(0.27, 0.34), rng.uniform(0.2, 0.26)
    hub = jitter(rng, pick(rng, (STEEL, trim)), 0.1)
    for side in (-1, 1):
        wheel(mesh, front - 0.35, side * h, big, 0.24, 9, hub=hub)
        if style != "three":
            wheel(mesh, rear + 0.42, side * h * 0.97, small, 0.2, 9, hub=hub)
    if style == "three":
        for side in (-1, 1):
            wheel(mesh, rear + 0.4, side * 0.2, small, 0.14, 9, hub=hub)
    if style == "counter" and chance(rng, 0.3):  # gas bottle on the weight
        mesh.cylinder(
            (rear + 0.2, -0.38, weight + 0.17), (rear + 0.2, 0.38, weight + 0.17), 0.16, body_colour(rng), sides=7
        )
    _mast(mesh, rng, front, height, width, trim, style)
    if driver:
        hip = (seat[0], seat[1] + 0.22)
        shoulder = (hip[0] + rng.uniform(-0.04, 0.12), hip[1] + 0.45)
        hands = [(rim[0], side * 0.14, rim[1] + 0.05) for side in (-1, 1)]
        if chance(rng, 0.4):  # one on the lever
            hands[0] = (rim[0] + 0.02, -0.3, rim[1] - 0.1)
        feet = [(front - 0.5, side * 0.2, deck * 0.62 + 0.1) for side in (-1, 1)]
        person(mesh, rng, hip, shoulder, hands, feet, helmet=0.5, pack=0.0, knees=(1.0, 0.2, 0.6))
    return mesh


def _guard(
    mesh: Mesh,
    rng: Rng,
    x: tuple[float, float],
    z: tuple[float, float, float],
    width: float,
    paint: Colour,
    trim: Colour,
) -> None:
    """The roof over the driver on four posts: bars, a plate or a closed cab."""
    rear, front = x
    deck, weight, top = z
    h = width * 0.44
    post = pick(rng, (trim, shade(paint, 0.5), paint))
    ahead = front - rng.uniform(0.1, 0.35)
    behind = rear + rng.uniform(-0.1, 0.15)
    for side in (-1, 1):
        rod(mesh, (front, side * h, deck), (ahead, side * h, top), 0.04, post)
        rod(mesh, (rear, side * h, weight), (behind, side * h, top), 0.04, post)
    if chance(rng, 0.55):
        mesh.wedge((behind - 0.08, ahead + 0.1, 2 * h + 0.1), (behind, ahead, 2 * h), (top, top + 0.08), post)
    else:
        for side in (-1, 1):
            mesh.box(((behind + ahead) / 2, side * h, top), (ahead - behind, 0.07, 0.06), post)
        for bar in np.linspace(behind, ahead, 5):
            mesh.box((bar, 0, top + 0.02), (0.06, 2 * h, 0.04), post)
    if chance(rng, 0.2):
        glass = glass_colour(rng)
        sheet(mesh, [(front, -h, deck + 0.3), (front, h, deck + 0.3), (ahead, h, top), (ahead, -h, top)], glass)
        for side in (-1, 1):
            outline = [(rear + 0.05, weight), (front - 0.02, weight), (ahead, top), (behind, top)]
            side_panel(mesh, side, outline, h, glass)
    if chance(rng, 0.5):
        mesh.cylinder(
            (behind + 0.1, h * 0.6, top + 0.04), (behind + 0.1, h * 0.6, top + 0.22), 0.07, AMBER_LAMP, sides=5
        )
    for side in (-1, 1):
        round_lamp(mesh, (ahead + 0.05, side * h * 0.92, top - 0.14), 0.08, WHITE_LAMP, sides=6)


def _mast(mesh: Mesh, rng: Rng, front: float, height: float, width: float, trim: Colour, style: str) -> None:
    """Rails, chain, carriage, backrest, forks at any height, and often a load."""
    post = pick(rng, (DARK, trim, shade(trim, 0.5)))
    x = front + 0.12
    tall = height + rng.uniform(-0.25, 0.35)
    lift = rng.uniform(0.06, 0.3) if chance(rng, 0.65) else rng.uniform(0.5, 1.5)
    if lift > 0.9:
        tall += lift * 0.5
    half = width * rng.uniform(0.24, 0.32)
    for side in (-1, 1):
        mesh.box((x, side * half, (0.1 + tall) / 2), (0.13, 0.09, tall - 0.1), post)
        rod(mesh, (front - 0.35, side * half, 0.45), (x, side * half, height * 0.6), 0.035, STEEL)
    for z in (0.3, tall * 0.62, tall - 0.04):
        mesh.box((x, 0, z), (0.08, 2 * half, 0.08), post)
    rod(mesh, (x + 0.02, 0, 0.2), (x + 0.02, 0, tall - 0.1), 0.05, STEEL)
    mesh.box((x + 0.12, 0, lift + 0.18), (0.06, half * 2.6, 0.34), DARK)
    if chance(rng, 0.5):  # a rest for the load
        for y in np.linspace(-half * 1.2, half * 1.2, 4):
            rod(mesh, (x + 0.12, y, lift + 0.3), (x + 0.12, y, lift + 0.95), 0.02, DARK, 3)
        mesh.box((x + 0.12, 0, lift + 0.95), (0.05, half * 2.5, 0.05), DARK)
    reach = rng.uniform(0.9, 1.2)
    for side in (-1, 1):
        y = side * half * rng.uniform(0.7, 0.95)
        mesh.wedge_at((x + 0.14 + reach / 2, y, lift), (reach, 0.14, 0.06), DARK)
        mesh.box((x + 0.16, y, lift + 0.2), (0.06, 0.13, 0.42), DARK)
    kind = pick(rng, ("none", "none", "none", "crate", "stack", "drums", "pallet"))
    middle, floor = x + 0.2 + reach / 2, lift + 0.03
    load = body_colour(rng)
    if kind != "none":
        mesh.box((middle, 0, floor + 0.07), (reach * 0.95, half * 2.8, 0.11), jitter(rng, body_colour(rng), 0.05))
    if kind == "crate":
        size = rng.uniform((0.6, 0.7, 0.3), (reach * 0.9, 1.0, 0.9))
        mesh.box((middle, 0, floor + 0.13 + size[2] / 2), size, load)
    elif kind == "stack":
        for k in range(int(rng.integers(2, 4))):
            mesh.box(
                (middle, rng.uniform(-0.05, 0.05), floor + 0.25 + 0.26 * k),
                (0.7, 0.8 - 0.1 * k, 0.25),
                jitter(rng, load, 0.15),
            )
    elif kind == "drums":
        for side in (-1, 1):
            mesh.cylinder((middle, side * 0.3, floor + 0.13), (middle, side * 0.3, floor + 0.85), 0.27, load, sides=7)
