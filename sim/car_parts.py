"""What a saloon, a pick-up and a van have in common: cabin, face, tail, doors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    HUB,
    RED_LAMP,
    WHITE_LAMP,
    body_colour,
    chance,
    jitter,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import end_panel, lamps, loft, plates, rod, round_lamp, side_panel, wheel

Rng = np.random.Generator


@dataclass
class Car:
    """Measures and colours that the parts of one car share; metres, x forward."""

    length: float
    width: float
    height: float
    clear: float  # under the body
    belt: float  # lower edge of the windows
    hood: float  # height of the bonnet's front edge
    base: float  # x of the windscreen's foot
    top: float  # x of the windscreen's upper edge
    paint: Colour
    trim: Colour
    glass: Colour

    @property
    def front(self) -> float:
        """The x of its foremost point."""
        return self.length / 2

    @property
    def rear(self) -> float:
        """The x of its rearmost point."""
        return -self.length / 2


def lower_body(mesh: Mesh, car: Car, deck: float, back_base: float) -> None:
    """Everything below the windows, in one piece."""
    h = car.width / 2
    loft(
        mesh,
        [
            (car.rear + 0.08, car.clear, h * 0.96),
            (car.front - 0.12, car.clear, h * 0.96),
            (car.front, car.clear + 0.16, h * 0.96),
            (car.front - 0.04, car.hood - 0.1, h * 0.96),
            (car.front - 0.16, car.hood, h * 0.96),
            (car.base, car.belt, h * 0.96),
            (back_base, car.belt, h * 0.96),
            (car.rear + 0.04, deck - 0.02, h * 0.96),
            (car.rear, car.clear + 0.3, h * 0.96),
        ],
        car.paint,
    )
    for side in (-1, 1):
        x0, x1 = car.rear + car.length * 0.27, car.front - car.length * 0.26
        outline = [(x0, car.clear - 0.03), (x1, car.clear - 0.03), (x1, car.clear + 0.05), (x0, car.clear + 0.05)]
        side_panel(mesh, side, outline, h * 0.95, shade(car.trim, 0.7))


def cabin(mesh: Mesh, rng: Rng, car: Car, back_base: float, back_top: float, doors: int, tailgate: bool) -> None:
    """Glass all round, a roof, pillars and door lines."""
    low, high = car.width * 0.475, car.width * rng.uniform(0.37, 0.42)
    z0, z1 = car.belt - 0.01, car.height - 0.05
    loft(
        mesh,
        [(back_base, z0, low), (car.base, z0, low), (car.top, z1, high), (back_top, z1, high)],
        car.glass,
    )
    roof = pick(rng, (car.paint, car.paint, car.paint, car.trim))
    mesh.wedge(
        (back_top - 0.05, car.top + 0.06, high * 2.03),
        (back_top + 0.06, car.top - 0.1, high * 1.8),
        (z1, car.height),
        roof,
    )

    def pillar(foot: float, head: float, thick: float, side: int) -> None:
        outline = [(foot - thick / 2, z0), (foot + thick / 2, z0), (head + thick / 2, z1), (head - thick / 2, z1)]
        side_panel(mesh, side, outline, [w + 0.006 for w in (low, low, high, high)], car.paint)

    span = (min(car.base - 0.3, car.top), max(back_base, back_top) + 0.1)
    for side in (-1, 1):
        pillar(car.base - 0.04, car.top - 0.02, 0.08, side)
        pillar(back_base + 0.07, back_top + 0.07, 0.14, side)
        for k in range(1, doors + 1):
            x = (
                span[0] + (span[1] - span[0]) * k / (doors + (0 if doors > 1 else 1))
                if k < doors or doors == 1
                else None
            )
            if x is not None:
                pillar(x, x, 0.09, side)
                outline = [
                    (x - 0.012, car.clear + 0.12),
                    (x + 0.012, car.clear + 0.12),
                    (x + 0.012, z0),
                    (x - 0.012, z0),
                ]
                side_panel(mesh, side, outline, car.width * 0.487, shade(car.paint, 0.4))
        mesh.box(
            (car.base - 0.3, side * (car.width / 2 + 0.06), car.belt + 0.07),
            (0.1, 0.17, 0.13),
            pick(rng, (car.paint, car.trim)),
        )
        for k in range(doors):  # handles
            x = span[0] - 0.55 - 0.85 * k
            if x > back_base:
                side_panel(
                    mesh,
                    side,
                    [
                        (x, car.belt - 0.14),
                        (x + 0.18, car.belt - 0.14),
                        (x + 0.18, car.belt - 0.1),
                        (x, car.belt - 0.1),
                    ],
                    car.width * 0.487,
                    shade(car.paint, 0.4),
                )
    if tailgate:  # painted below and beside its window, which is smaller than the windscreen
        mid = 0.35
        x0, x1 = back_base - 0.012, back_base + (back_top - back_base) * mid - 0.012
        end_panel(mesh, -1, (x0, x1), (z0, z0 + (z1 - z0) * mid), (-low, low), car.paint)


def open_cabin(mesh: Mesh, rng: Rng, car: Car, back_base: float) -> None:
    """A roadster's: a windscreen in its frame, two seats, perhaps heads above them."""
    h = car.width * 0.44
    run = (car.top - car.base) * 0.8
    for facing in (1, -1):
        shift = 0.01 * facing
        end_panel(
            mesh,
            facing,
            (car.base + shift, car.base + run + shift),
            (car.belt, car.height - 0.03),
            (-h, h * 0.95),
            car.glass,
        )
    rod(mesh, (car.base + run, -h, car.height - 0.03), (car.base + run, h, car.height - 0.03), 0.03, car.trim)
    well = (back_base + 0.1, car.base - 0.12)
    mesh.box(((well[0] + well[1]) / 2, 0, car.belt), (well[1] - well[0], car.width * 0.78, 0.03), (0.07, 0.07, 0.07))
    seat, x = trim_colour(rng, car.paint), back_base + 0.35
    for y in (-0.36, 0.36):
        mesh.hexahedron(
            *[
                [(x + a - s, y + b, z) for a, b in ((-0.08, -0.23), (0.08, -0.23), (0.08, 0.23), (-0.08, 0.23))]
                for z, s in ((car.belt - 0.1, 0.0), (car.height - 0.12, 0.1))
            ],
            seat,
        )
    mesh.wedge(
        (back_base - 0.1, back_base + 0.15, h * 1.9),
        (back_base - 0.05, back_base + 0.05, h * 1.7),
        (car.belt, car.belt + 0.12),
        car.trim,
    )


