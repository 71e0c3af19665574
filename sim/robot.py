"""A robot on two driven wheels: commands in, pose out."""

from __future__ import annotations

import math

from pose_ssl_sim.meshes import Mesh


class DifferentialDrive:
    """Planar pose in the odometry frame (REP-103), moved by speed and turning rate."""

    def __init__(self, max_speed: float, max_yaw_rate: float, acceleration: float) -> None:
        """Stand at the origin, facing +x; limits in m/s, rad/s and m/s^2."""
        self.x = self.y = self.yaw = 0.0
        self.speed = self.yaw_rate = 0.0
        self._max_speed = max_speed
        self._max_yaw_rate = max_yaw_rate
        self._acceleration = acceleration

    def command(self, speed: float, yaw_rate: float, dt: float) -> None:
        """Let the wheels follow a command for dt seconds; values that are not finite stop the robot."""
        if not (math.isfinite(speed) and math.isfinite(yaw_rate)):
            speed = yaw_rate = 0.0
        goal = min(self._max_speed, max(-self._max_speed, speed))
        change = self._acceleration * dt
        self.speed += min(change, max(-change, goal - self.speed))
        self.yaw_rate = min(self._max_yaw_rate, max(-self._max_yaw_rate, yaw_rate))

    def moved(self, dt: float) -> tuple[float, float, float]:
        """Where the robot is dt seconds from now: an exact arc."""
        turn = self.yaw_rate * dt
        if abs(turn) < 1e-9:
            chord, direction = self.speed * dt, self.yaw
        else:
            chord = 2 * self.speed / self.yaw_rate * math.sin(turn / 2)
            direction = self.yaw + turn / 2
        return (
            self.x + chord * math.cos(direction),
            self.y + chord * math.sin(direction),
            math.atan2(math.sin(self.yaw + turn), math.cos(self.yaw + turn)),
        )


def robot_mesh(camera_x: float, camera_height: float) -> Mesh:
    """The robot's looks: a box on two wheels and a castor, the camera on a mast."""
    mesh = Mesh()
    mesh.box((0, 0, 0.24), (0.6, 0.42, 0.2), (0.2, 0.25, 0.3))
    mesh.box((0.1, 0, 0.36), (0.3, 0.3, 0.06), (0.9, 0.5, 0.1))
    for side in (-1, 1):
        mesh.cylinder((0, side * 0.2, 0.16), (0, side * 0.26, 0.16), 0.16, (0.07, 0.07, 0.07), sides=12)
    mesh.sphere((-0.22, 0, 0.07), 0.07, (0.3, 0.3, 0.3), sides=6, rings=4)
    # The mast stands behind the lens, so that the camera never sees it.
    mesh.cylinder((camera_x - 0.12, 0, 0.3), (camera_x - 0.12, 0, camera_height), 0.03, (0.6, 0.6, 0.6), sides=6)
    mesh.box((camera_x - 0.1, 0, camera_height), (0.08, 0.14, 0.06), (0.1, 0.1, 0.1))
    return mesh
