"""Services."""

from pose_ssl_ros.embedded.services import Service

__all__ = ["Service"]
