"""Messages of nav2_msgs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("nav2_msgs", "msg")
