"""Times."""

from pose_ssl_ros.embedded.time import Time

__all__ = ["Time"]
