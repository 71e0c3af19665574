"""Parametric excavators on tracks or wheels."""

from __future__ import annotations

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
    glass_colour,
    jitter,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import lamps, loft, rod, sheet, side_panel, slab, wheel
from pose_ssl_sim.riders import person

Rng = np.random.Generator


def excavator(rng: Rng, driver: bool = True) -> Mesh:
    """An excavator: boom and bucket ahead beside the cab, engine and counterweight behind; tracks or wheels."""
    mesh = Mesh()
    k = rng.uniform(0.6, 1.1)
    paint = body_colour(rng)
    trim = trim_colour(rng, paint)
    wheeled = chance(rng, 0.3)
    width, length = rng.uniform(2.1, 2.6) * k, rng.uniform(2.7, 3.4) * k
    deck = (rng.uniform(1.0, 1.15) if wheeled else rng.uniform(0.78, 0.95)) * k
    _undercarriage(mesh, rng, wheeled, length, width, deck, k, trim)
    rod(mesh, (0, 0, deck * 0.7), (0, 0, deck + 0.05), 0.5 * k, DARK, 6)
    rear, front = -rng.uniform(1.5, 1.9) * k, rng.uniform(0.9, 1.25) * k
    w = width * rng.uniform(0.88, 1.0)
    engine = deck + rng.uniform(0.85, 1.15) * k
    mesh.box(((rear + front) / 2, 0, deck + 0.12 * k), (front - rear, w, 0.2 * k), paint)
    mesh.wedge((rear + 0.35 * k, -0.1, w * 0.96), (rear + 0.3 * k, -0.2 * k, w * 0.9), (deck + 0.2 * k, engine), paint)
    loft(
        mesh,
        [
            (rear - 0.1 * k, deck + 0.1 * k, w * 0.4),
            (rear + 0.45 * k, deck + 0.02, w * 0.48),
            (rear + 0.45 * k, engine + 0.05, w * 0.48),
            (rear, engine - 0.1 * k, w * 0.44),
        ],
        pick(rng, (paint, paint, trim, shade(paint, 0.7))),
    )
    lamps(mesh, rear - 0.02, w * 0.33, deck + 0.4 * k, (0.2 * k, 0.14 * k), RED_LAMP, 0.12)
    rod(mesh, (rear + 0.7 * k, -w * 0.25, engine), (rear + 0.7 * k, -w * 0.25, engine + 0.4 * k), 0.06 * k, STEEL, 5)
    for y in (-0.2, 0.1, 0.4):
        side_panel(
            mesh,
            -1,
            [
                (rear + 0.5 * k, deck + (0.5 + y * 0.6) * k),
                (-0.3 * k, deck + (0.5 + y * 0.6) * k),
                (-0.3 * k, deck + (0.56 + y * 0.6) * k),
                (rear + 0.5 * k, deck + (0.56 + y * 0.6) * k),
            ],
            w * 0.482,
            DARK,
        )
    cab = _excavator_cab(mesh, rng, (front, deck + 0.2 * k), w, k, paint)
    if driver:
        x, y, z = cab
        part = Mesh()
        person(
            part,
            rng,
            (x, z + 0.1),
            (x + 0.02, z + 0.55),
            [(x + 0.32, s * 0.22, z + 0.3) for s in (-1, 1)],
            [(x + 0.5, s * 0.12, z - 0.3) for s in (-1, 1)],
            helmet=0.4,
            pack=0.0,
        )
        for points, colour in part.polygons():
            mesh.face(
                points * min(1.0, k + 0.15) + np.array([x, 0, z]) * (1 - min(1.0, k + 0.15)) + np.array([0, y, 0]),
                colour,
            )
    _boom(mesh, rng, front, deck + 0.3 * k, -w * 0.08, k, paint, trim)
    return mesh


