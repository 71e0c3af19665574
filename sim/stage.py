"""The stage: who stands where, with bodies that are used again so that memory stays bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from pose_ssl_sim import catalogue, clutter
from pose_ssl_sim.catalogue import ObjectSpec
from pose_ssl_sim.renderer import Renderer

_KINDS = (
    *catalogue.CATEGORIES,
    *(f"{c}:parked" for c in catalogue.CREWED),
    *(f"clutter:{c}" for c in clutter.SMALL_CLUTTER),
    "clutter:building",
    "clutter:rack",  # shapes depend on the place in this list: new kinds go to the end
)


class Behaviour(Protocol):
    """How an actor moves."""

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move the actor on by dt seconds; False takes it off the stage."""


@dataclass
class Prop:
    """A shape, and its body while it is on stage."""

    kind: str
    number: int  # of its kind
    spec: ObjectSpec
    stored: Path | None = None
    body: int = -1
    pooled: bool = True  # one of those that `enter` uses again


@dataclass
class Actor:
    """A prop on stage: where it is (metres, radians in the world) and how it moves."""

    id: str
    prop: Prop
    x: float
    y: float
    yaw: float
    speed: float = 0.0
    behaviour: Behaviour | None = None
    state: dict[str, float] = field(default_factory=dict)

    @property
    def category(self) -> str:
        """Its category, empty for clutter."""
        return self.prop.spec.category

    @property
    def half(self) -> tuple[float, float]:
        """Half length and half width in metres."""
        return self.prop.spec.footprint

    def corners(self) -> np.ndarray:
        """Footprint (4, 2) in the world."""
        return corners(self.x, self.y, self.yaw, *self.half)


def corners(x: float, y: float, yaw: float, half_length: float, half_width: float) -> np.ndarray:
    """The corners (4, 2) of a rectangle on the ground."""
    c, s = math.cos(yaw), math.sin(yaw)
    ring = (
        (half_length, half_width),
        (-half_length, half_width),
        (-half_length, -half_width),
        (half_length, -half_width),
    )
    return np.array([(x + c * a - s * b, y + s * a + c * b) for a, b in ring])


