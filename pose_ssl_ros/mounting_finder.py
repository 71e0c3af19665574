"""Where the camera sits on the robot, read from a chain of transforms."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from pose_ssl_ros.interfaces import Mounting

_LONGEST_CHAIN = 16  # links from base to camera; more is a loop


class MountingFinder:
    """Collects transforms until they lead from the base to the camera's optical frame.

    Args:
        base_frame: The robot's frame.
    """

    def __init__(self, base_frame: str) -> None:
        """Start without transforms."""
        self._base = base_frame.lstrip("/")
        self._closed = False
        self._links: dict[str, tuple[str, np.ndarray]] = {}  # child -> (parent, 4x4 child to parent)

    def add(self, transforms: Iterable[Any]) -> None:
        """Take geometry_msgs/TransformStamped; those that are not finite are left out."""
        if self._closed:
            return
        for item in transforms:
            matrix = _matrix(item.transform)
            if matrix is not None:
                child = item.child_frame_id.lstrip("/")
                self._links[child] = (item.header.frame_id.lstrip("/"), matrix)

    def close(self) -> None:
        """Look at no more transforms: /tf is busy and the mounting is known."""
        self._closed = True

    def find(self, camera_frame: str) -> Mounting | None:
        """The mounting of a camera's optical frame (z ahead, y down), or None if the chain has a gap."""
        frame, total = camera_frame.lstrip("/"), np.eye(4)
        for _ in range(_LONGEST_CHAIN):
            if frame == self._base:
                ahead, left, up = total[:3, 2]
                return Mounting(
                    x=float(total[0, 3]),
                    height=float(total[2, 3]),
                    pitch=math.atan2(-up, math.hypot(ahead, left)),
                    yaw=math.atan2(left, ahead),
                )
            if frame not in self._links:
                return None
            frame, matrix = self._links[frame]
            total = matrix @ total
        return None


def _matrix(transform: Any) -> np.ndarray | None:
    q, t = transform.rotation, transform.translation
    values = np.array([q.x, q.y, q.z, q.w, t.x, t.y, t.z], dtype=float)
    norm = float(np.linalg.norm(values[:4]))
    if not np.isfinite(values).all() or norm < 1e-6:
        return None
    x, y, z, w = values[:4] / norm
    matrix = np.eye(4)
    matrix[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    matrix[:3, 3] = values[4:]
    return matrix
