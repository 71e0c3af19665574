"""Points for a costmap: where dangerous objects are and will be."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.danger.config import DangerConfig, ZoneConfig
from pose_ssl_ros.interfaces import EgoState, ObjectState

_MOST_STEPS = 100


def danger_points(objects: Sequence[ObjectState], zones: ZoneConfig, danger: DangerConfig) -> np.ndarray:
    """Sweep a disc along the way of each dangerous object.

    The way is its velocity over ground.  What has no known velocity and heads
    towards the robot, or nobody knows where, is swept towards the robot at
    `assumed_closing_mps`, weighted by that probability.  The danger fades to one half
    at the horizon, because the future is less sure than the present.

    Args:
        objects: States with `position` and `danger`; others are left out.
        zones: Spacing, steps and limits.
        danger: Horizon and assumed speed.

    Returns:
        (n, 4) float32: x, y, z in base_link and danger; n is 0 when there is none.
    """
    clouds = []
    for item in objects:
        if item.position is None or item.danger < zones.min_danger or not all(map(math.isfinite, item.position)):
            continue
        # A disc of the object's width; its depth is not seen.
        disc = _disc(min(zones.max_radius_m, max(zones.spacing_m, item.half_width or 0.0)), zones.spacing_m)
        steps = _steps(item, zones, danger)
        for step in range(steps + 1):
            later = danger.horizon_s * step / steps
            shift, sure = _shift(item, later, danger)
            if step and sure * math.hypot(*shift) < zones.spacing_m / 2:
                continue  # it stays where it is: one disc says so
            fade = 1.0 - 0.5 * later / danger.horizon_s
            cloud = np.zeros((len(disc), 4), np.float32)
            cloud[:, :2] = disc + (item.position[0] + shift[0], item.position[1] + shift[1])
            cloud[:, 3] = item.danger * fade * (sure if step else 1.0)
            clouds.append(cloud)
    if not clouds:
        return np.zeros((0, 4), np.float32)
    points = np.concatenate(clouds)
    if len(points) > zones.max_points:
        points = points[np.argsort(-points[:, 3], kind="stable")[: zones.max_points]]
    return points


def in_odom(points: np.ndarray, ego: EgoState) -> np.ndarray:
    """Points (n, 4) of base_link in the frame of the odometry."""
    turned = points.copy()
    c, s = math.cos(ego.yaw), math.sin(ego.yaw)
    turned[:, 0] = ego.x + c * points[:, 0] - s * points[:, 1]
    turned[:, 1] = ego.y + s * points[:, 0] + c * points[:, 1]
    return turned


def _steps(item: ObjectState, zones: ZoneConfig, danger: DangerConfig) -> int:
    """Steps to the horizon: so many that no gap is left between the discs of something fast."""
    steps = max(1, int(danger.horizon_s / zones.step_s + 1e-9))
    if item.velocity is None:
        return steps
    way = math.hypot(*item.velocity) * danger.horizon_s
    radius = min(zones.max_radius_m, max(zones.spacing_m, item.half_width or 0.0))
    return max(steps, min(_MOST_STEPS, math.ceil(way / radius)))


def _shift(item: ObjectState, later: float, danger: DangerConfig) -> tuple[tuple[float, float], float]:
    """Displacement after `later` seconds and how sure it is (0..1)."""
    if item.velocity is not None:
        return (item.velocity[0] * later, item.velocity[1] * later), 1.0
    assert item.position is not None
    distance = math.hypot(*item.position)
    if distance < 1e-6:
        return (0.0, 0.0), 1.0
    sure = item.heading[0] + item.heading[4]
    gone = min(distance, danger.assumed_closing_mps * later)
    return (-item.position[0] / distance * gone, -item.position[1] / distance * gone), sure


def _disc(radius: float, spacing: float) -> np.ndarray:
    """Grid points (n, 2) within a radius around the origin."""
    count = int(radius / spacing)
    line = np.arange(-count, count + 1) * spacing
    x, y = np.meshgrid(line, line)
    inside = x * x + y * y <= radius * radius + 1e-9
    return np.stack([x[inside], y[inside]], axis=1)
