"""Rosbags: what is in them, what can be used, and results written beside them."""
