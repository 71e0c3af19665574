"""Parametric pick-ups and vans."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.car_parts import Car, cabin, face, open_doors, rack, wheels
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import (
    DARK,
    RED_LAMP,
    body_colour,
    chance,
    glass_colour,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import end_panel, lamps, loft, plates, rod, side_panel

Rng = np.random.Generator


def pickup(rng: Rng, driven: bool = True) -> Mesh:
    """A pick-up: bonnet, cab of one or two rows, an open bed behind with or without a load."""
    mesh = Mesh()
    length, height = rng.uniform(4.7, 5.7), rng.uniform(1.6, 2.0)
    front, rear = length / 2, -length / 2
    belt = height * rng.uniform(0.56, 0.62)
    base = front - length * rng.uniform(0.21, 0.26)
    crew = chance(rng, 0.5)
    paint = body_colour(rng)
    car = Car(
        length,
        rng.uniform(1.75, 2.05),
        height,
        rng.uniform(0.3, 0.5),
        belt,
        belt * rng.uniform(0.88, 0.97),
        base,
        base - rng.uniform(0.25, 0.6),
        paint,
        trim_colour(rng, paint),
        glass_colour(rng),
    )
    back = car.top - (rng.uniform(1.25, 1.55) if crew else rng.uniform(0.5, 0.8))
    h, w, rim = car.width / 2, car.width, belt * rng.uniform(0.9, 1.02)
    floor = car.clear + 0.28
    loft(
        mesh,
        [
            (back, car.clear, h * 0.96),
            (front - 0.12, car.clear, h * 0.96),
            (front, car.clear + 0.2, h * 0.96),
            (front - 0.03, car.hood - 0.06, h * 0.96),
            (front - 0.14, car.hood, h * 0.96),
            (base, belt, h * 0.96),
            (back, belt, h * 0.96),
        ],
        paint,
    )
    mesh.box(((rear + back) / 2, 0, floor - 0.1), (back - rear, w * 0.86, 0.18), shade(paint, 0.5))
    for side in (-1, 1):
        mesh.box(
            ((rear + back) / 2, side * (h - 0.05), (floor + rim) / 2 - 0.04),
            (back - rear, 0.1, rim - floor + 0.1),
            paint,
        )
        mesh.box((rear + length * 0.2, side * (h - 0.02), floor + 0.12), (0.95, 0.09, 0.16), shade(paint, 0.85))
    if driven or chance(rng, 0.6):
        mesh.box((rear + 0.04, 0, (floor + rim) / 2 - 0.03), (0.08, w * 0.9, rim - floor), shade(paint, 0.93))
    else:  # tailgate let down
        mesh.box((rear - 0.22, 0, floor), (0.48, w * 0.86, 0.07), shade(paint, 0.93))
    cabin(mesh, rng, car, back, back + rng.uniform(0.02, 0.12), doors=2 if crew else 1, tailgate=False)
    _bed_load(mesh, rng, car, (rear + 0.15, back - 0.1), floor, rim)
    radius = rng.uniform(0.34, 0.42)
    wheels(mesh, rng, car, radius, (front - length * rng.uniform(0.16, 0.19), rear + length * rng.uniform(0.19, 0.23)))
    face(mesh, rng, car, bull_bar=0.3)
    mesh.box((rear, 0, car.clear + 0.1), (0.16, w * 0.92, 0.16), car.trim)
    for side in (-1, 1):
        mesh.box((rear + 0.03, side * (h - 0.06), (floor + rim) / 2), (0.1, 0.13, (rim - floor) * 0.75), RED_LAMP)
    plates(mesh, (front + 0.05, car.clear + 0.2), (rear - 0.09, car.clear + 0.12))
    if not driven and chance(rng, 0.3):
        open_doors(mesh, rng, car, (base - 0.15, max(back + 0.05, base - 1.2)))
    return mesh


def van(rng: Rng, driven: bool = True) -> Mesh:
    """A van: short sloping nose under a large windscreen, a tall box with blank sides or windows behind."""
    mesh = Mesh()
    style = pick(rng, ("panel", "panel", "minibus", "combi", "flat"))
    length, width = rng.uniform(4.3, 6.0), rng.uniform(1.78, 2.05)
    height = rng.uniform(1.85, 2.75)
    front, rear = length / 2, -length / 2
    clear = rng.uniform(0.2, 0.32)
    belt = rng.uniform(1.12, 1.3)
    paint = body_colour(rng)
    nose = rng.uniform(0.05, 0.2) if style == "flat" else rng.uniform(0.5, 1.0)
    hood = belt - (0.05 if style == "flat" else rng.uniform(0.15, 0.3))
    screen = min(height - 0.12, belt + rng.uniform(0.65, 0.85))
    base = front - nose
    top = base - (screen - belt) * rng.uniform(0.3, 0.75)
    trim, glass = trim_colour(rng, paint), glass_colour(rng)
    car = Car(length, width, height, clear, belt, hood, base, top, paint, trim, glass)
    h = width / 2
    roof = top - rng.uniform(0.25, 0.6) * (height - screen + 0.15)
    loft(
        mesh,
        [
            (rear + 0.02, clear, h * 0.98),
            (front - 0.1, clear, h * 0.98),
            (front, clear + 0.2, h * 0.98),
            (front - 0.02, hood - 0.1, h * 0.98),
            (front - 0.1, hood, h * 0.98),
            (base, belt, h * 0.98),
            (rear, belt, h * 0.98),
        ],
        paint,
    )

    def y(z: float) -> float:
        return h * (0.98 - 0.15 * max(0.0, z - belt) / (height - belt))

    loft(
        mesh,
        [(x, z, y(z)) for x, z in ((rear, belt), (base, belt), (top, screen), (roof, height), (rear + 0.1, height))],
        paint,
    )
    run = (base - top) / (screen - belt)
    end_panel(
        mesh, 1, (base + 0.012, top + 0.07 * run + 0.012), (belt + 0.02, screen - 0.07), (-h * 0.86, h * 0.86), glass
    )

    low, high = belt + 0.04, screen - 0.05
    door = top - rng.uniform(0.45, 0.75)
    ends = [door] if style in ("panel", "flat") else list(np.linspace(door, rear + 0.15, int(rng.integers(3, 5))))
    for side in (-1, 1):
        outline = [(door, low), (base - 0.15, low), (top - 0.02, high), (door, high)]
        side_panel(mesh, side, outline, [y(z) + 0.006 for _, z in outline], glass)
        for a, b in zip(ends, ends[1:], strict=False):
            outline = [(b + 0.04, low), (a - 0.05, low), (a - 0.05, high), (b + 0.04, high)]
            side_panel(mesh, side, outline, [y(z) + 0.006 for _, z in outline], glass)
        for x in (door - 0.04, base - 0.1):
            side_panel(
                mesh,
                side,
                [(x - 0.012, clear + 0.15), (x + 0.012, clear + 0.15), (x + 0.012, belt), (x - 0.012, belt)],
                h * 0.98 + 0.006,
                shade(paint, 0.4),
            )
        mesh.box((base - 0.25, side * (h + 0.1), belt + 0.16), (0.1, 0.16, 0.3), trim)
        if style in ("panel", "flat") and chance(rng, 0.35):  # writing on the side
            outline = [
                (rear + 0.5, belt + 0.05),
                (door - 0.3, belt + 0.05),
                (door - 0.3, belt + 0.35),
                (rear + 0.5, belt + 0.35),
            ]
            side_panel(mesh, side, outline, [y(z) + 0.007 for _, z in outline], body_colour(rng))
    _van_back(mesh, rng, car, driven)
    if not driven and chance(rng, 0.35):  # the sliding door on the right stands open
        outline = [(door - 1.15, clear + 0.1), (door - 0.1, clear + 0.1), (door - 0.1, high), (door - 1.15, high)]
        side_panel(mesh, -1, outline, [y(z) + 0.008 for _, z in outline], DARK)
        back = max(rear + 0.05, door - 2.2)
        mesh.box(
            ((back + door - 1.2) / 2, -h - 0.09, (clear + 0.1 + high) / 2),
            (door - 1.2 - back, 0.07, high - clear - 0.1),
            paint,
        )
    if chance(rng, 0.3):
        rack(mesh, rng, (rear + 0.3, roof - 0.2), width * 0.7, height)
    wheels(mesh, rng, car, rng.uniform(0.31, 0.37), (front - rng.uniform(0.75, 0.95), rear + rng.uniform(0.85, 1.2)))
    face(mesh, rng, car)
    plates(mesh, (front + 0.05, clear + 0.2), (rear - 0.03, clear + 0.25))
    return mesh


def _van_back(mesh: Mesh, rng: Rng, car: Car, driven: bool) -> None:
    """Double doors or a tailgate, with lamps at the corners."""
    rear, h, tall = car.rear, car.width / 2, car.height - 0.12
    window = chance(rng, 0.6)
    swung = not driven and chance(rng, 0.35)
    slope = 0.1 / (car.height - car.belt)

    def x(z: float) -> float:
        return rear + max(0.0, z - car.belt) * slope - 0.012

    if swung:
        low = car.clear + 0.2
        for z0, z1 in ((low, car.belt), (car.belt, tall)):
            end_panel(mesh, -1, (x(z0), x(z1)), (z0, z1), (-h * 0.78, h * 0.78), (0.1, 0.09, 0.08))
        for side in (-1, 1):
            mesh.box((rear - 0.35, side * (h - 0.06), (low + tall) / 2), (0.75, 0.06, tall - low), car.paint)
        if chance(rng, 0.6):
            mesh.box((rear - 0.01, rng.uniform(-0.3, 0.3), low + 0.35), (0.1, 0.7, 0.6), body_colour(rng))
    else:
        z0, z1 = car.belt + 0.08, min(tall - 0.1, car.belt + 0.6)
        if window:
            for y0, y1 in ((-h * 0.72, -0.05), (0.05, h * 0.72)):
                end_panel(mesh, -1, (x(z0), x(z1)), (z0, z1), (y0, y1), car.glass)
        for z0, z1 in ((car.clear + 0.2, car.belt), (car.belt, tall)):
            end_panel(mesh, -1, (x(z0) - 0.004, x(z1) - 0.004), (z0, z1), (-0.015, 0.015), shade(car.paint, 0.35))
        mesh.box((rear - 0.03, 0.1, car.belt - 0.1), (0.06, 0.06, 0.2), DARK)
    lamp = (rng.uniform(0.1, 0.18), rng.uniform(0.25, 0.6))
    lamps(
        mesh, rear + 0.01, h - lamp[0] / 2 - 0.01, car.belt - lamp[1] / 2 - rng.uniform(-0.1, 0.1), lamp, RED_LAMP, 0.07
    )
    mesh.box((rear - 0.03, 0, car.clear + 0.08), (0.14, car.width * 0.95, 0.14), car.trim)


def _bed_load(mesh: Mesh, rng: Rng, car: Car, x: tuple[float, float], floor: float, rim: float) -> None:
    """What a pick-up carries: nothing, boxes, a cover, a canopy, bars or a heap."""
    kind = pick(rng, ("none", "none", "boxes", "boxes", "cover", "canopy", "bars", "heap", "drum"))
    middle, span, w = (x[0] + x[1]) / 2, x[1] - x[0], car.width - 0.3
    colour = body_colour(rng)
    if kind == "boxes":
        for _ in range(int(rng.integers(1, 4))):
            size = rng.uniform((0.3, 0.3, 0.3), (min(0.9, span * 0.6), 0.9, 0.9))
            at = (middle + rng.uniform(-0.3, 0.3) * span, rng.uniform(-0.3, 0.3), floor + size[2] / 2)
            mesh.box(at, size, body_colour(rng))
    elif kind == "cover":
        mesh.box((middle, 0, rim + 0.01), (span + 0.2, w + 0.2, 0.04), colour)
    elif kind == "canopy":
        mesh.wedge(
            (x[0] - 0.05, x[1], w + 0.2),
            (x[0] + 0.1, x[1], w - 0.1),
            (rim, car.height - 0.06),
            pick(rng, (car.paint, colour)),
        )
        for side in (-1, 1):
            outline = [
                (x[0] + 0.25, rim + 0.15),
                (x[1] - 0.2, rim + 0.15),
                (x[1] - 0.2, car.height - 0.2),
                (x[0] + 0.3, car.height - 0.2),
            ]
            side_panel(mesh, side, outline, [w / 2 + 0.08, w / 2 + 0.08, w / 2 + 0.01, w / 2 + 0.01], car.glass)
    elif kind == "bars":
        for dx in (0.0, -0.25) if chance(rng, 0.5) else (0.0,):
            for side in (-1, 1):
                rod(
                    mesh,
                    (x[1] + dx, side * w * 0.5, rim - 0.1),
                    (x[1] + dx, side * w * 0.42, car.height - 0.02),
                    0.04,
                    car.trim,
                )
            rod(
                mesh,
                (x[1] + dx, -w * 0.43, car.height - 0.03),
                (x[1] + dx, w * 0.43, car.height - 0.03),
                0.04,
                car.trim,
            )
    elif kind == "heap":
        mesh.wedge(
            (x[0], x[1], w),
            (middle - span * 0.15, middle + span * 0.2, w * 0.3),
            (floor, rim + rng.uniform(0.0, 0.3)),
            colour,
        )
    elif kind == "drum":
        mesh.cylinder((middle, -w * 0.4, floor + 0.35), (middle, w * 0.4, floor + 0.35), 0.35, colour, sides=8)