def overlap(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two rectangles (4, 2) share ground (separating axes)."""
    for rectangle in (a, b):
        for i in (0, 1):
            axis = rectangle[i + 1] - rectangle[i]
            pa, pb = a @ axis, b @ axis
            if pa.max() <= pb.min() or pb.max() <= pa.min():
                return False
    return True


def _plain(kind: str) -> str:
    """The kind without `:parked` where an empty one looks like any other."""
    category, _, state = kind.partition(":")
    return category if state == "parked" and category not in catalogue.CREWED else kind


class Stage:
    """All actors, and the robot's rectangle as they see it."""

    def __init__(self, renderer: Renderer, seed: int, variants: int) -> None:
        """Begin empty.

        Args:
            renderer: Where the bodies live.
            seed: Seed of the shapes.
            variants: Shapes built per kind before earlier ones are used again.
        """
        self._renderer = renderer
        self._seed = seed
        self._variants = variants
        self._props: dict[str, list[Prop]] = {kind: [] for kind in _KINDS}
        self._free: dict[str, list[Prop]] = {kind: [] for kind in _KINDS}
        self._fixed: dict[tuple[str, int], Prop] = {}
        self._next_id = 0
        self.actors: list[Actor] = []
        self.robot = Robot(0.0, 0.0, 0.0, 0.0)

    def enter(self, kind: str, rng: np.random.Generator, x: float, y: float, yaw: float) -> Actor:
        """Bring an instance of a kind onto the stage, a new one while the number of variants allows."""
        kind = _plain(kind)
        free, made = self._free[kind], self._props[kind]
        if len(made) < self._variants or not free:
            prop = self._build(kind, len(made))
            made.append(prop)
        else:
            prop = free.pop(int(rng.integers(len(free))))
        return self._put(prop, x, y, yaw)

    def shape(self, kind: str, number: int) -> Prop:
        """A certain instance of a kind, for `stand`; the same whenever it is asked for."""
        kind = _plain(kind)
        if (kind, number) not in self._fixed:
            self._fixed[kind, number] = self._build(kind, number)
        return self._fixed[kind, number]

    def stand(self, prop: Prop, x: float, y: float, yaw: float) -> Actor:
        """Bring a shape onto the stage, of which there may be several at once."""
        return self._put(replace(prop, pooled=False), x, y, yaw)

    def _put(self, prop: Prop, x: float, y: float, yaw: float) -> Actor:
        # A body lives only while it is on stage: one out of sight would still cost time in every picture.
        prop.body = self._renderer.add(prop.stored or prop.spec.mesh)
        self._next_id += 1
        actor = Actor(f"{prop.kind.split(':')[0]}_{self._next_id}", prop, x, y, yaw)
        self.actors.append(actor)
        return actor

    @property
    def shapes(self) -> int:
        """Number of shapes built so far."""
        return sum(map(len, self._props.values())) + len(self._fixed)

    def leave(self, actor: Actor) -> None:
        """Take an actor off the stage."""
        self.actors.remove(actor)
        self._renderer.remove(actor.prop.body)
        actor.prop.body = -1
        if actor.prop.pooled:
            self._free[actor.prop.kind].append(actor.prop)

    def update(self, dt: float) -> None:
        """Move everybody on by dt seconds."""
        for actor in list(self.actors):
            if actor.behaviour is not None and not actor.behaviour.update(actor, dt, self):
                self.leave(actor)

    def place_all(self) -> None:
        """Tell the renderer where everybody is."""
        for actor in self.actors:
            self._renderer.place(actor.prop.body, actor.x, actor.y, actor.yaw)

    def clear_of_others(self, actor: Actor, margin: float = 0.3) -> bool:
        """Whether an actor stands on ground that is free of the others."""
        mine = corners(actor.x, actor.y, actor.yaw, actor.half[0] + margin, actor.half[1] + margin)
        reach = math.hypot(*actor.half) + margin
        return not any(
            other is not actor
            and math.hypot(other.x - actor.x, other.y - actor.y) < reach + math.hypot(*other.half)
            and overlap(mine, other.corners())
            for other in self.actors
        )

    def busy(self, actor: Actor, x: float) -> bool:
        """Whether somebody drives where an actor wants to cross the street."""
        return any(
            o is not actor and o.behaviour is not None and abs(o.x - x) < 4.0 + o.half[0] and abs(o.y) < 4.5
            for o in self.actors
        )

    def gap_ahead(self, actor: Actor, others_count: bool, robot_counts: bool, reach: float = 14.0) -> float:
        """Free way ahead of an actor in metres, at most `reach`."""
        c, s = math.cos(actor.yaw), math.sin(actor.yaw)
        half_length, half_width = actor.half
        gap = reach
        others: list[tuple[float, float, float, float, float]] = []
        if others_count:
            others = [(o.x, o.y, o.yaw, *o.half) for o in self.actors if o is not actor and o.behaviour is not None]
        if robot_counts:
            robot = self.robot
            others.append((robot.x, robot.y, robot.yaw, robot.half[0], robot.half[1]))
        for x, y, yaw, length, width in others:
            ahead = c * (x - actor.x) + s * (y - actor.y)
            if ahead <= 0 or ahead > reach + 12:
                continue
            aside = abs(-s * (x - actor.x) + c * (y - actor.y))
            cr, sr = abs(math.cos(yaw - actor.yaw)), abs(math.sin(yaw - actor.yaw))
            if aside < half_width + sr * length + cr * width + 0.15:
                gap = min(gap, ahead - half_length - (cr * length + sr * width))
        return max(0.0, gap)

    def _build(self, kind: str, number: int) -> Prop:
        rng = np.random.default_rng([self._seed, 404, _KINDS.index(kind), number])
        if kind.startswith("clutter:"):
            name = kind.split(":")[1]
            mesh = clutter.LINING[name](rng) if name in clutter.LINING else clutter.small(name, rng)
            low, high = mesh.bounds()
            # Crowns and lamp arms are overhead: what stands on the ground is what can be hit.
            ground = mesh.vertices()
            ground = ground[ground[:, 2] < 1.0]
            size = 2 * np.abs(ground).max(axis=0)
            spec = ObjectSpec("", mesh, (float(size[0]), float(size[1]), float(high[2])))
        else:
            category, _, parked = kind.partition(":")
            spec = catalogue.sample(category, rng, crewed=not parked)
        return Prop(kind, number, spec, self._renderer.store(spec.mesh))


@dataclass
class Robot:
    """The robot as the traffic sees it."""

    x: float
    y: float
    yaw: float
    speed: float
    half: tuple[float, float] = (0.32, 0.26)
    standing: float = 0.0  # seconds since it last moved

    def corners(self, margin: float = 0.0) -> np.ndarray:
        """Footprint (4, 2) in the world."""
        return corners(self.x, self.y, self.yaw, self.half[0] + margin, self.half[1] + margin)
