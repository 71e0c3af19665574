"""What lorries carry: each function fills the bed between two x, above z[0], below about z[1]."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import (
    DARK,
    STEEL,
    body_colour,
    chance,
    jitter,
    pick,
    shade,
)
from pose_ssl_sim.parts import end_panel, rod, side_panel, slab

Rng = np.random.Generator


def box(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """A closed box, plain or with stripes or ribs; its doors may be open."""
    load = body_colour(rng)
    middle, long, tall = (x[0] + x[1]) / 2, x[1] - x[0], z[1] - z[0]
    h = width * 0.515
    mesh.box((middle, 0, (z[0] + z[1]) / 2), (long, 2 * h, tall), load)
    if not driven and chance(rng, 0.4):  # doors open on what is inside
        end_panel(
            mesh, -1, (x[0] - 0.01, x[0] - 0.01), (z[0] + 0.08, z[1] - 0.08), (-h * 0.92, h * 0.92), (0.08, 0.07, 0.07)
        )
        for side in (-1, 1):
            mesh.box((x[0] - 0.5, side * (h + 0.02), (z[0] + z[1]) / 2), (1.0, 0.06, tall - 0.1), shade(load, 0.9))
        if chance(rng, 0.6):
            mesh.box((x[0], rng.uniform(-0.4, 0.4), z[0] + 0.5), (0.2, 0.8, 0.8), body_colour(rng))
    else:
        for y in (-h * 0.5, 0.0, h * 0.5):
            end_panel(
                mesh,
                -1,
                (x[0] - 0.012, x[0] - 0.012),
                (z[0] + 0.06, z[1] - 0.06),
                (y - 0.025, y + 0.025),
                shade(load, 0.55),
            )
    low = z[0] + tall * rng.uniform(0.15, 0.5)
    stripe, span = body_colour(rng), rng.uniform(0.25, 0.48)
    style = pick(rng, ("stripe", "ribs", "plain", "slant"))
    for side in (-1, 1):
        if style == "stripe":
            outline = [
                (middle - long * span, low),
                (middle + long * span, low),
                (middle + long * span, low + tall * 0.3),
                (middle - long * span, low + tall * 0.3),
            ]
            side_panel(mesh, side, outline, h + 0.008, stripe)
        elif style == "slant":
            outline = [
                (x[0] + 0.1, z[0] + 0.1),
                (middle, z[0] + 0.1),
                (middle + long * 0.3, z[1] - 0.1),
                (middle, z[1] - 0.1),
            ]
            side_panel(mesh, side, outline, h + 0.008, stripe)
        elif style == "ribs":
            for k in np.linspace(0.12, 0.88, 6):
                rib = x[0] + long * k
                side_panel(
                    mesh,
                    side,
                    [
                        (rib - 0.03, z[0] + 0.05),
                        (rib + 0.03, z[0] + 0.05),
                        (rib + 0.03, z[1] - 0.05),
                        (rib - 0.03, z[1] - 0.05),
                    ],
                    h + 0.008,
                    shade(load, 0.6),
                )
    if chance(rng, 0.2):  # a cooling unit over the cab
        mesh.box((x[1] + 0.12, 0, z[1] - 0.35), (0.3, width * 0.7, 0.5), shade(load, 0.7))


def boards(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """Low boards around an open bed, with or without crates; the board behind may hang down."""
    load = body_colour(rng)
    middle, long, floor = (x[0] + x[1]) / 2, x[1] - x[0], z[0]
    tall = rng.uniform(0.3, 0.7)
    mesh.box((middle, 0, floor), (long, width, 0.12), shade(load, 0.7))
    for side in (-1, 1):
        mesh.box((middle, side * width * 0.49, floor + tall / 2), (long, 0.06, tall), load)
    mesh.box((x[1] - 0.03, 0, floor + tall * 0.8), (0.07, width, tall * 1.6), shade(load, 0.85))
    if driven or chance(rng, 0.5):
        mesh.box((x[0] + 0.03, 0, floor + tall / 2), (0.06, width, tall), load)
    else:
        mesh.box((x[0] - 0.02, 0, floor - tall / 2), (0.06, width, tall), load)
    for _ in range(int(rng.integers(0, 4))):
        size = rng.uniform((0.6, 0.5, 0.4), (1.4, 1.3, 1.3))
        at = (rng.uniform(x[0] + 0.7, x[1] - 0.8), rng.uniform(-0.35, 0.35), floor + 0.06 + size[2] / 2)
        mesh.box(at, size, body_colour(rng))


def tank(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """A tank with a walkway and a ladder."""
    load = body_colour(rng)
    r = min(width * 0.48, (z[1] - z[0]) / 2)
    mesh.cylinder((x[0] + 0.1, 0, z[0] + r), (x[1], 0, z[0] + r), r, load, sides=10)
    middle = (x[0] + x[1]) / 2
    mesh.box((middle, 0, z[0] + 2 * r + 0.02), (x[1] - x[0] - 0.8, 0.4, 0.08), STEEL)
    for k in (-0.25, 0.25):
        mesh.cylinder(
            (middle + k * (x[1] - x[0]), 0, z[0] + 2 * r),
            (middle + k * (x[1] - x[0]), 0, z[0] + 2 * r + 0.14),
            0.22,
            shade(load, 0.7),
            sides=6,
        )
    for y in (-0.2, 0.2):  # the ladder behind
        rod(mesh, (x[0] + 0.05, y, z[0]), (x[0] + 0.05, y, z[0] + 2 * r), 0.03, STEEL, 3)
    mesh.box((x[0] + 0.1, 0, z[0] + 0.1), (0.2, width * 0.9, 0.25), shade(load, 0.6))


def tipper(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """A skip with a heap in it, tipped up or not."""
    load, heap = body_colour(rng), body_colour(rng)
    tall = rng.uniform(0.7, 1.15)
    tilt = rng.uniform(0.25, 0.65) if not driven and chance(rng, 0.4) else 0.0
    long = x[1] - x[0]
    part = Mesh()
    h = width * 0.5
    part.wedge((0.05, long, width * 0.8), (-0.1, long + 0.05, width), (0.0, tall), load)
    part.wedge(
        (0.0, long - 0.05, width * 0.9),
        (long * 0.3, long * 0.7, width * 0.3),
        (tall, tall + rng.uniform(0.05, 0.5)),
        heap,
    )
    part.wedge(
        (long - 0.1, long + 0.05, width * 0.9),
        (long - 0.1, long + 0.5, width * 0.9),
        (tall, tall + 0.15),
        shade(load, 0.8),
    )
    for side in (-1, 1):
        for k in (0.2, 0.5, 0.8):
            side_panel(
                part,
                side,
                [(long * k - 0.05, 0.05), (long * k + 0.05, 0.05), (long * k + 0.05, tall), (long * k - 0.05, tall)],
                [h * 0.82 + 0.01, h * 0.82 + 0.01, h + 0.01, h + 0.01],
                shade(load, 0.6),
            )
    c, s = np.cos(tilt), np.sin(tilt)
    for points, colour in part.polygons():
        turned = points @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        mesh.face(turned + np.array([x[0] + 0.05, 0, z[0] + 0.02]), colour)
    if tilt:
        rod(mesh, (x[1] - 0.3, 0, z[0]), (x[0] + long * 0.75 * c, 0, z[0] + long * 0.75 * s), 0.08, STEEL, 5)


def mixer(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """A drum with its funnel and chute behind."""
    load, stripe = body_colour(rng), body_colour(rng)
    r = width * 0.46
    middle = z[0] + r + 0.1
    a, b, c = x[1] - 0.1, (x[0] + x[1]) / 2 + 0.1, x[0] + 0.25
    mesh.cylinder((a, 0, middle - 0.15), (b, 0, middle), r * 0.6, load, r, sides=9)
    mesh.cylinder((b, 0, middle), (c, 0, middle + 0.5), r, stripe if chance(rng, 0.5) else load, r * 0.45, sides=9)
    mesh.wedge((c - 0.25, c + 0.15, 0.6), (c - 0.4, c + 0.1, 0.9), (middle + 0.8, middle + 1.2), shade(load, 0.6))
    rod(mesh, (c - 0.05, 0, middle + 0.2), (x[0] - 0.25, 0, z[0] + 0.1), 0.13, STEEL)
    for side in (-1, 1):
        rod(mesh, (c, side * 0.5, z[0] - 0.1), (c, side * 0.35, middle + 0.85), 0.05, DARK)


def timber(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """Logs between posts."""
    wood = body_colour(rng)
    middle, long = (x[0] + x[1]) / 2, x[1] - x[0]
    mesh.box((middle, 0, z[0] - 0.03), (long, width * 0.9, 0.14), DARK)
    r = rng.uniform(0.18, 0.26)
    for row in range(int(rng.integers(1, 4))):
        for k in range(3 - row % 2):
            y = (k - (2 - row % 2) / 2) * 2 * r
            mesh.cylinder(
                (x[0] + rng.uniform(-0.3, 0.2), y, z[0] + r + row * 1.75 * r),
                (x[1] - 0.2, y, z[0] + r + row * 1.75 * r),
                r,
                jitter(rng, wood, 0.06),
                r * rng.uniform(0.8, 1.0),
                sides=6,
            )
    mesh.box((x[1] - 0.05, 0, z[0] + 0.7), (0.08, width * 0.9, 1.4), DARK)
    for side in (-1, 1):
        for share in (0.15, 0.6):
            mesh.box((x[0] + long * share, side * width * 0.44, z[0] + 0.55), (0.08, 0.07, 1.1), DARK)


def container(mesh: Mesh, rng: Rng, x: tuple[float, float], width: float, z: tuple[float, float], driven: bool) -> None:
    """A swap body or a curtain side that does not fill the whole bed, or two of them."""
    ends = [x[0], x[1]] if chance(rng, 0.6) else [x[0], (x[0] + x[1]) / 2 - 0.1, (x[0] + x[1]) / 2 + 0.1, x[1]]
    for a, b in zip(ends[::2], ends[1::2], strict=True):
        load = body_colour(rng)
        top = z[1] - rng.uniform(0.0, 0.5)
        slab(
            mesh,
            [(a, z[0]), (b, z[0]), (b, top - 0.15), (b - 0.1, top), (a + 0.1, top), (a, top - 0.15)],
            (-width / 2, width / 2),
            load,
        )
        for side in (-1, 1):
            for k in (0.0, 0.94):
                post = a + (b - a) * k
                side_panel(
                    mesh,
                    side,
                    [(post, z[0]), (post + 0.12, z[0]), (post + 0.12, top - 0.1), (post, top - 0.1)],
                    width / 2 + 0.008,
                    shade(load, 0.5),
                )
        end_panel(
            mesh, -1, (a - 0.01, a - 0.01), (z[0] + 0.1, top - 0.2), (-width * 0.3, width * 0.3), shade(load, 0.75)
        )


#: Each as often as it is listed.
BODIES = (box, box, boards, boards, tank, tipper, mixer, timber, container)
