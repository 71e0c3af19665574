"""Messages of nav_msgs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("nav_msgs", "msg")
