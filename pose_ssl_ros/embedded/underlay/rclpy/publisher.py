"""Publishers."""

from pose_ssl_ros.embedded.endpoints import Publisher

__all__ = ["Publisher"]
