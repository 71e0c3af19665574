"""The inference node: images, tracks and models in; identity, heading and danger out.

Callbacks pair images with their tracks by stamp; one worker thread works on the
newest pair; models are checked on a thread of their own.  No torch here.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_msgs.msg import Float32, UInt8MultiArray
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo
from visualization_msgs.msg import MarkerArray

from pose_ssl_ros.danger.zones import danger_points, in_odom
from pose_ssl_ros.inference.config import InferenceConfig
from pose_ssl_ros.inference.engine import Engine, ModelError
from pose_ssl_ros.inference.hotswap import ModelSlot
from pose_ssl_ros.inference.pairing import Pairer
from pose_ssl_ros.inference.pipeline import InferencePipeline
from pose_ssl_ros.interfaces import CameraModel, EgoState, Frame, Mounting, ObjectState, Track
from pose_ssl_ros.mounting_finder import MountingFinder
from pose_ssl_ros.nodes import outputs
from pose_ssl_ros.nodes.annotate import annotate
from pose_ssl_ros.nodes.convert import (
    camera_from_info,
    ego_from_odom,
    image_to_rgb,
    rgb_to_image,
    stamp_ns,
    to_header,
    tracks_from,
)
from pose_ssl_ros.nodes.latency import Latency, Rate
from pose_ssl_ros.nodes.runtime import (
    LATCHED,
    RESULT,
    SENSOR,
    Diagnostics,
    Level,
    Newest,
    Worker,
    bind,
    camera_silence,
    run,
)
from pose_ssl_ros.perception.images import ImageError
from pose_ssl_ros.triplets.ego_buffer import EgoBuffer
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

_STATIC = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_TOPICS = {"raw": ("image", Image), "compressed": ("image/compressed", CompressedImage)}
# base_link this close to the camera's height is not on the ground, whatever REP-120 says.
_LOWEST_CAMERA_M = 0.05


class _Shot(NamedTuple):
    message: Any
    received: float  # monotonic seconds


class _Job(NamedTuple):
    shot: _Shot
    stamp: int
    tracks: list[Track]


class InferenceNode(Node):
    """Thin shell of `InferencePipeline`."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, subscribe, publish and start the worker."""
        super().__init__("inference", **kwargs)
        self.config = bind(self, InferenceConfig, self._change)
        slot = ModelSlot(self._make_engine, on_refused=self._say_refused)
        self._pipeline = InferencePipeline(self.config, slot)
        self._pairs: Pairer[_Shot, list[Track]] = Pairer(self.config.ring)
        self._jobs: Newest[_Job] = Newest()
        self._egos = EgoBuffer(self.config.odom_gap_s)
        self._camera: CameraModel | None = None
        self._finder = MountingFinder(self.config.base_frame)
        self._mounting: Mounting | None = None  # by /tf; None: by parameters
        self._counts: Counter[str] = Counter()
        self._started = time.monotonic()
        self._images, self._tracks, self._frames = Rate(), Rate(), Rate()
        self._latency, self._work_time = Latency(), Latency()
        self._stamp_latency = Latency()
        self._last_error = ""
        self._shown: Engine | None = None  # the model that model_info speaks of
        self._database_version = 0
        self._swapped = self._started
        self._danger = 0.0

        self._publish_to()
        self._subscribe()
        self._say_model(None)
        self._headings_label.publish(outputs.label_message(self._now_header(), HEADINGS_AND_UNKNOWN))
        if self.config.model_path:
            with contextlib.suppress(ModelError):  # said by _say_refused; the topic may still bring a model
                slot.offer_file(self.config.model_path)
        self._diagnostics = Diagnostics(self, "inference", self._diagnose)
        self._worker = Worker(self._work, "inference-worker", self._report)

    def close(self) -> None:
        """Stop the threads."""
        self._worker.stop()
        self._pipeline.close()

    def _publish_to(self) -> None:
        self._model_info = self.create_publisher(VisionInfo, "model_info", LATCHED)
        self._label = self.create_publisher(LabelInfo, "label_info", LATCHED)
        self._headings_label = self.create_publisher(LabelInfo, "headings/label_info", LATCHED)
        self._detections = self.create_publisher(Detection2DArray, "detections", RESULT)
        self._headings = self.create_publisher(Detection2DArray, "headings", RESULT)
        self._danger_topic = self.create_publisher(Float32, "danger", RESULT)
        self._zones = self.create_publisher(PointCloud2, "danger_zones", RESULT)
        self._annotated = self.create_publisher(Image, "annotated", RESULT)
        self._markers = self.create_publisher(MarkerArray, "markers", RESULT)

    def _subscribe(self) -> None:
        self.create_subscription(UInt8MultiArray, "model", self._take_model, LATCHED)
        self.create_subscription(CameraInfo, "camera_info", self._take_camera, SENSOR)
        self.create_subscription(Odometry, "odom", self._take_odom, SENSOR)
        self.create_subscription(TFMessage, "/tf_static", self._take_tf, _STATIC)
        # Some robots and bags put the camera into /tf; heard only until the mounting is found.
        self.create_subscription(TFMessage, "/tf", self._take_tf, SENSOR)
        self.create_subscription(Detection2DArray, "tracks", self._take_tracks, RESULT)
        self._transport = "raw" if self.config.transport == "auto" else self.config.transport
        self._image_subscription = self._listen()
        if self.config.transport == "auto":
            self.create_timer(0.5, self._choose_transport)

    # Callbacks on the executor's thread

    def _listen(self) -> Any:
        topic, kind = _TOPICS[self._transport]
        return self.create_subscription(kind, topic, self._take_image, SENSOR)

    def _choose_transport(self) -> None:
        """Move to the transport that somebody publishes, when nobody publishes ours."""
        other = "compressed" if self._transport == "raw" else "raw"
        here, there = (self.resolve_topic_name(_TOPICS[t][0]) for t in (self._transport, other))
        if self.count_publishers(here) or not self.count_publishers(there):
            return
        self.destroy_subscription(self._image_subscription)
        self._transport = other
        self._image_subscription = self._listen()
        self.get_logger().info(f"listening to '{there}'")

    def _take_image(self, message: Any) -> None:
        self._images.tick()
        stamp, own = stamp_ns(message.header), True
        if stamp <= 0:
            self._counts["zero_stamps"] += 1
            stamp, own = int(self.get_clock().now().nanoseconds), False
        jumps = self._pairs.jumps
        pair = self._pairs.add_image(stamp, _Shot(message, time.monotonic()), own)
        if self._pairs.jumps != jumps:
            self.get_logger().warning("image stamps went back: tracks and images of the old round are forgotten")
        self._enqueue(pair, stamp)

    def _take_tracks(self, message: Detection2DArray) -> None:
        self._tracks.tick()
        found = tracks_from(message)
        self._counts["bad_boxes"] += len(message.detections) - len(found)
        stamp = stamp_ns(message.header)
        self._enqueue(self._pairs.add_tracks(stamp, found), stamp)

    def _enqueue(self, pair: tuple[_Shot, list[Track]] | None, stamp: int) -> None:
        if pair is not None:
            self._jobs.put(_Job(pair[0], stamp, pair[1]))

    def _take_camera(self, message: CameraInfo) -> None:
        camera = camera_from_info(message)
        if camera is None:
            self._counts["bad_camera_infos"] += 1
            return  # the last good one still holds
        self._camera = camera

    def _take_odom(self, message: Odometry) -> None:
        ego = ego_from_odom(message)
        if ego is None:
            self._counts["bad_odoms"] += 1
        else:
            self._egos.add(ego)

    def _take_tf(self, message: TFMessage) -> None:
        self._finder.add(message.transforms)

    def _take_model(self, message: UInt8MultiArray) -> None:
        self._pipeline.slot.offer(np.frombuffer(message.data, np.uint8).tobytes(), "topic")

    def _change(self, config: InferenceConfig) -> None:
        self.config = config
        self._egos.max_gap_s = config.odom_gap_s
        self._pipeline.configure(config)

    # The model's own thread

    def _make_engine(self, content: bytes) -> Engine:
        return Engine(content, self.config.threads, self.config.max_model_mb << 20)

    def _say_refused(self, reason: str) -> None:
        self.get_logger().error(f"model refused, the old one stays: {reason}")

    # The worker's thread

    def _work(self) -> None:
        """Answer the newest frame."""
        job = self._jobs.get(0.2)
        if job is None:
            self._show_model(self._pipeline.swap())
            return
        start = time.monotonic()
        frame_id = job.shot.message.header.frame_id
        try:
            rgb = image_to_rgb(job.shot.message)
        except ImageError as error:
            self._counts["images_bad"] += 1
            self._last_error = str(error)
            self.get_logger().error(f"image left out: {error}", throttle_duration_sec=5.0)
            return
        mounting = self._find_mounting(frame_id)
        frame = Frame(rgb, job.stamp, frame_id)
        ego = self._egos.at(job.stamp)
        objects = self._pipeline.process(frame, job.tracks, self._camera, ego, mounting)
        self._show_model(self._pipeline.engine)
        self._publish(frame, objects, mounting, ego)
        done = time.monotonic()
        self._frames.tick()
        self._latency.add(1e3 * (done - job.shot.received))
        self._work_time.add(1e3 * (done - start))
        age_ms = (self.get_clock().now().nanoseconds - job.stamp) * 1e-6
        if 0 <= age_ms < 60_000:  # a recorded stamp says nothing about latency
            self._stamp_latency.add(age_ms)

    def _publish(self, frame: Frame, objects: list[ObjectState], mounting: Mounting, ego: EgoState | None) -> None:
        """Publish everything; what the planner waits for goes first."""
        header = to_header(frame.stamp_ns, frame.frame_id)
        self._danger = max((o.danger for o in objects), default=0.0)
        self._danger_topic.publish(Float32(data=float(self._danger)))
        self._headings.publish(outputs.headings_message(header, objects))
        self._detections.publish(outputs.detections_message(header, objects, mounting))
        points = danger_points(objects, self.config.zones, self.config.danger)
        zone_frame = self.config.base_frame
        if self.config.zones.frame and ego is not None:
            zone_frame, points = self.config.zones.frame, in_odom(points, ego)
        self._zones.publish(outputs.cloud_message(to_header(frame.stamp_ns, zone_frame), points))
        self._markers.publish(outputs.markers_message(header, objects, mounting))
        if self._annotated.get_subscription_count():
            self._annotated.publish(rgb_to_image(annotate(frame.image, objects, self._state()), header))

    def _find_mounting(self, frame_id: str) -> Mounting:
        """The camera's place by /tf, else by parameters."""
        if self._mounting is None:
            found = self._finder.find(frame_id)
            if found is not None:
                if found.height <= _LOWEST_CAMERA_M:
                    self.get_logger().warning(
                        f"/tf puts the camera {found.height:.2f} m above '{self.config.base_frame}': "
                        f"taking mounting.height = {self.config.mounting.height} m instead"
                    )
                    found = Mounting(found.x, self.config.mounting.height, found.pitch, found.yaw)
                self._mounting = found
                self._finder.close()
        if self._mounting is not None:
            return self._mounting
        given = self.config.mounting
        return Mounting(given.x, given.height, given.pitch, given.yaw)

    def _show_model(self, engine: Engine | None) -> None:
        """Tell everybody when the model in use has changed."""
        if engine is self._shown:
            return
        self._shown = engine
        self._swapped = time.monotonic()
        self._say_model(engine)

    def _say_model(self, engine: Engine | None) -> None:
        header = self._now_header()
        version = None if engine is None else engine.version
        if version is not None:
            self._database_version = max(self._database_version + 1, version.version)
            self.get_logger().info(f"model {version.version} in use, {self._state()}")
        source = self._pipeline.slot.source
        self._model_info.publish(outputs.model_message(header, version, source, self._database_version))
        self._label.publish(outputs.label_message(header, () if version is None else version.classes))

    def _now_header(self) -> Any:
        return to_header(int(self.get_clock().now().nanoseconds), "")

    def _report(self, error: Exception) -> None:
        self._counts["failures"] += 1
        self._last_error = f"{type(error).__name__}: {error}"
        self.get_logger().error(f"frame left out: {self._last_error}", throttle_duration_sec=5.0)

    # Diagnostics

    def _state(self) -> str:
        """Cold: every heading is unknown."""
        engine = self._shown
        if engine is None:
            return "cold: no model yet"
        if not engine.version.heading_ready:
            return f"cold: model {engine.version.version} cannot tell headings yet"
        return f"warm: model {engine.version.version}"

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        level, message = self._judge()
        engine, slot = self._shown, self._pipeline.slot
        values: dict[str, Any] = {
            "state": self._state().split(":")[0],
            "model_version": engine.version.version if engine else 0,
            "model_sha256": engine.version.sha256[:12] if engine else "",
            "model_source": slot.source,
            "model_age_s": round(time.monotonic() - self._swapped, 1) if engine else "",
            "last_refusal": slot.last_refusal or "none",
            "images_hz": self._images.hz,
            "tracks_hz": self._tracks.hz,
            "frames_hz": self._frames.hz,
            "frames_dropped": self._jobs.dropped,
            "frames_skipped": self._pairs.skipped,
            "tracks_without_image": self._pairs.orphans,
            "stamp_jumps": self._pairs.jumps,
            "transport": self._transport,
            "camera_info": self._camera is not None,
            "mounting": "tf" if self._mounting is not None else "parameters",
            "danger": round(float(self._danger), 3),
            "last_error": self._last_error or "none",
        }
        for name in ("zero_stamps", "images_bad", "bad_boxes", "bad_camera_infos", "bad_odoms", "failures"):
            values[name] = self._counts[name]
        values |= {name: int(count) for name, count in self._pipeline.stats().items()}
        values |= self._stamp_latency.summary("latency_stamp")
        values |= self._latency.summary("latency")
        values |= self._work_time.summary("work")
        return level, message, values

    def _judge(self) -> tuple[Level, str]:
        """The one most important thing to say."""
        limit = self.config.silence_s
        if self._images.silent_s(self._started) > limit:
            return Level.WARN, camera_silence(self, _TOPICS[self._transport][0])
        if self._tracks.silent_s(self._started) > limit:
            return Level.WARN, camera_silence(self, "tracks").replace("no image", "no tracks")
        if self._frames.silent_s(self._started) > limit:
            reason = self._last_error or "no image carries the stamp of any tracks"
            return Level.ERROR, f"images and tracks come but no frame is answered: {reason}"
        if self._pipeline.slot.last_refusal and self._pipeline.slot.engine is None:
            return Level.ERROR, f"no model; the last was refused: {self._pipeline.slot.last_refusal}"
        return Level.OK, self._state()


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    cv2.setNumThreads(1)  # crops are small; more threads only steal from the learner
    return run(InferenceNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
