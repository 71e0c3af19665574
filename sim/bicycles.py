"""Parametric bicycles."""

from __future__ import annotations

import math

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    DARK,
    RED_LAMP,
    STEEL,
    TYRE,
    WHITE_LAMP,
    body_colour,
    chance,
    jitter,
    pick,
    trim_colour,
)
from pose_ssl_sim.parts import hoop_wheel, ring, rod, round_lamp, sheet
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def bicycle(rng: Rng, rider: bool = True) -> Mesh:
    """A bicycle: city, racing, mountain, cargo or folding one, with or without its rider."""
    mesh = Mesh()
    style = pick(rng, ("city", "city", "racing", "mountain", "cargo", "folding"))
    big = {"folding": rng.uniform(0.2, 0.26), "mountain": 0.35}.get(style, rng.uniform(0.32, 0.36))
    small = rng.uniform(0.2, 0.27) if style == "cargo" else big
    base = rng.uniform(0.98, 1.1) + (0.75 if style == "cargo" else 0.0)
    front, rear = base / 2, -base / 2
    paint = body_colour(rng)
    trim = trim_colour(rng, paint)
    # A little thicker than life, so that at 64 pixels the frame is still there.
    tube = rng.uniform(0.02, 0.032)
    tyre = 0.055 if style == "mountain" else 0.04
    metal = jitter(rng, STEEL, 0.15)
    spokes = int(rng.integers(3, 6))
    hoop_wheel(mesh, rear, 0.0, big, tyre, (TYRE, metal), spokes=spokes, thick=0.14)
    hoop_wheel(mesh, front, 0.0, small, tyre, (TYRE, metal), spokes=spokes, thick=0.14)
    crank = np.array([rear + rng.uniform(0.4, 0.45), 0.0, 0.28])
    seat_z = rng.uniform(0.84, 1.0)
    seat = np.array([crank[0] - rng.uniform(0.18, 0.26), 0.0, seat_z])
    bar_z = seat_z + {"racing": rng.uniform(-0.08, 0.0), "city": rng.uniform(0.08, 0.22)}.get(
        style, rng.uniform(0.0, 0.15)
    )
    steer = np.array([(front - 0.95 if style == "cargo" else front - 0.24) + 0.02, 0.0, bar_z])
    neck = np.array([steer[0] + 0.06, 0.0, min(bar_z - 0.12, 0.82)])
    low = np.array([neck[0] + 0.04, 0.0, neck[2] - 0.14])
    seat_tube = crank + (seat - crank) * (0.55 if style in ("city", "folding") and chance(rng, 0.5) else 0.86)
    for a, b in ((crank, seat), (low, crank), (neck, seat_tube)):
        rod(mesh, a, b, tube, paint)
    for side in (-1, 1):
        rod(mesh, (rear, side * 0.05, big), crank, tube * 0.7, paint, 3)
        rod(mesh, (rear, side * 0.05, big), seat_tube, tube * 0.7, paint, 3)
        if style != "cargo":
            rod(mesh, (front, side * 0.05, small), neck, tube * 0.8, trim, 3)
    if style == "cargo":
        rod(mesh, low, (front - 0.1, 0, small + 0.1), tube, paint)
        rod(mesh, (front, 0, small), (front - 0.12, 0, small + 0.4), tube, paint)
        mesh.wedge(
            (low[0] + 0.12, front - small - 0.02, 0.5),
            (low[0] + 0.06, front - small + 0.1, 0.62),
            (0.3, rng.uniform(0.6, 0.8)),
            body_colour(rng),
        )
    rod(mesh, neck, steer, tube * 1.1, trim)
    grip = _handlebar(mesh, rng, style, steer, trim)
    mesh.wedge(
        (seat[0] - 0.14, seat[0] + 0.15, 0.08), (seat[0] - 0.15, seat[0] + 0.12, 0.15), (seat_z, seat_z + 0.06), trim
    )
    _bicycle_extras(mesh, rng, style, (front, rear, big), seat, steer, paint)
    turn = rng.uniform(0, 2 * math.pi)
    pedals = []
    for side, t in ((-1, turn), (1, turn + math.pi)):
        tip = crank + np.array([0.17 * math.cos(t), side * 0.1, 0.17 * math.sin(t)])
        rod(mesh, (crank[0], side * 0.07, crank[2]), tip, 0.016, metal, 3)
        mesh.box((tip[0], side * 0.15, tip[2]), (0.1, 0.1, 0.03), DARK)
        pedals.append((tip[0] - 0.03, side * 0.14, tip[2] + 0.09))
    mesh.face(ring((crank[0], -0.07, crank[2]), 0.09, 7), metal)
    if rider:
        hip = (seat[0] + 0.02, seat_z + 0.16)
        lean = {"racing": rng.uniform(0.34, 0.44), "city": rng.uniform(0.05, 0.2)}.get(style, rng.uniform(0.15, 0.3))
        shoulder = (hip[0] + lean, hip[1] + math.sqrt(0.5**2 - lean**2))
        person(mesh, rng, hip, shoulder, grip, pedals, helmet=0.4, pack=0.3, knees=(1.0, 0.1, 0.4))
    return mesh