def rack(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: float) -> None:
    """Bars across the roof with a ladder, planks or boxes on them."""
    for k in (0.2, 0.8):
        mesh.box((x[0] + (x[1] - x[0]) * k, 0, z + 0.05), (0.05, width, 0.06), DARK)
    load = body_colour(rng)
    if chance(rng, 0.5):
        for y in (-0.2, 0.2):
            mesh.box(((x[0] + x[1]) / 2, y, z + 0.11), ((x[1] - x[0]) * 1.1, 0.06, 0.06), load)
    else:
        for k in (0.3, 0.72):
            size = rng.uniform((0.3, 0.4, 0.2), (0.75, 0.9, 0.45))
            mesh.box(
                (x[0] + (x[1] - x[0]) * k, rng.uniform(-0.1, 0.1), z + 0.08 + size[2] / 2), size, jitter(rng, load, 0.1)
            )


def wheels(mesh: Mesh, rng: Rng, car: Car, radius: float, axles: tuple[float, ...]) -> None:
    """A wheel at each end of each axle, in a dark arch."""
    hub = jitter(rng, pick(rng, (HUB, DARK, HUB)), 0.15)
    width = rng.uniform(0.17, 0.24)
    for x in axles:
        for side in (-1, 1):
            wheel(mesh, x, side * (car.width / 2 + 0.012), radius, width, sides=9, hub=hub)


def face(mesh: Mesh, rng: Rng, car: Car, bull_bar: float = 0.0) -> None:
    """Headlamps, grille and bumper; the rear has nothing of these shapes."""
    front, w, hood = car.front, car.width, car.hood
    style = pick(rng, ("round", "square", "wide", "slanted"))
    if style == "round":
        r = rng.uniform(0.09, 0.13)
        for side in (-1, 1):
            round_lamp(mesh, (front - 0.01, side * (w * 0.45 - r), hood - 0.2), r, WHITE_LAMP)
    elif style == "slanted":
        for side in (-1, 1):
            ys = [side * w * k for k in (0.22, 0.47)]
            points = [
                (front - 0.0, ys[0], hood - 0.2),
                (front - 0.03, ys[1], hood - 0.14),
                (front - 0.14, ys[1], hood - 0.01),
                (front - 0.02, ys[0], hood - 0.14),
            ]
            mesh.face([(x + 0.02, y, z) for x, y, z in (points if side > 0 else points[::-1])], WHITE_LAMP)
            side_panel(
                mesh,
                side,
                [
                    (front - 0.4, hood - 0.12),
                    (front - 0.05, hood - 0.2),
                    (front - 0.05, hood - 0.08),
                    (front - 0.2, hood - 0.05),
                ],
                w * 0.478,
                WHITE_LAMP,
            )
    else:
        size = (rng.uniform(0.2, 0.28), rng.uniform(0.16, 0.2)) if style == "square" else (rng.uniform(0.36, 0.48), 0.1)
        lamps(mesh, front - 0.07, w / 2 - size[0] / 2 - 0.03, hood - 0.17, size, WHITE_LAMP, 0.16)
        if chance(rng, 0.5):
            lamps(mesh, front - 0.09, w / 2 - 0.04, hood - 0.17, (0.08, size[1]), AMBER_LAMP, 0.18)
    grille = rng.uniform(0.3, 0.55) * w
    tall = rng.uniform(0.09, max(0.12, min(0.3, hood - car.clear - 0.35)))
    mesh.box((front - 0.01, 0, hood - 0.1 - tall / 2), (0.07, grille, tall), pick(rng, (DARK, DARK, HUB)))
    mesh.wedge(
        (front - 0.1, front + 0.02, w * 0.95),
        (front - 0.1, front + 0.04, w * 0.93),
        (car.clear + 0.04, car.clear + 0.22),
        car.trim,
    )
    if chance(rng, bull_bar):
        for y in (-0.3, 0.3):
            rod(mesh, (front + 0.1, y, car.clear + 0.1), (front + 0.08, y, hood), 0.04, HUB)
        rod(mesh, (front + 0.08, -0.5, hood - 0.03), (front + 0.08, 0.5, hood - 0.03), 0.04, HUB)


