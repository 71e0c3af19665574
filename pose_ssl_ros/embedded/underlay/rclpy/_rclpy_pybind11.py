"""Errors that rclpy shows only here."""

from pose_ssl_ros.embedded.errors import InvalidHandle, RCLError

__all__ = ["InvalidHandle", "RCLError"]
