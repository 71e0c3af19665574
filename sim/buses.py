"""Parametric buses."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.coaches import INSIDE, folding_door, windows
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
from pose_ssl_sim.parts import end_panel, lamps, loft, plates, rod, round_lamp, side_panel, wheel

Rng = np.random.Generator


def bus(rng: Rng, driven: bool = True) -> Mesh:
    """A bus: for the city, for long ways, with two decks, or with a bonnet as school buses have."""
    mesh = Mesh()
    style = pick(rng, ("city", "city", "coach", "double", "school"))
    length, width = rng.uniform(7.0, 9.5), rng.uniform(2.2, 2.5)
    height = rng.uniform(3.5, 3.9) if style == "double" else rng.uniform(2.6, 3.2)
    front, rear = length / 2, -length / 2
    paint = body_colour(rng)
    lower = pick(rng, (paint, body_colour(rng), shade(paint, 0.6)))
    glass, trim = glass_colour(rng), trim_colour(rng, paint)
    h = width / 2
    sill = 0.32 + (rng.uniform(1.05, 1.3) if style == "coach" else rng.uniform(0.65, 0.95))
    bonnet = rng.uniform(0.8, 1.1) if style == "school" else 0.0
    nose = front - bonnet
    slope = rng.uniform(0.04, 0.3)
    loft(mesh, [(rear, 0.32, h), (nose, 0.32, h), (nose, sill, h), (rear, sill, h)], lower)
    loft(mesh, [(rear, sill, h), (nose, sill, h), (nose - slope, height - 0.12, h), (rear, height - 0.12, h)], paint)
    mesh.wedge(
        (rear, nose - slope, width),
        (rear + 0.2, nose - slope - 0.25, width * 0.86),
        (height - 0.12, height),
        shade(paint, 0.92),
    )
    if bonnet:
        tip = sill - rng.uniform(0.0, 0.2)
        loft(
            mesh,
            [
                (nose, 0.4, h * 0.82),
                (front, 0.4, h * 0.82),
                (front - 0.05, tip - 0.1, h * 0.8),
                (front - 0.2, tip, h * 0.75),
                (nose, sill + 0.12, h * 0.78),
            ],
            paint,
        )
    # The front: one sheet of glass, the number above it, lamps low down.
    rows = (
        [(sill + 0.08, height - 0.42)]
        if style != "double"
        else [(sill + 0.08, height * 0.5), (height * 0.56, height - 0.3)]
    )
    run = slope / (height - 0.12 - sill)
    low = sill * (rng.uniform(0.72, 0.95) if not bonnet else 1.15)
    for i, (z0, z1) in enumerate(rows):
        z0 = max(sill + 0.02, low) if i == 0 else z0
        ends = (nose - (z0 - sill) * run + 0.012, nose - (z1 - sill) * run + 0.012)
        end_panel(mesh, 1, ends, (z0, z1), (-h * 0.92, h * 0.92), glass)
    if low < sill:
        end_panel(mesh, 1, (nose + 0.012, nose + 0.012), (low, sill + 0.03), (-h * 0.92, h * 0.92), glass)
    board = rows[0][1] + 0.13
    x = nose - (board - sill) * run
    mesh.box((x - 0.02, 0, board), (0.1, width * 0.72, 0.2), INSIDE)
    end_panel(
        mesh, 1, (x + 0.036, x + 0.036), (board - 0.06, board + 0.06), (-h * 0.5, h * rng.uniform(0.1, 0.5)), AMBER_LAMP
    )
    if chance(rng, 0.4):
        for side in (-1, 1):
            round_lamp(mesh, (front + 0.0, side * h * 0.76, 0.64), 0.13, WHITE_LAMP)
    else:
        lamps(mesh, front + 0.0, h * 0.76, 0.64, (rng.uniform(0.28, 0.44), rng.uniform(0.12, 0.22)), WHITE_LAMP)
    mesh.box((front + 0.01, 0, 0.42), (0.1, width * 0.97, 0.18), trim)
    for side in (-1, 1):
        mesh.box((nose + 0.2, side * (h + 0.1), rows[0][1] - 0.15), (0.12, 0.15, 0.42), DARK)
        rod(
            mesh,
            (nose - 0.1, side * h * 0.95, rows[0][1] + 0.05),
            (nose + 0.2, side * (h + 0.1), rows[0][1]),
            0.03,
            DARK,
            3,
        )
    doors = [nose - rng.uniform(0.65, 0.85)]
    if style in ("city", "double"):
        doors.append(rng.uniform(-0.12, 0.06) * length)
        if length > 8.4 and style == "city":
            doors.append(rear + 1.1)
    windows(mesh, rng, (rear, nose), h, rows, doors, glass)
    for x in doors:  # on the right, where the kerb is
        folding_door(mesh, -1, x, 0.95, (0.4, rows[0][1]), h, glass, paint, is_open=not driven and chance(rng, 0.5))
    _bus_back(mesh, rng, style, rear, h, rows, glass)
    if style == "coach":
        for side in (-1, 1):
            for k in (0.42, 0.6):
                x = rear + length * k
                side_panel(
                    mesh,
                    side,
                    [(x - 0.6, 0.42), (x + 0.6, 0.42), (x + 0.6, sill - 0.25), (x - 0.6, sill - 0.25)],
                    h + 0.006,
                    shade(lower, 0.75),
                )
    if chance(rng, 0.45):
        mesh.box(
            (rng.uniform(-0.2, 0.1) * length, 0, height + 0.1),
            (rng.uniform(1.0, 2.0), width * 0.6, 0.22),
            shade(paint, 0.8),
        )
    if chance(rng, 0.4):  # an advertisement
        colour, a = body_colour(rng), rear + length * rng.uniform(0.3, 0.4)
        for side in (-1, 1):
            side_panel(
                mesh, side, [(a, 0.45), (a + 2.2, 0.45), (a + 2.2, sill - 0.06), (a, sill - 0.06)], h + 0.007, colour
            )
    plates(mesh, (front + 0.07, 0.42), (rear - 0.06, 0.42))
    radius = rng.uniform(0.42, 0.5)
    axles = [
        nose - length * rng.uniform(0.17, 0.22) * (1 if not bonnet else 0.15),
        rear + length * rng.uniform(0.2, 0.28),
    ]
    if length > 8.6 and chance(rng, 0.4):
        axles.append(axles[1] - 2 * radius - 0.12)
    hub = jitter(rng, STEEL, 0.25)
    for x in axles:
        for side in (-1, 1):
            wheel(mesh, x, side * (h + 0.01), radius, 0.3, 9, hub=hub)
    return mesh


def _bus_back(
    mesh: Mesh, rng: Rng, style: str, rear: float, h: float, rows: list[tuple[float, float]], glass: Colour
) -> None:
    """A small window high up, the engine's grille, lamps one above the other."""
    z0, z1 = rows[-1]
    x = rear - 0.012
    if style == "school":
        for y in (-h * 0.75, h * 0.25):
            end_panel(mesh, -1, (x, x), (z0 + 0.1, z1), (y, y + h * 0.5), glass)
        end_panel(mesh, -1, (x, x), (0.5, z1 - 0.1), (-h * 0.2, h * 0.2), (0.2, 0.2, 0.22))
    else:
        wide = rng.uniform(0.45, 0.75)
        end_panel(mesh, -1, (x, x), (z1 - (z1 - z0) * rng.uniform(0.4, 0.65), z1), (-h * wide, h * wide), glass)
        for z in np.arange(0.6, rows[0][0] - 0.1, 0.16):
            end_panel(mesh, -1, (x, x), (z, z + 0.08), (-h * 0.6, h * 0.6), INSIDE)
    tall = rng.uniform(0.2, 0.5)
    lamps(mesh, rear - 0.01, h * 0.86, 0.6 + tall / 2, (0.18, tall), RED_LAMP)
    if chance(rng, 0.6):
        lamps(mesh, rear - 0.01, h * 0.86, z1 + 0.12, (0.18, 0.1), RED_LAMP)
    mesh.box((rear - 0.02, 0, 0.4), (0.06, h * 1.9, 0.16), DARK)
    rod(mesh, (rear + 0.1, -h * 0.6, 0.3), (rear - 0.1, -h * 0.6, 0.3), 0.06, STEEL, 5)
