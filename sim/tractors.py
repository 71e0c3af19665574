"""Parametric farm tractors with what they carry, push and pull."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    REAR_PLATE,
    RED_LAMP,
    STEEL,
    WHITE_LAMP,
    body_colour,
    chance,
    glass_colour,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import end_panel, lamps, loft, rod, round_lamp, sheet, side_panel, slab, wheel
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def tractor(rng: Rng, driver: bool = True) -> Mesh:
    """A farm tractor: narrow bonnet and small wheels ahead, cab or arch between large wheels behind."""
    mesh = Mesh()
    scale = rng.uniform(0.8, 1.1)
    big, small = rng.uniform(0.68, 0.88) * scale, rng.uniform(0.36, 0.56) * scale
    base = rng.uniform(1.9, 2.5) * scale
    front, rear = base * 0.55, -base * 0.45  # the axles
    track, thick = rng.uniform(1.5, 1.9) * scale, rng.uniform(0.32, 0.5) * scale
    paint = body_colour(rng)
    rims, trim = body_colour(rng), trim_colour(rng, paint)
    h = rng.uniform(0.26, 0.36) * scale
    deck = big * 0.95
    hood = big * rng.uniform(1.55, 1.85)
    nose = front + rng.uniform(0.25, 0.5) * scale
    wall = rear + rng.uniform(0.85, 1.05) * scale  # between bonnet and driver
    snub = rng.uniform(0.0, 0.3) * scale
    loft(
        mesh,
        [
            (wall - 0.1, deck * 0.75, h * 0.9),
            (nose - 0.05, deck * 0.85, h * 0.8),
            (nose, deck, h * 0.8),
            (nose - 0.04, hood - 0.12 - snub, h * 0.8),
            (nose - 0.2, hood - snub, h * 0.85),
            (wall, hood, h),
            (wall - 0.1, hood, h),
        ],
        paint,
    )
    mesh.wedge((rear - 0.3, nose - 0.3, h * 1.3), (rear - 0.3, nose - 0.4, h * 1.5), (small * 0.8, deck), trim)
    mesh.box((nose + 0.005, 0, (deck + hood - snub) / 2 - 0.08), (0.04, h * 1.1, (hood - snub - deck) * 0.55), DARK)
    if chance(rng, 0.5):
        lamps(mesh, nose + 0.02, h * 0.45, hood - snub - 0.14, (h * 0.5, 0.12), WHITE_LAMP, 0.06)
    else:
        for side in (-1, 1):
            round_lamp(mesh, (nose - 0.12, side * (h * 0.85 + 0.09), hood - snub - 0.2), 0.09, WHITE_LAMP, sides=6)
    for z in np.linspace(deck + 0.12, hood - snub - 0.18, 3):
        for side in (-1, 1):
            side_panel(
                mesh,
                side,
                [(wall + 0.25, z), (nose - 0.3, z), (nose - 0.3, z + 0.06), (wall + 0.25, z + 0.06)],
                h + 0.004,
                DARK,
            )
    pipe = (wall + rng.uniform(0.3, 0.7), pick(rng, (0.0, -h, h)) * 0.8)
    rod(mesh, (*pipe, hood - 0.2), (*pipe, hood + rng.uniform(0.4, 0.8)), 0.05, STEEL, 5)
    for side in (-1, 1):
        wheel(mesh, rear, side * (track / 2 + thick / 2), big, thick, 11, hub=rims)
        wheel(mesh, front, side * (track / 2 + thick * 0.2), small, thick * 0.75, 9, hub=rims)
    if chance(rng, 0.12):  # twin wheels
        for side in (-1, 1):
            wheel(mesh, rear, side * (track / 2 + thick * 1.7), big, thick, 11, hub=rims)
    rod(mesh, (rear, -track / 2, big), (rear, track / 2, big), 0.12, trim)
    rod(mesh, (front, -track / 2, small), (front, track / 2, small), 0.09, trim)
    seat = _tractor_seat(mesh, rng, (rear, wall), (deck, hood, big), track - thick, paint)
    lamps(mesh, rear - big * 0.55, track / 2 - 0.05, big * 1.75, (0.16, 0.2), RED_LAMP, 0.06)
    end_panel(mesh, -1, (rear - 0.31, rear - 0.31), (deck * 0.75, deck * 0.75 + 0.14), (-0.2, 0.2), REAR_PLATE)
    for side in (-1, 1):  # links of the hitch
        rod(mesh, (rear - 0.2, side * 0.2, deck * 0.6), (rear - big - 0.15, side * 0.3, deck * 0.45), 0.04, DARK)
    _implement(mesh, rng, (nose, rear - big - 0.1), (deck, hood), h, paint)
    if driver:
        hip = (seat[0], seat[1] + 0.1)
        wheel_x = wall - 0.2
        hands = [(wheel_x, side * 0.14, seat[1] + 0.38) for side in (-1, 1)]
        feet = [(wall - 0.12, side * 0.2, deck + 0.08) for side in (-1, 1)]
        person(mesh, rng, hip, (hip[0] + rng.uniform(-0.02, 0.1), hip[1] + 0.45), hands, feet, helmet=0.0, pack=0.0)
    return mesh


def _tractor_seat(
    mesh: Mesh, rng: Rng, x: tuple[float, float], z: tuple[float, float, float], wide: float, paint: Colour
) -> tuple[float, float]:
    """Mudguards, seat, steering wheel, and a cab, an arch, a canopy or nothing; returns the seat's x and z."""
    rear, wall = x
    deck, hood, big = z
    trim = trim_colour(rng, paint)
    for side in (-1, 1):
        y = side * (wide / 2 + 0.12)
        ys = (min(y - 0.16, y + 0.16), max(y - 0.16, y + 0.16))
        top = big * 2 + 0.06
        for a, b in (
            ((rear - big * 0.75, big * 1.62), (rear - big * 0.25, top)),
            ((rear - big * 0.25, top), (rear + big * 0.35, top)),
            ((rear + big * 0.35, top), (rear + big * 0.95, big * 1.35)),
        ):
            sheet(mesh, [(a[0], ys[0], a[1]), (a[0], ys[1], a[1]), (b[0], ys[1], b[1]), (b[0], ys[0], b[1])], paint)
    seat = (rear + 0.12, deck + 0.25)
    mesh.box((seat[0], 0, seat[1] - 0.05), (0.45, 0.48, 0.12), DARK)
    mesh.wedge(
        (seat[0] - 0.26, seat[0] - 0.16, 0.46), (seat[0] - 0.34, seat[0] - 0.26, 0.4), (seat[1], seat[1] + 0.45), DARK
    )
    rod(mesh, (wall - 0.02, 0, deck + 0.2), (wall - 0.2, 0, seat[1] + 0.33), 0.03, DARK)
    mesh.cylinder((wall - 0.2, 0, seat[1] + 0.33), (wall - 0.22, 0, seat[1] + 0.36), 0.19, DARK, sides=7)
    kind = pick(rng, ("cab", "cab", "arch", "canopy", "none"))
    roof = seat[1] + rng.uniform(1.15, 1.35)
    h = wide * 0.46
    back = seat[0] - 0.4
    ahead = wall + rng.uniform(-0.05, 0.12)
    if kind == "none":
        return seat
    if kind == "arch":
        for side in (-1, 1):
            rod(mesh, (back, side * h, deck), (back - 0.05, side * h, roof - 0.1), 0.05, trim)
        rod(mesh, (back - 0.05, -h, roof - 0.12), (back - 0.05, h, roof - 0.12), 0.05, trim)
        return seat
    thin = 0.045
    for side in (-1, 1):
        rod(mesh, (back, side * h, deck), (back + 0.06, side * h * 0.94, roof), thin, trim)
        rod(
            mesh,
            (ahead, side * h * 0.8, hood if kind == "cab" else deck),
            (ahead - 0.18, side * h * 0.9, roof),
            thin,
            trim,
        )
    mesh.wedge(
        (back - 0.1, ahead + 0.02, h * 2.05),
        (back, ahead - 0.12, h * 1.8),
        (roof, roof + 0.14),
        pick(rng, (paint, trim)),
    )
    if kind == "cab":
        glass = glass_colour(rng)
        end_panel(mesh, -1, (back, back + 0.05), (deck + 0.5, roof), (-h * 0.9, h * 0.9), glass)
        mesh.wedge((back, ahead - 0.08, h * 2.0), (back, ahead - 0.05, h * 2.0), (deck * 0.7, deck + 0.22), paint)
        if chance(rng, 0.5):  # closed doors
            for side in (-1, 1):
                outline = [
                    (back + 0.05, deck + 0.22),
                    (ahead - 0.08, deck + 0.22),
                    (ahead - 0.2, roof),
                    (back + 0.1, roof),
                ]
                side_panel(mesh, side, outline, [h * 0.99, h * 0.85, h * 0.9, h * 0.94], glass)
            end_panel(mesh, 1, (ahead, ahead - 0.17), (hood, roof), (-h * 0.78, h * 0.78), glass)
        for side in (-1, 1):
            mesh.box((ahead + 0.02, side * (h + 0.14), hood + 0.35), (0.05, 0.16, 0.28), DARK)
        lamps(mesh, ahead - 0.0, h * 0.7, roof + 0.05, (0.16, 0.1), WHITE_LAMP, 0.08)
        if chance(rng, 0.6):
            mesh.cylinder(
                (back + 0.15, h * 0.7, roof + 0.14), (back + 0.15, h * 0.7, roof + 0.3), 0.07, AMBER_LAMP, sides=5
            )
    return seat


