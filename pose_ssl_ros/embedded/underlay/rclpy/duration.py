"""Durations."""

from pose_ssl_ros.embedded.time import Duration

__all__ = ["Duration"]
