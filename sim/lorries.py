"""Parametric vehicles with a body: lorries and buses."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import GLASS, RED_LAMP, WHITE_LAMP, body_colour, jitter, pick, shade
from pose_ssl_sim.parts import lamps, wheel

Rng = np.random.Generator


def truck(rng: Rng) -> Mesh:
    """A lorry or van-like pick-up: cab ahead, load behind."""
    mesh = Mesh()
    length, width = rng.uniform(5.2, 7.4), rng.uniform(1.95, 2.35)
    cab_height = rng.uniform(2.05, 2.6)
    cab_length = rng.uniform(1.5, 2.0)
    bonnet = pick(rng, (0.0, 0.0, rng.uniform(0.7, 1.0)))
    paint, load = (
        body_colour(rng),
        jitter(rng, pick(rng, ((0.9, 0.9, 0.88), (0.75, 0.76, 0.78), body_colour(rng))), 0.05),
    )
    front, rear = length / 2, -length / 2
    floor = rng.uniform(0.75, 0.95)
    nose = front - bonnet
    back = nose - cab_length
    mesh.box((0, 0, floor - 0.2), (length * 0.97, width * 0.55, 0.2), (0.12, 0.12, 0.13))
    belt = floor + (cab_height - floor) * 0.42
    mesh.wedge((back, nose, width), (back, nose, width), (0.42, belt), paint)
    mesh.wedge((back, nose, width), (back, nose - 0.22, width * 0.92), (belt, cab_height - 0.12), paint)
    mesh.wedge(
        (back, nose - 0.2, width * 0.92),
        (back, nose - 0.35, width * 0.88),
        (cab_height - 0.12, cab_height),
        shade(paint, 0.9),
    )
    # Windscreen and side windows stand a little proud of the cab.
    z0, z1 = belt + 0.03, cab_height - 0.18
    run = 0.22 / (cab_height - 0.12 - belt)
    x0, x1 = nose - (z0 - belt) * run + 0.015, nose - (z1 - belt) * run + 0.015
    h = width * 0.44
    mesh.face([(x0, -h, z0), (x0, h, z0), (x1, h * 0.96, z1), (x1, -h * 0.96, z1)], GLASS)
    for side in (-1, 1):
        y0, y1 = side * width * 0.503, side * width * 0.475
        window = [(back + 0.45, y0, z0), (nose - 0.12, y0, z0), (nose - 0.3, y1, z1), (back + 0.45, y1, z1)]
        mesh.face(window if side < 0 else window[::-1], GLASS)
        mesh.box((nose - 0.15, side * (width / 2 + 0.16), belt + 0.25), (0.08, 0.2, 0.42), (0.1, 0.1, 0.1))
    if bonnet:
        mesh.wedge((nose, front, width * 0.86), (nose, front - 0.1, width * 0.78), (0.42, belt - 0.05), paint)
    mesh.box((front + 0.01, 0, (0.55 + belt) / 2 + 0.05), (0.06, width * 0.55, 0.42), (0.09, 0.09, 0.1))
    mesh.box((front + 0.02, 0, 0.48), (0.16, width * 0.98, 0.26), jitter(rng, (0.5, 0.5, 0.52), 0.3))
    lamps(mesh, front + 0.04, width * 0.36, 0.72, (0.3, 0.22), WHITE_LAMP, 0.1)
    top = rng.uniform(cab_height - 0.15, cab_height + 0.6)
    kind = pick(rng, ("box", "box", "flatbed", "tanker"))
    bed = back - 0.15
    if kind == "box":
        mesh.box(((rear + bed) / 2, 0, (floor + top) / 2), (bed - rear, width * 1.03, top - floor), load)
        mesh.box((rear - 0.015, 0, (floor + top) / 2), (0.03, 0.04, top - floor - 0.1), shade(load, 0.5))
        for side in (-1, 1):
            mesh.box(
                (rear - 0.02, side * width * 0.25, (floor + top) / 2),
                (0.04, 0.05, top - floor - 0.15),
                shade(load, 0.65),
            )
            stripe = body_colour(rng)
            mesh.box(
                ((rear + bed) / 2, side * width * 0.52, floor + (top - floor) * 0.4),
                ((bed - rear) * 0.6, 0.02, 0.35),
                stripe,
            )
    elif kind == "flatbed":
        mesh.box(((rear + bed) / 2, 0, floor), (bed - rear, width, 0.12), shade(load, 0.7))
        for side in (-1, 1):
            mesh.box(((rear + bed) / 2, side * width * 0.49, floor + 0.25), (bed - rear, 0.06, 0.45), load)
        mesh.box((rear + 0.03, 0, floor + 0.25), (0.06, width, 0.45), load)
        for _ in range(int(rng.integers(0, 4))):
            s = rng.uniform(0.5, 1.1, 3)
            mesh.box(
                (rng.uniform(rear + 0.8, bed - 0.7), rng.uniform(-0.4, 0.4), floor + 0.06 + s[2] / 2),
                s,
                jitter(rng, (0.6, 0.45, 0.3), 0.2),
            )
    else:
        r = min(width / 2, (top - floor) / 2)
        mesh.cylinder((rear + 0.1, 0, floor + r), (bed, 0, floor + r), r, load, sides=12)
    lamps(mesh, rear - 0.02, width * 0.42, floor - 0.12, (0.3, 0.18), RED_LAMP, 0.1)
    mesh.box((rear - 0.02, 0, floor - 0.2), (0.06, width * 0.9, 0.1), (0.15, 0.15, 0.15))
    mesh.box((rear - 0.06, 0, floor - 0.12), (0.02, 0.5, 0.12), (0.93, 0.9, 0.6))
    radius = rng.uniform(0.4, 0.48)
    axles = [front - rng.uniform(0.9, 1.3), rear + 1.1] + ([rear + 2.1] if length > 6.4 else [])
    for x in axles:
        for side in (-1, 1):
            wheel(mesh, x, side * width / 2, radius, 0.3)
    return mesh


def bus(rng: Rng) -> Mesh:
    """A city bus: windows along the sides, a whole front of glass."""
    mesh = Mesh()
    length, width, height = rng.uniform(7.0, 9.5), rng.uniform(2.2, 2.5), rng.uniform(2.7, 3.2)
    paint = body_colour(rng)
    lower = pick(rng, (paint, body_colour(rng), shade(paint, 0.6)))
    front, rear = length / 2, -length / 2
    sill = height * rng.uniform(0.36, 0.44)
    mesh.wedge((rear, front, width), (rear, front, width), (0.32, sill), lower)
    mesh.wedge((rear, front, width), (rear, front - 0.12, width), (sill, height - 0.12), paint)
    mesh.wedge(
        (rear, front - 0.12, width),
        (rear + 0.2, front - 0.35, width * 0.86),
        (height - 0.12, height),
        shade(paint, 0.92),
    )
    count = int(rng.integers(5, 8))
    z0, z1 = sill + 0.06, height - 0.42
    span = (length - 1.0) / count
    for i in range(count):
        x = rear + 0.4 + span * (i + 0.5)
        for side in (-1, 1):
            mesh.box((x, side * width * 0.5, (z0 + z1) / 2), (span * 0.86, 0.06, z1 - z0), GLASS)
    # Doors are on the right, where the kerb is.
    for x in (front - 0.75, rng.uniform(-0.8, 0.4)):
        mesh.box((x, -width * 0.503, (0.4 + z1) / 2), (0.95, 0.08, z1 - 0.4), (0.16, 0.2, 0.24))
        mesh.box((x, -width * 0.51, (0.4 + z1) / 2), (0.05, 0.1, z1 - 0.4), shade(paint, 0.8))
    glass_low = sill * rng.uniform(0.8, 0.98)
    mesh.wedge(
        (front - 0.2, front + 0.05, width * 0.92),
        (front - 0.3, front - 0.05, width * 0.9),
        (glass_low, height - 0.42),
        GLASS,
    )
    mesh.box((front - 0.06, 0, height - 0.3), (0.12, width * 0.75, 0.2), (0.05, 0.05, 0.05))
    mesh.box((front + 0.005, 0, height - 0.3), (0.02, width * 0.5, 0.12), (1.0, 0.75, 0.15))
    lamps(mesh, front + 0.01, width * 0.38, 0.68, (0.36, 0.2), WHITE_LAMP)
    mesh.box((front + 0.01, 0, 0.46), (0.08, width * 0.98, 0.2), (0.16, 0.16, 0.17))
    for side in (-1, 1):
        mesh.box((front + 0.2, side * (width / 2 + 0.1), height * 0.72), (0.12, 0.16, 0.42), (0.08, 0.08, 0.08))
        mesh.box((front + 0.1, side * (width / 2 + 0.06), height * 0.8), (0.3, 0.05, 0.05), (0.08, 0.08, 0.08))
    mesh.box((rear - 0.01, 0, height * 0.72), (0.1, width * 0.6, height * 0.16), GLASS)
    mesh.box((rear - 0.01, 0, sill * 0.72), (0.05, width * 0.6, sill * 0.4), (0.13, 0.13, 0.13))
    for z in (sill * 0.75, height * 0.85):
        lamps(mesh, rear - 0.01, width * 0.42, z, (0.2, 0.3 if z < sill else 0.12), RED_LAMP)
    mesh.box((rear - 0.02, 0, 0.42), (0.06, width * 0.95, 0.16), (0.2, 0.2, 0.2))
    for x in (front - length * 0.2, rear + length * 0.24):
        for side in (-1, 1):
            wheel(mesh, x, side * (width / 2 + 0.01), 0.46, 0.3)
    return mesh