def _implement(mesh: Mesh, rng: Rng, x: tuple[float, float], z: tuple[float, float], h: float, paint: Colour) -> None:
    """Weights or a loader ahead, a plough, a box, a roller or a bale behind, or nothing."""
    nose, tail = x
    deck, hood = z
    kind = pick(rng, ("none", "weights", "loader", "none"))
    colour = body_colour(rng)
    if kind == "weights":
        mesh.box((nose + 0.16, 0, deck * 0.85), (0.26, h * 1.8, 0.34), trim_colour(rng, paint))
    elif kind == "loader":
        lift = rng.uniform(0.1, 1.4)
        for side in (-1, 1):
            y = side * (h + 0.22)
            rod(mesh, (nose - 1.5, y, hood), (nose + 0.15, y, (hood + lift) / 2 + 0.2), 0.07, colour)
            rod(mesh, (nose + 0.15, y, (hood + lift) / 2 + 0.2), (nose + 0.7, y, lift + 0.2), 0.07, colour)
        w = h + 0.6
        slab(
            mesh,
            [(nose + 0.65, lift), (nose + 1.3, lift - 0.06), (nose + 0.8, lift + 0.5), (nose + 0.66, lift + 0.5)],
            (-w, w),
            shade(colour, 0.7),
        )
    kind = pick(rng, ("none", "none", "plough", "box", "bale", "harrow"))
    colour = body_colour(rng)
    if kind == "plough":
        rod(mesh, (tail + 0.1, 0.4, 0.75), (tail - 1.3, -0.45, 0.75), 0.07, colour)
        for k in range(3):
            cx, cy = tail - 0.15 - 0.42 * k, 0.25 - 0.25 * k
            mesh.hexahedron(
                [
                    (cx - 0.2, cy - 0.04, 0.12),
                    (cx + 0.2, cy - 0.04, 0.12),
                    (cx + 0.2, cy + 0.1, 0.12),
                    (cx - 0.2, cy + 0.1, 0.12),
                ],
                [
                    (cx - 0.25, cy - 0.02, 0.55),
                    (cx + 0.05, cy - 0.02, 0.55),
                    (cx + 0.05, cy + 0.02, 0.55),
                    (cx - 0.25, cy + 0.02, 0.55),
                ],
                STEEL,
            )
            rod(mesh, (cx, cy, 0.5), (cx, cy, 0.75), 0.04, colour)
    elif kind == "box":
        mesh.wedge((tail - 0.75, tail - 0.05, 1.5), (tail - 0.9, tail - 0.05, 1.7), (0.35, 1.0), colour)
    elif kind == "bale":
        mesh.cylinder((tail - 0.6, -0.55, 0.9), (tail - 0.6, 0.55, 0.9), 0.55, colour, sides=9)
    elif kind == "harrow":
        mesh.box((tail - 0.45, 0, 0.5), (0.6, 2.2, 0.1), colour)
        for k in range(5):
            rod(mesh, (tail - 0.45, -1.0 + 0.5 * k, 0.5), (tail - 0.6, -1.0 + 0.5 * k, 0.1), 0.03, STEEL, 3)
