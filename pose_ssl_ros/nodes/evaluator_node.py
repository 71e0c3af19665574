"""Watches a run, compares it with ground truth and writes summary, film and report."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from nav2_msgs.msg import SpeedLimit
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import Float32, UInt8MultiArray
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray, VisionInfo

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.run import Run
from pose_ssl_ros.evaluation.session import Scored
from pose_ssl_ros.mounting_finder import MountingFinder
from pose_ssl_ros.nodes.convert import camera_from_info, ego_from_odom, image_to_rgb, stamp_ns
from pose_ssl_ros.nodes.convert_evaluation import detections_from, headings_from, truth_from
from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, SENSOR, Worker, bind
from pose_ssl_ros.nodes.runtime import run as run_node

#: What must not be missed while a callback is busy; ground truth comes with every frame.
DEEP = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=50,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
STATIC = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
BASE_FRAME = "base_link"
TURN_PERIOD = 0.2


class EvaluatorNode(Node):
    """Subscribes to everything and publishes nothing; ends by itself when its duration is over."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, make the run's folder, subscribe.

        Raises:
            ParameterError: If a parameter is not allowed.
            OSError: If the folder cannot be made.
        """
        super().__init__("evaluator", **kwargs)
        self.config = bind(self, EvaluatorConfig)
        self.finished = threading.Event()
        self.exit_status = 0
        self.run = Run(self.config, image_to_rgb, lambda words: self.get_logger().warning(words))
        self.session = self.run.session
        self._camera_frame = ""
        self._mounting = MountingFinder(BASE_FRAME)
        self._mounted = False
        self._closed = False
        self._raw = False
        for kind, topic, callback, qos in (
            (Image, "image", self._on_image, SENSOR),
            (CompressedImage, "image/compressed", self._on_image, SENSOR),
            (CameraInfo, "camera_info", self._on_camera_info, SENSOR),
            (Odometry, "odom", self._on_odom, SENSOR),
            (Detection2DArray, "ground_truth", self._on_truth, DEEP),
            (Detection2DArray, "tracks", self._on_tracks, RESULT),
            (Detection2DArray, "detections", self._on_detections, RESULT),
            (Detection2DArray, "headings", self._on_headings, RESULT),
            (Detection2DArray, "triplets/info", self._on_triplets, RESULT),
            (Float32, "danger", self._on_danger, RESULT),
            (SpeedLimit, "speed_limit", self._on_speed_limit, RESULT),
            (UInt8MultiArray, "model", self._on_model, LATCHED),
            (VisionInfo, "model_info", self._on_model_info, LATCHED),
            (DiagnosticArray, "/diagnostics", self._on_diagnostics, DEEP),
            (TFMessage, "/tf_static", self._on_tf, STATIC),
            (TFMessage, "/tf", self._on_tf, DEEP),
        ):
            self.create_subscription(kind, topic, callback, qos)
        self._worker = Worker(self._turn, "evaluator", self._failed)
        self.get_logger().info(f"results go to {self.run.folder}")

    def _turn(self) -> None:
        if self.run.over:
            self.finished.set()
        self.run.turn()
        time.sleep(TURN_PERIOD)

    def _failed(self, error: Exception) -> None:
        self.get_logger().warning(f"{type(error).__name__}: {error}", throttle_duration_sec=5.0)

    def _on_image(self, msg: Image | CompressedImage) -> None:
        now, stamp = time.monotonic(), stamp_ns(msg.header)
        raw = isinstance(msg, Image)
        self._raw = self._raw or raw
        if self._raw and not raw:
            return  # both come, maybe in different sizes: boxes belong to the raw one
        self._camera_frame = msg.header.frame_id
        self.session.image(stamp, now)
        self.run.recorder.image(stamp, self.session.robot_seconds, msg, self._caption())

    def _on_camera_info(self, msg: CameraInfo) -> None:
        camera = camera_from_info(msg)
        if camera is not None:
            self.run.recorder.camera = camera

    def _on_odom(self, msg: Odometry) -> None:
        ego = ego_from_odom(msg)
        if ego is not None:
            self.session.odometry(ego)

    def _on_truth(self, msg: Detection2DArray) -> None:
        self._film(self.session.truth(stamp_ns(msg.header), truth_from(msg)))

    def _on_tracks(self, msg: Detection2DArray) -> None:
        self.session.tracks = len(msg.detections)

    def _on_detections(self, msg: Detection2DArray) -> None:
        now = time.monotonic()
        answers = detections_from(msg, self.run.recorder.camera)
        self._film(self.session.detections(stamp_ns(msg.header), answers, now))

    def _on_headings(self, msg: Detection2DArray) -> None:
        self._film(self.session.headings(stamp_ns(msg.header), headings_from(msg)))

    def _film(self, scored: Scored | None) -> None:
        if scored is not None:
            self.run.recorder.scored(scored, self._caption())

    def _caption(self) -> str:
        version = self.session.version
        return f"model {version}" if version else "no model yet"

    def _on_triplets(self, msg: Detection2DArray) -> None:
        self.session.triplets(len(msg.detections))

    def _on_danger(self, msg: Float32) -> None:
        self.session.danger = float(msg.data) if math.isfinite(msg.data) else None

    def _on_speed_limit(self, msg: SpeedLimit) -> None:
        self.session.speed_limit = float(msg.speed_limit)

    def _on_model(self, msg: UInt8MultiArray) -> None:
        self.run.model(bytes(msg.data))

    def _on_model_info(self, msg: VisionInfo) -> None:
        self.session.swapped(int(msg.database_version))

    def _on_diagnostics(self, msg: DiagnosticArray) -> None:
        for status in msg.status:
            level = status.level[0] if isinstance(status.level, bytes) else int(status.level)
            self.session.status(status.name, level, status.message, {v.key: v.value for v in status.values})

    def _on_tf(self, msg: TFMessage) -> None:
        if self._mounted:
            return
        self._mounting.add(msg.transforms)
        mounting = self._mounting.find(self._camera_frame) if self._camera_frame else None
        if mounting is not None:
            self._mounted = True
            self._mounting.close()
            self.session.mounting(mounting)

    def close(self) -> None:
        """Write everything."""
        if self._closed:
            return
        self._closed = True
        self._worker.stop(timeout=1.0)
        self.run.finish()


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(EvaluatorNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