def tail(mesh: Mesh, rng: Rng, car: Car, deck: float) -> None:
    """Rear lamps, plate, bumper, exhaust."""
    rear, w = car.rear, car.width
    style = pick(rng, ("square", "tall", "bar", "round"))
    z = min(deck, car.belt) - 0.16
    if style == "round":
        for y in (w * 0.4, w * 0.26):
            for side in (-1, 1):
                round_lamp(mesh, (rear + 0.03, side * y, z), 0.065, RED_LAMP, facing=-1, sides=6)
    elif style == "bar":
        mesh.box((rear + 0.03, 0, z), (0.08, w * 0.88, 0.08), RED_LAMP)
    else:
        size = (rng.uniform(0.25, 0.4), rng.uniform(0.12, 0.18)) if style == "square" else (0.14, rng.uniform(0.3, 0.4))
        lamps(mesh, rear + 0.04, w / 2 - size[0] / 2 - 0.03, z - size[1] / 2 + 0.06, size, RED_LAMP, 0.12)
    mesh.box((rear + 0.02, 0, car.clear + 0.12), (0.1, w * 0.93, 0.15), shade(car.trim, 0.9))
    y = w * pick(rng, (-0.3, 0.3))
    rod(mesh, (rear + 0.1, y, car.clear), (rear - 0.07, y, car.clear), 0.045, HUB, sides=5)
    high = chance(rng, 0.6)
    plates(
        mesh,
        (car.front + 0.045, car.clear + 0.14),
        (rear - (0.01 if high else 0.035), z - 0.16 if high else car.clear + 0.12),
    )
    if chance(rng, 0.25):
        mesh.box((rear + 0.1, 0, deck + 0.12), (0.22, w * 0.85, 0.03), pick(rng, (car.paint, DARK)))
        for side in (-1, 1):
            mesh.box((rear + 0.12, side * w * 0.3, deck + 0.05), (0.1, 0.04, 0.14), DARK)


def open_doors(mesh: Mesh, rng: Rng, car: Car, x: tuple[float, float]) -> None:
    """Front doors that stand open on one or both sides, hinged ahead; the opening is dark."""
    ahead, behind = x
    for side in pick(rng, ((-1,), (1,), (-1, 1))):
        h = car.width / 2
        low, high = car.clear + 0.12, car.belt + 0.32
        turn = rng.uniform(0.7, 1.2)
        long = ahead - behind
        end = (ahead - long * np.cos(turn), side * (h + long * np.sin(turn)))
        hinge = (ahead, side * h)
        aside = np.array([np.sin(turn), side * np.cos(turn)]) * 0.05
        ring = [hinge, (hinge[0] + aside[0], hinge[1] + aside[1]), (end[0] + aside[0], end[1] + aside[1]), end]
        ring = ring if side > 0 else ring[::-1]
        ring = ring[::-1] if _clockwise(ring) else ring
        mesh.hexahedron([(a, b, low) for a, b in ring], [(a, b, car.belt) for a, b in ring], car.paint)
        inner = [((a + hinge[0] * 0.02) / 1.02, b, high) for a, b in ring]
        mesh.hexahedron([(a, b, car.belt) for a, b in ring], inner, car.glass)
        side_panel(
            mesh,
            side,
            [(behind, low), (ahead, low), (ahead, car.belt), (behind, car.belt)],
            h * 0.99 + 0.004,
            (0.05, 0.05, 0.05),
        )


def _clockwise(ring: list[tuple[float, float]]) -> bool:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) < 0
