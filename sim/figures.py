"""Parametric people on foot."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, SKINS, Rng, grounded, head, joint, tube
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import body_colour, jitter, pick, shade


class _Build:
    """Measures of a person in metres."""

    def __init__(self, rng: Rng) -> None:
        child = rng.random() < 0.12
        self.height = rng.uniform(1.05, 1.4) if child else rng.uniform(1.48, 1.95)
        self.stout = rng.uniform(0.8, 1.3)
        self.head = 0.062 * 1.75 * (self.height / 1.75) ** (0.35 if child else 0.8)
        self.neck = self.height - self.head * 2.75
        self.hip = self.height * rng.uniform(0.46, 0.51)
        self.shoulder = 0.115 * self.height * rng.uniform(0.92, 1.12) * self.stout**0.4
        self.waist = self.shoulder * rng.uniform(0.72, 0.95) * self.stout**0.5
        self.deep = 0.064 * self.height * self.stout**0.7
        self.belly = rng.uniform(0.0, 0.5) * self.deep * max(0.3, self.stout - 0.4)


def pedestrian(rng: Rng) -> Mesh:
    """A person who stands, walks or runs: face, toes and what is held ahead; hair, hood and rucksack behind."""
    mesh = Mesh()
    b = _Build(rng)
    skin = jitter(rng, pick(rng, SKINS), 0.04)
    shirt, trousers = body_colour(rng), body_colour(rng)
    gait = pick(rng, ("stand", "walk", "walk", "walk", "run"))
    lean = {"stand": 0.0, "walk": rng.uniform(0.0, 0.05), "run": rng.uniform(0.08, 0.22)}[gait]
    turn = pick(rng, (-1, 1)) * {"stand": rng.uniform(0.0, 0.25), "walk": rng.uniform(0.4, 1.0), "run": 1.0}[gait]
    stride = b.height * {"stand": 0.06, "walk": 0.15, "run": 0.22}[gait]
    chest = np.array([lean * (b.neck - b.hip), 0.0, b.neck])
    wear = pick(rng, ("shirt", "shirt", "shirt", "coat", "coat", "skirt", "dress"))
    _legs(mesh, rng, b, gait, turn * stride, (skin if wear in ("skirt", "dress") else trousers))
    _trunk(mesh, rng, b, chest, wear, (shirt, trousers))
    _arms(
        mesh, rng, b, chest, turn * stride, (pick(rng, (shirt, shirt, shirt, skin)) if wear != "coat" else shirt, skin)
    )
    mesh.cylinder(chest - [0.01, 0, 0.05], chest + [0.02, 0, b.head * 0.7], b.head * 0.6, skin, sides=6)
    head(mesh, rng, chest + [0.03, 0, b.head * 1.5], b.head, float(np.clip(rng.normal(0, 0.25), -0.6, 0.6)))
    _luggage(mesh, rng, b, chest, shirt)
    return grounded(mesh)


def _legs(mesh: Mesh, rng: Rng, b: _Build, gait: str, reach: float, cloth: Colour) -> None:
    """Legs in step, knees bent ahead, toes ahead; when running the rear heel is up."""
    thick = 0.05 * b.height * b.stout**0.6
    shoe, sole = shade(body_colour(rng), 0.6), b.height * 0.035
    foot_long, high = b.height * rng.uniform(0.145, 0.17), rng.random() < 0.2
    for side in (-1, 1):
        y = side * b.shoulder * 0.48
        hip = np.array([0.0, y, b.hip])
        ahead = reach * side
        lift = 0.0 if gait == "stand" else max(0.0, -ahead) * (1.3 if gait == "run" else 0.35)
        foot = np.array([ahead, y * 1.05, sole * 2 + lift])
        thigh = (b.hip - sole * 2) * 0.503
        knee = joint(hip, foot, thigh, thigh, (1, 0, 0.1))
        tube(mesh, [hip, knee], [thick * 1.15, thick * 0.85], cloth)
        tube(mesh, [knee, foot], [thick * 0.85, thick * (1.0 if rng.random() < 0.2 else 0.6)], cloth)
        pitch = 0.5 * lift / max(0.01, abs(reach))  # a foot that leaves the ground points down
        heel, toe = foot - [foot_long * 0.3, 0, sole], foot + [foot_long * 0.7, 0, -sole - foot_long * pitch]
        tube(
            mesh,
            [heel, foot + [0.02, 0, -sole * 0.7], toe],
            [(thick * 0.6, sole), (thick * 0.72, sole * 1.2), (thick * 0.55, sole * 0.55)],
            shoe,
            sides=4,
        )
        if high:
            mesh.cylinder(foot - [0, 0, sole], foot + (knee - foot) * 0.55, thick * 0.75, shoe, thick * 0.95, sides=6)


def _trunk(mesh: Mesh, rng: Rng, b: _Build, chest: np.ndarray, wear: str, paints: tuple[Colour, Colour]) -> None:
    """The trunk with a belly ahead and a seat behind, and what hangs down from it."""
    shirt, trousers = paints
    low = b.hip - 0.04 * b.height
    path = [
        np.array([-b.deep * 0.15, 0, low]),
        np.array([b.belly * 0.4, 0, b.hip + (b.neck - b.hip) * 0.3]),
        chest - [-b.deep * 0.1, 0, (b.neck - b.hip) * 0.25],
        chest - [0.0, 0, 0.03 * b.height],
        chest,
    ]
    rings = [
        (b.shoulder * 0.88, b.deep * 1.1),
        (b.waist, b.deep * 0.9 + b.belly * 0.6),
        (b.shoulder, b.deep * 1.05),
        (b.shoulder * 0.98, b.deep * 0.8),
        (b.shoulder * 0.4, b.deep * 0.5),
    ]
    tube(mesh, path, rings, shirt, sides=8)
    if wear in ("coat", "skirt", "dress"):
        hem = b.height * (rng.uniform(0.2, 0.42) if wear != "coat" else rng.uniform(0.24, 0.45))
        flare = rng.uniform(1.15, 1.9) if wear != "coat" else rng.uniform(1.1, 1.35)
        cloth = trousers if wear == "skirt" else shirt
        hem_at = np.array([-b.deep * rng.uniform(0.1, 0.6), 0, hem])
        tube(
            mesh,
            [hem_at, path[1]],
            [(b.shoulder * flare * 0.85, b.deep * flare * 1.25), (b.waist * 1.04, rings[1][1] * 1.06)],
            cloth,
            sides=8,
        )
        if wear == "coat":  # it is open ahead
            front = b.deep * 1.1 + b.belly
            mesh.wedge(
                (front * 0.6, hem_at[0] + b.deep * flare * 1.3, b.shoulder * 0.5),
                (front * 0.4, front + 0.02, b.shoulder * 0.25),
                (hem + 0.01, path[1][2]),
                shade(trousers, 0.7),
            )
    middle, tall = (b.hip + b.neck) / 2, b.neck - b.hip
    bulge = b.deep * 1.05 + b.belly * 0.5
    front = pick(rng, ("open", "print", "tie", "vest", "plain"))
    x = bulge + float(chest[0]) * 0.6 - 0.005
    if front == "open":
        mesh.wedge(
            (x - 0.06, x, b.shoulder * 0.5),
            (x - 0.06, x, b.shoulder * 0.75),
            (b.hip, b.neck - 0.06 * tall),
            pick(rng, ((0.92, 0.92, 0.92), body_colour(rng))),
        )
    elif front == "print":
        mesh.box((x - 0.02, 0, middle + 0.12 * tall), (0.05, b.shoulder * 1.1, tall * 0.35), body_colour(rng))
    elif front == "tie":
        mesh.box((x - 0.02, 0, middle + 0.08 * tall), (0.06, 0.08, tall * 0.7), body_colour(rng))
    elif front == "vest":
        for t in (0.45, 0.65):
            at = path[1] + t * (path[3] - path[1])
            tube(
                mesh,
                [at - [0, 0, 0.03], at + [0, 0, 0.03]],
                [(b.shoulder * 1.06, bulge * 1.08)] * 2,
                body_colour(rng),
                sides=8,
            )
    if rng.random() < 0.3:  # a hood that hangs behind, or a collar
        mesh.sphere(
            chest - [b.deep * 1.0, 0, 0.03],
            (b.deep * 0.6, b.shoulder * 0.55, b.height * 0.055),
            shirt,
            sides=6,
            rings=4,
        )
    if rng.random() < 0.15:  # a scarf, its end ahead
        scarf = body_colour(rng)
        mesh.cylinder(chest - [0, 0, 0.01], chest + [0, 0, b.head * 0.5], b.head * 1.0, scarf, b.head * 0.85, sides=7)
        mesh.box(chest + [b.deep * 1.1, 0.04, -tall * 0.2], (0.05, 0.09, tall * 0.45), scarf)


def _arms(mesh: Mesh, rng: Rng, b: _Build, chest: np.ndarray, reach: float, paints: tuple[Colour, Colour]) -> None:
    """Arms that swing against the legs, hold something ahead or rest in the pockets."""
    sleeve, skin = paints
    thick, part = 0.03 * b.height * b.stout**0.5, 0.17 * b.height
    pose = pick(rng, ("swing", "swing", "swing", "pockets", "phone", "carry", "wave", "behind"))
    for side in (-1, 1):
        shoulder = chest + [0.0, side * (b.shoulder + thick * 0.4), -0.045 * b.height]
        ahead = -reach * side
        low = shoulder[2] - part * 1.85
        hand = np.array([ahead + chest[0] + 0.03, shoulder[1] + side * 0.02, low + abs(ahead) * 0.5])
        if pose == "pockets":
            hand = np.array([b.deep * 0.6, side * b.shoulder * 1.05, b.hip + 0.02])
        elif pose == "phone" and side > 0:
            hand = chest + [part * 1.15, 0.06, -part * rng.uniform(0.2, 0.7)]
            mesh.box(hand + [0.03, 0, 0.05], (0.03, 0.08, 0.15), DARK)
        elif pose == "carry":
            hand = chest + [part * 1.25, side * 0.15, -part * 1.15]
        elif pose == "wave" and side > 0:
            hand = shoulder + [part * 0.7, side * part * 0.5, part * 1.3]
        elif pose == "behind":
            hand = np.array([-b.deep * 1.6, side * 0.05, b.hip + 0.05])
        bend = (0.3, side, 0.0) if pose == "behind" else (-1.0, side * 0.4, 0.0)
        elbow = joint(shoulder, hand, part, part, bend)
        tube(mesh, [shoulder + [0, 0, thick], elbow], [thick * 1.35, thick], sleeve)
        tube(mesh, [elbow, hand], [thick * 0.95, thick * 0.75], sleeve if rng.random() < 0.5 else skin, sides=5)
        mesh.sphere(hand, 0.029 * b.height, skin, sides=5, rings=3)
        if pose in ("swing", "wave") and rng.random() < 0.22:  # a bag or a case in the hand
            size = b.height * rng.uniform((0.12, 0.04, 0.12), (0.26, 0.09, 0.2))
            mesh.box(hand - [0, 0, size[2] / 2 + 0.07], size, body_colour(rng))
            mesh.box(hand - [0, 0, 0.04], (size[0] * 0.4, 0.02, 0.08), DARK)
    if pose == "carry":
        size = b.height * rng.uniform((0.12, 0.18, 0.1), (0.2, 0.26, 0.22))
        mesh.box(chest + [part * 1.25, 0, -part * 1.15 + size[2] / 2], size, body_colour(rng))


def _luggage(mesh: Mesh, rng: Rng, b: _Build, chest: np.ndarray, shirt: Colour) -> None:
    """A rucksack, a shoulder bag, a case on wheels behind, a stick or an umbrella."""
    kind = pick(rng, ("none",) * 5 + ("pack",) * 4 + ("bag",) * 2 + ("case", "stick", "umbrella"))
    paint, tall = body_colour(rng), b.neck - b.hip
    middle = np.array([chest[0] * 0.6, 0.0, (b.hip + b.neck) / 2])
    if kind == "pack":
        deep, high = rng.uniform(0.12, 0.26), tall * rng.uniform(0.6, 1.05)
        rear = middle[0] - b.deep * 0.9
        z = b.neck - 0.04 - high
        wide = b.shoulder * rng.uniform(1.2, 1.6)
        mesh.wedge((rear - deep, rear, wide), (rear - deep * 0.7, rear, wide * 0.85), (z, z + high), paint)
        mesh.box((rear - deep - 0.025, 0, z + high * 0.3), (0.07, wide * 0.65, high * 0.4), shade(paint, 0.6))
        for side in (-1, 1):
            mesh.box(middle + [b.deep, side * b.shoulder * 0.6, 0.06], (0.04, 0.045, tall * 0.65), shade(paint, 0.7))
        if rng.random() < 0.25:
            roll = (rear - deep * 0.5, -wide * 0.6, z + high + 0.06), (rear - deep * 0.5, wide * 0.6, z + high + 0.06)
            mesh.cylinder(*roll, 0.075, body_colour(rng), sides=7)
    elif kind == "bag":
        side = pick(rng, (-1, 1))
        size = b.height * rng.uniform((0.14, 0.05, 0.1), (0.24, 0.09, 0.2))
        y = side * (b.shoulder * 1.02 + size[1] / 2)
        mesh.box((-0.04, y, b.hip + 0.02), size, paint)
        over = pick(rng, (-1, 1))
        for x in (b.deep * 1.1 + b.belly * 0.3, -b.deep * 1.1):
            mesh.cylinder(
                (x * 0.6, y * 0.95, b.hip + 0.04),
                (x + chest[0] * 0.6, over * side * b.shoulder * 0.5, b.neck - 0.03),
                0.016,
                paint,
                sides=4,
            )
    elif kind == "case":
        side, size = pick(rng, (-1, 1)), rng.uniform((0.2, 0.3, 0.45), (0.28, 0.42, 0.65))
        at = np.array([-0.45, side * b.shoulder * 1.5, size[2] / 2 + 0.07])
        mesh.box(at, size, paint)
        mesh.cylinder(at + [0, 0, size[2] / 2], (-0.1, side * b.shoulder * 1.25, b.hip), 0.018, DARK, sides=4)
        for y in (-1, 1):
            mesh.cylinder(
                at + [0, y * size[1] * 0.4 - 0.02, 0.045 - at[2]],
                at + [0, y * size[1] * 0.4 + 0.02, 0.045 - at[2]],
                0.045,
                DARK,
                sides=6,
            )
    elif kind == "stick":
        side = pick(rng, (-1, 1))
        mesh.cylinder(
            (0.3, side * b.shoulder * 1.3, 0.01), (0.1, side * b.shoulder * 1.2, b.hip), 0.016, paint, sides=4
        )
    elif kind == "umbrella":
        top = chest + [0.14, 0.12, b.head * 3 + rng.uniform(0.12, 0.25)]
        mesh.cylinder(chest + [0.18, 0.14, -0.2], top, 0.014, DARK, sides=4)
        mesh.cylinder(top - [0, 0, 0.18], top, rng.uniform(0.45, 0.58), paint, 0.03, sides=8)