def _undercarriage(
    mesh: Mesh, rng: Rng, wheeled: bool, length: float, width: float, deck: float, k: float, trim: Colour
) -> None:
    if wheeled:
        r = deck * 0.46
        mesh.box((0, 0, deck * 0.62), (length * 0.85, width * 0.5, deck * 0.35), trim)
        for x in (-length * 0.33, length * 0.33):
            for side in (-1, 1):
                wheel(mesh, x, side * width / 2, r, 0.4 * k, 9, hub=trim)
        blade = length / 2 + 0.2 * k
        mesh.wedge((blade, blade + 0.1, width), (blade - 0.08, blade, width), (0.12 * k, deck * 0.65), trim)
        mesh.box((length * 0.45, 0, deck * 0.45), (0.4 * k, 0.4 * k, 0.12 * k), trim)
        return
    h, t = deck * 0.82, 0.42 * k
    for side in (-1, 1):
        y = side * (width / 2 - t / 2)
        outline = [
            (-length * 0.38, 0.0),
            (length * 0.38, 0.0),
            (length * 0.5, h * 0.35),
            (length * 0.48, h * 0.75),
            (length * 0.38, h),
            (-length * 0.38, h),
            (-length * 0.48, h * 0.75),
            (-length * 0.5, h * 0.35),
        ]
        slab(mesh, outline, (y - t / 2, y + t / 2), TYRE)
        inner = [(x * 0.86, h / 2 + (z - h / 2) * 0.55) for x, z in outline]
        slab_y = side * (width / 2 + 0.012)
        side_panel(mesh, side, inner, abs(slab_y), trim)
    mesh.box((0, 0, h * 0.6), (length * 0.55, width - 2 * t, h * 0.5), trim)
    if chance(rng, 0.4):  # a dozer blade ahead
        blade = length / 2 + 0.15 * k
        mesh.wedge((blade, blade + 0.12 * k, width), (blade - 0.06, blade, width), (0.05, h * 0.75), trim)
        for side in (-1, 1):
            rod(
                mesh, (length * 0.3, side * width * 0.2, h * 0.5), (blade, side * width * 0.2, h * 0.35), 0.06 * k, trim
            )


def _excavator_cab(
    mesh: Mesh, rng: Rng, at: tuple[float, float], w: float, k: float, paint: Colour
) -> tuple[float, float, float]:
    """A cab on the left, open (canopy) or glazed; returns where its seat is."""
    front, floor = at
    glass = glass_colour(rng)
    y0, y1 = w * 0.07, w * 0.49
    back = front - rng.uniform(1.15, 1.4) * k
    roof = floor + rng.uniform(1.45, 1.7) * k
    toe = front + rng.uniform(0.0, 0.15) * k
    belt = floor + 0.45 * k
    middle = (y0 + y1) / 2
    frame = pick(rng, (paint, shade(paint, 0.8)))
    wide = y1 - y0
    outline = [(back, floor), (toe, floor), (toe - 0.02, belt), (back, belt)]
    slab(mesh, outline, (y0, y1), frame)
    top = (back + 0.05, toe - 0.3 * k)
    mesh.hexahedron(
        [
            (top[0] - 0.05, y0, roof - 0.08 * k),
            (top[1] + 0.05, y0, roof - 0.08 * k),
            (top[1] + 0.05, y1, roof - 0.08 * k),
            (top[0] - 0.05, y1, roof - 0.08 * k),
        ],
        [(top[0], y0 + 0.04, roof), (top[1], y0 + 0.04, roof), (top[1], y1 - 0.04, roof), (top[0], y1 - 0.04, roof)],
        frame,
    )
    for y in (y0 + 0.04, y1 - 0.04):
        rod(mesh, (toe - 0.04, y, belt), (top[1], y, roof - 0.05), 0.05 * k, frame)
        rod(mesh, (back + 0.05, y, belt), (top[0], y, roof - 0.05), 0.06 * k, frame)
    if chance(rng, 0.7):
        mesh.face(
            [(toe, y0, floor + 0.1 * k), (toe, y1, floor + 0.1 * k), (toe - 0.02, y1, belt), (toe - 0.02, y0, belt)],
            glass,
        )
        sheet(
            mesh,
            [
                (toe - 0.04, y0, belt),
                (toe - 0.04, y1, belt),
                (top[1], y1, roof - 0.08 * k),
                (top[1], y0, roof - 0.08 * k),
            ],
            glass,
        )
        for y in (y0, y1):
            sheet(
                mesh,
                [
                    (back + 0.05, y, belt),
                    (toe - 0.06, y, belt),
                    (top[1], y, roof - 0.08 * k),
                    (top[0], y, roof - 0.08 * k),
                ],
                glass,
            )
    seat = (back + 0.42 * k, middle, floor + 0.5 * k)
    mesh.box((seat[0], middle, seat[2] - 0.05), (0.4 * k, wide * 0.6, 0.14 * k), DARK)
    mesh.box((seat[0] - 0.22 * k, middle, seat[2] + 0.25 * k), (0.1 * k, wide * 0.55, 0.5 * k), DARK)
    mesh.box((toe - 0.3 * k, middle - wide * 0.2, roof + 0.04), (0.08, 0.16 * k, 0.1 * k), WHITE_LAMP)
    mesh.box((toe - 0.3 * k, middle + wide * 0.2, roof + 0.04), (0.08, 0.16 * k, 0.1 * k), WHITE_LAMP)
    return seat


