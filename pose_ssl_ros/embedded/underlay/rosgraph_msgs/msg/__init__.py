"""Messages of rosgraph_msgs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("rosgraph_msgs", "msg")
