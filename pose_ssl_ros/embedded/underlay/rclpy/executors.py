"""Executors."""

from pose_ssl_ros.embedded.errors import (
    ConditionReachedException,
    ExternalShutdownException,
    ShutdownException,
    TimeoutException,
)
from pose_ssl_ros.embedded.executor import Executor, MultiThreadedExecutor, SingleThreadedExecutor

__all__ = [
    "ConditionReachedException",
    "Executor",
    "ExternalShutdownException",
    "MultiThreadedExecutor",
    "ShutdownException",
    "SingleThreadedExecutor",
    "TimeoutException",
]
