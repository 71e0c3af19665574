"""Not covered: importing anything from here says so."""

from typing import Any

from pose_ssl_ros.embedded.errors import not_covered


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    raise not_covered(f"rclpy.action.{name}")
