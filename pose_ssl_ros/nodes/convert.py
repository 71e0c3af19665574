"""Between ROS messages and the records of `interfaces`; nothing here decides anything.

What only reads messages lives in `reading_messages`, which needs no ROS, and is passed on from here.
"""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.reading_messages import box_of as box_of
from pose_ssl_ros.reading_messages import camera_from_info as camera_from_info
from pose_ssl_ros.reading_messages import ego_from_odom as ego_from_odom
from pose_ssl_ros.reading_messages import image_to_rgb as image_to_rgb
from pose_ssl_ros.reading_messages import stamp_ns as stamp_ns
from pose_ssl_ros.reading_messages import tracks_from as tracks_from
from pose_ssl_ros.reading_messages import yaw_of as yaw_of


def to_time(stamp: int) -> Time:
    """Nanoseconds as a time message."""
    return Time(sec=stamp // 1_000_000_000, nanosec=stamp % 1_000_000_000)


def to_header(stamp: int, frame_id: str) -> Header:
    """Header with a stamp in nanoseconds."""
    return Header(stamp=to_time(stamp), frame_id=frame_id)


def to_bytes_field(data: np.ndarray | bytes) -> array.array[int]:
    """Bytes as the array type that rclpy takes without looking at each element."""
    return array.array("B", data if isinstance(data, bytes) else np.ascontiguousarray(data).tobytes())


def rgb_to_image(rgb: np.ndarray, header: Header) -> Image:
    """An rgb8 image message from (height, width, 3) uint8."""
    height, width = rgb.shape[:2]
    return Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width, data=to_bytes_field(rgb))


def detection(header: Header, track_id: str, box: Box, hypotheses: Iterable[tuple[str, float]] = ()) -> Detection2D:
    """A detection with (class, score) hypotheses in the given order."""
    found = Detection2D(header=header, id=track_id)
    found.bbox.center.position.x, found.bbox.center.position.y = (float(v) for v in box.centre)
    found.bbox.size_x, found.bbox.size_y = float(box.w), float(box.h)
    results = []
    for name, score in hypotheses:
        result = ObjectHypothesisWithPose()
        result.hypothesis.class_id, result.hypothesis.score = name, float(score)
        results.append(result)
    found.results = results
    return found


def detection_array(header: Header, detections: Sequence[Detection2D]) -> Detection2DArray:
    """Detections under one header; an empty one is a statement, not an absence."""
    return Detection2DArray(header=header, detections=list(detections))
