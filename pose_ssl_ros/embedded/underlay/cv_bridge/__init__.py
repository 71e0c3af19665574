"""Images to and from numpy arrays."""

from pose_ssl_ros.embedded.bridge import CvBridge, CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
