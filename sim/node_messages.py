"""What the simulated robot senses as ROS messages: the node publishes them, `pose-ssl record` writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Transform, TransformStamped
from nav_msgs.msg import Odometry
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.truth import TruthObject
from pose_ssl_sim.world import SimFrame
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting
from pose_ssl_ros.nodes.convert import rgb_to_image, to_header, to_time
from pose_ssl_ros.viewpoint import orientation_in_camera, quaternion_from_matrix

ODOM, BASE, CAMERA = "odom", "base_link", "camera_optical_frame"


class Sensed(NamedTuple):
    """A message, and the node's name of its topic."""

    topic: str
    message: Any


def of_tick(ego: EgoState, mounting: Mounting) -> Iterator[Sensed]:
    """Odometry and transforms of a moment."""
    stamp = to_time(ego.stamp_ns)
    half = ego.yaw / 2
    odom = Odometry(header=Header(stamp=stamp, frame_id=ODOM), child_frame_id=BASE)
    pose, twist = odom.pose.pose, odom.twist.twist
    pose.position.x, pose.position.y = ego.x, ego.y
    pose.orientation.z, pose.orientation.w = float(np.sin(half)), float(np.cos(half))
    twist.linear.x, twist.angular.z = ego.speed, ego.yaw_rate
    yield Sensed("odom", odom)
    base = TransformStamped(header=Header(stamp=stamp, frame_id=ODOM), child_frame_id=BASE)
    base.transform.translation.x, base.transform.translation.y = ego.x, ego.y
    base.transform.rotation.z, base.transform.rotation.w = pose.orientation.z, pose.orientation.w
    yield Sensed("/tf", TFMessage(transforms=[base, camera_transform(stamp, mounting)]))


def of_frame(frame: SimFrame) -> Iterator[Sensed]:
    """Intrinsics, image and truth, all with the stamp of the image."""
    header = to_header(frame.stamp_ns, CAMERA)
    yield Sensed("camera_info", info_message(header, frame.camera))
    yield Sensed("image", rgb_to_image(frame.rgb, header))
    truth = Detection2DArray(header=header, detections=[truth_message(header, t) for t in frame.truth])
    yield Sensed("ground_truth", truth)


def camera_transform(stamp: Time, mounting: Mounting) -> TransformStamped:
    """base_link to the camera's optical frame (x right, y down, z ahead)."""
    turn = CameraPose(0.0, 0.0, 0.0, mounting.yaw, mounting.pitch).rotation
    found = TransformStamped(header=Header(stamp=stamp, frame_id=BASE), child_frame_id=CAMERA)
    found.transform = Transform()
    found.transform.translation.x, found.transform.translation.z = mounting.x, mounting.height
    rotation = found.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion_from_matrix(turn)
    return found


def info_message(header: Header, camera: CameraModel) -> CameraInfo:
    """The intrinsics; the picture has no distortion."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return CameraInfo(
        header=header,
        height=camera.height,
        width=camera.width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=np.array([fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]),
        r=np.eye(3).reshape(-1),
        p=np.array([fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]),
    )


def truth_message(header: Header, truth: TruthObject) -> Detection2D:
    """One object of the `ground_truth` topic."""
    found = Detection2D(header=header, id=truth.id)
    found.bbox.center.position.x, found.bbox.center.position.y = (float(v) for v in truth.box.centre)
    found.bbox.size_x, found.bbox.size_y = float(truth.box.w), float(truth.box.h)
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = truth.category, float(truth.visible_fraction)
    pose = result.pose.pose
    pose.position.x, pose.position.y, pose.position.z = truth.position
    q = pose.orientation
    q.x, q.y, q.z, q.w = orientation_in_camera(truth.azimuth, truth.bearing)
    found.results = [result]
    return found
