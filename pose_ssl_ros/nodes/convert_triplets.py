"""The `triplets` and `triplets/info` messages: written by the triplet node, read by the learner node.

One pair of messages with equal stamps holds all triplets that one image completed.  The picture's column
i and the info's detection i are triplet i; each detection's header has the stamp of its own C.  The
messages' stamp is that of the newest C.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from pose_ssl_ros.interfaces import TeacherEvidence, Triplet, ViewSteps
from pose_ssl_ros.nodes.convert import (
    box_of,
    detection,
    detection_array,
    image_to_rgb,
    rgb_to_image,
    stamp_ns,
    to_header,
)
from pose_ssl_ros.perception.images import ImageError
from pose_ssl_ros.triplets.packing import PackingError, pack, unpack
from pose_ssl_ros.viewpoint import HEADINGS

VIEW_STEP_LC = "view_step_lc"
VIEW_STEP_CR = "view_step_cr"


class TripletMessageError(ValueError):
    """A pair of triplet messages cannot be read; the text says why."""


def to_messages(triplets: Sequence[Triplet], frame_id: str) -> tuple[Image, Detection2DArray]:
    """Write triplets as picture and info.

    Raises:
        PackingError: If there is none, or their sizes differ.
    """
    header = to_header(max(t.stamp_ns for t in triplets) if triplets else 0, frame_id)
    image = rgb_to_image(pack(triplets), header)
    return image, detection_array(header, [_detection(t, frame_id) for t in triplets])


def from_messages(image: Image, info: Detection2DArray) -> list[Triplet]:
    """Read triplets back; evidence and steps that make no sense are left out, the crops stay.

    Raises:
        TripletMessageError: If the picture cannot be read or does not fit the info.
    """
    try:
        crops = unpack(image_to_rgb(image))
    except (ImageError, PackingError) as error:
        msg = f"triplet picture: {error}"
        raise TripletMessageError(msg) from error
    if len(crops) != len(info.detections):
        msg = f"the triplet picture has {len(crops)} columns but the info has {len(info.detections)} detections"
        raise TripletMessageError(msg)
    return [
        Triplet(
            track_id=item.id,
            stamp_ns=stamp_ns(item.header) or stamp_ns(info.header),
            crops=crop,
            box=box_of(item),
            teacher=_teacher(item),
            view_steps=_steps(item),
        )
        for crop, item in zip(crops, info.detections, strict=True)
    ]


def _detection(triplet: Triplet, frame_id: str) -> Detection2D:
    scores = zip(HEADINGS, triplet.teacher.scores, strict=True) if triplet.teacher else ()
    item = detection(to_header(triplet.stamp_ns, frame_id), triplet.track_id, triplet.box, scores)
    if triplet.view_steps is not None:
        results = list(item.results)
        for name, quaternion in ((VIEW_STEP_LC, triplet.view_steps.lc), (VIEW_STEP_CR, triplet.view_steps.cr)):
            result = ObjectHypothesisWithPose()
            result.hypothesis.class_id, result.hypothesis.score = name, 1.0
            o = result.pose.pose.orientation
            o.x, o.y, o.z, o.w = quaternion
            results.append(result)
        item.results = results
    return item


def _teacher(item: Detection2D) -> TeacherEvidence | None:
    found = {r.hypothesis.class_id: float(r.hypothesis.score) for r in item.results}
    if not any(name in found for name in HEADINGS):
        return None
    toward, left, away, right = (found.get(name, 0.0) for name in HEADINGS)
    if not all(math.isfinite(s) and 0.0 <= s <= 1.0 for s in (toward, left, away, right)):
        return None
    return TeacherEvidence((toward, left, away, right))


def _steps(item: Detection2D) -> ViewSteps | None:
    found = {}
    for result in item.results:
        if result.hypothesis.class_id in (VIEW_STEP_LC, VIEW_STEP_CR):
            o = result.pose.pose.orientation
            quaternion = (float(o.x), float(o.y), float(o.z), float(o.w))
            norm = math.sqrt(sum(v * v for v in quaternion))
            if math.isfinite(norm) and abs(norm - 1.0) < 0.01:
                found[result.hypothesis.class_id] = quaternion
    if len(found) < 2:
        return None
    return ViewSteps(found[VIEW_STEP_LC], found[VIEW_STEP_CR])
