"""Callback groups."""

from pose_ssl_ros.embedded.executor import CallbackGroup, MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup

__all__ = ["CallbackGroup", "MutuallyExclusiveCallbackGroup", "ReentrantCallbackGroup"]
