"""The robot's camera: intrinsics, where it looks, and the matrices that OpenGL wants."""

from __future__ import annotations

import math

import numpy as np
from pose_ssl_sim.config import SimConfig

from pose_ssl_ros.interfaces import CameraModel

NEAR, FAR = 0.15, 120.0


def camera_model(config: SimConfig) -> CameraModel:
    """Pinhole intrinsics with square pixels and the principal point in the middle of the image.

    Pixel centres lie at whole numbers, as in ROS, so the middle is (width - 1) / 2.
    """
    f = config.width / 2 / math.tan(config.field_of_view / 2)
    return CameraModel(config.width, config.height, f, f, (config.width - 1) / 2, (config.height - 1) / 2)


class CameraPose:
    """Camera in the world: optical frame (x right, y down, z ahead) at a position."""

    def __init__(self, x: float, y: float, z: float, yaw: float, pitch: float) -> None:
        """Stand at (x, y, z) metres, look along yaw, pitched down by pitch (radians)."""
        self.position = np.array([x, y, z])
        self.yaw = yaw
        self.pitch = pitch
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        right = np.array([sy, -cy, 0.0])
        ahead = np.array([cy * cp, sy * cp, -sp])
        #: Columns are the optical axes in world coordinates.
        self.rotation = np.stack([right, np.cross(ahead, right), ahead], axis=1)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """World points (n, 3) in the optical frame, metres."""
        return (np.asarray(points, float) - self.position) @ self.rotation

    def project(self, points: np.ndarray, model: CameraModel) -> tuple[np.ndarray, np.ndarray]:
        """Pixels (n, 2) and depths (n,) of world points; a pixel means nothing where the depth is not positive."""
        seen = self.to_camera(points)
        depth = seen[:, 2]
        safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
        pixels = np.stack([model.cx + model.fx * seen[:, 0] / safe, model.cy + model.fy * seen[:, 1] / safe], axis=1)
        return pixels, depth

    def view_matrix(self) -> np.ndarray:
        """OpenGL view matrix (4, 4): x right, y up, z back."""
        axes = self.rotation.T * np.array([[1.0], [-1.0], [-1.0]])
        matrix = np.eye(4)
        matrix[:3, :3] = axes
        matrix[:3, 3] = -axes @ self.position
        return matrix

    def ground_homography(self, model: CameraModel) -> np.ndarray:
        """(3, 3) from homogeneous pixels to homogeneous ground points; the third row is positive below the horizon."""
        pixel_to_ray = np.array(
            [[1 / model.fx, 0, -model.cx / model.fx], [0, 1 / model.fy, -model.cy / model.fy], [0, 0, 1.0]]
        )
        ray = self.rotation @ pixel_to_ray
        x, y, z = self.position
        return np.stack([ray[0] * z - x * ray[2], ray[1] * z - y * ray[2], -ray[2]])

    def horizon_row(self, model: CameraModel) -> int:
        """First image row that sees ground, 0..height."""
        row = model.cy - model.fy * math.tan(self.pitch)
        return int(min(model.height, max(0, math.floor(row) + 1)))


def projection_matrix(model: CameraModel) -> np.ndarray:
    """OpenGL projection matrix (4, 4) of the intrinsics."""
    w, h = model.width, model.height
    # Half a pixel: OpenGL counts from pixel edges, the intrinsics from pixel centres.
    cx, cy = model.cx + 0.5, model.cy + 0.5
    return np.array(
        [
            [2 * model.fx / w, 0, 1 - 2 * cx / w, 0],
            [0, 2 * model.fy / h, 2 * cy / h - 1, 0],
            [0, 0, -(FAR + NEAR) / (FAR - NEAR), -2 * FAR * NEAR / (FAR - NEAR)],
            [0, 0, -1, 0],
        ]
    )
