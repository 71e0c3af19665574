"""Parametric machines: motorcycle, forklift, airplane."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import GLASS, HUB, RED_LAMP, TYRE, WHITE_LAMP, body_colour, jitter, pick, shade
from pose_ssl_sim.parts import lamps, wheel

Rng = np.random.Generator


def motorcycle(rng: Rng, rider: bool = True) -> Mesh:
    """A motorcycle or scooter, with a rider unless it is parked."""
    mesh = Mesh()
    base = rng.uniform(1.25, 1.5)
    radius = rng.uniform(0.26, 0.33)
    paint = body_colour(rng)
    front, rear = base / 2, -base / 2
    seat = rng.uniform(0.72, 0.84)
    for x in (front, rear):
        w = 0.05 if x > 0 else 0.08
        mesh.cylinder((x, -w, radius), (x, w, radius), radius, TYRE, sides=12)
        mesh.cylinder((x, -w - 0.02, radius), (x, w + 0.02, radius), radius * 0.5, HUB, sides=8)
    bars = (front - 0.32, rng.uniform(0.98, 1.12))
    for side in (-1, 1):
        mesh.cylinder(
            (front, side * 0.09, radius), (bars[0] + 0.02, side * 0.09, bars[1] - 0.1), 0.03, (0.6, 0.6, 0.62), sides=5
        )
        mesh.cylinder(
            (bars[0], 0, bars[1]), (bars[0] - 0.12, side * 0.36, bars[1] + 0.04), 0.025, (0.1, 0.1, 0.1), sides=5
        )
        mesh.cylinder(
            (bars[0], side * 0.22, bars[1]), (bars[0] + 0.02, side * 0.3, bars[1] + 0.18), 0.012, (0.2,) * 3, sides=4
        )
        mesh.box((bars[0] + 0.02, side * 0.31, bars[1] + 0.21), (0.03, 0.13, 0.08), (0.15, 0.15, 0.17))
    fender = pick(rng, (paint, shade(paint, 0.5)))
    mesh.box((front + 0.02, 0, radius * 2 + 0.03), (radius * 1.3, 0.14, 0.05), fender)
    if pick(rng, ("bike", "scooter")) == "bike":
        mesh.wedge(
            (rear + 0.25, front - 0.3, 0.26),
            (rear + 0.35, front - 0.28, 0.2),
            (radius * 0.8, seat - 0.16),
            (0.25, 0.25, 0.27),
        )
        mesh.sphere((0.12, 0, seat - 0.02), (0.32, 0.17, 0.17), paint)
    else:
        mesh.wedge((rear, -0.02, 0.34), (rear - 0.1, 0.05, 0.3), (radius * 1.1, seat - 0.04), paint)
        mesh.box((0.1, 0, radius), (0.6, 0.32, 0.08), shade(paint, 0.6))
        mesh.wedge(
            (front - 0.4, front - 0.3, 0.44), (front - 0.44, front - 0.36, 0.34), (radius, bars[1] - 0.08), paint
        )
    mesh.wedge((rear - 0.12, 0.02, 0.26), (rear - 0.2, -0.02, 0.22), (seat - 0.06, seat + 0.05), (0.1, 0.09, 0.09))
    mesh.box((rear - 0.2, 0, seat - 0.1), (0.14, 0.18, 0.1), paint)
    mesh.box((rear - 0.28, 0, seat - 0.08), (0.06, 0.16, 0.1), RED_LAMP)
    mesh.box((rear - 0.3, 0, seat - 0.28), (0.02, 0.2, 0.16), (0.93, 0.9, 0.6))
    mesh.wedge(
        (bars[0], bars[0] + 0.12, 0.3), (bars[0] - 0.06, bars[0] + 0.02, 0.22), (bars[1] - 0.18, bars[1] + 0.1), paint
    )
    lamp = rng.uniform(0.08, 0.11)
    mesh.cylinder((bars[0] + 0.08, 0, bars[1] - 0.08), (bars[0] + 0.17, 0, bars[1] - 0.08), lamp, WHITE_LAMP, sides=8)
    if rng.random() < 0.5:
        mesh.wedge(
            (bars[0] + 0.02, bars[0] + 0.06, 0.34),
            (bars[0] - 0.16, bars[0] - 0.14, 0.24),
            (bars[1] + 0.05, bars[1] + 0.32),
            (0.45, 0.55, 0.62),
        )
    if rider:
        _rider(mesh, rng, seat, bars)
    return mesh


def _rider(mesh: Mesh, rng: Rng, seat: float, bars: tuple[float, float]) -> None:
    jacket, trousers = body_colour(rng), jitter(rng, (0.15, 0.17, 0.25), 0.1)
    helmet = body_colour(rng)
    hip, lean = -0.22, rng.uniform(0.12, 0.28)
    shoulder = (hip + lean, seat + 0.58)
    mesh.hexahedron(
        [(hip - 0.12, -0.17, seat), (hip + 0.12, -0.17, seat), (hip + 0.12, 0.17, seat), (hip - 0.12, 0.17, seat)],
        [(shoulder[0] + dx, dy, shoulder[1]) for dx, dy in ((-0.12, -0.23), (0.1, -0.23), (0.1, 0.23), (-0.12, 0.23))],
        jacket,
    )
    if rng.random() < 0.35:
        mesh.box((hip + lean / 2 - 0.2, 0, seat + 0.34), (0.18, 0.3, 0.4), body_colour(rng))
    for side in (-1, 1):
        mesh.cylinder(
            (shoulder[0], side * 0.24, shoulder[1] - 0.06),
            (bars[0] - 0.1, side * 0.34, bars[1] + 0.05),
            0.06,
            shade(jacket, 0.85),
            sides=6,
        )
        mesh.cylinder((hip + 0.05, side * 0.14, seat), (0.24, side * 0.22, seat - 0.08), 0.085, trousers, sides=6)
        mesh.cylinder((0.24, side * 0.22, seat - 0.08), (0.08, side * 0.2, 0.3), 0.07, trousers, sides=6)
        mesh.box((0.14, side * 0.2, 0.28), (0.28, 0.1, 0.09), (0.08, 0.08, 0.08))
    head = (shoulder[0] + 0.08, 0.0, shoulder[1] + 0.17)
    mesh.sphere(head, 0.155, helmet, sides=8, rings=5)
    mesh.box((head[0] + 0.115, 0, head[2] + 0.0), (0.08, 0.2, 0.11), (0.06, 0.07, 0.1))


def forklift(rng: Rng, driver: bool = True) -> Mesh:
    """A forklift: mast and forks ahead, counterweight behind."""
    mesh = Mesh()
    length, width = rng.uniform(2.0, 2.6), rng.uniform(1.05, 1.3)
    height = rng.uniform(1.95, 2.25)
    paint = body_colour(rng, loud=True)
    front, rear = length / 2, -length / 2
    deck = rng.uniform(0.7, 0.9)
    mesh.wedge((rear + 0.5, front, width * 0.9), (rear + 0.5, front - 0.1, width * 0.9), (0.18, deck * 0.62), paint)
    mesh.wedge(
        (rear + 0.05, rear + 0.95, width),
        (rear, rear + 0.9, width * 0.94),
        (0.2, deck + 0.12),
        shade(paint, rng.uniform(0.35, 1.0)),
    )
    mesh.box((rear - 0.01, 0, deck * 0.6), (0.04, width * 0.5, 0.3), (0.1, 0.1, 0.1))
    lamps(mesh, rear + 0.0, width * 0.38, deck, (0.14, 0.12), RED_LAMP)
    seat_x = rear + 0.85
    mesh.box((seat_x, 0, deck + 0.16), (0.45, 0.5, 0.14), (0.1, 0.1, 0.1))
    mesh.wedge(
        (seat_x - 0.24, seat_x - 0.14, 0.48),
        (seat_x - 0.3, seat_x - 0.22, 0.42),
        (deck + 0.2, deck + 0.7),
        (0.1, 0.1, 0.1),
    )
    mesh.cylinder((front - 0.35, 0, deck * 0.6), (front - 0.55, 0, deck + 0.45), 0.03, (0.15,) * 3, sides=5)
    mesh.cylinder((front - 0.57, 0, deck + 0.42), (front - 0.55, 0, deck + 0.46), 0.17, (0.1,) * 3, sides=8)
    post = shade(paint, 0.4)
    for side in (-1, 1):
        y = side * (width * 0.43)
        mesh.cylinder((front - 0.12, y, deck * 0.6), (front - 0.42, y, height), 0.04, post, sides=4)
        mesh.cylinder((rear + 0.3, y, deck), (rear + 0.5, y, height), 0.04, post, sides=4)
        wheel(mesh, front - 0.25, side * (width / 2 + 0.02), 0.34, 0.22)
        wheel(mesh, rear + 0.35, side * (width / 2 - 0.02), 0.26, 0.2)
    mesh.box(((front - 0.42 + rear + 0.5) / 2, 0, height), (front - rear - 0.85, width * 0.9, 0.07), post)
    rail = rng.uniform(height - 0.1, height + 0.35)
    metal = jitter(rng, (0.28, 0.28, 0.3), 0.12)
    for side in (-1, 1):
        mesh.box((front + 0.1, side * width * 0.27, 0.1 + rail / 2), (0.12, 0.1, rail - 0.1), metal)
    for z in (0.6, rail - 0.1):
        mesh.box((front + 0.1, 0, z), (0.08, width * 0.55, 0.1), metal)
    lift = rng.uniform(0.08, 0.6)
    for z in (lift + 0.05, lift + 0.45):
        mesh.box((front + 0.2, 0, z), (0.06, width * 0.8, 0.1), metal)
    reach = rng.uniform(0.8, 1.1)
    for side in (-1, 1):
        mesh.box((front + 0.24, side * width * 0.24, lift + 0.25), (0.06, 0.12, 0.5), (0.12,) * 3)
        mesh.box((front + 0.22 + reach / 2, side * width * 0.24, lift), (reach, 0.13, 0.06), (0.12,) * 3)
    lamps(mesh, front - 0.3, width * 0.4, height - 0.2, (0.16, 0.14), WHITE_LAMP, 0.1)
    if rng.random() < 0.3:
        mesh.box((front + 0.75, 0, lift + 0.33), (0.8, 0.85, 0.55), jitter(rng, (0.62, 0.47, 0.3), 0.12))
    if driver:
        shirt = body_colour(rng, loud=True)
        mesh.wedge(
            (seat_x - 0.16, seat_x + 0.08, 0.34), (seat_x - 0.14, seat_x + 0.1, 0.46), (deck + 0.2, deck + 0.75), shirt
        )
        mesh.sphere((seat_x, 0, deck + 0.92), 0.12, (0.82, 0.62, 0.5), sides=6, rings=4)
        mesh.sphere((seat_x - 0.01, 0, deck + 0.97), (0.14, 0.14, 0.1), (0.95, 0.85, 0.1), sides=6, rings=4)
        for side in (-1, 1):
            mesh.cylinder(
                (seat_x, side * 0.22, deck + 0.65), (front - 0.62, side * 0.12, deck + 0.45), 0.05, shirt, sides=5
            )
    return mesh


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
