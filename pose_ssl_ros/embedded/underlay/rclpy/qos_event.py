"""Older name of rclpy.event_handler."""

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks

__all__ = ["PublisherEventCallbacks", "SubscriptionEventCallbacks"]
