"""Messages of rcl_interfaces."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("rcl_interfaces", "msg")
