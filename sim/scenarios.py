"""The scenarios: what is on stage, and what comes onto it while time passes."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from pose_ssl_sim import clutter
from pose_ssl_sim.catalogue import CATEGORIES
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.furnishing import Furnishing, draw
from pose_ssl_sim.ground import BLOCK, PARKING_EDGE, PAVEMENT_EDGE
from pose_ssl_sim.sites import SITES, Weights
from pose_ssl_sim.stage import Actor, Stage
from pose_ssl_sim.traffic import Cross, Lane, Walk

_LANE = 2.6
_PACE = (2.5, 6.0)  # m/s, of vehicles for which the site says nothing


class Scenario(Protocol):
    """What happens on stage."""

    surface: str  # of the ground, see `sites.Site`

    def update(self, dt: float, time: float) -> None:
        """Let things come and go."""

    def drive(self, time: float) -> tuple[float, float] | None:
        """Speed and turning rate if the scenario drives the robot itself."""


class Street:
    """An endless two-way street, aisle or yard, filled with what its site has.

    `mixed` adds standing things of every kind beside it.
    """

    def __init__(self, config: SimConfig, stage: Stage) -> None:
        """Fill the stage and let the traffic run for a while."""
        self._config = config
        self._stage = stage
        self._site = SITES[config.scenario]
        self.surface = self._site.surface
        mixed = config.scenario == "mixed"
        self._furnishing = Furnishing(config.seed, stage, config.variants, self._site, mixed)
        self._rng = np.random.default_rng([config.seed, 505])
        self._due = {"toward": 0.0, "away": 0.6, "cross": 1.0, "walk": 0.0, "step_out": 3.0}
        for k in range(200):
            self.update(0.05, 0.05 * k - 10.0)
            stage.update(0.05)
        for actor in list(stage.actors):  # nobody begins in front of the lens
            if actor.behaviour is not None and math.hypot(actor.x - stage.robot.x, actor.y - stage.robot.y) < 3.5:
                stage.leave(actor)
        self._due = {name: due - 10.0 for name, due in self._due.items()}

    def drive(self, time: float) -> None:
        """The robot obeys its commands."""
        return None

    def update(self, dt: float, time: float) -> None:
        """Set up the street ahead, clear it behind, send traffic."""
        self._furnishing.update()
        means = {"toward": 4.8, "away": 4.8, "cross": 2.8, "walk": 1.8, "step_out": 3.2}
        clock = time + 10.0
        for name, mean in means.items():
            if self._config.density <= 0 or clock < self._due[name]:
                continue
            self._due[name] = clock + self._rng.uniform(0.5, 1.5) * mean / self._config.density
            getattr(self, f"_send_{name}")()

    def _vehicle(self) -> tuple[str, float]:
        kind = draw(self._rng, self._site.moving)
        return kind, self._rng.uniform(*self._site.paces.get(kind, _PACE))

    def _on_foot(self, weights: Weights) -> str:
        """Who walks; nothing is drawn where there is no choice."""
        return draw(self._rng, weights) if len(weights) > 1 else weights[0][0]

    def _yields(self) -> bool:
        return bool(self._rng.random() < self._config.yield_fraction)

    def _enter_moving(self, kind: str, x: float, y: float, yaw: float) -> Actor | None:
        actor = self._stage.enter(kind, self._rng, x, y, yaw)
        if not self._stage.clear_of_others(actor, 1.0):
            self._stage.leave(actor)
            return None
        return actor

    def _send_toward(self) -> None:
        kind, pace = self._vehicle()
        actor = self._enter_moving(kind, self._stage.robot.x + 46.0, _LANE + self._rng.uniform(-0.25, 0.25), math.pi)
        weaves = bool(self._rng.random() < self._config.weave_fraction)
        goal, yields = self._rng.uniform(-0.3, 0.5), self._yields()
        if actor is not None:
            actor.speed = pace
            actor.behaviour = Lane(-1, actor.y, pace, yields, weaves, goal)

    def _send_away(self) -> None:
        kind, pace = self._vehicle()
        pace = max(pace, self._stage.robot.speed + 1.0)
        actor = self._enter_moving(kind, self._stage.robot.x - 14.0, -_LANE + self._rng.uniform(-0.25, 0.25), 0.0)
        if actor is not None:
            actor.speed = pace
            actor.behaviour = Lane(1, actor.y, pace, True)

    def _send_cross(self) -> None:
        robot = self._stage.robot
        ahead = math.ceil((robot.x + 3.0) / BLOCK) * BLOCK
        if ahead - robot.x > 30.0:
            return
        direction = 1 if self._rng.random() < 0.5 else -1
        kind, pace = self._vehicle()
        actor = self._enter_moving(kind, ahead + direction * 1.8, -direction * 22.0, direction * math.pi / 2)
        yields = self._yields()
        if actor is not None:
            actor.speed = pace
            actor.behaviour = Cross(direction, pace, yields, 1.2, 26.0, waits=True)

    def _send_walk(self) -> None:
        rng, robot = self._rng, self._stage.robot
        side = 1 if rng.random() < 0.5 else -1
        direction = 1 if rng.random() < 0.5 else -1
        # Those who walk ahead step in from beside the view, the others come from afar.
        x = robot.x + (rng.uniform(7.5, 14.0) if direction > 0 else rng.uniform(18.0, 34.0))
        y = side * rng.uniform(PARKING_EDGE + 0.8, PAVEMENT_EDGE - 1.0)
        pace, phase = rng.uniform(0.8, 1.6), rng.uniform(0, 6)
        kind = self._on_foot(self._site.walking)
        actor = self._enter_moving(kind, x, y, 0.0 if direction > 0 else math.pi)
        if actor is not None:
            actor.behaviour = Walk(direction, y, pace, phase)

    def _send_step_out(self) -> None:
        rng, robot = self._rng, self._stage.robot
        direction = 1 if rng.random() < 0.5 else -1
        start = PARKING_EDGE + 0.4
        pace = rng.uniform(1.0, 1.6)
        # Some step out where the robot will be by then, others further on.
        meeting = max(4.0, max(0.8, robot.speed) * start / pace + rng.uniform(-2.0, 3.0))
        x = robot.x + (meeting if rng.random() < 0.4 else rng.uniform(9.0, 18.0))
        yields = self._yields()
        kind = self._on_foot(self._site.stepping)
        actor = self._enter_moving(kind, x, -direction * start, direction * math.pi / 2)
        if actor is not None:
            actor.speed = pace
            actor.behaviour = Cross(direction, pace, yields, 0.6, start)


class Orbit:
    """Standing objects that the robot circles by itself; each is replaced from time to time."""

    surface = "square"
    _PLACES = 4

    def __init__(self, config: SimConfig, stage: Stage) -> None:
        """Fill the square."""
        self._config = config
        self._stage = stage
        self._rng = np.random.default_rng([config.seed, 707])
        self._centre = (0.0, config.orbit_radius)
        self._standing: list[tuple[Actor, float]] = []
        self._bag: list[str] = []
        rng = self._rng
        radius = config.orbit_radius
        for _ in range(16):
            a, r = rng.uniform(0, 2 * math.pi), radius + rng.uniform(2.5, 9.0)
            kind = clutter.SMALL_CLUTTER[int(rng.integers(len(clutter.SMALL_CLUTTER)))]
            self._put(f"clutter:{kind}", r * math.cos(a), r * math.sin(a), rng.uniform(-3, 3))
        for i in range(12):
            a = 2 * math.pi * (i + rng.uniform(-0.3, 0.3)) / 12
            r = radius + rng.uniform(11, 18)
            self._put("clutter:building", r * math.cos(a), r * math.sin(a), a - math.pi / 2)

    def _put(self, kind: str, dx: float, dy: float, yaw: float) -> Actor | None:
        actor = self._stage.enter(kind, self._rng, self._centre[0] + dx, self._centre[1] + dy, yaw)
        if kind != "clutter:building" and not self._stage.clear_of_others(actor, 0.5):
            self._stage.leave(actor)
            return None
        return actor

    def drive(self, time: float) -> tuple[float, float]:
        """Round and round, counter-clockwise."""
        return self._config.orbit_speed, self._config.orbit_speed / self._config.orbit_radius

    def update(self, dt: float, time: float) -> None:
        """Replace what has stood long enough."""
        for entry in list(self._standing):
            if time >= entry[1]:
                self._standing.remove(entry)
                self._stage.leave(entry[0])
        for _ in range(self._PLACES - len(self._standing)):
            self._add(time)

    def _add(self, time: float) -> None:
        rng = self._rng
        room = self._config.orbit_radius * 0.62
        if len(self._bag) < 2:  # every category in turn, in a random order
            self._bag = [CATEGORIES[i] for i in rng.permutation(len(CATEGORIES))] + self._bag
        kind = self._bag.pop()
        actor = self._stage.enter(kind if rng.random() < 0.5 else f"{kind}:parked", rng, *self._centre, 0.0)
        for _ in range(8):
            actor.yaw = rng.uniform(-math.pi, math.pi)
            # Long ones stand near the middle, so that the robot keeps clear of all.
            reach = max(0.0, room - math.hypot(*actor.half)) * math.sqrt(rng.random())
            a = rng.uniform(0, 2 * math.pi)
            actor.x = self._centre[0] + reach * math.cos(a)
            actor.y = self._centre[1] + reach * math.sin(a)
            if self._stage.clear_of_others(actor, 0.5):
                self._standing.append((actor, time + self._config.orbit_lifetime * rng.uniform(0.5, 1.5)))
                return
        self._stage.leave(actor)
        self._bag.insert(0, kind)  # its turn comes when there is room


def build(config: SimConfig, stage: Stage) -> Scenario:
    """The scenario that the configuration names."""
    if config.scenario == "orbit":
        return Orbit(config, stage)
    return Street(config, stage)
