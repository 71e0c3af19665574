"""Clocks."""

from pose_ssl_ros.embedded.time import Clock, ClockType

__all__ = ["Clock", "ClockType"]
