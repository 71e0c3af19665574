"""Camera intrinsics for footage that comes without camera_info."""

from __future__ import annotations

import math
from pathlib import Path

import yaml

from pose_ssl_ros.interfaces import CameraModel
from pose_ssl_ros.perception.sources import SourceError


def from_file(path: Path) -> CameraModel:
    """Read a calibration file as ROS's camera_calibration writes it.

    Raises:
        SourceError: If it cannot be read or has no usable camera matrix.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        matrix = [float(value) for value in content["camera_matrix"]["data"]]
        width, height = int(content["image_width"]), int(content["image_height"])
        fx, fy, cx, cy = matrix[0], matrix[4], matrix[2], matrix[5]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError, IndexError) as error:
        msg = f"calibration file '{path}' cannot be read ({error!r}); it needs image_width, image_height, camera_matrix"
        raise SourceError(msg) from error
    if not all(map(math.isfinite, (fx, fy, cx, cy))) or min(fx, fy, width, height) <= 0:
        msg = f"calibration file '{path}' holds no usable camera matrix"
        raise SourceError(msg)
    return CameraModel(width, height, fx, fy, cx, cy)


def from_fov(width: int, height: int, horizontal_fov: float) -> CameraModel:
    """Intrinsics of an ideal camera with square pixels.

    Args:
        width: Pixels per row.
        height: Rows.
        horizontal_fov: Radians, in (0, pi).
    """
    focal = width / 2 / math.tan(horizontal_fov / 2)
    return CameraModel(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def scaled(camera: CameraModel, width: int, height: int) -> CameraModel:
    """The same camera for images of another size."""
    sx, sy = width / camera.width, height / camera.height
    return CameraModel(width, height, camera.fx * sx, camera.fy * sy, camera.cx * sx, camera.cy * sy)
