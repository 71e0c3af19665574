"""Parts that several vehicles have."""

from __future__ import annotations

from pose_ssl_sim.meshes import Colour, Mesh
from pose_ssl_sim.paint import HUB, TYRE


def wheel(mesh: Mesh, x: float, y: float, radius: float, width: float, sides: int = 10) -> None:
    """A wheel whose outer face is at y, standing on the ground."""
    side = 1 if y > 0 else -1
    mesh.cylinder((x, y - side * width, radius), (x, y, radius), radius, TYRE, sides=sides)
    mesh.cylinder((x, y, radius), (x, y + side * 0.015, radius), radius * 0.55, HUB, sides=6)


def lamps(
    mesh: Mesh, x: float, y: float, z: float, size: tuple[float, float], colour: Colour, depth: float = 0.06
) -> None:
    """A lamp on each side of the middle."""
    for side in (-1, 1):
        mesh.box((x, side * y, z), (depth, size[0], size[1]), colour)
