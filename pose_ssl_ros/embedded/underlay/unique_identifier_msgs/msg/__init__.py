"""Messages of unique_identifier_msgs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("unique_identifier_msgs", "msg")
