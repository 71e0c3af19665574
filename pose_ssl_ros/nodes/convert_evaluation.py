"""Ground truth and answers, from messages to the records of the evaluation."""

from __future__ import annotations

from typing import Any

from pose_ssl_ros.bags.truth_messages import MOST_OBJECTS, finite, orientation_of
from pose_ssl_ros.bags.truth_messages import truth_from as truth_from
from pose_ssl_ros.evaluation.records import Answer
from pose_ssl_ros.interfaces import CameraModel
from pose_ssl_ros.reading_messages import box_of
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, azimuth_from_orientation

#: A variance above this says that the yaw is not known (DESIGN).
NO_YAW = 99999.0
#: Places of the rotation variances in a 6x6 row-major covariance.
ROTATION_VARIANCES = (21, 28, 35)


def detections_from(msg: Any, camera: CameraModel | None) -> list[Answer]:
    """Identity and azimuth of a `detections` message.

    Args:
        msg: Detection2DArray.
        camera: Intrinsics; without them an orientation cannot be turned into an azimuth.
    """
    found = []
    for item in msg.detections[:MOST_OBJECTS]:
        box = box_of(item)
        if not finite(box):
            continue
        if not item.results:
            found.append(Answer(item.id, box))
            continue
        best = max(item.results, key=lambda r: r.hypothesis.score)
        azimuth = None
        orientation = orientation_of(best)
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
