"""Nodes."""

from pose_ssl_ros.embedded.node import Node
from pose_ssl_ros.embedded.parameters import Parameter

__all__ = ["Node", "Parameter"]
