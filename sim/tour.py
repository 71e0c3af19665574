"""A drive through a world without a planner: straight on, waiting for what comes into the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from pose_ssl_sim.stage import Actor
from pose_ssl_sim.world import SimFrame, World

from pose_ssl_ros.interfaces import EgoState

_LOOK_AHEAD_S = 1.6
_LOOK_STEP_S = 0.4
_CLEARANCE = 0.5  # metres kept ahead and aside
_PATIENCE_S = 6.0  # then on: in a street somebody may wait for us
_STEERING = 0.8  # rad/s per radian off the street's direction


class Moment(NamedTuple):
    """One tick of the world."""

    time_ns: int
    ego: EgoState
    frame: SimFrame | None  # on the ticks at which the camera takes a picture


def tour(world: World, seconds: float, cruise: float) -> Iterator[Moment]:
    """Drive for some time, each tick in turn; nothing waits for the wall clock.

    Args:
        world: At its beginning; in `orbit` it drives the robot itself.
        seconds: Simulated time.
        cruise: Speed on a free way, m/s.
    """
    due_ns = world.frame_ns
    end_ns = round(seconds * 1e9)
    while world.time_ns + world.tick_ns <= end_ns:
        robot = world.stage.robot
        goes = robot.standing > _PATIENCE_S or not any(_in_the_way(world, a, cruise) for a in world.stage.actors)
        world.step(world.tick_ns * 1e-9, cruise if goes else 0.0, -_STEERING * world.robot.yaw)
        frame = None
        if world.time_ns >= due_ns:
            due_ns += world.frame_ns
            frame = world.render()
        yield Moment(world.time_ns, world.ego(), frame)


def _in_the_way(world: World, actor: Actor, cruise: float) -> bool:
    """Whether robot and actor would come close within the next moments."""
    robot = world.stage.robot
    along, across = abs(math.cos(actor.yaw)), abs(math.sin(actor.yaw))
    length = along * actor.half[0] + across * actor.half[1] + robot.half[0] + _CLEARANCE
    width = across * actor.half[0] + along * actor.half[1] + robot.half[1] + _CLEARANCE
    steps = round(_LOOK_AHEAD_S / _LOOK_STEP_S)
    for t in (_LOOK_STEP_S * n for n in range(steps + 1)):
        ahead = actor.x + actor.speed * math.cos(actor.yaw) * t - robot.x
        aside = actor.y + actor.speed * math.sin(actor.yaw) * t - robot.y
        if 0.0 < ahead < length + cruise * t and abs(aside) < width:
            return True
    return False
