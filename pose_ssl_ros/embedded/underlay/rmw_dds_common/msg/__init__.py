"""Messages of rmw_dds_common."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("rmw_dds_common", "msg")
