"""Parametric pedestrians and chairs."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import body_colour, jitter, pick, shade

Rng = np.random.Generator
_SKINS = ((0.95, 0.78, 0.66), (0.86, 0.66, 0.52), (0.7, 0.5, 0.36), (0.5, 0.34, 0.24), (0.34, 0.22, 0.16))
_HAIR = ((0.1, 0.07, 0.05), (0.3, 0.18, 0.08), (0.75, 0.6, 0.3), (0.45, 0.2, 0.1), (0.7, 0.7, 0.7))


def pedestrian(rng: Rng) -> Mesh:
    """A person: face, shoes and shirt front ahead; hair and perhaps a rucksack behind."""
    mesh = Mesh()
    height = rng.uniform(1.45, 1.92)
    build = rng.uniform(0.85, 1.25)
    skin = jitter(rng, pick(rng, _SKINS), 0.04)
    hair = jitter(rng, pick(rng, _HAIR), 0.04)
    shirt, trousers = body_colour(rng), body_colour(rng)
    hip, neck = height * rng.uniform(0.47, 0.5), height * 0.83
    stride = rng.uniform(0.08, 0.26)
    shoulder = 0.2 * build * height / 1.75
    swing = pick(rng, (-1, 1))
    for side in (-1, 1):
        foot = stride * side * swing
        top = (0.0, side * 0.09 * build, hip)
        knee = (foot * 0.5 + 0.05, side * 0.09 * build, hip * 0.52)
        mesh.cylinder(top, knee, 0.085 * build, trousers, 0.065 * build, sides=6)
        mesh.cylinder(knee, (foot, side * 0.09 * build, 0.07), 0.065 * build, trousers, 0.05, sides=6)
        mesh.wedge_at((foot + 0.06, side * 0.09 * build, 0.045), (0.28, 0.1, 0.09), shade(body_colour(rng), 0.5))
        hand = (-foot * 0.9 + 0.06, side * (shoulder + 0.07), height * 0.46)
        elbow = (-foot * 0.4 - 0.03, side * (shoulder + 0.07), height * 0.63)
        mesh.cylinder((0, side * (shoulder + 0.02), neck - 0.05), elbow, 0.055 * build, shirt, 0.045, sides=6)
        mesh.cylinder(elbow, hand, 0.042, pick(rng, (shirt, skin)), 0.035, sides=6)
        mesh.sphere(hand, 0.05, skin, sides=5, rings=3)
    depth = 0.12 * build
    if rng.random() < 0.25:  # a skirt or a long coat
        low = height * rng.uniform(0.25, 0.38)
        mesh.wedge(
            (-depth * 1.6, depth * 1.6, shoulder * 1.9),
            (-depth, depth, shoulder * 1.5),
            (low, hip + 0.1),
            pick(rng, (shirt, trousers)),
        )
    mesh.wedge(
        (-depth * 0.9, depth * 0.95, shoulder * 1.6), (-depth, depth, shoulder * 2.1), (hip - 0.04, neck - 0.03), shirt
    )
    front = pick(rng, ("open", "print", "tie"))
    middle = (hip + neck) / 2
    if front == "open":
        mesh.box(
            (depth * 1.02, 0, middle),
            (0.02, shoulder * 0.7, (neck - hip) * 0.92),
            pick(rng, ((0.92,) * 3, body_colour(rng))),
        )
    elif front == "print":
        mesh.box((depth * 1.02, 0, middle + 0.08), (0.02, shoulder * 1.1, 0.2), body_colour(rng))
    else:
        mesh.box((depth * 1.02, 0, middle + 0.04), (0.03, 0.09, (neck - hip) * 0.75), body_colour(rng))
    mesh.cylinder((0, 0, neck - 0.05), (0.01, 0, neck + 0.04), 0.06, skin, sides=6)
    r = height * 0.066
    head = (0.02, 0.0, height - r * 1.35)
    mesh.sphere(head, (r * 1.05, r * 0.9, r * 1.3), skin, sides=8, rings=6)
    # Hair: a cap that sits back, so that the face shows from the front only.
    mesh.sphere((head[0] - r * 0.4, 0, head[2] + r * 0.3), (r * 0.98, r * 1.02, r * 1.2), hair, sides=8, rings=5)
    if rng.random() < 0.4:
        mesh.box((head[0] - r * 0.85, 0, head[2] - r * 0.8), (r * 0.7, r * 1.7, r * 2.2), hair)
    mesh.box((head[0] + r * 1.05, 0, head[2] - r * 0.15), (r * 0.4, r * 0.3, r * 0.45), shade(skin, 0.85))
    for side in (-1, 1):
        mesh.box(
            (head[0] + r * 0.92, side * r * 0.4, head[2] + r * 0.2), (r * 0.25, r * 0.32, r * 0.22), (0.08, 0.07, 0.07)
        )
    mesh.box((head[0] + r * 0.9, 0, head[2] - r * 0.62), (r * 0.2, r * 0.6, r * 0.16), (0.6, 0.2, 0.2))
    if rng.random() < 0.4:
        pack = body_colour(rng)
        mesh.box((-depth - 0.1, 0, middle + 0.07), (0.2, shoulder * 1.4, (neck - hip) * 0.75), pack)
        mesh.box((-depth - 0.22, 0, middle - 0.03), (0.07, shoulder * 0.9, (neck - hip) * 0.35), shade(pack, 0.6))
        for side in (-1, 1):
            mesh.box(
                (depth * 1.02, side * shoulder * 0.6, middle + 0.1), (0.025, 0.05, (neck - hip) * 0.7), shade(pack, 0.7)
            )
    return mesh


def chair(rng: Rng) -> Mesh:
    """A chair whose backrest is behind: four-legged, office or armchair."""
    mesh = Mesh()
    kind = pick(rng, ("wood", "wood", "office", "arm"))
    width, depth = rng.uniform(0.42, 0.56), rng.uniform(0.42, 0.54)
    seat = rng.uniform(0.42, 0.5)
    back = seat + rng.uniform(0.42, 0.62)
    frame, cloth = body_colour(rng), body_colour(rng)
    lean = rng.uniform(0.03, 0.14)
    if kind == "arm":
        width, depth = width * 1.5, depth * 1.4
    front, rear = depth / 2, -depth / 2
    thick = rng.uniform(0.05, 0.09) if kind != "arm" else 0.22
    mesh.box((0, 0, seat - thick / 2), (depth, width, thick), cloth)
    if kind == "office":
        mesh.cylinder((0, 0, 0.12), (0, 0, seat - thick), 0.035, (0.2,) * 3, sides=6)
        for i in range(5):
            a = 2 * np.pi * i / 5
            end = (0.27 * np.cos(a), 0.27 * np.sin(a), 0.07)
            mesh.cylinder((0, 0, 0.13), end, 0.028, (0.15,) * 3, sides=4)
            mesh.sphere(end, 0.05, (0.08,) * 3, sides=5, rings=3)
    elif kind == "arm":
        mesh.box((0, 0, (seat - thick) / 2 + 0.04), (depth, width, seat - thick - 0.08), shade(cloth, 0.75))
    else:
        for x in (front - 0.03, rear + 0.03):
            for side in (-1, 1):
                mesh.box((x, side * (width / 2 - 0.03), (seat - thick) / 2), (0.05, 0.05, seat - thick), frame)
        if rng.random() < 0.5:
            mesh.box((front - 0.03, 0, seat * 0.4), (0.03, width, 0.04), frame)
    t = 0.05 if kind != "arm" else 0.2
    if kind == "wood" and rng.random() < 0.6:
        count = int(rng.integers(3, 6))
        for i in range(count):
            y = (i / (count - 1) - 0.5) * (width - 0.06)
            mesh.hexahedron(
                *[
                    [(x - s + dx, y + dy, z) for dx, dy in ((-0.02, -0.03), (0.02, -0.03), (0.02, 0.03), (-0.02, 0.03))]
                    for x, s, z in ((rear + 0.03, 0.0, seat), (rear + 0.03, lean, back))
                ],
                frame,
            )
        mesh.box((rear + 0.03 - lean, 0, back - 0.04), (0.05, width, 0.1), frame)
    else:
        gap = 0.0 if kind == "arm" else rng.uniform(0.0, 0.15)
        mesh.wedge(
            (rear, rear + t, width),
            (rear - lean, rear - lean + t, width * rng.uniform(0.8, 1.0)),
            (seat + gap, back),
            cloth,
        )
        mesh.wedge(
            (rear - 0.012, rear, width * 0.7),
            (rear - lean - 0.012, rear - lean, width * 0.65),
            (seat + gap + 0.04, back - 0.06),
            shade(frame, 0.6),
        )
        if gap:
            mesh.box((rear + 0.02, 0, seat + gap / 2), (0.04, 0.1, gap + 0.05), (0.2,) * 3)
    if kind == "arm" or rng.random() < 0.35:
        for side in (-1, 1):
            y = side * (width / 2 + (0.0 if kind == "arm" else 0.02))
            if kind == "arm":
                mesh.box((0.0, y, seat * 0.68), (depth, 0.16, seat * 1.25), shade(cloth, 0.9))
            else:
                mesh.box((0.02, y, seat + 0.22), (depth * 0.85, 0.05, 0.04), frame)
                mesh.box((front - 0.08, y, seat + 0.1), (0.04, 0.04, 0.22), frame)
    # A chair as tall as a child is too small to see from a robot; these are a little larger than life.
    return mesh.moved((0, 0, 0), float(rng.uniform(1.15, 1.45)))
