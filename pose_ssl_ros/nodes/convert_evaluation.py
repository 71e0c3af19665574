"""Ground truth and answers, from messages to the records of the evaluation."""

from __future__ import annotations

import math
from typing import Any

from pose_ssl_ros.evaluation.records import Answer, TruthObject
from pose_ssl_ros.interfaces import Box, CameraModel
from pose_ssl_ros.nodes.convert import box_of
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, azimuth_from_orientation

#: A variance above this says that the yaw is not known (DESIGN).
NO_YAW = 99999.0
#: Places of the rotation variances in a 6x6 row-major covariance.
ROTATION_VARIANCES = (21, 28, 35)
#: More objects than this in one message are not looked at.
MOST_OBJECTS = 500


def _finite(box: Box) -> bool:
    return all(math.isfinite(v) for v in box) and box.w > 0 and box.h > 0


def _orientation(result: Any) -> tuple[float, float, float, float] | None:
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
        if not item.results or not _finite(box):
            continue
        result = item.results[0]
        orientation = _orientation(result)
        p = result.pose.pose.position
        position = (float(p.x), float(p.y), float(p.z))
        if orientation is None or not all(math.isfinite(v) for v in position) or position[2] <= 0:
            continue
        azimuth = azimuth_from_orientation(orientation, math.atan2(position[0], position[2]))
        score = float(result.hypothesis.score)
        visible = score if math.isfinite(score) else 0.0
        found.append(TruthObject(item.id, result.hypothesis.class_id, box, azimuth, position, visible))
    return found


def detections_from(msg: Any, camera: CameraModel | None) -> list[Answer]:
    """Identity and azimuth of a `detections` message.

    Args:
        msg: Detection2DArray.
        camera: Intrinsics; without them an orientation cannot be turned into an azimuth.
    """
    found = []
    for item in msg.detections[:MOST_OBJECTS]:
        box = box_of(item)
        if not _finite(box):
            continue
        if not item.results:
            found.append(Answer(item.id, box))
            continue
        best = max(item.results, key=lambda r: r.hypothesis.score)
        azimuth = None
        orientation = _orientation(best)
        variances = [float(best.pose.covariance[i]) for i in ROTATION_VARIANCES]
        if camera is not None and orientation is not None and max(variances) <= NO_YAW:
            azimuth = azimuth_from_orientation(orientation, camera.bearing(box.centre[0]))
        found.append(
            Answer(
                item.id,
                box,
                identity=best.hypothesis.class_id,
                identity_score=float(best.hypothesis.score),
                azimuth=azimuth,
            )
        )
    return found


def headings_from(msg: Any) -> list[Answer]:
    """Heading probabilities of a `headings` message; a class that is not named has 0."""
    found = []
    for item in msg.detections[:MOST_OBJECTS]:
        scores = {r.hypothesis.class_id: float(r.hypothesis.score) for r in item.results}
        toward, left, away, right, unknown = (scores.get(name, 0.0) for name in HEADINGS_AND_UNKNOWN)
        found.append(Answer(item.id, box_of(item), heading=(toward, left, away, right, unknown)))
    return found
