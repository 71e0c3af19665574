"""What is carried: goods on a floor."""

from __future__ import annotations

import numpy as np
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.paint import body_colour, pick

Rng = np.random.Generator


def goods(mesh: Mesh, rng: Rng, low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
    """Boxes, bags and bottles that stand on a floor, within corners."""
    room = np.array(high) - low
    for _ in range(int(rng.integers(2, 7))):
        size = room * rng.uniform((0.2, 0.3, 0.25), (0.45, 0.55, 0.9))
        x, y = np.array(low[:2]) + size[:2] / 2 + rng.random(2) * (room[:2] - size[:2])
        middle = (x, y, low[2] + size[2] / 2)
        kind = pick(rng, ("box", "box", "bag", "bottle"))
        if kind == "box":
            mesh.box(middle, size, body_colour(rng))
        elif kind == "bag":
            mesh.sphere(middle, size / 2, body_colour(rng), sides=6, rings=4)
        else:
            mesh.cylinder(
                (x, y, low[2]), (x, y, low[2] + size[2] * 1.2), min(size[:2]) * 0.3, body_colour(rng), sides=6
            )