def _handlebar(mesh: Mesh, rng: Rng, style: str, steer: np.ndarray, trim: Colour) -> list[tuple[float, float, float]]:
    """The bar; returns where the right and the left hand lie."""
    x, _, z = steer
    if style == "racing":
        rod(mesh, (x + 0.06, -0.2, z), (x + 0.06, 0.2, z), 0.016, trim, 3)
        for side in (-1, 1):
            rod(mesh, (x + 0.06, side * 0.2, z), (x + 0.17, side * 0.21, z - 0.04), 0.018, trim, 3)
            rod(mesh, (x + 0.17, side * 0.21, z - 0.04), (x + 0.06, side * 0.21, z - 0.15), 0.018, trim, 3)
        return [(x + 0.14, side * 0.21, z) for side in (-1, 1)]
    wide, sweep = rng.uniform(0.26, 0.34), 0.02 if style == "mountain" else rng.uniform(0.06, 0.2)
    for side in (-1, 1):
        rod(mesh, (x + 0.03, 0, z), (x - sweep * 0.4, side * wide * 0.7, z + 0.02), 0.016, trim, 3)
        rod(mesh, (x - sweep * 0.4, side * wide * 0.7, z + 0.02), (x - sweep, side * wide, z + 0.01), 0.022, DARK, 3)
    return [(x - sweep * 0.8, side * wide * 0.95, z + 0.04) for side in (-1, 1)]


def _bicycle_extras(
    mesh: Mesh,
    rng: Rng,
    style: str,
    wheels: tuple[float, float, float],
    seat: np.ndarray,
    steer: np.ndarray,
    paint: Colour,
) -> None:
    """Lamps, mudguards, carrier, bags, basket, child seat."""
    front, rear, r = wheels
    round_lamp(mesh, (steer[0] + 0.08, 0, steer[2] - 0.1), rng.uniform(0.04, 0.06), WHITE_LAMP, sides=6)
    mesh.box(
        (
            rear - r * 0.5 if style != "racing" else seat[0] - 0.12,
            0,
            2 * r - 0.02 if style != "racing" else seat[2] - 0.12,
        ),
        (0.04, 0.07, 0.09),
        RED_LAMP,
    )
    if style == "racing" or style == "mountain":
        if chance(rng, 0.5):
            mesh.wedge(
                (seat[0] - 0.16, seat[0] - 0.06, 0.06),
                (seat[0] - 0.2, seat[0] - 0.04, 0.08),
                (seat[2] - 0.12, seat[2]),
                body_colour(rng),
            )
        return
    guard = pick(rng, (paint, DARK))
    for k in range(3):  # behind and above the rear wheel
        points = []
        for t in (0.35 + 0.2 * k, 0.55 + 0.2 * k):
            c, s = math.cos(math.pi * t), math.sin(math.pi * t)
            points.append((rear + (r + 0.03) * c, r + (r + 0.03) * s))
        (x0, z0), (x1, z1) = points
        sheet(mesh, [(x0, -0.04, z0), (x0, 0.04, z0), (x1, 0.04, z1), (x1, -0.04, z1)], guard)
    z = 2 * r + 0.06
    mesh.box((rear - 0.02, 0, z), (0.4, 0.13, 0.025), DARK)
    kind = pick(rng, ("none", "bags", "crate", "child", "none"))
    colour = body_colour(rng)
    if kind == "bags":
        for side in (-1, 1):
            mesh.box((rear - 0.04, side * 0.14, z - 0.17), (0.3, 0.12, 0.3), colour)
    elif kind == "crate":
        mesh.wedge((rear - 0.17, rear + 0.14, 0.28), (rear - 0.2, rear + 0.15, 0.34), (z, z + 0.2), colour)
    elif kind == "child":
        mesh.box((rear + 0.02, 0, z + 0.1), (0.26, 0.26, 0.08), colour)
        mesh.wedge((rear - 0.14, rear - 0.06, 0.28), (rear - 0.22, rear - 0.16, 0.26), (z + 0.08, z + 0.5), colour)
    if style == "city" and chance(rng, 0.35):
        mesh.wedge(
            (steer[0] + 0.1, steer[0] + 0.32, 0.26),
            (steer[0] + 0.08, steer[0] + 0.38, 0.34),
            (steer[2] - 0.25, steer[2] - 0.02),
            body_colour(rng),
        )
