"""ROS messages to the records of `interfaces`, by their fields alone: rclpy's messages and rosbags' both do."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Track
from pose_ssl_ros.perception.images import decode_compressed, decode_raw


def stamp_ns(header: Any) -> int:
    """Stamp of a header in nanoseconds."""
    return int(header.stamp.sec) * 1_000_000_000 + int(header.stamp.nanosec)


def image_to_rgb(msg: Any) -> np.ndarray:
    """Pixels of an image message as (height, width, 3) uint8 RGB.

    Raises:
        ImageError: If the encoding is not supported or the data do not fit it.
    """
    data = np.frombuffer(msg.data, dtype=np.uint8)
    if hasattr(msg, "format"):
        return decode_compressed(data, msg.format)
    return decode_raw(msg.encoding, msg.width, msg.height, msg.step, data, bool(msg.is_bigendian))


def camera_from_info(msg: Any) -> CameraModel | None:
    """Intrinsics, or None when the message holds zeros or NaN (an uncalibrated camera)."""
    k = [float(v) for v in msg.k]
    fx, fy, cx, cy = k[0], k[4], k[2], k[5]
    if not all(math.isfinite(v) for v in (fx, fy, cx, cy)) or fx <= 0 or fy <= 0:
        return None
    return CameraModel(int(msg.width), int(msg.height), fx, fy, cx, cy)


def yaw_of(quaternion: Any) -> float:
    """Yaw of a quaternion message about z, in radians."""
    q = quaternion
    return math.atan2(2 * (q.w * q.z + q.x * q.y), 1 - 2 * (q.y * q.y + q.z * q.z))


def ego_from_odom(msg: Any) -> EgoState | None:
    """Planar state of the robot, or None when a number is not finite."""
    position, twist = msg.pose.pose.position, msg.twist.twist
    values = (position.x, position.y, yaw_of(msg.pose.pose.orientation), twist.linear.x, twist.angular.z)
    if not all(math.isfinite(v) for v in values):
        return None
    return EgoState(stamp_ns(msg.header), *values)


def box_of(detection: Any) -> Box:
    """Box of a detection; may hold anything the sender wrote, NaN included."""
    centre = detection.bbox.center.position
    w, h = float(detection.bbox.size_x), float(detection.bbox.size_y)
    return Box(float(centre.x) - w / 2, float(centre.y) - h / 2, w, h)


def tracks_from(msg: Any) -> list[Track]:
    """Tracks of a `tracks` message; boxes that are not finite or have no area are left out."""
    stamp = stamp_ns(msg.header)
    found = []
    for item in msg.detections:
        box = box_of(item)
        if all(math.isfinite(v) for v in box) and box.w > 0 and box.h > 0:
            found.append(Track(id=item.id, box=box, stamp_ns=stamp))
    return found
