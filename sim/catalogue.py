"""The parametric catalogue: every category, with a fresh shape, proportion and colour at each call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pose_ssl_sim import (
    aircraft,
    animals,
    bicycles,
    buses,
    carts,
    crafts,
    excavators,
    figures,
    forklifts,
    furniture,
    lorries,
    motorcycles,
    rail,
    scooters,
    small_robots,
    tractors,
    vans,
    vehicles,
    wheelchairs,
)
from pose_ssl_sim.config import SimError
from pose_ssl_sim.meshes import Mesh

#: Categories whose instances an encoder is trained on.
IN_DOMAIN = (
    "sedan",
    "pickup",
    "van",
    "bus",
    "truck",
    "motorcycle",
    "bicycle",
    "pedestrian",
    "wheelchair",
    "forklift",
    "delivery_robot",
    "dog",
    "chair",
)
#: Categories that an encoder never sees before it is tested on them.
OUT_OF_DOMAIN = (
    "tractor",
    "excavator",
    "tram",
    "scooter",
    "horse",
    "airplane",
    "motorboat",
    "sofa",
    "shopping_cart",
    "quadruped",
    "pram",
)

#: How each category is made: a function of the generator and, for `CREWED` ones, of whether somebody is on it.
_MAKERS: dict[str, Callable[..., Mesh]] = {
    # vehicles with a body
    "sedan": vehicles.sedan,
    "pickup": vans.pickup,
    "van": vans.van,
    "truck": lorries.truck,
    "tram": rail.tram,
    "bus": buses.bus,
    # two wheels
    "motorcycle": motorcycles.motorcycle,
    "bicycle": bicycles.bicycle,
    "scooter": scooters.scooter,
    # working machines
    "forklift": forklifts.forklift,
    "excavator": excavators.excavator,
    "tractor": tractors.tractor,
    "airplane": aircraft.airplane,
    "motorboat": crafts.motorboat,
    # people and what they sit on
    "pedestrian": figures.pedestrian,
    "wheelchair": wheelchairs.wheelchair,
    "chair": furniture.chair,
    "sofa": furniture.sofa,
    # animals
    "dog": animals.dog,
    "horse": animals.horse,
    # small robots
    "quadruped": small_robots.quadruped,
    "delivery_robot": small_robots.delivery_robot,
    # pushed things
    "shopping_cart": carts.shopping_cart,
    "pram": carts.pram,
}
#: Every category that has a front.
CATEGORIES = tuple(name for name in IN_DOMAIN + OUT_OF_DOMAIN if name in _MAKERS)
#: Those that travel along a street.
VEHICLES = ("sedan", "truck", "bus", "motorcycle", "forklift")

#: Those that look different when nobody is on them.
CREWED = ("motorcycle", "forklift", "bicycle", "scooter", "wheelchair", "tractor", "excavator")
#: Those whose doors, flaps or boards may stand open while nobody drives them.
OPENING = ("sedan", "pickup", "van", "truck", "bus", "tram")


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
        crewed: Whether a motorcycle has its rider and a forklift its driver; false also lets the doors of `OPENING`
            stand open.

    Raises:
        SimError: If there is no such category.
    """
    if category not in _MAKERS:
        msg = f"there is no category '{category}'; the categories are {', '.join(CATEGORIES)}"
        raise SimError(msg)
    maker = _MAKERS[category]
    mesh = maker(rng, crewed) if category in CREWED + OPENING else maker(rng)
    low, high = mesh.bounds()
    mesh = mesh.moved((-(low[0] + high[0]) / 2, -(low[1] + high[1]) / 2, -low[2]))
    length, width, height = (float(v) for v in high - low)
    return ObjectSpec(category, mesh, (length, width, height))
