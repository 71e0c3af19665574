"""Keep a straight lane and change speed gently: the other half of the example planner."""

from __future__ import annotations

import math

from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.interfaces import EgoState
from pose_ssl_ros.viewpoint import wrap


def yaw_rate(ego: EgoState, speed: float, config: PlannerConfig) -> float:
    """Turn rate in rad/s that leads to the lane y = `lane_y`, heading along +x.

    Aims at a point ahead: the wanted yaw is -atan(lane_gain * offset).  A robot that stands does not turn.
    """
    if speed <= 0:
        return 0.0
    wanted = -math.atan(config.lane_gain * (ego.y - config.lane_y))
    turn = config.yaw_gain * wrap(wanted - ego.yaw)
    return max(-config.max_yaw_rate, min(config.max_yaw_rate, turn))


def next_speed(current: float, wanted: float, dt: float, config: PlannerConfig) -> float:
    """Speed after `dt` seconds on the way to the wanted one, within the acceleration limits."""
    if wanted >= current:
        return min(wanted, current + config.acceleration * dt)
    return max(wanted, current - config.deceleration * dt)
