"""Synchronisation of topics by stamp."""

from pose_ssl_ros.embedded.sync import ApproximateTimeSynchronizer, SimpleFilter, Subscriber, TimeSynchronizer

__all__ = ["ApproximateTimeSynchronizer", "SimpleFilter", "Subscriber", "TimeSynchronizer"]
