"""Parametric passenger cars."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.car_parts import Car, cabin, face, lower_body, open_cabin, open_doors, rack, tail, wheels
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import (
    DARK,
    TYRE,
    body_colour,
    chance,
    glass_colour,
    pick,
    trim_colour,
)

Rng = np.random.Generator


def sedan(rng: Rng, driven: bool = True) -> Mesh:
    """A passenger car: saloon, hatchback, estate, coupe, off-roader or roadster; not driven, doors may be open."""
    mesh = Mesh()
    style = pick(rng, ("saloon", "saloon", "hatchback", "estate", "coupe", "suv", "roadster"))
    length = {"hatchback": rng.uniform(3.5, 4.3), "roadster": rng.uniform(3.7, 4.3)}.get(style, rng.uniform(4.0, 5.0))
    height = {"coupe": rng.uniform(1.25, 1.38), "suv": rng.uniform(1.62, 1.85), "roadster": rng.uniform(1.2, 1.3)}.get(
        style, rng.uniform(1.36, 1.6)
    )
    front, rear = length / 2, -length / 2
    belt = height * rng.uniform(0.57, 0.64)
    base = front - length * rng.uniform(0.23, 0.31)
    paint = body_colour(rng)
    car = Car(
        length,
        rng.uniform(1.62, 1.92),
        height,
        rng.uniform(0.26, 0.36) if style == "suv" else rng.uniform(0.15, 0.23),
        belt,
        belt * rng.uniform(0.78, 0.93),
        base,
        base - rng.uniform(0.25, 0.75) * (0.7 if style == "suv" else 1.0),
        paint,
        trim_colour(rng, paint),
        glass_colour(rng),
    )
    boot = style in ("saloon", "coupe", "roadster")
    back_base = rear + (length * rng.uniform(0.13, 0.2) if boot else rng.uniform(0.05, 0.2))
    back_top = back_base + {
        "saloon": rng.uniform(0.35, 0.7),
        "coupe": rng.uniform(0.7, 1.0),
        "hatchback": rng.uniform(0.25, 0.55),
    }.get(style, rng.uniform(0.08, 0.25))
    deck = belt * rng.uniform(0.92, 1.03) if boot else belt
    lower_body(mesh, car, deck, back_base)
    if style == "roadster":
        open_cabin(mesh, rng, car, back_base)
    else:
        cabin(mesh, rng, car, back_base, back_top, doors=1 if style == "coupe" else 2, tailgate=not boot)
        _on_the_roof(mesh, rng, car, back_top)
    radius = rng.uniform(0.27, 0.34) * (1.15 if style == "suv" else 1.0)
    wheels(mesh, rng, car, radius, (front - length * rng.uniform(0.16, 0.21), rear + length * rng.uniform(0.17, 0.23)))
    face(mesh, rng, car)
    tail(mesh, rng, car, deck)
    if style == "suv" and chance(rng, 0.35):
        mesh.cylinder((rear - 0.16, 0, belt * 0.8), (rear, 0, belt * 0.8), radius, TYRE, sides=9)
    if not driven and chance(rng, 0.3):
        open_doors(mesh, rng, car, (car.base - 0.15, -0.1))
    return mesh


def _on_the_roof(mesh: Mesh, rng: Rng, car: Car, back_top: float) -> None:
    """Nothing, rails, a box, a load or a sign."""
    kind = pick(rng, ("none", "none", "none", "none", "rails", "box", "rack", "sign"))
    middle, span = (car.top + back_top) / 2, car.top - back_top
    if span < 0.8:
        return
    if kind == "rails":
        for side in (-1, 1):
            mesh.box((middle, side * car.width * 0.34, car.height + 0.03), (span * 0.8, 0.04, 0.05), DARK)
    elif kind == "box":
        mesh.wedge(
            (middle - 0.75, middle + 0.8, 0.7),
            (middle - 0.7, middle + 0.45, 0.6),
            (car.height + 0.06, car.height + 0.34),
            body_colour(rng),
        )
        mesh.box((middle, 0, car.height + 0.02), (0.7, car.width * 0.7, 0.06), DARK)
    elif kind == "rack":
        rack(mesh, rng, (back_top + 0.1, car.top - 0.1), car.width * 0.68, car.height)
    elif kind == "sign":
        mesh.wedge(
            (middle, middle + 0.16, 0.5),
            (middle + 0.04, middle + 0.12, 0.44),
            (car.height, car.height + 0.16),
            body_colour(rng),
        )
