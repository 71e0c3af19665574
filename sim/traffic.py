"""How vehicles and people move: along a lane, across it, along the pavement."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pose_ssl_sim.stage import Actor, Stage

_BRAKING = 4.0  # m/s^2
_ACCELERATION = 1.5
_PATIENCE = 4.0  # seconds before somebody who is blocked goes on regardless


def follow(actor: Actor, cruise: float, yields: bool, dt: float, stage: Stage, margin: float = 1.2) -> float:
    """The speed in m/s that keeps clear of what is ahead, reached with plausible acceleration."""
    goal = cruise
    blocked = actor.state.get("blocked", 0.0)
    if blocked < _PATIENCE:
        gap = stage.gap_ahead(actor, yields)
        goal = min(cruise, max(0.0, (gap - margin) / 1.1))
    waiting = goal < 0.2
    # Having lost patience, go on for a while before looking again.
    blocked = blocked + dt if waiting or blocked >= _PATIENCE else 0.0
    actor.state["blocked"] = 0.0 if blocked > 2 * _PATIENCE else blocked
    step = (_BRAKING if goal < actor.speed else _ACCELERATION) * dt
    return actor.speed + min(step, max(-step, goal - actor.speed))


@dataclass
class Lane:
    """Drive along the street; perhaps swing into the robot's way for a stretch."""

    direction: int  # +1 along x, -1 against it
    lane_y: float
    cruise: float
    yields: bool
    weaves: bool = False
    weave_y: float = 0.0
    lead: float = 24.0  # metres before the robot at which the driver makes up his mind
    _stretch: tuple[float, float] | None = None

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move on; leave when far behind or far ahead."""
        robot = stage.robot
        distance = (robot.x - actor.x) * self.direction
        if self.weaves and self._stretch is None and 0 < distance < self.lead:
            # The driver plans around something at a fixed place, which a robot that keeps its speed reaches just
            # then; one that slows down or stops sees the vehicle swing back ahead of it.
            pace = max(1.0, robot.speed)
            meeting = robot.x + pace * distance / (pace + self.cruise)
            self._stretch = (meeting + 0.6, meeting + 9.0)
        actor.speed = follow(actor, self.cruise, self.yields, dt, stage)
        goal = self.lane_y
        if self._stretch and self._stretch[0] < actor.x < self._stretch[1]:
            goal = self.weave_y
        if self.yields and 0 < distance < 10.0:
            goal = self.lane_y
        step = actor.speed * dt
        aside = min(0.55 * step, max(-0.55 * step, goal - actor.y))
        along = self.direction * math.sqrt(max(0.0, step * step - aside * aside))
        actor.x += along
        actor.y += aside
        aim = math.atan2(aside, along) if step > 1e-4 else actor.yaw
        turn = math.atan2(math.sin(aim - actor.yaw), math.cos(aim - actor.yaw))
        actor.yaw += min(1.6 * dt, max(-1.6 * dt, turn))
        return -22.0 < actor.x - robot.x < 55.0


@dataclass
class Cross:
    """Drive or walk straight on across the street."""

    direction: int  # +1 towards +y
    cruise: float
    yields: bool
    margin: float
    limit: float

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move on; leave on the other side."""
        actor.speed = follow(actor, self.cruise, self.yields, dt, stage, self.margin)
        actor.y += self.direction * actor.speed * dt
        return actor.y * self.direction < self.limit and -15.0 < actor.x - stage.robot.x < 55.0


@dataclass
class Walk:
    """Walk along the pavement, swaying a little."""

    direction: int
    pavement_y: float
    cruise: float
    phase: float

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move on; leave when out of sight."""
        actor.speed = self.cruise
        actor.x += self.direction * self.cruise * dt
        self.phase += dt
        sway = 0.12 * math.sin(0.5 * self.phase)
        actor.y = self.pavement_y + sway
        actor.yaw = (0.0 if self.direction > 0 else math.pi) + self.direction * 0.1 * math.cos(0.5 * self.phase)
        return -8.0 < actor.x - stage.robot.x < 45.0
