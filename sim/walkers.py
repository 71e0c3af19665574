"""Robots on legs."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, Rng, grounded, join, joint, stride, tube
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import GLASS, HUB, RED_LAMP, TYRE, WHITE_LAMP, body_colour, pick, shade


def quadruped(rng: Rng) -> Mesh:
    """A walking robot: camera head, lidar or arm ahead; battery, fan or handle behind."""
    mesh = Mesh()
    long = rng.uniform(0.5, 1.0)
    wide, deep = long * rng.uniform(0.2, 0.32), long * rng.uniform(0.13, 0.22)
    height = long * rng.uniform(0.45, 0.75)  # of the body's middle
    shell, trim, limb = body_colour(rng), body_colour(rng), body_colour(rng)
    front, rear = long / 2, -long / 2
    pitch = float(np.clip(rng.normal(0, 0.05), -0.12, 0.12))
    body = Mesh()
    taper = rng.uniform(0.55, 1.0)
    body.wedge((rear * 0.9, front * 0.9, wide * 0.8), (rear, front, wide), (-deep / 2, 0.0), shell)
    body.wedge((rear, front, wide), (rear * 0.95, front * 0.9, wide * taper), (0.0, deep / 2), shell)
    _robot_head(body, rng, front, wide, deep, trim)
    _robot_back(body, rng, rear, wide, deep, trim)
    if rng.random() < 0.4:
        size = (long * rng.uniform(0.25, 0.5), wide * rng.uniform(0.6, 0.95), deep * rng.uniform(0.4, 1.0))
        body.box((rng.uniform(-0.1, 0.1) * long, 0, deep / 2 + size[2] / 2), size, body_colour(rng))
    if rng.random() < 0.25:  # an arm, folded or raised
        base, mast = np.array([front * 0.6, 0, deep / 2]), rng.uniform(0.25, 0.6) * long
        elbow = base + [-rng.uniform(0.1, 0.6) * long, 0, mast * 0.8]
        hand = base + [rng.uniform(0.2, 0.5) * long, 0, mast]
        tube(body, [base, elbow], [wide * 0.16, wide * 0.12], trim)
        tube(body, [elbow, hand], [wide * 0.12, wide * 0.1], limb)
        for side in (-1, 1):
            body.box(hand + [wide * 0.3, side * wide * 0.12, 0], (wide * 0.6, wide * 0.08, wide * 0.2), trim)
    join(mesh, body, (0, 0, height), 0.0, pitch)
    gait = pick(rng, ("stand", "walk", "trot"))
    knees = pick(rng, ((-1, -1), (-1, -1), (-1, 1), (1, -1)))
    wheels = rng.random() < 0.2
    thick = long * rng.uniform(0.03, 0.05)
    spread = rng.uniform(0.0, 0.15) * long
    for number, (ahead, lift) in enumerate(stride(rng, gait, long * rng.uniform(0.1, 0.22))):
        side, fore = (-1, 1)[number % 2], number < 2
        x = (front if fore else rear) * 0.78
        hip = np.array([x, side * (wide / 2 + thick * 1.6), height - x * np.sin(pitch)])
        mesh.cylinder(hip - [0, side * thick * 2.2, 0], hip + [0, side * thick * 0.8, 0], thick * 1.9, trim, sides=7)
        radius = thick * (2.6 if wheels else 1.0)
        foot = np.array([x + (0 if wheels else ahead), hip[1] + side * spread, radius + (0 if wheels else lift)])
        reach = float(np.linalg.norm(hip - foot)) * rng.uniform(1.06, 1.1) / 2
        knee = joint(hip, foot, reach, reach, (knees[0 if fore else 1], 0, 0))
        tube(mesh, [hip, knee], [(thick * 0.8, thick * 1.7), (thick * 0.7, thick)], limb)
        tube(mesh, [knee, foot], [(thick * 0.65, thick * 0.95), thick * 0.55], shade(limb, 0.5), sides=5)
        if wheels:
            out = foot + [0, side * thick * 1.4, 0]
            mesh.cylinder(foot, out, radius, TYRE)
            mesh.cylinder(out, out + [0, side * 0.01, 0], radius * 0.5, HUB, sides=6)
        else:
            mesh.sphere(foot, thick, DARK, sides=5, rings=3)
    return grounded(mesh)


def _robot_head(body: Mesh, rng: Rng, front: float, wide: float, deep: float, trim: Colour) -> None:
    """The sensors ahead: stereo eyes in a face, a head on a neck, a lidar before or above."""
    kind = pick(rng, ("face", "head", "visor", "head"))
    lamp = pick(rng, (WHITE_LAMP, GLASS))
    if kind == "face":
        body.wedge(
            (front * 0.88, front + deep * 0.25, wide * 0.7),
            (front * 0.85, front + deep * 0.1, wide * 0.6),
            (-deep * 0.35, deep * 0.4),
            trim,
        )
        x = front + deep * 0.2
    elif kind == "visor":
        body.wedge(
            (front * 0.85, front + deep * 0.5, wide * 0.85),
            (front * 0.85, front, wide * 0.7),
            (-deep * 0.4, deep * 0.55),
            trim,
        )
        body.box((front + deep * 0.3, 0, deep * 0.1), (deep * 0.12, wide * 0.75, deep * 0.3), GLASS)
        x = front + deep * 0.45
    else:
        reach, up = rng.uniform(0.3, 0.8) * deep, rng.uniform(0.1, 1.0) * deep
        tube(body, [(front * 0.9, 0, 0), (front + reach, 0, up)], [wide * 0.25, wide * 0.2], shade(trim, 0.6))
        body.wedge(
            (front + reach * 0.6, front + reach + deep * 0.9, wide * 0.75),
            (front + reach * 0.6, front + reach + deep * 0.4, wide * 0.6),
            (up - deep * 0.3, up + deep * 0.45),
            trim,
        )
        body.box((front + reach + deep * 0.7, 0, up + deep * 0.1), (deep * 0.2, wide * 0.55, deep * 0.3), DARK)
        for side in (-1, 1):
            body.box((front + reach + deep * 0.8, side * wide * 0.18, up + deep * 0.1), (deep * 0.12,) * 3, lamp)
        x = front + reach
    if kind != "head":
        for side in (-1, 1):
            place = (x, side * wide * 0.22, 0)
            body.cylinder(place, (x + deep * 0.15, place[1], 0), deep * 0.16, DARK, sides=6)
            body.cylinder((x + deep * 0.15, place[1], 0), (x + deep * 0.17, place[1], 0), deep * 0.1, lamp, sides=6)
    if rng.random() < 0.5:  # lidar
        r = wide * rng.uniform(0.2, 0.32)
        at = front * rng.uniform(0.45, 0.7)
        body.cylinder((at, 0, deep / 2), (at, 0, deep / 2 + r * 1.2), r, shade(trim, 0.4), sides=8)
        body.cylinder((at, 0, deep / 2 + r * 1.2), (at, 0, deep / 2 + r * 1.5), r * 1.05, HUB, sides=8)


def _robot_back(body: Mesh, rng: Rng, rear: float, wide: float, deep: float, trim: Colour) -> None:
    """What is behind: a flat plate with a grille, and a handle, an antenna or a battery."""
    body.box((rear - deep * 0.04, 0, 0), (deep * 0.12, wide * 0.7, deep * 0.5), DARK)
    for side in (-1, 1):
        body.box((rear - deep * 0.1, side * wide * 0.28, 0), (deep * 0.06, wide * 0.1, deep * 0.2), RED_LAMP)
    kind = pick(rng, ("handle", "antenna", "battery"))
    top = deep / 2
    if kind == "handle":
        for side in (-1, 1):
            body.box((rear * 0.85, side * wide * 0.3, top + deep * 0.3), (deep * 0.16, deep * 0.14, deep * 0.6), trim)
        body.box((rear * 0.85, 0, top + deep * 0.6), (deep * 0.18, wide * 0.75, deep * 0.16), trim)
    elif kind == "antenna":
        for side in (-1, 1):
            foot = np.array([rear * 0.85, side * wide * 0.35, top * 0.9])
            body.cylinder(foot, foot + [-deep * 0.2, 0, deep * rng.uniform(1.2, 2.2)], deep * 0.07, DARK, sides=4)
    else:
        body.wedge(
            (rear - deep * 0.45, rear * 0.8, wide * 0.8),
            (rear - deep * 0.2, rear * 0.75, wide * 0.7),
            (-deep * 0.3, top + deep * 0.25),
            shade(trim, 0.6),
        )
