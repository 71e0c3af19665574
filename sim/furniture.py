"""Things to sit on: chair and sofa."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, Rng, grounded, tube
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import body_colour, pick, shade
from pose_ssl_sim.upholstery import upholstery


def _panel(
    mesh: Mesh, x: float, lean: float, z: tuple[float, float], widths: tuple[float, float], thick: float, colour: Colour
) -> None:
    """A backrest between two heights, its front at x below and `lean` further back above."""
    mesh.wedge((x - thick, x, widths[0]), (x - lean - thick, x - lean, widths[1]), z, colour)


def chair(rng: Rng) -> Mesh:
    """A chair whose backrest is behind: office, four-legged, garden or armchair."""
    mesh = Mesh()
    kind = pick(rng, ("office", "office", "office", "legs", "legs", "shell", "arm"))
    width, depth = rng.uniform(0.42, 0.56), rng.uniform(0.42, 0.54)
    seat = rng.uniform(0.42, 0.5)
    if kind == "office":
        _office(mesh, rng, width, depth, seat + rng.uniform(-0.02, 0.1))
    elif kind == "legs":
        _four_legs(mesh, rng, width, depth, seat)
    elif kind == "shell":
        _shell(mesh, rng, width, depth, seat)
    else:
        _armchair(mesh, rng, width * 1.25, depth * 1.3, seat * 0.95)
    # A chair as tall as a child is too small to see from a robot; these are a little larger than life.
    return grounded(mesh).moved((0, 0, 0), float(rng.uniform(1.1, 1.4)))


def _star(mesh: Mesh, rng: Rng, seat: float, metal: Colour) -> None:
    """A column on four or five feet, on castors or on glides."""
    count, begin = pick(rng, (4, 5, 5)), rng.uniform(0, 2 * np.pi)
    reach, rolls = rng.uniform(0.26, 0.33), rng.random() < 0.8
    low = 0.1 if rolls else 0.03
    mesh.cylinder((0, 0, low + 0.04), (0, 0, seat), rng.uniform(0.03, 0.05), shade(metal, 0.8), 0.03, sides=6)
    for i in range(count):
        a = begin + 2 * np.pi * i / count
        end = np.array([reach * np.cos(a), reach * np.sin(a), low])
        mesh.cylinder((0, 0, low + 0.07), end, 0.04, metal, 0.022, sides=4)
        if rolls:
            mesh.sphere(end - [0, 0, 0.05], 0.05, DARK, sides=5, rings=3)


def _office(mesh: Mesh, rng: Rng, width: float, depth: float, seat: float) -> None:
    cloth, frame = body_colour(rng), body_colour(rng)
    metal = pick(rng, ((0.12, 0.12, 0.13), (0.65, 0.65, 0.67), frame))
    _star(mesh, rng, seat - 0.06, metal)
    thick = rng.uniform(0.06, 0.11)
    # The seat rounds off ahead, over the knees.
    mesh.wedge(
        (-depth / 2, depth / 2 - 0.05, width * 0.9), (-depth / 2, depth / 2, width), (seat - thick, seat - 0.03), cloth
    )
    mesh.wedge((-depth / 2, depth / 2, width), (-depth / 2, depth / 2 - 0.07, width * 0.92), (seat - 0.03, seat), cloth)
    rear, lean = -depth / 2 + 0.03, rng.uniform(0.04, 0.16)
    shape = pick(rng, ("mesh", "padded", "low", "tall", "tall"))
    high = seat + {"mesh": 0.55, "padded": 0.48, "low": 0.32, "tall": 0.72}[shape] * rng.uniform(0.9, 1.1)
    gap = 0.0 if shape == "tall" else rng.uniform(0.06, 0.18)
    wide = (width * rng.uniform(0.75, 1.0), width * rng.uniform(0.6, 1.0))
    tilt = lean * (high - seat) / 0.5
    middle = seat + gap + (high - seat - gap) * 0.45
    at = lean * (middle - seat) / 0.5 * 0.5
    # Two panels make the hollow of the back: it comes ahead at the loins.
    _panel(mesh, rear + 0.02, at, (seat + gap, middle), (wide[0] * 0.85, wide[0]), 0.05, cloth)
    _panel(mesh, rear + 0.02 - at, tilt - at, (middle, high), wide, 0.045, cloth)
    _panel(
        mesh,
        rear - 0.03 - at * 0.5,
        tilt * 0.6,
        (seat - 0.08, middle + 0.1),
        (0.1, rng.uniform(0.08, 0.25)),
        0.04,
        metal,
    )
    mesh.box((rear / 2 - 0.02, 0, seat - thick - 0.01), (abs(rear), 0.14, 0.04), metal)
    if shape == "tall":
        for side in (-1, 1):  # cheeks of a racing or a manager's chair
            y = side * wide[0] * 0.5
            mesh.wedge_at((rear + 0.05 - at, y, middle), (0.12, 0.06, (high - seat) * 0.5), shade(cloth, 0.7))
    if rng.random() < (0.5 if shape in ("mesh", "tall") else 0.15):
        top = high + rng.uniform(0.03, 0.07)
        mesh.box((rear - tilt - 0.02, 0, high), (0.025, 0.09, 0.14), metal)
        _panel(
            mesh,
            rear - tilt + 0.05,
            0.02,
            (top, top + rng.uniform(0.1, 0.16)),
            (width * 0.55, width * 0.48),
            0.06,
            cloth,
        )
    arms = pick(rng, ("none", "T", "T", "loop"))
    for side in (-1, 1):
        y, rest = side * (width / 2 + 0.035), seat + 0.2
        if arms != "none":
            mesh.box((0.03, y, rest), (rng.uniform(0.24, 0.3), 0.075, 0.03), DARK)
        if arms == "T":
            mesh.cylinder((0.0, y, seat - 0.06), (0.0, y, rest), 0.025, metal, sides=4)
        elif arms == "loop":
            mesh.cylinder((depth * 0.3, y, seat - 0.04), (depth * 0.3, y, rest), 0.022, metal, sides=4)
            mesh.cylinder((-0.1, y, rest), (rear - 0.03 - at, y * 0.75, rest + 0.05), 0.022, metal, sides=4)


def _four_legs(mesh: Mesh, rng: Rng, width: float, depth: float, seat: float) -> None:
    frame, cloth = body_colour(rng), body_colour(rng)
    thick, post = rng.uniform(0.03, 0.08), rng.uniform(0.032, 0.05)
    front, rear = depth / 2, -depth / 2
    mesh.wedge((rear, front, width * rng.uniform(0.8, 1.0)), (rear, front, width), (seat - thick, seat), cloth)
    lean, splay = rng.uniform(0.04, 0.16), rng.uniform(0.0, 0.08)
    high = seat + rng.uniform(0.38, 0.62)
    for side in (-1, 1):
        y = side * (width / 2 - post / 2)
        foot = y + side * splay
        mesh.cylinder(
            (front + splay - post / 2, foot, 0), (front - post / 2, y, seat - thick), post * 0.6, frame, sides=4
        )
        mesh.cylinder((rear - splay, foot, 0), (rear + post / 2, y, seat), post * 0.6, frame, post * 0.65, sides=4)
        mesh.cylinder((rear + post / 2, y, seat), (rear - lean, y, high), post * 0.65, frame, post * 0.5, sides=4)
        if rng.random() < 0.4:
            mesh.box((0, y, seat * 0.4), (depth, post * 0.6, post * 0.7), frame)
    if rng.random() < 0.5:
        mesh.box((front - post / 2, 0, seat * 0.45), (post * 0.6, width, post * 0.8), frame)

    def at(t: float) -> tuple[float, float]:
        return rear + post / 2 - (lean + post / 2) * t, seat + (high - seat) * t

    back = pick(rng, ("slats", "ladder", "panel", "cross"))
    x, z = at(0.97)
    mesh.box((x, 0, z - 0.03), (post * 0.8, width * 0.96, rng.uniform(0.06, 0.14)), frame)
    if back == "slats":
        count = int(rng.integers(3, 7))
        for i in range(count):
            y = (i / (count - 1) - 0.5) * (width - 0.16)
            (xa, za), (xb, zb) = at(0.0), at(0.95)
            mesh.cylinder((xa, y, za), (xb, y, zb), rng.uniform(0.012, 0.02), frame, sides=4)
    elif back == "ladder":
        for t in np.linspace(0.35, 0.75, int(rng.integers(1, 4))):
            x, z = at(float(t))
            mesh.box((x, 0, z), (post * 0.6, width * 0.95, rng.uniform(0.04, 0.07)), frame)
    elif back == "panel":
        low = rng.uniform(0.05, 0.5)
        (xa, za), (xb, zb) = at(low), at(0.95)
        mesh.wedge((xa - 0.02, xa + 0.03, width * 0.85), (xb - 0.02, xb + 0.03, width * 0.85), (za, zb), cloth)
    else:
        (xa, za), (xb, zb) = at(0.02), at(0.95)
        for side in (-1, 1):
            mesh.cylinder((xa, side * width * 0.42, za), (xb, -side * width * 0.42, zb), 0.02, frame, sides=4)
    if rng.random() < 0.3:
        for side in (-1, 1):
            y, rest = side * width / 2, seat + rng.uniform(0.18, 0.24)
            x, z = at((rest - seat) / (high - seat))
            mesh.box(((x + front - 0.05) / 2, y, rest), (front - 0.05 - x, 0.05, 0.03), frame)
            mesh.cylinder((front - 0.09, y, seat - thick), (front - 0.09, y, rest), 0.018, frame, sides=4)
    if rng.random() < 0.2:  # a jacket over the back
        x, z = at(0.9)
        mesh.wedge(
            (x - 0.09, x + 0.03, width * 1.0), (x - 0.06, x + 0.04, width * 0.85), (z - 0.4, z + 0.05), body_colour(rng)
        )
    elif rng.random() < 0.2:  # a cushion
        mesh.wedge(
            (rear + 0.05, front - 0.04, width * 0.8),
            (rear + 0.08, front - 0.08, width * 0.7),
            (seat, seat + 0.07),
            body_colour(rng),
        )


def _shell(mesh: Mesh, rng: Rng, width: float, depth: float, seat: float) -> None:
    """A bent shell upon a star, a sledge, a cantilever or four rods."""
    cloth, metal = body_colour(rng), pick(rng, ((0.65, 0.65, 0.67), body_colour(rng)))
    front, rear = depth / 2, -depth / 2
    lean, high = rng.uniform(0.08, 0.18), rng.uniform(0.36, 0.5)
    path = [
        (front, 0, seat - 0.04),
        (front - 0.06, 0, seat),
        (rear + 0.06, 0, seat - 0.02),
        (rear, 0, seat + 0.06),
        (rear - lean, 0, seat + high),
    ]
    half = width / 2
    tube(mesh, path, [(half * w, 0.017) for w in (0.8, 0.95, 1.0, 1.0, rng.uniform(0.5, 0.95))], cloth, sides=4)
    stand = pick(rng, ("rods", "star", "sledge", "cantilever"))
    if stand == "star":
        _star(mesh, rng, seat - 0.03, metal)
        return
    for side in (-1, 1):
        y = side * half * 0.85
        fore, aft = np.array([front - 0.03, y, 0.016]), np.array([rear - 0.02, y, 0.016])
        up_fore, up_aft = np.array([front - 0.1, y, seat - 0.03]), np.array([rear + 0.1, y, seat - 0.03])
        if stand != "cantilever":
            mesh.cylinder(aft, up_aft, 0.018, metal, sides=4)
        mesh.cylinder(fore, up_fore, 0.018, metal, sides=4)
        if stand != "rods":
            mesh.cylinder(fore, aft, 0.016, metal, sides=4)
    if stand == "cantilever":
        mesh.cylinder((rear - 0.02, -half * 0.85, 0.016), (rear - 0.02, half * 0.85, 0.016), 0.016, metal, sides=4)
    if rng.random() < 0.35:  # the writing board of a lecture room
        side = pick(rng, (-1, 1))
        mesh.box((0.16, side * half * 0.75, seat + 0.24), (0.3, 0.26, 0.025), body_colour(rng))
        mesh.cylinder((0, side * half, seat), (0.08, side * half, seat + 0.24), 0.018, metal, sides=4)


def _armchair(mesh: Mesh, rng: Rng, width: float, depth: float, seat: float) -> None:
    cloth, legs = body_colour(rng), body_colour(rng)
    upholstery(mesh, rng, 1, width, depth, seat, rng.uniform(0.35, 0.6), (cloth, legs))


def sofa(rng: Rng) -> Mesh:
    """A sofa for two to four: seats, cushions and perhaps a chaise ahead, the plain back behind."""
    mesh = Mesh()
    seats = int(rng.integers(2, 5))
    wide = seats * rng.uniform(0.52, 0.7)
    deep, seat, back = rng.uniform(0.72, 0.98), rng.uniform(0.38, 0.48), rng.uniform(0.28, 0.52)
    cloth, wood = body_colour(rng), body_colour(rng)
    upholstery(mesh, rng, seats, wide, deep, seat, back, (cloth, wood))
    front, rear = deep / 2, -deep / 2
    if rng.random() < 0.3:  # a chaise, a footstool or footrests
        side = pick(rng, (-1, 1))
        reach, broad = rng.uniform(0.35, 0.75), wide / seats
        gap = pick(rng, (0.0, 0.0, 0.12))
        place = (front + gap + reach / 2 + 0.02, side * (wide - broad) / 2, (seat + 0.06) / 2)
        mesh.box(place, (reach, broad * 0.96, seat - 0.06), shade(cloth, 0.85))
        mesh.wedge_at((place[0], place[1], seat - 0.03), (reach, broad * 0.94, 0.06), cloth)
    for _ in range(int(rng.integers(0, 4))):  # loose cushions lean on the back
        y, size = rng.uniform(-0.45, 0.45) * wide, rng.uniform(0.15, 0.23)
        x = rear + 0.34
        mesh.hexahedron(
            [(x, y - size, seat), (x + 0.12, y - size, seat), (x + 0.12, y + size, seat), (x, y + size, seat)],
            [
                (x - 0.14, y - size, seat + size * 1.9),
                (x - 0.04, y - size, seat + size * 1.9),
                (x - 0.04, y + size, seat + size * 1.9),
                (x - 0.14, y + size, seat + size * 1.9),
            ],
            body_colour(rng),
        )
    if rng.random() < 0.25:  # a throw over a seat, hanging down ahead
        y, size = rng.uniform(-0.3, 0.3) * wide, rng.uniform(0.3, 0.6)
        throw = body_colour(rng)
        mesh.box(((front + rear) / 2 + 0.12, y, seat + 0.015), (deep * 0.7, size, 0.03), throw)
        mesh.box((front + 0.03, y, seat - 0.12), (0.03, size, 0.28), throw)
    if rng.random() < 0.3:  # headrests
        for i in range(seats):
            y = (i + 0.5) * wide / seats - wide / 2
            mesh.wedge_at((rear - 0.06, y, seat + back + 0.08), (0.17, wide / seats * 0.7, 0.17), cloth)
    return grounded(mesh)
