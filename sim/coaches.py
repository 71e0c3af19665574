"""What buses and trams have in common: rows of windows, folding doors."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import (
    pick,
    shade,
)
from pose_ssl_sim.parts import side_panel

Rng = np.random.Generator
#: What shows of the inside through an open door.
INSIDE: Colour = (0.07, 0.07, 0.08)


def windows(
    mesh: Mesh,
    rng: Rng,
    x: tuple[float, float],
    h: float,
    rows: list[tuple[float, float]],
    doors: list[float],
    glass: Colour,
) -> None:
    """Side windows: a band, or panes between posts; the driver's is lower, the doors' places stay free."""
    rear, nose = x
    count = int(rng.integers(4, 8))
    gap = pick(rng, (0.02, 0.08, 0.14))
    edges = np.linspace(rear + rng.uniform(0.25, 0.6), nose - 0.25, count + 1)
    for side in (-1, 1):
        for row, (z0, z1) in enumerate(rows):
            for a, b in zip(edges, edges[1:], strict=False):
                # A pane ends where a door begins.
                cut = [d for d in doors if side < 0 and row == 0 and d - 0.5 < b and d + 0.5 > a]
                pieces = [(a, b)]
                for d in cut:
                    pieces = [
                        p
                        for q in pieces
                        for p in ((q[0], min(q[1], d - 0.52)), (max(q[0], d + 0.52), q[1]))
                        if p[1] - p[0] > 0.15
                    ]
                for p, q in pieces:
                    outline = [(p + gap, z0), (q - gap, z0), (q - gap, z1), (p + gap, z1)]
                    side_panel(mesh, side, outline, h + 0.008, glass)
        side_panel(
            mesh,
            side,
            [
                (nose - 0.25, rows[0][0] - 0.22),
                (nose - 0.06, rows[0][0] - 0.22),
                (nose - 0.1, rows[0][1]),
                (nose - 0.25, rows[0][1]),
            ],
            h + 0.009,
            glass,
        )


def folding_door(
    mesh: Mesh,
    side: int,
    x: float,
    wide: float,
    z: tuple[float, float],
    h: float,
    glass: Colour,
    paint: Colour,
    is_open: bool,
) -> None:
    """A folding door of two leaves, shut or open on the dark inside."""
    a, b = x - wide / 2, x + wide / 2
    outline = [(a, z[0]), (b, z[0]), (b, z[1]), (a, z[1])]
    side_panel(mesh, side, outline, h + 0.01, INSIDE if is_open else shade(paint, 0.45))
    if is_open:
        for edge in (a, b):
            mesh.box((edge, side * (h + 0.16), (z[0] + z[1]) / 2), (0.05, 0.34, z[1] - z[0]), glass)
        return
    for p, q in ((a + 0.06, x - 0.03), (x + 0.03, b - 0.06)):
        side_panel(
            mesh, side, [(p, z[0] + 0.12), (q, z[0] + 0.12), (q, z[1] - 0.08), (p, z[1] - 0.08)], h + 0.014, glass
        )
