"""Parametric trams."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.coaches import INSIDE, folding_door, windows
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    AMBER_LAMP,
    DARK,
    RED_LAMP,
    STEEL,
    TYRE,
    WHITE_LAMP,
    body_colour,
    chance,
    glass_colour,
    pick,
    shade,
    trim_colour,
)
from pose_ssl_sim.parts import end_panel, lamps, loft, ring, rod, round_lamp

Rng = np.random.Generator


def tram(rng: Rng, driven: bool = True) -> Mesh:
    """A tram that drives one way, as those do that turn in loops.

    Ahead are the driver's window, the line's number and the lamps; doors are on
    the right, the current collector leans backwards and a coupling sticks out behind.
    """
    mesh = Mesh()
    old = chance(rng, 0.3)
    sections = 1 if old else int(rng.integers(1, 4))
    length = rng.uniform(7.5, 9.5) if sections == 1 else rng.uniform(3.9, 4.5) * sections
    width, height = rng.uniform(2.1, 2.45), rng.uniform(2.9, 3.3)
    front, rear, h = length / 2, -length / 2, width / 2
    paint = body_colour(rng)
    lower = pick(rng, (paint, body_colour(rng), shade(paint, 0.6)))
    glass, trim = glass_colour(rng), trim_colour(rng, paint)
    sill, skirt = rng.uniform(1.05, 1.3), rng.uniform(0.16, 0.3) if not old else rng.uniform(0.5, 0.65)
    eaves = height - 0.25
    nose = rng.uniform(0.1, 0.35) if old else rng.uniform(0.5, 1.2)
    edges = np.linspace(rear, front - nose, sections + 1)
    doors = []
    for k, (a, b) in enumerate(zip(edges, edges[1:], strict=False)):
        a, b = a + (0.22 if k else 0.0), b - (0.22 if k < sections - 1 else 0.0)
        loft(mesh, [(a, skirt, h), (b, skirt, h), (b, sill, h), (a, sill, h)], lower)
        loft(mesh, [(a, sill, h), (b, sill, h), (b, eaves, h * 0.97), (a, eaves, h * 0.97)], paint)
        mesh.wedge((a, b, width * 0.97), (a + 0.15, b - 0.1, width * 0.75), (eaves, height), shade(paint, 0.9))
        if k:
            mesh.box((a - 0.22, 0, (skirt + height) / 2 - 0.05), (0.46, width * 0.88, height - skirt - 0.2), DARK)
        doors += [b - 0.75] if sections > 1 else [b - 0.7, (a + b) / 2, a + 0.8]
        windows(mesh, rng, (a, b + 0.1), h * 0.985, [(sill + 0.05, eaves - 0.12)], doors, glass)
        for x in (a + (b - a) * 0.25, b - (b - a) * 0.25) if k in (0, sections - 1) else ():
            _bogie(mesh, x, h, skirt)
    for x in doors:
        folding_door(
            mesh, -1, x, 1.0, (skirt + 0.08, eaves - 0.1), h, glass, paint, is_open=not driven and chance(rng, 0.5)
        )
    _tram_face(mesh, rng, (front - nose, front), (skirt, sill, eaves, height), h, (paint, lower, trim, glass), old)
    _tram_back(mesh, rng, rear, (skirt, sill, eaves), h, glass)
    _collector(mesh, rng, (rear, front), height, old)
    if not old and chance(rng, 0.7):
        mesh.box((rng.uniform(0.1, 0.3) * length, 0, height + 0.1), (rng.uniform(0.9, 1.8), width * 0.6, 0.24), STEEL)
    return mesh


def _bogie(mesh: Mesh, x: float, h: float, skirt: float) -> None:
    """Two pairs of small wheels under a dark frame, of which only the outer faces show."""
    for side in (-1, 1):
        mesh.box((x, side * h * 0.8, max(0.3, skirt - 0.02)), (1.5, 0.1, 0.22), DARK)
        for dx in (-0.5, 0.5):
            for radius, y, colour in ((0.29, 0.88, TYRE), (0.15, 0.885, STEEL)):
                mesh.face(ring((x + dx, side * h * y, 0.29), radius, 8)[::-side], colour)


def _tram_face(
    mesh: Mesh,
    rng: Rng,
    x: tuple[float, float],
    z: tuple[float, float, float, float],
    h: float,
    colours: tuple[Colour, Colour, Colour, Colour],
    old: bool,
) -> None:
    """A nose that narrows, with the windscreen, the line's number, lamps and a guard for the track."""
    back, front = x
    skirt, sill, eaves, height = z
    paint, lower, trim, glass = colours
    k = rng.uniform(0.66, 0.85)
    slope = (front - back) * rng.uniform(0.4, 0.9)
    tip = front - rng.uniform(0.0, 0.12)
    rings = [
        [(back, -h, skirt), (front - 0.1, -h * k, skirt), (front - 0.1, h * k, skirt), (back, h, skirt)],
        [(back, -h, sill), (tip, -h * k, sill), (tip, h * k, sill), (back, h, sill)],
        [
            (back, -h * 0.97, eaves),
            (front - slope, -h * 0.85, eaves),
            (front - slope, h * 0.85, eaves),
            (back, h * 0.97, eaves),
        ],
        [
            (back, -h * 0.75, height),
            (max(back, front - slope - 0.2), -h * 0.7, height),
            (max(back, front - slope - 0.2), h * 0.7, height),
            (back, h * 0.75, height),
        ],
    ]
    for low, high, colour in zip(rings, rings[1:], (lower, paint, paint), strict=False):
        mesh.hexahedron(low, high, colour)
    run = (tip - front + slope) / (eaves - sill)
    z0, z1 = sill + 0.04, eaves - (0.34 if old else 0.25)
    a, b = tip - (z0 - sill) * run + 0.014, tip - (z1 - sill) * run + 0.014
    wide = (k + 0.03) * h * 0.97, (k + (0.85 - k) * 0.8) * h * 0.97
    panes = ((-1.0, -0.36), (-0.32, 0.32), (0.36, 1.0)) if old else ((-1.0, 1.0),)
    for p, q in panes:
        mesh.face([(a, p * wide[0], z0), (a, q * wide[0], z0), (b, q * wide[1], z1), (b, p * wide[1], z1)], glass)
    board = b - 0.13 * run
    mesh.box((board, 0, z1 + 0.13), (0.1, h * 1.1, 0.19), INSIDE)
    end_panel(mesh, 1, (board + 0.056, board + 0.056), (z1 + 0.07, z1 + 0.19), (-h * 0.4, h * 0.3), AMBER_LAMP)
    lamp_z = rng.uniform(min(skirt + 0.3, sill - 0.3), sill - 0.15)
    if old or chance(rng, 0.4):
        for y in (0.0,) if old and chance(rng, 0.5) else (-h * k * 0.7, h * k * 0.7):
            round_lamp(mesh, (front - 0.03, y, lamp_z), 0.14 if old else 0.11, WHITE_LAMP)
    else:
        lamps(mesh, front - 0.04, h * k * 0.72, lamp_z, (0.3, 0.12), WHITE_LAMP, 0.12)
    mesh.wedge(
        (front - 0.2, front + 0.1, h * k * 1.8), (front - 0.2, front, h * k * 1.9), (0.1, max(0.34, skirt + 0.12)), trim
    )
    rod(mesh, (a + 0.02, 0.05, z0), (b + 0.02, -h * 0.25, (z0 + z1) / 2 + 0.2), 0.02, DARK, 3)
    for side in (-1, 1):
        mesh.box((back + (tip - back) * 0.6, side * (h + 0.1), eaves - 0.4), (0.1, 0.14, 0.36), DARK)