def _boom(mesh: Mesh, rng: Rng, front: float, z: float, y: float, k: float, paint: Colour, trim: Colour) -> None:
    """Boom, stick and bucket in a random pose ahead of the machine."""
    t = 0.15 * k
    root = np.array([front - 0.35 * k, z])
    lift = rng.uniform(0.75, 1.15)
    long = rng.uniform(1.9, 2.5) * k
    knee = root + long * np.array([np.cos(lift), np.sin(lift)])
    drop = rng.uniform(-0.75, 0.05)
    elbow = knee + long * 0.7 * np.array([np.cos(drop), np.sin(drop)])
    hang = rng.uniform(-2.0, -1.25)
    stick = rng.uniform(1.4, 1.9) * k
    tip = elbow + stick * np.array([np.cos(hang), np.sin(hang)])
    if tip[1] < 0.75 * k:
        tip[1] = 0.75 * k
    colour = jitter(rng, paint, 0.03)
    for a, b, thick in ((root, knee, t * 1.2), (knee, elbow, t * 1.2), (elbow, tip, t * 0.9)):
        d = (b - a) / max(1e-6, float(np.linalg.norm(b - a)))
        n = np.array([-d[1], d[0]]) * thick
        a, b = a - d * thick * 0.5, b + d * thick * 0.5
        slab(mesh, [tuple(a - n), tuple(b - n * 0.8), tuple(b + n * 0.8), tuple(a + n)], (y - t, y + t), colour)
    rod(mesh, (root[0] + 0.3 * k, y, z), (*_between(root, knee, 0.7, y),), 0.05 * k, STEEL)
    over = (knee + elbow) / 2 + np.array([0, 0.28 * k])
    rod(mesh, (over[0], y, over[1]), (elbow[0] + 0.1 * k, y, elbow[1] + 0.25 * k), 0.05 * k, STEEL)
    kind = pick(rng, ("bucket", "bucket", "bucket", "breaker", "grab"))
    wide = rng.uniform(0.25, 0.45) * k
    x, h = float(tip[0]), float(tip[1])
    if kind == "bucket":  # its opening and teeth look back at the machine
        curl = rng.uniform(-0.5, 0.9)
        c, s = np.cos(curl), np.sin(curl)
        shape = [(0.1, 0.1), (-0.12, 0.08), (-0.42, -0.42), (-0.05, -0.6), (0.28, -0.35)]
        outline = [(x + (a * c - b * s) * k, max(0.02, h + (a * s + b * c) * k)) for a, b in shape]
        slab(mesh, outline, (y - wide, y + wide), trim)
    elif kind == "breaker":
        slab(
            mesh,
            [
                (x - 0.14 * k, h - 0.5 * k),
                (x + 0.14 * k, h - 0.5 * k),
                (x + 0.18 * k, h + 0.1 * k),
                (x - 0.18 * k, h + 0.1 * k),
            ],
            (y - 0.16 * k, y + 0.16 * k),
            trim,
        )
        rod(mesh, (x, y, h - 0.5 * k), (x, y, max(0.02, h - 0.85 * k)), 0.06 * k, STEEL, 5, 0.02)
    else:
        for side in (-1, 1):
            slab(
                mesh,
                [(x, h), (x + side * 0.1 * k, h - 0.65 * k), (x + side * 0.35 * k, h - 0.35 * k)]
                if side > 0
                else [(x, h), (x - 0.35 * k, h - 0.35 * k), (x - 0.1 * k, h - 0.65 * k)],
                (y - wide, y + wide),
                trim,
            )


def _between(a: np.ndarray, b: np.ndarray, share: float, y: float) -> tuple[float, float, float]:
    x, z = a + (b - a) * share
    return (float(x), y, float(z))
