"""Ground truth messages to records; only evaluation looks at what this gives."""

from __future__ import annotations

import math
from typing import Any

from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.reading_messages import box_of
from pose_ssl_ros.viewpoint import azimuth_from_orientation

#: More objects than this in one message are not looked at.
MOST_OBJECTS = 500


def finite(box: Box) -> bool:
    """True if the box has finite numbers and an area."""
    return all(math.isfinite(v) for v in box) and box.w > 0 and box.h > 0


def orientation_of(result: Any) -> tuple[float, float, float, float] | None:
    """Unit quaternion (x, y, z, w) of a hypothesis; None if it is none."""
    q = result.pose.pose.orientation
    values = (float(q.x), float(q.y), float(q.z), float(q.w))
    norm = math.sqrt(sum(v * v for v in values))
    if not math.isfinite(norm) or not 0.9 < norm < 1.1:
        return None
    return (values[0] / norm, values[1] / norm, values[2] / norm, values[3] / norm)


def truth_from(msg: Any) -> list[TruthObject]:
    """True objects of a `ground_truth` message; incomplete ones are left out."""
    found = []
    for item in msg.detections[:MOST_OBJECTS]:
        box = box_of(item)
        if not item.results or not finite(box):
            continue
        result = item.results[0]
        orientation = orientation_of(result)
        p = result.pose.pose.position
        position = (float(p.x), float(p.y), float(p.z))
        if orientation is None or not all(math.isfinite(v) for v in position) or position[2] <= 0:
            continue
        azimuth = azimuth_from_orientation(orientation, math.atan2(position[0], position[2]))
        score = float(result.hypothesis.score)
        visible = score if math.isfinite(score) else 0.0
        found.append(TruthObject(item.id, result.hypothesis.class_id, box, azimuth, position, visible))
    return found
