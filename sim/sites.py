"""What drives, walks and stands at a site: tables that one street and its traffic are filled from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Names with their weights.
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Site:
    """A place with traffic.

    Attributes:
        surface: How its ground is painted: `street`, `hall` or (no site has it) `square`.
        moving: What drives along it and across it.
        parked: What stands beside the lanes.
        walking: What goes along the pavement.
        stepping: What steps out from between the parked.
        small: Clutter that stands about.
        background: What lines it.
        seats: Whether chairs stand about.
        paces: Speeds in m/s by kind: of vehicles, and of others where they do not go at a walk.
    """

    surface: str
    moving: Weights
    parked: Weights
    walking: Weights = (("pedestrian", 1.0),)
    stepping: Weights = (("pedestrian", 1.0),)
    small: tuple[str, ...] = ("tree", "pole", "bin", "boxes", "cone", "hedge")
    background: str = "building"
    seats: bool = True
    paces: Mapping[str, tuple[float, float]] = field(default_factory=dict)


STREET = Site(
    surface="street",
    moving=(("sedan", 0.46), ("truck", 0.16), ("bus", 0.1), ("motorcycle", 0.18), ("forklift", 0.1)),
    parked=(("sedan", 0.46), ("truck", 0.14), ("bus", 0.08), ("motorcycle", 0.17), ("forklift", 0.15)),
    paces={"forklift": (1.8, 2.8), "bus": (2.2, 4.5), "truck": (2.2, 5.0)},
)
#: Aisles between racks.
WAREHOUSE = Site(
    surface="hall",
    moving=(("forklift", 0.5), ("shopping_cart", 0.25), ("delivery_robot", 0.25)),
    parked=(("forklift", 0.45), ("shopping_cart", 0.3), ("delivery_robot", 0.25)),
    stepping=(("pedestrian", 0.7), ("delivery_robot", 0.3)),
    small=("boxes", "bin", "cone"),
    background="rack",
    seats=False,
    paces={"forklift": (1.8, 2.8), "shopping_cart": (1.4, 2.2), "delivery_robot": (1.2, 2.2)},
)
#: A works yard with kinds that the start model never saw (`catalogue.OUT_OF_DOMAIN`), people apart.
YARD = Site(
    surface="hall",
    moving=(("tractor", 0.34), ("scooter", 0.28), ("shopping_cart", 0.2), ("excavator", 0.18)),
    parked=(("tractor", 0.34), ("scooter", 0.28), ("shopping_cart", 0.2), ("excavator", 0.18)),
    walking=(("quadruped", 0.35), ("pram", 0.35), ("pedestrian", 0.3)),
    stepping=(("quadruped", 0.4), ("pram", 0.3), ("pedestrian", 0.3)),
    small=("boxes", "bin", "cone", "tree"),
    background="building",
    seats=False,
    paces={"tractor": (1.8, 3.5), "excavator": (1.4, 2.4), "scooter": (2.2, 4.5), "shopping_cart": (1.4, 2.2)},
)
#: By scenario; `mixed` is a street with standing things beside it.
SITES = {"street": STREET, "mixed": STREET, "warehouse": WAREHOUSE, "yard": YARD}
