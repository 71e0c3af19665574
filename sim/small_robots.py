"""Small robots: one that walks on four legs, one that brings parcels."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.limbs import DARK, Rng, grounded, join, joint, stride, tube
from pose_ssl_sim.loads import goods
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


def delivery_robot(rng: Rng) -> Mesh:
    """A parcel robot: sloped nose with cameras and lamps ahead; mast, tail lamps and flat back behind."""
    mesh = Mesh()
    long = rng.uniform(0.6, 1.25)
    wide = long * rng.uniform(0.55, 0.8)
    kind = pick(rng, ("low", "low", "tall", "cooler"))
    body = long * {"low": rng.uniform(0.35, 0.5), "tall": rng.uniform(0.75, 1.1), "cooler": rng.uniform(0.5, 0.7)}[kind]
    paint, trim, band = body_colour(rng), body_colour(rng), body_colour(rng)
    front, rear = long / 2, -long / 2
    axles = pick(rng, ((-0.36, 0.36), (-0.36, 0.0, 0.36), (-0.36, 0.36)))
    radius = long * (rng.uniform(0.11, 0.14) if len(axles) == 3 else rng.uniform(0.12, 0.18))
    under = radius * rng.uniform(0.9, 1.5)
    for x in axles:
        for side in (-1, 1):
            y = side * wide * 0.5
            mesh.cylinder((x * long, y - side * wide * 0.14, radius), (x * long, y, radius), radius, TYRE, sides=9)
            mesh.cylinder((x * long, y, radius), (x * long, y + side * 0.012, radius), radius * 0.55, band, sides=6)
    mesh.box((0, 0, under + 0.03), (long * 0.85, wide * 0.68, 0.12), shade(trim, 0.5))
    slope, tuck = long * rng.uniform(0.06, 0.25), long * rng.uniform(0.0, 0.06)
    belt, top = under + body * rng.uniform(0.35, 0.6), under + body
    wall = wide * (rng.uniform(0.7, 0.85) if under < radius * 1.6 else 1.0)
    mesh.wedge((rear * 0.92, front * 0.9, wall * 0.9), (rear, front, wall), (under, belt), paint)
    mesh.wedge((rear, front, wall), (rear + tuck, front - slope, wall * rng.uniform(0.8, 1.0)), (belt, top), paint)

    # The face, upon the slope: a strip of glass or a pair of eyes.
    def on_slope(t: float) -> np.ndarray:
        return np.array([front - slope * t + 0.008, 0.0, belt + (top - belt) * t])

    face = pick(rng, ("strip", "screen", "eyes"))
    if face == "eyes":
        size = wall * rng.uniform(0.09, 0.15)
        for side in (-1, 1):
            eye = on_slope(0.5) + [0, side * wall * 0.22, 0]
            mesh.cylinder(eye - [0.02, 0, 0], eye + [0.02, 0, 0], size, WHITE_LAMP, sides=8)
            mesh.cylinder(eye + [0.02, 0, 0], eye + [0.03, 0, 0], size * 0.5, DARK, sides=6)
    else:
        a, b = (on_slope(t) for t in ((0.3, 0.6) if face == "strip" else (0.1, 0.9)))
        share = rng.uniform(0.6, 0.85)
        mesh.wedge((a[0] - 0.03, a[0], wall * share), (b[0] - 0.03, b[0], wall * share), (a[2], b[2]), GLASS)
        if face == "screen":
            for side in (-1, 1):
                mesh.box(
                    on_slope(0.5) + [0.01, side * wall * 0.18, 0], (0.03, wall * 0.12, (top - belt) * 0.3), WHITE_LAMP
                )
    banded = rng.random() < 0.5
    lamp = under + (belt - under) * 0.65
    for side in (-1, 1):
        mesh.box((front * 0.97, side * wall * 0.36, lamp), (0.05, wall * 0.16, body * 0.09), WHITE_LAMP)
        mesh.box((rear * 0.98, side * wall * 0.4, lamp), (0.05, wall * 0.1, body * 0.14), RED_LAMP)
        if banded:
            mesh.box((0, side * wall * 0.5, belt - body * 0.1), (long * 0.6, 0.02, body * 0.12), band)
    mesh.box((front * 0.98, 0, under + 0.02), (0.06, wall * 0.85, 0.06), DARK)  # bumper
    mesh.box((rear + 0.01, 0, under + body * 0.3), (0.03, wall * 0.45, body * 0.25), shade(trim, 0.6))
    middle, size = (rear + tuck + front - slope) / 2, front - slope - rear - tuck
    lid = rng.uniform(0.04, 0.14) * body
    if rng.random() < 0.2:  # its lid is open, hinged behind
        mesh.box((middle, 0, top + 0.003), (size * 0.86, wall * 0.72, 0.006), DARK)
        rise = size * 0.8
        mesh.wedge(
            (rear + tuck, rear + tuck + lid, wall * 0.85),
            (rear - rise * 0.3, rear - rise * 0.3 + lid, wall * 0.8),
            (top, top + rise),
            trim,
        )
        if rng.random() < 0.7:
            goods(
                mesh,
                rng,
                (middle - size * 0.35, -wall * 0.33, top - 0.02),
                (middle + size * 0.35, wall * 0.33, top + 0.14),
            )
    else:
        mesh.wedge(
            (rear + tuck, front - slope, wall * 0.92),
            (rear + tuck + lid, front - slope - lid * 2, wall * 0.75),
            (top, top + lid),
            trim,
        )
        top += lid
        if rng.random() < 0.3:
            mesh.box((middle - size * 0.1, 0, top + 0.08), (size * 0.5, wall * 0.5, 0.16), body_colour(rng))
    ahead = front - slope - long * 0.12
    if rng.random() < 0.45:  # a lidar over the nose
        r = wide * rng.uniform(0.08, 0.14)
        mesh.cylinder((ahead, 0, top - 0.03), (ahead, 0, top + r * 1.4), r, DARK, sides=8)
        mesh.cylinder((ahead, 0, top + r * 1.4), (ahead, 0, top + r * 1.8), r * 1.05, HUB, sides=8)
    mast = pick(rng, ("flag", "flag", "rod", "frame", "none"))
    root, high = np.array([rear + tuck + 0.05, pick(rng, (-1, 0, 1)) * wall * 0.3, top - 0.05]), rng.uniform(0.35, 0.75)
    if mast in ("flag", "rod"):
        mesh.cylinder(root, root + [-0.03, 0, high], 0.014, DARK, sides=4)
    if mast == "flag":
        mesh.box(root + [-0.03 - 0.09, 0, high - 0.07], (0.18, 0.012, 0.13), body_colour(rng))
    elif mast == "frame":  # a push bar
        for side in (-1, 1):
            mesh.box((rear - 0.03, side * wall * 0.35, top), (0.03, 0.03, high * 0.6), DARK)
        mesh.box((rear - 0.03, 0, top + high * 0.3), (0.035, wall * 0.75, 0.035), DARK)
    return grounded(mesh)
