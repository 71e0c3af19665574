"""How something that stood beside the lane pulls out of its stand."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from pose_ssl_sim.stage import Actor, Stage
from pose_ssl_sim.traffic import follow, minds_robot

#: m/s^2, as `traffic.follow` accelerates.
ACCELERATION = 1.5
_NEAR = 14.0  # metres before it at which the robot is waited for
_SLANT = math.radians(40)  # to the lane, of one that stood along it
_RADIUS = 3.5  # metres, of its turns
_MARGIN = 0.8  # metres that it keeps to a robot that it sees
_LOOKS_M = 8.0
_GIVES_UP_S = 4.0
_CREEPS_MPS = 0.5
_FAR_SIDE = 2.2  # metres beyond the middle of the robot's lane


@dataclass
class PullOut:
    """Stand until the robot is near, then drive forward across its lane.

    Who stands along the lane leaves slantwise and drives on along the other side; who stands with the front
    to the lane crosses it.  The driver overlooks a robot that drives, but not one that creeps or stands; who has given
    way waits until the robot is out of the way, or turns off after a while.
    """

    lead: float  # metres between the robot and its nearest end along the lane when it begins
    wait: float  # seconds after which it begins although the robot did not come that near
    cruise: float  # m/s
    across: float  # +1 if the lane lies on its +y side, else -1
    waited: float = 0.0
    begun: bool = False
    yields: bool = False
    held: float = 0.0  # seconds that it has stood for the robot

    def update(self, actor: Actor, dt: float, stage: Stage) -> bool:
        """Move on; leave when far away or blocked for too long."""
        c, s = abs(math.cos(actor.yaw)), abs(math.sin(actor.yaw))
        reach = c * actor.half[0] + s * actor.half[1]
        ahead = actor.x - reach - stage.robot.x
        if not self.begun:
            self.waited += dt if ahead < _NEAR else 0.0
            # Past the robot there is nothing to be seen any more.
            self.begun = -reach < ahead < self.lead or self.waited > self.wait
            return True
        along = abs(math.cos(actor.yaw)) > 0.5 or bool(actor.state.get("along"))
        aim = actor.yaw
        if along:
            actor.state["along"] = 1.0
            over = actor.y * self.across
            aim = math.pi if over > _FAR_SIDE - 0.8 else math.pi - self.across * _SLANT
        self._look_out(actor, aim, stage)
        actor.speed = follow(actor, self.cruise, self.yields, dt, stage, _MARGIN)
        self.held += dt if self.yields and actor.speed < 0.1 else 0.0
        actor.x += actor.speed * dt * math.cos(actor.yaw)
        actor.y += actor.speed * dt * math.sin(actor.yaw)
        turn = math.atan2(math.sin(aim - actor.yaw), math.cos(aim - actor.yaw))
        most = actor.speed / _RADIUS * dt
        actor.yaw += min(most, max(-most, turn))
        return actor.x - stage.robot.x > -15.0 and abs(actor.y) < 14.0 and self.held < _GIVES_UP_S

    def _look_out(self, actor: Actor, aim: float, stage: Stage) -> None:
        """Whether the robot is seen, in the way or where the turn will lead."""
        gap = stage.gap_ahead(actor, False, True, _LOOKS_M)
        ahead = replace(actor, yaw=aim)
        turned = min(stage.gap_ahead(ahead, False, True, _LOOKS_M), gap)
        slow = stage.robot.speed < _CREEPS_MPS or minds_robot(False, stage)
        self.yields = turned < _LOOKS_M and (slow or self.yields)
        if self.yields and turned < gap:
            # The robot stands beside the way straight on but in that of the turn: brake for it all the same.
            actor.speed = min(actor.speed, max(0.0, (turned - _MARGIN) / 1.1))
