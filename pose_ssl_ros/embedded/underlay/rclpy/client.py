"""Clients."""

from pose_ssl_ros.embedded.services import Client

__all__ = ["Client"]
