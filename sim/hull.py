"""Hulls of boats."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import shade

Rng = np.random.Generator
MIRROR = np.array([1.0, -1.0, 1.0])


class Lines:
    """The lines of a hull: a keel, chines and gunwales through stations from the stern to the bow."""

    def __init__(self, rng: Rng, long: float, beam: float, flat: bool) -> None:
        self.long, self.beam = long, beam
        self.t = np.array([0.0, 0.3, 0.6, 0.78, 0.92, 1.0])
        self.depth = beam * rng.uniform(0.32, 0.45) * (0.8 if flat else 1.0)
        full, self.stern = rng.uniform(1.6, 2.6), rng.uniform(0.82, 1.0)
        rake, sheer = rng.uniform(0.06, 0.16), rng.uniform(0.05, 0.4)
        vee = 0.05 if flat else rng.uniform(0.2, 0.4)
        ahead = np.clip((self.t - 0.45) / 0.55, 0, 1)
        half = beam / 2 * (1 - ahead**full) * (self.stern + (1 - self.stern) * np.clip(self.t / 0.4, 0, 1))
        if flat:  # the blunt bow of a punt
            half = np.maximum(half, beam * 0.3)
        x = (self.t - 0.5) * long
        rise = self.depth * 0.75 * ahead**2.2
        zero = np.zeros_like(x)
        self.keel = np.stack([x - rake * long * ahead**2, zero, rise], axis=1)
        self.chine = np.stack([x - rake * long * 0.6 * ahead**2, -half * 0.82, rise * 0.9 + self.depth * vee], axis=1)
        self.gunwale = np.stack([x, -half, self.depth * (1 + sheer * self.t**2)], axis=1)

    def rim(self, t: float) -> np.ndarray:
        """Point of the right gunwale at a station between stern (0) and bow (1)."""
        return np.array([np.interp(t, self.t, self.gunwale[:, k]) for k in range(3)])


def planking(mesh: Mesh, lines: Lines, cockpit: int, paints: tuple[Colour, Colour, Colour]) -> None:
    """Planking, transom, foredeck and an open cockpit up to a station."""
    bottom, side, deck = paints
    k, c, g = lines.keel, lines.chine, lines.gunwale
    inner = g * [1, 0.84, 1]
    floor = inner * [1, 0.95, 0] + [0, 0, lines.depth * 0.45]
    for i in range(len(lines.t) - 1):
        j = i + 1
        plates = [([k[i], k[j], c[j], c[i]], bottom), ([c[i], c[j], g[j], g[i]], side)]
        if i < cockpit:
            plates += [([g[i], g[j], inner[j], inner[i]], deck), ([floor[j], floor[i], inner[i], inner[j]], deck)]
            mesh.face([floor[i], floor[j], floor[j] * MIRROR, floor[i] * MIRROR], shade(deck, 0.7))
        else:
            mesh.face([g[i], g[j], g[j] * MIRROR, g[i] * MIRROR], deck)
        for points, colour in plates:
            ring = np.array(points)
            mesh.face(ring, colour)
            mesh.face((ring * MIRROR)[::-1], colour)
    mesh.face([k[0], c[0], g[0], g[0] * MIRROR, c[0] * MIRROR][::-1], side)
    if abs(g[-1][1]) > 1e-6:  # a blunt bow has a plate of its own
        mesh.face([k[-1], c[-1], g[-1], g[-1] * MIRROR, c[-1] * MIRROR], side)
    a, b = floor[cockpit], inner[cockpit]
    mesh.face([a * MIRROR, a, b, b * MIRROR], shade(deck, 0.85))
    low, high = floor[0], inner[0] * [1, 1, 0.93]
    mesh.hexahedron(
        [low, low + [0.08, 0, 0], (low + [0.08, 0, 0]) * MIRROR, low * MIRROR],
        [high, high + [0.08, 0, 0], (high + [0.08, 0, 0]) * MIRROR, high * MIRROR],
        deck,
    )