def _tram_back(mesh: Mesh, rng: Rng, rear: float, z: tuple[float, float, float], h: float, glass: Colour) -> None:
    """Flat, with a small window, a coupling and lamps at the edges."""
    skirt, sill, eaves = z
    x = rear - 0.012
    wide = rng.uniform(0.4, 0.7)
    end_panel(mesh, -1, (x, x), (sill + rng.uniform(0.15, 0.4), eaves - 0.25), (-h * wide, h * wide), glass)
    tall = rng.uniform(0.2, 0.45)
    lamps(mesh, rear - 0.01, h * 0.85, rng.uniform(0.85, 1.05), (0.2, tall), RED_LAMP)
    mesh.box((rear - 0.2, 0, 0.45), (0.5, 0.22, 0.18), DARK)
    mesh.box((rear - 0.02, 0, max(0.4, skirt + 0.1)), (0.1, h * 1.7, 0.16), DARK)
    for y in (-0.3, 0.0, 0.3):
        end_panel(mesh, -1, (x, x), (0.62, 0.76), (y - 0.1, y + 0.1), DARK)


def _collector(mesh: Mesh, rng: Rng, x: tuple[float, float], height: float, old: bool) -> None:
    """A pantograph whose knee points backwards, or a pole that trails."""
    rear, front = x
    at = rear + (front - rear) * rng.uniform(0.45, 0.7)
    lift = rng.uniform(0.5, 0.9)
    if old and chance(rng, 0.5):
        rod(mesh, (at, 0, height), (rear + 0.2, 0, height + lift), 0.04, DARK)
        return
    mesh.box((at, 0, height + 0.06), (0.8, 0.9, 0.08), DARK)
    knee = (at - 0.6, height + 0.1 + lift * 0.5)
    for side in (-1, 1):
        rod(mesh, (at + 0.2, side * 0.3, height + 0.08), (knee[0], side * 0.3, knee[1]), 0.035, DARK, 3)
        rod(mesh, (knee[0], side * 0.3, knee[1]), (at + 0.05, side * 0.2, height + 0.1 + lift), 0.03, DARK, 3)
    mesh.box((at + 0.05, 0, height + 0.12 + lift), (0.14, 1.3, 0.06), STEEL)
