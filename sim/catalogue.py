"""The parametric catalogue: every category, with a fresh shape, proportion and colour at each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pose_ssl_sim import figures, machines, vehicles
from pose_ssl_sim.config import SimError
from pose_ssl_sim.meshes import Mesh

_MAKERS: dict[str, Callable[..., Mesh]] = {
    "sedan": vehicles.sedan,
    "truck": vehicles.truck,
    "bus": vehicles.bus,
    "motorcycle": machines.motorcycle,
    "pedestrian": figures.pedestrian,
    "forklift": machines.forklift,
    "chair": figures.chair,
    "airplane": machines.airplane,
}
#: Every category that has a front.
CATEGORIES = tuple(_MAKERS)
#: Those that travel along a street.
VEHICLES = ("sedan", "truck", "bus", "motorcycle", "forklift")

#: Those that look different when nobody is on them.
CREWED = ("motorcycle", "forklift")


@dataclass(frozen=True)
class ObjectSpec:
    """One instance: its shape stands on z = 0 around the origin and faces +x; metres."""

    category: str
    mesh: Mesh
    size: tuple[float, float, float]  # length, width, height

    @property
    def footprint(self) -> tuple[float, float]:
        """Half length and half width."""
        return self.size[0] / 2, self.size[1] / 2


def sample(category: str, rng: np.random.Generator, *, crewed: bool = True) -> ObjectSpec:
    """Draw a new instance.

    Args:
        category: One of `CATEGORIES`.
        rng: Where chance comes from; same state, same instance.
        crewed: Whether a motorcycle has its rider and a forklift its driver.

    Raises:
        SimError: If there is no such category.
    """
    if category not in _MAKERS:
        msg = f"there is no category '{category}'; the categories are {', '.join(CATEGORIES)}"
        raise SimError(msg)
    maker = _MAKERS[category]
    mesh = maker(rng, crewed) if category in CREWED else maker(rng)
    low, high = mesh.bounds()
    # The footprint is symmetric about the origin only if the mesh is.
    mesh = mesh.moved((-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, 0.0))
    size = high - low
    return ObjectSpec(category, mesh, (float(size[0]), float(size[1]), float(high[2])))
