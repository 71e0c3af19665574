"""Messages of tf2_msgs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("tf2_msgs", "msg")
