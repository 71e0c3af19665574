"""ROS 2 client library, for just what our nodes use (see pose_ssl_ros.embedded)."""

from pose_ssl_ros.embedded.context import Context
from pose_ssl_ros.embedded.node import Node
from pose_ssl_ros.embedded.runtime import (
    SignalHandlerOptions,
    create_node,
    get_global_executor,
    init,
    ok,
    shutdown,
    spin,
    spin_once,
    spin_until_future_complete,
    try_shutdown,
)
from pose_ssl_ros.embedded.runtime import default_context as get_default_context
from rclpy import logging, qos  # `rclpy.logging` and `rclpy.qos` work after `import rclpy` in the real one too

__all__ = [
    "Context",
    "Node",
    "SignalHandlerOptions",
    "create_node",
    "get_default_context",
    "get_global_executor",
    "init",
    "logging",
    "ok",
    "qos",
    "shutdown",
    "spin",
    "spin_once",
    "spin_until_future_complete",
    "try_shutdown",
]
