"""Padded seats, for one or for several."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import body_colour, pick, shade

Rng = np.random.Generator


def upholstery(
    mesh: Mesh, rng: Rng, seats: int, wide: float, deep: float, seat: float, back: float, paints: tuple[Colour, Colour]
) -> None:
    """A padded seat for some, with its arms, its back and its feet.

    Args:
        mesh: Where to.
        rng: Where chance comes from.
        seats: How many can sit.
        wide: Width between the arms, metres.
        deep: Depth, metres.
        seat: Height of the seat.
        back: Height of the back above the seat.
        paints: Of the cloth and the feet.
    """
    cloth, wood = paints
    front, rear = deep / 2, -deep / 2
    feet = rng.uniform(0.03, 0.16)
    second = pick(rng, (cloth, cloth, shade(cloth, 0.75), body_colour(rng)))
    arm = pick(rng, ("block", "block", "slope", "roll", "thin", "none"))
    broad = {"block": rng.uniform(0.12, 0.24), "slope": 0.15, "roll": 0.12, "thin": 0.05, "none": 0.0}[arm]
    base = seat - rng.uniform(0.12, 0.18)
    mesh.box((0, 0, (feet + base) / 2), (deep, wide + broad * 1.2, base - feet), shade(cloth, 0.85))
    for x in (front - 0.06, rear + 0.06):
        for side in (-1, 1):
            mesh.cylinder((x, side * wide / 2, 0), (x, side * wide / 2, feet), 0.025, wood, 0.035, sides=5)
    thick, lean = rng.uniform(0.14, 0.24), rng.uniform(0.05, 0.18)
    high = seat + back
    one = wide / seats
    split = rng.random() < 0.7
    for i in range(seats if split else 1):
        y = (i + 0.5) * one - wide / 2 if split else 0.0
        each = (one if split else wide) * 0.97
        ring = np.array(
            [
                (rear + thick, y - each / 2),
                (front + 0.02, y - each / 2),
                (front + 0.02, y + each / 2),
                (rear + thick, y + each / 2),
            ]
        )
        centre = ring.mean(axis=0)
        top = centre + (ring - centre) * 0.93
        mesh.hexahedron([(*p, base) for p in ring], [(*p, seat) for p in top], second)
        if split:  # cushions before the back
            low = np.array(
                [
                    (rear + thick * 0.7, y - each / 2),
                    (rear + thick + 0.12, y - each / 2),
                    (rear + thick + 0.12, y + each / 2),
                    (rear + thick * 0.7, y + each / 2),
                ]
            )
            peak = low - [lean * 0.9, 0] - [[0, 0], [0.06, 0], [0.06, 0], [0, 0]]
            rise = high + rng.uniform(-0.08, 0.06)
            mesh.hexahedron([(*p, seat - 0.02) for p in low], [(*p, rise) for p in peak], second)
    shape = pick(rng, ("straight", "straight", "camel", "wings"))
    full = wide + broad
    mesh.wedge(
        (rear, rear + thick, full),
        (rear - lean, rear - lean + thick * 0.6, full * rng.uniform(0.88, 1.0)),
        (feet, high),
        cloth,
    )
    if shape == "camel":
        mesh.wedge(
            (rear - lean, rear - lean + thick * 0.55, full * 0.7),
            (rear - lean - 0.02, rear - lean + thick * 0.4, full * 0.35),
            (high, high + back * 0.25),
            cloth,
        )
    elif shape == "wings":
        for side in (-1, 1):
            mesh.wedge_at(
                (rear - lean * 0.6 + 0.12, side * full * 0.48, seat + back * 0.68), (0.28, 0.09, back * 0.62), cloth
            )
    rest = seat + rng.uniform(0.14, 0.24)
    for side in (-1, 1):
        y = side * (wide / 2 + broad / 2)
        if arm == "block":
            mesh.box(((front + rear) / 2, y, (feet + rest) / 2), (deep, broad, rest - feet), cloth)
        elif arm == "slope":
            a, b = y - broad / 2, y + broad / 2
            mesh.hexahedron(
                [(rear, a, feet), (front, a, feet), (front, b, feet), (rear, b, feet)],
                [
                    (rear, a, high - back * 0.2),
                    (front - 0.05, a, rest - 0.06),
                    (front - 0.05, b, rest - 0.06),
                    (rear, b, high - back * 0.2),
                ],
                cloth,
            )
        elif arm == "roll":
            mesh.box((0, y, (feet + rest) / 2), (deep, broad, rest - feet), cloth)
            mesh.cylinder(
                (rear, y + side * 0.03, rest), (front + 0.01, y + side * 0.03, rest), broad * 0.8, second, sides=8
            )
        elif arm == "thin":
            mesh.box((0, y, rest), (deep * 0.9, 0.06, 0.05), wood)
            mesh.box((front - 0.08, y, rest / 2), (0.05, 0.05, rest), wood)
