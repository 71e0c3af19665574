"""Things that people push: shopping cart and pram."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, HAIR, SKINS, Rng, grounded, tube
from pose_ssl_sim.loads import goods
from pose_ssl_sim.meshes import Colour, Mesh, Point
from pose_ssl_sim.paint import HUB, TYRE, body_colour, pick, shade


def _bar(mesh: Mesh, a: Point, b: Point, radius: float, colour: Colour) -> None:
    mesh.cylinder(a, b, radius, colour, sides=3)


def _caster(mesh: Mesh, x: float, y: float, radius: float, width: float, top: float, metal: Colour) -> None:
    """A wheel on the ground under a fork that reaches up to `top`."""
    mesh.cylinder((x, y - width / 2, radius), (x, y + width / 2, radius), radius, TYRE, sides=8)
    mesh.cylinder((x, y - width / 2 - 0.008, radius), (x, y + width / 2 + 0.008, radius), radius * 0.5, HUB, sides=5)
    if top > radius * 1.5:
        mesh.box((x, y, (radius * 1.4 + top) / 2), (radius * 0.5, width * 1.5, top - radius * 1.4), metal)


def _ring(rear: float, front: float, rear_width: float, front_width: float, z: tuple[float, float]) -> np.ndarray:
    """Corners (4, 3): rear right, front right, front left, rear left; heights at the rear and the front."""
    return np.array(
        [
            (rear, -rear_width / 2, z[0]),
            (front, -front_width / 2, z[1]),
            (front, front_width / 2, z[1]),
            (rear, rear_width / 2, z[0]),
        ]
    )


def _basket(mesh: Mesh, low: np.ndarray, top: np.ndarray, metal: Colour, bars: tuple[int, int], closed: bool) -> None:
    """A floor and four walls between two rings, of wire or (closed) of plastic."""
    inner = low * [1, 0.97, 1]
    mesh.hexahedron(list(inner - [0, 0, 0.012]), list(inner), shade(metal, 0.75))
    for i in range(4):
        j = (i + 1) % 4
        _bar(mesh, top[i], top[j], 0.014, metal)
        _bar(mesh, low[i], top[i], 0.011, metal)
        if closed:
            out = np.array([[0, -1, 0], [1, 0, 0], [0, 1, 0], [-1, 0, 0]][i]) * 0.008
            wall = np.array([low[i], low[j], top[j], top[i]])
            mesh.face(wall + out, metal)
            mesh.face((wall - out)[::-1], shade(metal, 0.8))
            continue
        count = bars[i % 2]
        for k in range(1, count):
            t = k / count
            _bar(mesh, low[i] * (1 - t) + low[j] * t, top[i] * (1 - t) + top[j] * t, 0.007, metal)
        _bar(mesh, (low[i] + top[i]) / 2, (low[j] + top[j]) / 2, 0.007, metal)


def shopping_cart(rng: Rng) -> Mesh:
    """A shopping cart, empty or full: handle and the high side of the basket behind, the low narrow end ahead."""
    mesh = Mesh()
    long, wide = rng.uniform(0.72, 1.05), rng.uniform(0.48, 0.64)
    handle = rng.uniform(0.95, 1.1)
    metal, plastic = pick(rng, ((0.66, 0.66, 0.68), body_colour(rng))), body_colour(rng)
    front, rear = long / 2, -long / 2
    narrow = wide * rng.uniform(0.6, 0.8)
    wheel = rng.uniform(0.055, 0.085)
    deck = wheel * 2 + 0.06
    # The chassis: two rails that draw together ahead, and posts up to the handle.
    for side in (-1, 1):
        _caster(mesh, front - 0.08, side * narrow * 0.46, wheel, 0.03, deck, metal)
        _caster(mesh, rear + 0.1, side * wide * 0.48, wheel, 0.03, deck, metal)
        _bar(mesh, (rear + 0.1, side * wide * 0.48, deck), (front - 0.05, side * narrow * 0.46, deck), 0.018, metal)
        _bar(
            mesh, (rear + 0.2, side * wide * 0.48, deck), (rear - 0.02, side * wide * 0.46, handle - 0.1), 0.018, metal
        )
        _bar(
            mesh,
            (rear - 0.02, side * wide * 0.46, handle - 0.1),
            (rear - 0.1, side * wide * 0.46, handle),
            0.018,
            metal,
        )
    mesh.cylinder((rear - 0.1, -wide * 0.48, handle), (rear - 0.1, wide * 0.48, handle), 0.026, plastic, sides=6)
    kind = pick(rng, ("deep",) * 5 + ("twin", "flat"))
    closed = rng.random() < 0.3
    if kind == "deep":
        floor = rng.uniform(0.38, 0.55)
        ends = (handle - 0.06, handle - rng.uniform(0.08, 0.2))
        ahead = front + rng.uniform(0.0, 0.12)
        low = _ring(rear + 0.12, ahead - 0.12, wide * 0.8, narrow * 0.8, (floor, floor + rng.uniform(0.0, 0.06)))
        top = _ring(rear, ahead, wide * 0.95, narrow, ends)
        _basket(mesh, low, top, metal, (7, 5), closed)
        if rng.random() < 0.6:  # the child's seat, folded out, with its back to the front
            mesh.box((rear + 0.09, 0, ends[0] - 0.2), (0.18, wide * 0.7, 0.03), plastic)
            mesh.hexahedron(
                _ring(rear + 0.16, rear + 0.19, wide * 0.7, wide * 0.7, (ends[0] - 0.22,) * 2),
                _ring(rear + 0.24, rear + 0.27, wide * 0.75, wide * 0.75, (ends[0] + 0.02,) * 2),
                plastic,
            )
        if rng.random() < 0.6:
            up = floor + (ends[0] - floor) * rng.uniform(0.6, 1.15)
            goods(mesh, rng, (rear + 0.24, -narrow * 0.4, floor), (ahead - 0.12, narrow * 0.4, up))
        mesh.box((ahead + 0.01, 0, ends[1] - 0.08), (0.02, narrow * 0.7, 0.1), plastic)  # the shop's sign
    elif kind == "twin":
        for floor, reach, high in ((deck + 0.1, 0.0, 0.2), (rng.uniform(0.58, 0.68), -rng.uniform(0.1, 0.25), 0.22)):
            low = _ring(rear + 0.1, front + reach - 0.06, wide * 0.85, narrow * 0.85, (floor, floor))
            top = _ring(rear + 0.02, front + reach, wide * 0.95, narrow, (floor + high, floor + high * 0.8))
            _basket(mesh, low, top, metal, (6, 4), closed)
            if rng.random() < 0.6:
                goods(
                    mesh,
                    rng,
                    (rear + 0.14, -narrow * 0.38, floor),
                    (front + reach - 0.1, narrow * 0.38, floor + high * 1.4),
                )
        for side in (-1, 1):
            _bar(
                mesh, (front - 0.06, side * narrow * 0.45, deck), (front - 0.2, side * narrow * 0.45, 0.6), 0.016, metal
            )
    else:
        mesh.hexahedron(
            _ring(rear + 0.05, front, wide, narrow, (deck,) * 2),
            _ring(rear + 0.05, front, wide, narrow, (deck + 0.05,) * 2),
            plastic,
        )
        for z in (0.4, 0.65):
            _bar(mesh, (rear + 0.06, -wide * 0.47, z), (rear + 0.06, wide * 0.47, z), 0.014, metal)
        mesh.box((rear - 0.02, 0, handle - 0.25), (0.05, wide * 0.9, 0.22), shade(plastic, 0.8))
        goods(
            mesh, rng, (rear + 0.14, -narrow * 0.45, deck + 0.05), (front - 0.05, narrow * 0.45, rng.uniform(0.5, 0.9))
        )
    if kind != "flat" and rng.random() < 0.4:  # crates on the rack below
        goods(mesh, rng, (rear + 0.2, -narrow * 0.4, deck), (front - 0.1, narrow * 0.4, deck + 0.14))
    return grounded(mesh)


def pram(rng: Rng) -> Mesh:
    """A pram or pushchair, with or without its child: handle and hood behind, footrest and small wheels ahead."""
    mesh = Mesh()
    kind = pick(rng, ("chair", "chair", "jogger", "cot", "buggy"))
    long = rng.uniform(0.75, 1.0)
    twins = rng.random() < 0.15
    wide = rng.uniform(0.46, 0.58) * (1.45 if twins else 1.0)
    frame, cloth, lining = pick(rng, ((0.2, 0.2, 0.22), body_colour(rng))), body_colour(rng), body_colour(rng)
    front, rear = long / 2, -long / 2
    seat = rng.uniform(0.42, 0.58)
    grip = np.array([rear - rng.uniform(0.08, 0.28), 0, rng.uniform(0.95, 1.12)])
    big = rng.uniform(0.1, 0.16) if kind in ("chair", "buggy") else rng.uniform(0.17, 0.24)
    small = big if kind == "jogger" else big * rng.uniform(0.55, 1.0 if kind == "cot" else 0.8)
    for side in (-1, 1):
        y = side * wide / 2
        _caster(mesh, rear + 0.08, y, big, 0.05, big, frame)
        if kind != "jogger":
            _caster(mesh, front - 0.06, y * rng.uniform(0.8, 0.9), small, 0.045, small * 2 + 0.06, frame)
        nose = (
            front - 0.04,
            0.05 * side if kind == "jogger" else y * 0.85,
            small * 2 + 0.04 if kind != "jogger" else small,
        )
        _bar(mesh, nose, (rear + 0.2, y * 0.92, seat + 0.1), 0.02, frame)
        _bar(mesh, (rear + 0.08, y * 0.92, big), (rear + long * 0.42, y * 0.92, seat), 0.02, frame)
        _bar(mesh, (rear + 0.2, y * 0.92, seat + 0.1), grip + [0, y * 0.85, 0], 0.02, frame)
    if kind == "jogger":
        _caster(mesh, front - 0.04, 0.0, small, 0.05, small, frame)
    if kind == "buggy":  # two hooked handles
        for side in (-1, 1):
            _bar(mesh, grip + [0, side * wide * 0.42, 0], grip + [-0.12, side * wide * 0.42, -0.02], 0.026, DARK)
    else:
        mesh.cylinder(grip - [0, wide * 0.44, 0], grip + [0, wide * 0.44, 0], 0.022, DARK, sides=5)
    mesh.box((0, 0, big + 0.06), (long * 0.6, wide * 0.8, 0.03), shade(cloth, 0.6))  # the basket below
    for side in (-1, 1):
        mesh.box((0, side * wide * 0.4, big + 0.12), (long * 0.6, 0.015, 0.12), shade(cloth, 0.6))
    if rng.random() < 0.5:
        goods(mesh, rng, (-long * 0.28, -wide * 0.36, big + 0.08), (long * 0.28, wide * 0.36, seat - 0.1))
    places = (-wide * 0.24, wide * 0.24) if twins else (0.0,)
    each = wide * (0.46 if twins else 0.84)
    for y in places:
        part = Mesh()
        make = _carrycot if kind == "cot" else _pushchair
        make(part, rng, (long, each, seat), (cloth, lining))
        for points, colour in part.polygons():
            mesh.face(points + [0, y, 0], colour)
    if rng.random() < 0.35:  # a bag on the handle
        size = rng.uniform((0.12, 0.25, 0.22), (0.2, 0.4, 0.35))
        mesh.box(grip - [size[0] * 0.3, 0, size[2] / 2 + 0.04], size, body_colour(rng))
    if rng.random() < 0.08:  # a parasol
        top = np.array([rng.uniform(-0.2, 0.1), wide * 0.45, 1.5])
        _bar(mesh, (rear + 0.2, wide * 0.45, seat + 0.1), top, 0.012, frame)
        mesh.cylinder(top - [0, 0, 0.14], top, 0.42, body_colour(rng), 0.03, sides=8)
    return grounded(mesh)


def _hood(mesh: Mesh, rear: float, z: float, wide: float, radius: float, spread: float, colour: Colour) -> None:
    """A folding hood: flat plates round an axis across, from straight behind to `spread` radians ahead of it."""
    count = 4
    angles = [np.pi - spread * i / count for i in range(count + 1)]
    rim = [np.array([rear + radius * np.cos(a), 0.0, z + radius * np.sin(a)]) for a in angles]
    middle = np.array([rear, 0.0, z])
    left, right = np.array([0, wide / 2, 0]), np.array([0, -wide / 2, 0])
    for i, (a, b) in enumerate(zip(rim, rim[1:], strict=False)):
        tone = shade(colour, 1.0 if i % 2 else 0.85)
        plate = [a + right, b + right, b + left, a + left]
        mesh.face(plate[::-1], tone)
        mesh.face([p + (middle - a) * 0.04 for p in plate], shade(colour, 0.55))
        for shift, sign in ((right, 1), (left, -1)):
            fan = [middle + shift, a + shift, b + shift]
            mesh.face(fan[::-sign], tone)
            mesh.face([p - shift * 0.06 for p in fan[::sign]], shade(colour, 0.55))


def _child(mesh: Mesh, rng: Rng, at: np.ndarray, radius: float) -> None:
    skin = pick(rng, SKINS)
    mesh.sphere(at, radius, skin, sides=7, rings=5)
    cover = pick(rng, (pick(rng, HAIR), body_colour(rng)))
    mesh.sphere(at + [-radius * 0.35, 0, radius * 0.3], radius * 0.98, cover, sides=7, rings=5)


def _pushchair(mesh: Mesh, rng: Rng, sizes: tuple[float, float, float], paints: tuple[Colour, Colour]) -> None:
    """A seat that faces ahead: backrest and hood behind, footrest ahead."""
    (long, wide, seat), (cloth, lining) = sizes, paints
    lean = rng.uniform(0.1, 0.35)
    back = rng.uniform(0.4, 0.52)
    begin = -long * 0.16
    mesh.box((begin + 0.14, 0, seat), (0.34, wide, 0.07), cloth)
    mesh.wedge((begin - 0.06, begin, wide), (begin - lean - 0.06, begin - lean, wide), (seat, seat + back), cloth)
    mesh.wedge(
        (begin, begin + 0.015, wide * 0.8),
        (begin - lean, begin - lean + 0.015, wide * 0.75),
        (seat + 0.04, seat + back - 0.04),
        lining,
    )
    foot = np.array([begin + 0.31 + rng.uniform(0.03, 0.12), 0, seat - rng.uniform(0.2, 0.28)])
    mesh.hexahedron(
        _ring(foot[0] - 0.03, foot[0], wide * 0.8, wide * 0.8, (foot[2],) * 2),
        _ring(begin + 0.28, begin + 0.31, wide * 0.9, wide * 0.9, (seat,) * 2),
        shade(cloth, 0.8),
    )
    mesh.box(foot + [0.05, 0, 0], (0.14, wide * 0.8, 0.03), DARK)
    if rng.random() < 0.5:
        mesh.box((begin + 0.3, 0, seat + 0.2), (0.04, wide, 0.04), DARK)
        for side in (-1, 1):
            mesh.box((begin + 0.12, side * wide * 0.48, seat + 0.2), (0.36, 0.03, 0.03), DARK)
    if rng.random() < 0.85:
        _hood(
            mesh,
            begin - lean * 0.8,
            seat + back * 0.8,
            wide * 1.05,
            rng.uniform(0.26, 0.34),
            rng.uniform(1.5, 2.6),
            pick(rng, (cloth, lining)),
        )
    if rng.random() < 0.65:
        clothes = body_colour(rng)
        mesh.wedge(
            (begin - 0.02, begin + 0.1, wide * 0.5),
            (begin - lean * 0.7, begin - lean * 0.7 + 0.12, wide * 0.6),
            (seat + 0.03, seat + 0.28),
            clothes,
        )
        _child(mesh, rng, np.array([begin - lean * 0.7 + 0.07, 0, seat + 0.37]), 0.085)
        for side in (-1, 1):
            knee = np.array([begin + 0.3, side * wide * 0.17, seat + 0.07])
            mesh.cylinder((begin + 0.03, side * wide * 0.15, seat + 0.07), knee, 0.05, clothes, 0.045, sides=5)
            mesh.cylinder(knee, foot + [0.03, side * wide * 0.17, 0.05], 0.045, clothes, 0.035, sides=5)
            mesh.box(foot + [0.07, side * wide * 0.17, 0.05], (0.12, 0.06, 0.06), DARK)
    elif rng.random() < 0.4:
        mesh.wedge(
            (begin - 0.05, begin + 0.33, wide * 0.9),
            (begin - lean, begin + 0.2, wide * 0.7),
            (seat + 0.02, seat + 0.24),
            body_colour(rng),
        )  # a blanket


def _carrycot(mesh: Mesh, rng: Rng, sizes: tuple[float, float, float], paints: tuple[Colour, Colour]) -> None:
    """A tub to lie in, its hood at the handle's end."""
    (long, wide, seat), (cloth, lining) = sizes, paints
    low, high = seat - 0.02, seat + rng.uniform(0.2, 0.3)
    rear, front = -long * 0.42, long * 0.45
    tube(
        mesh,
        [
            (rear + 0.1, 0, (low + high) / 2),
            (rear + 0.25, 0, low + 0.1),
            (front - 0.15, 0, low + 0.1),
            (front, 0, high - 0.08),
        ],
        [(wide * 0.4, 0.1), (wide * 0.5, 0.14), (wide * 0.5, 0.14), (wide * 0.35, 0.06)],
        cloth,
        sides=8,
    )
    mesh.wedge((rear + 0.12, front - 0.08, wide * 0.8), (rear, front, wide), (low + 0.05, high), cloth)
    mesh.box(((rear + front) / 2, 0, high + 0.005), (front - rear - 0.08, wide * 0.85, 0.02), lining)
    mesh.wedge(
        (-0.05, front + 0.01, wide * 1.03),
        (0.0, front - 0.03, wide * 0.8),
        (high - 0.07, high + rng.uniform(0.05, 0.1)),
        pick(rng, (cloth, body_colour(rng))),
    )  # the cover over the legs
    _hood(mesh, rear + 0.22, high - 0.02, wide * 1.04, rng.uniform(0.26, 0.34), rng.uniform(1.4, 2.2), cloth)
    if rng.random() < 0.6:
        _child(mesh, rng, np.array([rear + 0.25, 0, high + 0.06]), 0.085)
