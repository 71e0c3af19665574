"""Signals."""

from pose_ssl_ros.embedded.runtime import SignalHandlerOptions

__all__ = ["SignalHandlerOptions"]
