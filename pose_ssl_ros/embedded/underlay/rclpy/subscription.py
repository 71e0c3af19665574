"""Subscriptions."""

from pose_ssl_ros.embedded.endpoints import Subscription

__all__ = ["Subscription"]
