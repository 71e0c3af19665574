"""How vehicles and people move: along a lane, across it, along the pavement."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pose_ssl_sim.stage import Actor, Stage

_BRAKING = 4.0  # m/s^2
_ACCELERATION = 1.5
_PATIENCE = 4.0  # seconds before somebody who is blocked by others goes on regardless
_GIVES_UP = 14.0
_SEEN_STANDING = 0.4  # seconds
_KERB = 6.3  # metres from the middle of the street, where those who cross wait


def minds_robot(yields: bool, stage: Stage) -> bool:
    """Nobody drives into a robot that stands there for all to see; only some brake for one that moves."""
    return yields or stage.robot.standing > _SEEN_STANDING


def follow(
    actor: Actor, cruise: float, yields: bool, dt: float, stage: Stage, margin: float = 1.2, ignore_others: bool = False
) -> float:
    """The speed in m/s that keeps clear of what is ahead, reached with plausible acceleration."""
    blocked = actor.state.get("blocked", 0.0)
    gap = stage.gap_ahead(actor, not ignore_others and blocked < _PATIENCE, minds_robot(yields, stage))
    goal = min(cruise, max(0.0, (gap - margin) / 1.1))
    # Having lost patience, go on for a while before looking at the others again.
    blocked = blocked + dt if goal < 0.2 or blocked >= _PATIENCE else 0.0
    actor.state["blocked"] = 0.0 if blocked > 2 * _PATIENCE and goal > 0.2 else blocked
    step = (_BRAKING if goal < actor.speed else _ACCELERATION) * dt
    return actor.speed + min(step, max(-step, goal - actor.speed))


def gives_up(actor: Actor) -> bool:
    """Whether an actor has stood before the robot for too long and turns off."""
    return actor.state.get("blocked", 0.0) > _GIVES_UP


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
            self._stretch = (meeting + 1.0, meeting + 9.0)
        actor.speed = follow(actor, self.cruise, self.yields, dt, stage)
        goal = self.lane_y
        if self._stretch and self._stretch[0] < actor.x < self._stretch[1]:
            goal = self.weave_y
        if minds_robot(self.yields, stage) and 0 < distance < 10.0:
            goal = self.lane_y
        step = actor.speed * dt
        aside = min(0.55 * step, max(-0.55 * step, goal - actor.y))
        along = self.direction * math.sqrt(max(0.0, step * step - aside * aside))
        actor.x += along
        actor.y += aside
        aim = math.atan2(aside, along) if step > 1e-4 else actor.yaw
        turn = math.atan2(math.sin(aim - actor.yaw), math.cos(aim - actor.yaw))
        actor.yaw += min(1.6 * dt, max(-1.6 * dt, turn))
        return -22.0 < actor.x - robot.x < 55.0 and not gives_up(actor)


@dataclass
class Cross:
    """Drive or walk straight on across the street."""

    direction: int  # +1 towards +y
    cruise: float
    yields: bool
    margin: float
    limit: float
    waits: bool = False  # at the kerb, until the street is clear
    waited: float = 0.0

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move on; leave on the other side."""
        to_kerb = -_KERB - actor.y * self.direction - actor.half[0]
        entered = to_kerb < -0.5
        cruise = self.cruise
        if self.waits and not entered and to_kerb < 6.0 and self.waited < _PATIENCE and stage.busy(actor, actor.x):
            cruise = min(cruise, max(0.0, to_kerb / 1.1))
            self.waited += dt if cruise < 0.2 else 0.0
        # Who has entered the street leaves it: stopping there would only block it.
        actor.speed = follow(actor, cruise, self.yields, dt, stage, self.margin, self.waits and entered)
        actor.y += self.direction * actor.speed * dt
        near = -15.0 < actor.x - stage.robot.x < 55.0
        return near and actor.y * self.direction < self.limit and not gives_up(actor)


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
