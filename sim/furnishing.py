"""What stands along a street: planned cell by cell from the seed alone, so that it stands there on the way back too."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from pose_ssl_sim.ground import BLOCK, CROSSING, PARKING_EDGE, PAVEMENT_EDGE
from pose_ssl_sim.sites import Site, Weights
from pose_ssl_sim.stage import Actor, Prop, Stage, corners, overlap

_CELL = 8.0
_BEHIND, _AHEAD = 14.0, 48.0
_PARKING = 5.25
_GAP = 0.3  # metres between what stands
_LOT = (("chair", 0.3), ("airplane", 0.3), ("forklift", 0.15), ("motorcycle", 0.1), ("sedan", 0.15))


def draw(rng: np.random.Generator, weights: Weights) -> str:
    """One of the names, drawn by weight."""
    names = [name for name, _ in weights]
    p = np.array([weight for _, weight in weights])
    return names[int(rng.choice(len(names), p=p / p.sum()))]


@dataclass(frozen=True)
class Place:
    """A shape and where it stands: metres, radians in the world."""

    prop: Prop
    x: float
    y: float
    yaw: float

    def free_of(self, others: list[Place]) -> bool:
        """Whether it keeps its distance from what else stands."""
        length, width = self.prop.spec.footprint
        mine = corners(self.x, self.y, self.yaw, length + _GAP, width + _GAP)
        return not any(overlap(mine, corners(o.x, o.y, o.yaw, *o.prop.spec.footprint)) for o in others)


class Furnishing:
    """Sets up the street ahead of the robot and clears it behind.

    Args:
        seed: Of the street; nothing else decides what stands where, neither traffic nor the robot's way.
        stage: Where it is set up.
        variants: Shapes of a kind to choose from.
        site: What stands there.
        mixed: With standing things of every kind beside the street.
    """

    def __init__(self, seed: int, stage: Stage, variants: int, site: Site, mixed: bool = False) -> None:
        self._seed = seed
        self._stage = stage
        self._variants = variants
        self._site = site
        self._background = f"clutter:{site.background}"
        self._mixed = mixed
        self._cells: dict[int, list[Actor]] = {}
        self._planned = functools.lru_cache(maxsize=64)(self._plan)

    def update(self) -> None:
        """Follow the robot."""
        x = self._stage.robot.x
        wanted = range(math.floor((x - _BEHIND) / _CELL), math.floor((x + _AHEAD) / _CELL) + 1)
        for k in [k for k in self._cells if k not in wanted]:
            for actor in self._cells.pop(k):
                self._stage.leave(actor)
        for k in wanted:
            if k not in self._cells:
                before = self._planned(k - 1)
                places = [p for p in self._planned(k) if p.prop.kind == self._background or p.free_of(before)]
                self._cells[k] = [self._stage.stand(p.prop, p.x, p.y, p.yaw) for p in places]

    def _plan(self, k: int) -> list[Place]:
        """Eight metres of street, without a look at the cells beside it."""
        rng = np.random.default_rng([self._seed, 606, k + (1 << 20)])
        # Which shape is taken must not shift what is drawn after it.
        shapes = np.random.default_rng([self._seed, 607, k + (1 << 20)])
        found: list[Place] = []

        def stand(kind: str, x: float, y: float, yaw: float) -> None:
            place = Place(self._stage.shape(kind, int(shapes.integers(self._variants))), x, y, yaw)
            if _off_crossing(place) and (kind == self._background or place.free_of(found)):
                found.append(place)

        middle = (k + 0.5) * _CELL
        for side in (-1, 1):
            inward = 0.0 if side > 0 else math.pi
            if rng.random() < 0.62:
                kind = draw(rng, self._site.parked)
                yaw = rng.uniform(-0.06, 0.06) + (0.0 if rng.random() < 0.5 else math.pi)
                stand(f"{kind}:parked", middle + rng.uniform(-1.2, 1.2), side * _PARKING, yaw)
            for _ in range(int(rng.integers(0, 3))):
                kind = self._site.small[int(rng.integers(len(self._site.small)))]
                kerb = kind in ("pole", "tree", "cone")
                y = side * (PARKING_EDGE + 0.4 if kerb else rng.uniform(PAVEMENT_EDGE - 0.3, PAVEMENT_EDGE + 1.5))
                yaw = inward - side * math.pi / 2 if kind == "pole" else rng.uniform(-0.2, 0.2)
                stand(f"clutter:{kind}", middle + rng.uniform(-3.5, 3.5), y, yaw)
            if self._site.seats and rng.random() < (0.3 if self._mixed else 0.15):
                yaw = rng.uniform(-math.pi, math.pi)
                stand("chair", middle + rng.uniform(-3, 3), side * rng.uniform(7.0, 8.6), yaw)
            if self._mixed and rng.random() < 0.6:
                kind, yaw = draw(rng, _LOT), rng.uniform(-math.pi, math.pi)
                stand(f"{kind}:parked", middle + rng.uniform(-1, 1), side * rng.uniform(9.5, 12.0), yaw)
            elif rng.random() < 0.85:
                y = side * rng.uniform(PAVEMENT_EDGE + 0.6, PAVEMENT_EDGE + 3.0)
                stand(self._background, middle, y, inward)
        return found


def _off_crossing(place: Place) -> bool:
    """Whether a crossing stays free."""
    length, width = place.prop.spec.footprint
    reach = abs(math.cos(place.yaw)) * length + abs(math.sin(place.yaw)) * width
    off = abs((place.x + BLOCK / 2) % BLOCK - BLOCK / 2)
    return off - reach > CROSSING + (0.2 if place.prop.kind.startswith("clutter") else 0.8)
