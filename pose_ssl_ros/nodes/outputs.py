"""Messages of the inference node, made from `ObjectState`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import Point, Quaternion, Vector3
from sensor_msgs.msg import PointCloud2, PointField
from std_msgs.msg import ColorRGBA, Header
from vision_msgs.msg import (
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesisWithPose,
    VisionClass,
    VisionInfo,
)
from visualization_msgs.msg import Marker, MarkerArray

from pose_ssl_ros.danger.ranging import point_in_camera
from pose_ssl_ros.interfaces import ModelVersion, Mounting, ObjectState
from pose_ssl_ros.nodes.convert import detection, detection_array, to_bytes_field
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, orientation_in_camera

#: Place of the yaw variance in the 6x6 covariance (x, y, z, and rotation about x, y, z of
#: the header's frame): in the camera optical frame yaw turns about the y axis.
YAW_VARIANCE_INDEX = 28
#: A variance above 99999 means 'not known'.
NOT_KNOWN = 1e5
# Objects stand upright on flat ground; that is assumed, not measured.
_UPRIGHT_VARIANCE = 0.03


def headings_message(header: Header, objects: Sequence[ObjectState]) -> Detection2DArray:
    """The `headings` topic: five probabilities per object, in the order of HEADINGS_AND_UNKNOWN."""
    found = []
    for item in objects:
        names = zip(HEADINGS_AND_UNKNOWN, item.heading, strict=True)
        found.append(detection(header, item.track_id, item.box, names))
    return detection_array(header, found)


def detections_message(header: Header, objects: Sequence[ObjectState], mounting: Mounting) -> Detection2DArray:
    """The `detections` topic: identity hypotheses, each with the object's pose in the camera optical frame."""
    return detection_array(header, [_detection(header, item, mounting) for item in objects])


def _detection(header: Header, item: ObjectState, mounting: Mounting) -> Detection2D:
    message = detection(header, item.track_id, item.box, item.identity)
    for result in message.results:
        _set_pose(result, item, mounting)
    return message


def _set_pose(result: ObjectHypothesisWithPose, item: ObjectState, mounting: Mounting) -> None:
    pose = result.pose.pose
    covariance = np.zeros(36)
    covariance[[0, 7, 14, 21, 28, 35]] = NOT_KNOWN
    if item.position is not None:
        pose.position.x, pose.position.y, pose.position.z = point_in_camera(*item.position, 0.0, mounting)
        if item.bearing is not None:
            # One pixel at the horizon is worth more the farther it is; a share of the range says it roughly.
            spread = (0.1 * (item.range_m or 0.0)) ** 2 + 0.01
            covariance[[0, 7, 14]] = spread, 0.01, spread
    if item.azimuth is not None and item.bearing is not None and item.azimuth_variance is not None:
        pose.orientation = _quaternion(item.azimuth, item.bearing)
        covariance[[21, 35]] = _UPRIGHT_VARIANCE
        covariance[YAW_VARIANCE_INDEX] = item.azimuth_variance
    result.pose.covariance = covariance


def _quaternion(azimuth: float, bearing: float) -> Quaternion:
    x, y, z, w = orientation_in_camera(azimuth, bearing)
    return Quaternion(x=x, y=y, z=z, w=w)


def cloud_message(header: Header, points: np.ndarray) -> PointCloud2:
    """A point cloud x, y, z, intensity from (n, 4) float32."""
    names = ("x", "y", "z", "intensity")
    return PointCloud2(
        header=header,
        height=1,
        width=len(points),
        fields=[PointField(name=n, offset=4 * i, datatype=PointField.FLOAT32, count=1) for i, n in enumerate(names)],
        is_bigendian=False,
        point_step=16,
        row_step=16 * len(points),
        data=to_bytes_field(points.astype("<f4")),
        is_dense=True,
    )


def markers_message(header: Header, objects: Sequence[ObjectState], mounting: Mounting) -> MarkerArray:
    """An arrow along each known heading, a ball where it is not known; red is dangerous."""
    wipe = Marker(header=header, ns="headings", action=Marker.DELETEALL)
    markers = [wipe]
    for number, item in enumerate(objects):
        if item.position is None:
            continue
        marker = Marker(header=header, ns="headings", id=number, action=Marker.ADD)
        x, y, z = point_in_camera(*item.position, 0.5, mounting)
        marker.pose.position = Point(x=x, y=y, z=z)
        if item.azimuth is not None and item.bearing is not None:
            marker.type = Marker.ARROW
            marker.pose.orientation = _quaternion(item.azimuth, item.bearing)
            marker.scale = Vector3(x=1.5, y=0.2, z=0.2)
        else:
            marker.type = Marker.SPHERE
            marker.pose.orientation = Quaternion(x=0.0, y=0.0, z=0.0, w=1.0)
            marker.scale = Vector3(x=0.5, y=0.5, z=0.5)
        danger = item.danger if math.isfinite(item.danger) else 1.0
        marker.color = ColorRGBA(r=danger, g=1.0 - danger, b=0.1, a=0.9)
        marker.lifetime.sec = 1
        markers.append(marker)
    return MarkerArray(markers=markers)


def label_message(header: Header, classes: Sequence[str]) -> LabelInfo:
    """Class numbers and names."""
    named = [VisionClass(class_id=i, class_name=name) for i, name in enumerate(classes)]
    return LabelInfo(header=header, class_map=named, threshold=0.0)


def model_message(header: Header, model: ModelVersion | None, source: str, number: int) -> VisionInfo:
    """The `model_info` topic: which model answers, or that none does.

    Args:
        header: Its stamp.
        model: Card of the model.
        source: Where it came from.
        number: Rises at each swap, also when a learner came back with an older version.
    """
    info = VisionInfo(header=header, method="", database_location="", database_version=0)
    if model is not None:
        info.method = model.objective
        info.database_location = source
        info.database_version = number
    return info
