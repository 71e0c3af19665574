"""Callbacks for endpoints whose qos does not fit."""

from pose_ssl_ros.embedded.events import PublisherEventCallbacks, QoSIncompatibleInfo, SubscriptionEventCallbacks

QoSOfferedIncompatibleQoSInfo = QoSRequestedIncompatibleQoSInfo = QoSIncompatibleInfo

__all__ = [
    "PublisherEventCallbacks",
    "QoSOfferedIncompatibleQoSInfo",
    "QoSRequestedIncompatibleQoSInfo",
    "SubscriptionEventCallbacks",
]
