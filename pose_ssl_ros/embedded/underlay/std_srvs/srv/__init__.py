"""Services of std_srvs."""

from pose_ssl_ros.embedded.types import package

__getattr__, __dir__ = package("std_srvs", "srv")
