"""Parametric lorries: a cab ahead, behind it one of many bodies or a trailer."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim import lorry_loads
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


def truck(rng: Rng, driven: bool = True) -> Mesh:
    """A lorry: short, long, bonneted or with a trailer; box, boards, tank, tipper, mixer, timber or container."""
    mesh = Mesh()
    length, width = rng.uniform(5.2, 7.4), rng.uniform(1.95, 2.35)
    front, rear = length / 2, -length / 2
    cab_height = rng.uniform(2.1, 2.75)
    cab_length = rng.uniform(1.35, 1.7) + (rng.uniform(0.5, 0.8) if chance(rng, 0.25) else 0.0)
    bonnet = rng.uniform(0.7, 1.1) if chance(rng, 0.3) else 0.0
    floor = rng.uniform(0.8, 1.0)
    nose = front - bonnet
    back = nose - cab_length
    paint = body_colour(rng)
    mesh.box((0, 0, floor - 0.2), (length * 0.96, width * 0.5, 0.18), DARK)
    _cab(mesh, rng, (back, nose, front), width, cab_height, floor, paint, driven)
    top = rng.uniform(cab_height - 0.2, cab_height + 0.6)
    bed = (rear, back - rng.uniform(0.12, 0.3))
    maker = pick(rng, lorry_loads.BODIES)
    maker(mesh, rng, bed, width, (floor, top), driven)
    if chance(rng, 0.35):  # tanks and lockers between the axles
        for side in (-1, 1):
            mesh.box((back - 0.9, side * width * 0.4, floor - 0.3), (rng.uniform(0.5, 0.9), width * 0.18, 0.36), STEEL)
    lamps(mesh, rear - 0.01, width * 0.42, floor - 0.12, (0.3, 0.18), RED_LAMP, 0.08)
    mesh.box((rear - 0.02, 0, floor - 0.36), (0.06, width * 0.92, 0.12), jitter(rng, DARK, 0.08))
    plates(mesh, (front + 0.1, 0.48), (rear - 0.06, floor - 0.34))
    radius = rng.uniform(0.4, 0.5)
    step = 2 * radius + 0.14
    behind = rear + rng.uniform(0.8, 1.3)
    axles = [front - rng.uniform(0.75, 1.0) - bonnet * 0.2, behind]
    count = int(rng.integers(2, 4)) if length > 6.0 else 2
    axles += [behind + step * (k + 1) for k in range(count - 2)]
    if length > 6.8 and chance(rng, 0.4):
        axles.append(axles[0] - step)
    hub = jitter(rng, STEEL, 0.25)
    for x in axles:
        for side in (-1, 1):
            wheel(mesh, x, side * width / 2, radius, 0.32, 9, hub=hub)
    return mesh


def _cab(
    mesh: Mesh,
    rng: Rng,
    x: tuple[float, float, float],
    width: float,
    top: float,
    floor: float,
    paint: Colour,
    driven: bool,
) -> None:
    """Cab with windscreen, side windows, grille, lamps, mirrors, steps; doors may stand open."""
    back, nose, front = x
    h = width / 2
    belt = floor + (top - floor) * rng.uniform(0.36, 0.46)
    slope = rng.uniform(0.04, 0.35)
    crown = top - 0.12
    loft(mesh, [(back, 0.45, h), (nose, 0.45, h), (nose, belt, h), (back, belt, h)], paint)
    loft(
        mesh,
        [
            (back, belt, h),
            (nose, belt, h),
            (nose - slope, crown, h * 0.95),
            (nose - slope - 0.2, top, h * 0.9),
            (back, top, h * 0.9),
        ],
        pick(rng, (paint, paint, shade(paint, 0.85))),
    )
    glass, trim = glass_colour(rng), trim_colour(rng, paint)
    z0, z1 = belt + 0.04, crown - 0.05
    run = slope / (crown - belt)
    ends = (nose - (z0 - belt) * run + 0.012, nose - (z1 - belt) * run + 0.012)
    end_panel(mesh, 1, ends, (z0, z1), (-h * 0.88, h * 0.88), glass)
    door = max(back + 0.2, nose - 1.15)
    for side in (-1, 1):
        outline = [(door, z0), (nose - 0.1, z0), (nose - slope - 0.06, z1), (door, z1)]
        side_panel(mesh, side, outline, [h + 0.006, h + 0.006, h * 0.96 + 0.006, h * 0.96 + 0.006], glass)
        line = [(door - 0.06, 0.6), (door - 0.03, 0.6), (door - 0.03, z1), (door - 0.06, z1)]
        side_panel(mesh, side, line, [h + 0.004, h + 0.004, h * 0.96 + 0.006, h * 0.96 + 0.006], shade(paint, 0.4))
        mesh.box((nose - 0.05, side * (h + 0.16), belt + 0.3), (0.09, 0.17, 0.5), DARK)
        mesh.box((nose - 0.5, side * (h - 0.02), 0.42), (0.5, 0.1, 0.16), DARK)
    if front > nose:  # the bonnet
        tip = belt - rng.uniform(0.1, 0.3)
        loft(
            mesh,
            [
                (nose, 0.5, h * 0.8),
                (front, 0.5, h * 0.8),
                (front - 0.06, tip - 0.06, h * 0.8),
                (front - 0.2, tip, h * 0.8),
                (nose, belt - 0.02, h * 0.8),
            ],
            paint,
        )
        for side in (-1, 1):
            mesh.wedge_at((front - 0.5, side * h * 0.85, 0.85), (0.9, width * 0.16, 0.14), paint)
    high = rng.uniform(0.3, 0.5)
    mesh.box(
        (front + 0.01, 0, 0.72 + high / 2), (0.05, width * rng.uniform(0.4, 0.62), high), pick(rng, (DARK, DARK, STEEL))
    )
    mesh.box((front + 0.02, 0, 0.48), (0.14, width * 0.97, 0.26), trim)
    if chance(rng, 0.4):
        for side in (-1, 1):
            round_lamp(mesh, (front + 0.02, side * width * 0.38, 0.78), 0.13, WHITE_LAMP)
    else:
        lamps(mesh, front + 0.03, width * 0.38, rng.uniform(0.62, 0.8), (rng.uniform(0.26, 0.4), 0.2), WHITE_LAMP, 0.08)
        lamps(mesh, front + 0.02, width * 0.47, 0.74, (0.08, 0.2), AMBER_LAMP, 0.1)
    extra = pick(rng, ("none", "none", "deflector", "horn", "visor", "beacons"))
    if extra == "deflector":
        mesh.wedge(
            (back, nose - slope - 0.15, width * 0.8),
            (back, back + 0.1, width * 0.75),
            (top, top + rng.uniform(0.3, 0.6)),
            paint,
        )
    elif extra == "horn":
        mesh.box((nose - slope - 0.3, 0, top + 0.08), (0.12, width * 0.8, 0.1), AMBER_LAMP)
    elif extra == "visor":
        mesh.wedge(
            (nose - slope, nose - slope + 0.25, width * 0.9),
            (nose - slope - 0.1, nose - slope + 0.15, width * 0.9),
            (crown - 0.1, crown),
            DARK,
        )
    elif extra == "beacons":
        for y in (-h * 0.7, h * 0.7):
            mesh.cylinder((back + 0.3, y, top), (back + 0.3, y, top + 0.18), 0.09, AMBER_LAMP, sides=5)
    if front > nose and chance(rng, 0.5):
        for side in (-1, 1):
            rod(mesh, (back - 0.08, side * h * 0.85, floor), (back - 0.08, side * h * 0.85, top + 0.3), 0.07, STEEL, 5)
    if not driven and chance(rng, 0.3):
        side = pick(rng, (-1, 1))
        mesh.box((nose - 0.3, side * (h + 0.42), (0.6 + belt) / 2), (0.07, 0.8, belt - 0.6), paint)
        mesh.box((nose - 0.3, side * (h + 0.42), (belt + z1) / 2), (0.05, 0.74, z1 - belt), glass)
        side_panel(
            mesh,
            side,
            [(door, 0.6), (nose - 0.15, 0.6), (nose - 0.15, belt), (door, belt)],
            h + 0.008,
            (0.06, 0.06, 0.06),
        )
