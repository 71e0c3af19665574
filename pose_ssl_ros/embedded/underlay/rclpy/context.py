"""Contexts."""

from pose_ssl_ros.embedded.context import Context

__all__ = ["Context"]
