"""Parametric aircraft: with one or two propellers, with two wings, with jets."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import DARK, STEEL, TYRE, body_colour, chance, glass_colour, pick, shade
from pose_ssl_sim.parts import loft, ring, rod, side_panel, strip

Rng = np.random.Generator


def airplane(rng: Rng) -> Mesh:
    """A small aircraft: nose, cockpit and propellers or intakes ahead, fin and stabiliser behind."""
    mesh = Mesh()
    style = pick(rng, ("single", "single", "twin", "biplane", "jet"))
    length = rng.uniform(4.0, 5.6) * (1.2 if style in ("jet", "twin") else 1.0)
    span = length * (rng.uniform(0.8, 1.0) if style == "jet" else rng.uniform(0.95, 1.2))
    radius = length * rng.uniform(0.07, 0.095)
    base, trim, glass = body_colour(rng), body_colour(rng), glass_colour(rng)
    front, rear = length / 2, -length / 2
    z = radius + rng.uniform(0.5, 0.75)
    wing_x = front - length * rng.uniform(0.32, 0.4) * (1.15 if style == "jet" else 1.0)
    waist = wing_x - length * 0.1
    nose = length * rng.uniform(0.1, 0.15)
    _hull(mesh, [(rear, z + radius * 0.5, radius * 0.3), (waist, z, radius), (front - nose, z, radius)], base)
    if style in ("single", "biplane"):
        _hull(mesh, [(front - nose, z, radius), (front - 0.15, z - 0.02, radius * 0.72)], trim)
        _propeller(mesh, rng, (front - 0.12, 0.0, z - 0.02), radius * 2.1, trim)
    else:
        _hull(
            mesh,
            [
                (front - nose, z, radius),
                (front - nose * 0.4, z - radius * 0.1, radius * 0.7),
                (front, z - radius * 0.25, radius * 0.12),
            ],
            trim,
        )
    cockpit = wing_x + (length * rng.uniform(0.08, 0.14) if style in ("jet", "twin") else 0.0)
    long = rng.uniform(0.12, 0.26) * length
    loft(
        mesh,
        [
            (cockpit - long, z + radius * 0.6, radius * 0.7),
            (cockpit + length * 0.08, z + radius * 0.6, radius * 0.7),
            (cockpit - length * 0.01, z + radius * 1.6, radius * 0.5),
            (cockpit - long * 0.7, z + radius * 1.55, radius * 0.5),
        ],
        glass,
    )
    if style in ("jet", "twin") and chance(rng, 0.7):  # windows along the cabin
        for k in range(4):
            x = cockpit - long - length * (0.02 + 0.055 * k)
            for side in (-1, 1):
                side_panel(
                    mesh,
                    side,
                    [
                        (x, z + radius * 0.2),
                        (x + length * 0.03, z + radius * 0.2),
                        (x + length * 0.03, z + radius * 0.55),
                        (x, z + radius * 0.55),
                    ],
                    radius * 1.0,
                    DARK,
                )
    high = chance(rng, 0.45) and style != "jet"
    heights = [z + radius * 1.5, z - radius * 0.6] if style == "biplane" else [z + radius * (1.5 if high else -0.55)]
    chord = length * rng.uniform(0.17, 0.22)
    sweep = span * rng.uniform(0.14, 0.24) if style == "jet" else rng.uniform(0.0, 0.1)
    rise = span / 2 * rng.uniform(0.02, 0.1)
    taper = rng.uniform(0.5, 0.95)
    for wing_z in heights:
        for side in (-1, 1):
            _wing(mesh, side, (wing_x - chord, wing_x), wing_z, (span / 2, sweep, rise, taper), 0.09, base)
            tip = (wing_x - sweep - chord * taper * 0.5, side * span / 2, wing_z + rise + 0.04)
            mesh.box(tip, (chord * taper, 0.12, 0.34 if style == "jet" else 0.12), trim)
    if style == "biplane" or (high and chance(rng, 0.6)):
        for side in (-1, 1):
            foot = heights[1] if style == "biplane" else z - radius * 0.5
            y = span * 0.36 if style == "biplane" else radius * 0.8
            rod(
                mesh,
                (wing_x - chord * 0.4, side * y, foot),
                (wing_x - chord * 0.4, side * span * 0.3, heights[0] + rise * 0.6),
                0.035,
                STEEL,
                3,
            )
    _engines(mesh, rng, style, (wing_x, rear), (heights[0], z), span, radius, trim)
    _tail(mesh, rng, style, rear, length, (z, radius), span, trim)
    _gear(mesh, rng, (front, wing_x, rear), (z, radius), style in ("jet", "twin") or chance(rng, 0.5))
    return mesh


def _hull(mesh: Mesh, path: list[tuple[float, float, float]], colour: Colour, sides: int = 8) -> None:
    """A body of revolution through (x, z, radius), from behind to the front."""
    turns = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    rings = [[np.array([x, r * np.cos(t), z + r * np.sin(t)]) for t in turns] for x, z, r in path]
    mesh.face(rings[0][::-1], colour)
    mesh.face(rings[-1], colour)
    for a, b in zip(rings, rings[1:], strict=False):
        for i in range(sides):
            j = (i + 1) % sides
            mesh.face([a[i], a[j], b[j], b[i]], colour)


def _propeller(mesh: Mesh, rng: Rng, hub: tuple[float, float, float], reach: float, colour: Colour) -> None:
    """A spinner and two or three blades."""
    x, y, z = hub
    mesh.cylinder((x, y, z), (x + 0.28, y, z), reach * 0.2, shade(colour, 0.5), end_radius=0.0, sides=6)
    count, turn = int(rng.integers(2, 4)), rng.uniform(0, np.pi)
    for k in range(count):
        t = turn + 2 * np.pi * k / count
        rod(mesh, hub, (x + 0.05, y + reach * np.cos(t), z + reach * np.sin(t)), 0.06, DARK, 4, 0.04)


def _wing(
    mesh: Mesh,
    side: int,
    x: tuple[float, float],
    z: float,
    shape: tuple[float, float, float, float],
    thick: float,
    colour: Colour,
) -> None:
    """Half a wing from the middle: rear and front x at its root; half span, sweep, rise and taper."""
    span, sweep, rise, taper = shape
    chord = x[1] - x[0]
    tip = x[1] - sweep
    root = [(x[0], 0.0, z), (x[1], 0.0, z), (tip, side * span, z + rise), (tip - chord * taper, side * span, z + rise)]
    bottom = root if side > 0 else root[::-1]
    mesh.hexahedron(bottom, [(a, b, c + thick) for a, b, c in bottom], colour)


def _engines(
    mesh: Mesh,
    rng: Rng,
    style: str,
    x: tuple[float, float],
    z: tuple[float, float],
    span: float,
    radius: float,
    colour: Colour,
) -> None:
    """Two of them, with propellers on the wings or with intakes under the wings or at the tail."""
    if style not in ("twin", "jet"):
        return
    wing_x, rear = x
    wing_z, middle = z
    aft = style == "jet" and chance(rng, 0.5)
    for side in (-1, 1):
        if style == "twin":
            y = side * span * 0.17
            mesh.cylinder(
                (wing_x - 0.7, y, wing_z + 0.04),
                (wing_x + 0.35, y, wing_z + 0.02),
                radius * 0.5,
                colour,
                radius * 0.4,
            )
            _propeller(mesh, rng, (wing_x + 0.35, y, wing_z + 0.02), radius * 1.5, colour)
            continue
        at = (
            (rear * 0.55, side * radius * 1.5, middle + radius * 0.5)
            if aft
            else (wing_x - 0.2, side * span * 0.2, wing_z - radius * 0.35)
        )
        mesh.cylinder((at[0] - 0.5, at[1], at[2]), (at[0] + 0.4, at[1], at[2]), radius * 0.3, colour, radius * 0.48)
        intake = [
            (at[0] + 0.41, at[1] + radius * 0.38 * np.cos(t), at[2] + radius * 0.38 * np.sin(t))
            for t in np.linspace(0, 2 * np.pi, 7)[:-1]
        ]
        mesh.face(intake, DARK)


def _tail(
    mesh: Mesh,
    rng: Rng,
    style: str,
    rear: float,
    length: float,
    body: tuple[float, float],
    span: float,
    colour: Colour,
) -> None:
    """Fin and stabiliser, the latter low, or on top of the fin."""
    z, radius = body
    tall = z + length * rng.uniform(0.17, 0.23)
    root = length * rng.uniform(0.16, 0.22)
    lean = rng.uniform(0.05, 0.22)
    fin = [
        (rear - 0.05, z + radius * 0.3),
        (rear + root, z + radius * 0.3),
        (rear + root * 0.45 - lean, tall),
        (rear - lean, tall),
    ]
    loft(mesh, [(x, h, 0.035) for x, h in fin], colour)
    high = chance(rng, 0.6 if style == "jet" else 0.15)
    at = tall - 0.06 if high else z + radius * 0.55
    x = rear - lean if high else rear
    chord = length * rng.uniform(0.11, 0.15)
    half = span * rng.uniform(0.17, 0.21)
    for side in (-1, 1):
        _wing(mesh, side, (x - 0.04, x + chord), at, (half, chord * rng.uniform(0.1, 0.4), 0.0, 0.7), 0.06, colour)


def _gear(mesh: Mesh, rng: Rng, x: tuple[float, float, float], body: tuple[float, float], nosed: bool) -> None:
    """Two main wheels and one under the nose or under the tail."""
    front, wing_x, rear = x
    z, radius = body
    r, half = rng.uniform(0.15, 0.22), rng.uniform(0.6, 0.9)
    axle = wing_x - 0.5 if nosed else wing_x + 0.1
    for side in (-1, 1):
        rod(mesh, (axle, side * radius * 0.5, z - radius * 0.8), (axle, side * half, r), 0.05, STEEL)
        _tyre(mesh, axle, side * half, r, 0.12)
    third = front - 0.6 if nosed else rear + 0.25
    small = r * (0.9 if nosed else 0.55)
    rod(mesh, (third, 0, z - radius * 0.2), (third, 0, small), 0.045, STEEL)
    _tyre(mesh, third, 0.0, small, 0.1)


def _tyre(mesh: Mesh, x: float, y: float, radius: float, width: float) -> None:
    right, left = (ring((x, y + s * width / 2, radius), radius, 8) for s in (-1, 1))
    strip(mesh, right, left, TYRE)
    mesh.face(right, TYRE)
    mesh.face(left[::-1], TYRE)
