"""Where a box stands on flat ground.

The lower edge of a box is taken for the nearest point where the object touches
the ground.  With the camera at height h and the ray through that edge falling
at angle a below the horizon, the ground range is h / tan(a).  One pixel of error
costs range^2 / (h f) metres, so far ranges are coarse and `sigma` says so.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pose_ssl_ros.danger.config import MotionConfig
from pose_ssl_ros.interfaces import Box, CameraModel, Mounting

# Noise of a box that the image border cuts, in units of its visible half width.
_CUT = 3.0


class GroundPoint(NamedTuple):
    """A box put on the ground."""

    x: float  # metres in base_link, forward
    y: float  # metres in base_link, left
    range_m: float  # metres on the ground from the camera
    half_width: float  # metres
    sigma_range: float  # 1 sigma along the ray, metres
    sigma_lateral: float  # 1 sigma across the ray, metres
    cut: bool = False  # the left or right image border hides a part


def assumed_camera(width: int, height: int, fov: float) -> CameraModel:
    """A camera with a guessed horizontal field of view (radians), for ranging without `camera_info`."""
    focal = width / 2 / math.tan(fov / 2)
    return CameraModel(width, height, focal, focal, width / 2, height / 2)


def ray_in_base(u: float, v: float, camera: CameraModel, mounting: Mounting) -> tuple[float, float, float]:
    """Direction of the ray through a pixel in base_link axes (forward, left, up), not normalised."""
    ahead, left, up = 1.0, -(u - camera.cx) / camera.fx, -(v - camera.cy) / camera.fy
    cos_p, sin_p = math.cos(mounting.pitch), math.sin(mounting.pitch)
    ahead, up = ahead * cos_p + up * sin_p, up * cos_p - ahead * sin_p
    cos_y, sin_y = math.cos(mounting.yaw), math.sin(mounting.yaw)
    return ahead * cos_y - left * sin_y, ahead * sin_y + left * cos_y, up


def locate(box: Box, camera: CameraModel, mounting: Mounting, config: MotionConfig) -> GroundPoint | None:
    """Put a box on the ground.

    Two things bound the range from above: the ground under the lower edge, and the
    size of the box (nothing is taller than ``config.tallest_m``), so a box around
    a windscreen does not send a near car to the horizon.

    Returns:
        The point, or None if the numbers make no sense (not finite, no area, camera not above ground).
    """
    u, v = box.centre[0], box.bottom
    if not all(math.isfinite(n) for n in (*box, mounting.height, mounting.pitch, mounting.yaw)):
        return None
    if box.w <= 0 or box.h <= 0 or mounting.height <= 0:
        return None
    ahead, left, up = ray_in_base(u, v, camera, mounting)
    along = math.hypot(ahead, left)  # ground distance per unit of ray
    if along <= 1e-9:
        return None
    limit = min(config.max_range_m, config.tallest_m * camera.fy / box.h)
    ground = mounting.height * along / -up if up < 0 else math.inf
    distance = min(ground, limit)
    per_pixel = distance * distance / (mounting.height * camera.fy)
    edge = config.pixel_sigma + config.edge_sigma * box.h
    sigma_range = min(edge * per_pixel + 0.02 * distance, distance / 2 + 0.05)
    if ground > limit:
        sigma_range = distance / 2 + 0.05  # a bound, hardly a measurement
    half_width = box.w * distance / camera.fx / 2
    sigma_lateral = edge * distance / camera.fx + 0.02
    cut = camera.width > 0 and (box.x <= config.edge_px or box.x + box.w >= camera.width - config.edge_px)
    if cut:
        # The middle of what is still in view slides along the image border: no motion of the
        # object.  Wide noise makes the motion filter keep to what it knew before.
        sigma_lateral += _CUT * (half_width + 0.3)
        sigma_range += _CUT * (half_width + 0.3)
    return GroundPoint(
        x=mounting.x + distance * ahead / along,
        y=distance * left / along,
        range_m=distance,
        half_width=half_width,
        sigma_range=sigma_range,
        sigma_lateral=sigma_lateral,
        cut=cut,
    )


def point_in_camera(x: float, y: float, z: float, mounting: Mounting) -> tuple[float, float, float]:
    """A point given in base_link (metres) in the camera optical frame (x right, y down, z ahead)."""
    ahead, left, up = x - mounting.x, y, z - mounting.height
    cos_y, sin_y = math.cos(mounting.yaw), math.sin(mounting.yaw)
    ahead, left = ahead * cos_y + left * sin_y, left * cos_y - ahead * sin_y
    cos_p, sin_p = math.cos(mounting.pitch), math.sin(mounting.pitch)
    ahead, up = ahead * cos_p - up * sin_p, up * cos_p + ahead * sin_p
    return -left, -up, ahead
