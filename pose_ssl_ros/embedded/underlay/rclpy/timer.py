"""Timers."""

from pose_ssl_ros.embedded.endpoints import Timer

__all__ = ["Timer"]
