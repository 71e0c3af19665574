"""Parametric aircraft."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import GLASS, TYRE, body_colour, shade

Rng = np.random.Generator


def airplane(rng: Rng) -> Mesh:
    """A light aircraft: propeller and cockpit ahead, fin and stabiliser behind."""
    mesh = Mesh()
    length = rng.uniform(4.0, 5.6)
    span = length * rng.uniform(0.95, 1.2)
    radius = length * rng.uniform(0.075, 0.095)
    base, trim = body_colour(rng), body_colour(rng)
    front, rear = length / 2, -length / 2
    z = radius + rng.uniform(0.55, 0.75)
    wing_x = front - length * rng.uniform(0.34, 0.4)
    mesh.cylinder((front - 0.55, 0, z), (wing_x - length * 0.1, 0, z), radius, base, sides=10)
    mesh.cylinder(
        (wing_x - length * 0.1, 0, z), (rear, 0, z + radius * 0.5), radius, base, end_radius=radius * 0.3, sides=10
    )
    mesh.cylinder((front - 0.55, 0, z), (front - 0.15, 0, z - 0.02), radius, trim, end_radius=radius * 0.72, sides=10)
    mesh.cylinder(
        (front - 0.15, 0, z - 0.02), (front + 0.1, 0, z - 0.02), radius * 0.4, shade(trim, 0.5), end_radius=0.0, sides=8
    )
    turn = rng.uniform(0, np.pi)
    blade = np.array([0.0, np.cos(turn), np.sin(turn)]) * radius * 2.1
    hub = np.array([front - 0.02, 0, z - 0.02])
    mesh.cylinder(hub - blade, hub + blade, 0.05, (0.12, 0.12, 0.12), sides=4)
    mesh.wedge(
        (wing_x - 0.9, wing_x + 0.35, radius * 1.5),
        (wing_x - 0.6, wing_x - 0.05, radius * 1.1),
        (z + radius * 0.6, z + radius * 1.65),
        GLASS,
    )
    high = rng.random() < 0.45
    wing_z = z + radius * (1.55 if high else -0.55)
    chord = length * rng.uniform(0.17, 0.22)
    rise = span / 2 * rng.uniform(0.02, 0.1)
    for side in (-1, 1):
        tip_chord = chord * rng.uniform(0.6, 0.9)
        bottom = [(wing_x - chord, 0, wing_z), (wing_x, 0, wing_z)]
        tip = [(wing_x - tip_chord, side * span / 2, wing_z + rise), (wing_x - 0.06, side * span / 2, wing_z + rise)]
        ring = [bottom[0], bottom[1], tip[1], tip[0]]
        ring = ring if side > 0 else ring[::-1]
        mesh.hexahedron(ring, [(a, b, c + 0.09) for a, b, c in ring], base)
        mesh.box((wing_x - chord * 0.45, side * span / 2, wing_z + rise + 0.05), (chord * 0.9, 0.14, 0.13), trim)
        tail = length * rng.uniform(0.13, 0.16)
        stab = [
            (rear, 0, z + radius * 0.6),
            (rear + tail, 0, z + radius * 0.6),
            (rear + tail * 0.7, side * span * 0.19, z + radius * 0.6),
            (rear - 0.05, side * span * 0.19, z + radius * 0.6),
        ]
        stab = stab if side > 0 else stab[::-1]
        mesh.hexahedron(stab, [(a, b, c + 0.06) for a, b, c in stab], trim)
        mesh.cylinder(
            (wing_x - 0.5, side * 0.35, z - radius), (wing_x - 0.5, side * 0.75, 0.2), 0.045, (0.5,) * 3, sides=4
        )
        mesh.cylinder((wing_x - 0.5, side * 0.7, 0.2), (wing_x - 0.5, side * 0.85, 0.2), 0.2, TYRE, sides=8)
    mesh.cylinder((front - 0.6, 0, z - radius), (front - 0.55, 0, 0.16), 0.045, (0.5,) * 3, sides=4)
    mesh.cylinder((front - 0.55, -0.07, 0.17), (front - 0.55, 0.07, 0.17), 0.17, TYRE, sides=8)
    fin = [
        (rear - 0.08, -0.04, z),
        (rear + length * 0.2, -0.04, z),
        (rear + length * 0.2, 0.04, z),
        (rear - 0.08, 0.04, z),
    ]
    tall = z + length * rng.uniform(0.17, 0.22)
    mesh.hexahedron(
        fin,
        [(rear - 0.22, -0.03, tall), (rear + 0.1, -0.03, tall), (rear + 0.1, 0.03, tall), (rear - 0.22, 0.03, tall)],
        trim,
    )
    return mesh
