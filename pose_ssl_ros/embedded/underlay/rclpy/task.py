"""Futures."""

from pose_ssl_ros.embedded.futures import Future

__all__ = ["Future"]
