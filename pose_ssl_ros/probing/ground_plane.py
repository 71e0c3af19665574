"""Where a pixel meets the ground, and how a sight line lies in the odometry frame."""

from __future__ import annotations

import math

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting
from pose_ssl_ros.viewpoint import wrap

#: Rays flatter than this below the horizon (radians) meet the ground too far away to say where.
MIN_DEPRESSION = 0.01


def horizon_row(camera: CameraModel, mounting: Mounting) -> float:
    """Image row of the horizon for a level robot, in pixels."""
    return camera.cy - camera.fy * math.tan(mounting.pitch)


def ground_range(camera: CameraModel, mounting: Mounting, v: float) -> float | None:
    """Horizontal distance ahead of the camera at which row v meets the ground.

    Args:
        camera: Intrinsics.
        mounting: Height and pitch of the camera (down positive).
        v: Image row in pixels.

    Returns:
        Metres along the optical axis' ground projection, or None at and above the horizon.
    """
    depression = mounting.pitch + math.atan2(v - camera.cy, camera.fy)
    if not MIN_DEPRESSION < depression < math.pi / 2 or mounting.height <= 0:
        return None
    return mounting.height / math.tan(depression)


def sight_yaw(camera: CameraModel, mounting: Mounting, ego: EgoState, u: float) -> float:
    """Direction of the ray through column u in the odometry frame, counter-clockwise, radians."""
    return wrap(ego.yaw + mounting.yaw - camera.bearing(u))


def camera_position(mounting: Mounting, ego: EgoState) -> tuple[float, float]:
    """Ground position of the camera in the odometry frame, metres."""
    return (ego.x + mounting.x * math.cos(ego.yaw), ego.y + mounting.x * math.sin(ego.yaw))
