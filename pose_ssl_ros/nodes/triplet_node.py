"""The triplet node: images (and optional boxes, odometry) in; tracks and triplets out.

Callbacks only hand messages over; one worker thread decodes and runs the pipeline on the newest image.
With `detector` true, boxes come from `detections_in`, paired with images by time.  A detector that falls
silent is reported as a warning and the node goes on with empty boxes: it never falls back to its own
proposals unasked, because boxes of another kind would silently change what is learnt.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import message_filters
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.interfaces import Box, CameraModel, Frame
from pose_ssl_ros.mounting_finder import MountingFinder
from pose_ssl_ros.nodes.convert import (
    box_of,
    camera_from_info,
    detection,
    detection_array,
    ego_from_odom,
    image_to_rgb,
    stamp_ns,
    to_header,
)
from pose_ssl_ros.nodes.convert_triplets import to_messages
from pose_ssl_ros.nodes.runtime import RESULT, SENSOR, Diagnostics, Level, Newest, Worker, bind, camera_silence, run
from pose_ssl_ros.perception.images import ImageError
from pose_ssl_ros.triplets.config import TripletNodeConfig
from pose_ssl_ros.triplets.ego_buffer import EgoBuffer
from pose_ssl_ros.triplets.pipeline import TripletPipeline

_SILENCE_S = 5.0
_STATIC = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_TOPICS = {"raw": ("image", Image), "compressed": ("image/compressed", CompressedImage)}


class _Job(NamedTuple):
    message: Any
    boxes: list[Box] | None
    received: float  # monotonic seconds


class TripletNode(Node):
    """Thin shell of `TripletPipeline`."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, subscribe, publish and start the worker."""
        super().__init__("triplet", **kwargs)
        self.config = bind(self, TripletNodeConfig, self._change)
        self._wanted: TripletNodeConfig | None = None
        self._pipeline = TripletPipeline(self.config)
        self._egos = EgoBuffer(self.config.max_odom_gap_s)
        self._camera: CameraModel | None = None
        self._finder = MountingFinder(self.config.base_frame)
        self._mounted_frame: str | None = None
        self._jobs: Newest[_Job] = Newest()
        self._counts: Counter[str] = Counter()
        self._last_error = ""
        self._last_image: float | None = None
        self._last_boxes = self._started = time.monotonic()
        self._rates: tuple[float, Counter[str]] = (self._started, Counter())
        self._age_ms = 0.0
        self._work_ms = 0.0

        self._tracks = self.create_publisher(Detection2DArray, "tracks", RESULT)
        self._triplets = self.create_publisher(Image, "triplets", RESULT)
        self._info = self.create_publisher(Detection2DArray, "triplets/info", RESULT)
        self.create_subscription(CameraInfo, "camera_info", self._take_camera, SENSOR)
        self.create_subscription(Odometry, "odom", self._take_odom, SENSOR)
        self._tf_subscriptions = [
            self.create_subscription(TFMessage, "/tf_static", self._take_tf, _STATIC),
            self.create_subscription(TFMessage, "/tf", self._take_tf, SENSOR),
        ]
        self._transport = "raw" if self.config.transport == "auto" else self.config.transport
        self._image_subscription: Any = None
        self._synchroniser: Any = None
        self._detections: Any = None
        if self.config.detector:
            self._detections = message_filters.Subscriber(self, Detection2DArray, "detections_in", qos_profile=SENSOR)
        self._listen()
        self._diagnostics = Diagnostics(self, "triplet", self._diagnose)
        if self.config.transport == "auto":
            self.create_timer(0.5, self._choose_transport)
        self._worker = Worker(self._work, "triplet-worker", self._report)

    def close(self) -> None:
        """Stop the worker."""
        self._worker.stop()

    # Subscriptions

    def _listen(self) -> None:
        """Subscribe to the image topic of the chosen transport."""
        topic, kind = _TOPICS[self._transport]
        if not self.config.detector:
            self._image_subscription = self.create_subscription(kind, topic, self._take_image, SENSOR)
            return
        self._image_subscription = message_filters.Subscriber(self, kind, topic, qos_profile=SENSOR)
        self._image_subscription.registerCallback(self._watch_image)
        self._synchroniser = message_filters.ApproximateTimeSynchronizer(
            [self._image_subscription, self._detections], 10, self.config.sync_slop_s
        )
        self._synchroniser.registerCallback(self._take_pair)

    def _choose_transport(self) -> None:
        """Move to the transport that somebody publishes, when nobody publishes ours."""
        other = "compressed" if self._transport == "raw" else "raw"
        if self._publishers(self._transport) or not self._publishers(other):
            return
        old = self._image_subscription
        self.destroy_subscription(getattr(old, "sub", old))
        self._transport = other
        self._listen()
        self.get_logger().info(f"listening to '{self.resolve_topic_name(_TOPICS[other][0])}'")

    def _publishers(self, transport: str) -> int:
        return int(self.count_publishers(self.resolve_topic_name(_TOPICS[transport][0])))

    def _take_image(self, message: Any) -> None:
        self._note_image()
        self._jobs.put(_Job(message, None, time.monotonic()))

    def _watch_image(self, message: Any) -> None:
        """With a detector: only when it is silent, an image goes on alone, with no boxes."""
        self._note_image()
        now = time.monotonic()
        if now - self._last_boxes > self.config.detector_timeout_s:
            self._counts["images_without_boxes"] += 1
            self._jobs.put(_Job(message, [], now))

    def _take_pair(self, message: Any, detections: Detection2DArray) -> None:
        self._last_boxes = time.monotonic()
        self._counts["pairs"] += 1
        self._jobs.put(_Job(message, [box_of(d) for d in detections.detections], self._last_boxes))

    def _note_image(self) -> None:
        self._last_image = time.monotonic()
        self._counts["images"] += 1

    def _take_camera(self, message: CameraInfo) -> None:
        camera = camera_from_info(message)
        if camera is None:
            self._counts["camera_info_bad"] += 1
            self.get_logger().warning(
                "camera_info holds zeros or NaN: going on without it (no ground plane, no view steps)", once=True
            )
        self._camera = camera

    def _take_odom(self, message: Odometry) -> None:
        state = ego_from_odom(message)
        if state is None:
            self._counts["odom_bad"] += 1
        else:
            self._egos.add(state)

    def _take_tf(self, message: TFMessage) -> None:
        self._finder.add(message.transforms)

    def _change(self, config: TripletNodeConfig) -> None:
        self.config = config
        self._wanted = config
        self._egos.max_gap_s = config.max_odom_gap_s

    # Worker thread

    def _work(self) -> None:
        """Process the newest image."""
        job = self._jobs.get(0.2)
        if job is None:
            return
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._pipeline.configure(wanted)
        start = time.monotonic()
        stamp = self._stamp(job.message)
        frame_id = job.message.header.frame_id
        try:
            image = image_to_rgb(job.message)
        except ImageError as error:
            self._counts["images_bad"] += 1
            self._last_error = str(error)
            self.get_logger().error(f"image left out: {error}", throttle_duration_sec=5.0)
            return
        self._mount(frame_id)
        tracks, triplets = self._pipeline.process(
            Frame(image, stamp, frame_id), self._egos.at(stamp), self._camera, job.boxes
        )
        header = to_header(stamp, frame_id)
        self._tracks.publish(detection_array(header, [detection(header, t.id, t.box) for t in tracks]))
        if triplets:
            picture, info = to_messages(triplets, frame_id)
            self._triplets.publish(picture)
            self._info.publish(info)
        end = time.monotonic()
        self._counts["processed"] += 1
        self._age_ms = 1e3 * (end - job.received)
        self._work_ms = 1e3 * (end - start)

    def _stamp(self, message: Any) -> int:
        """Stamp of an image; this node's time when the camera gives none."""
        stamp = stamp_ns(message.header)
        if stamp > 0:
            return stamp
        self._counts["zero_stamps"] += 1
        self.get_logger().warning("images have no stamp: taking this node's time", once=True)
        return int(self.get_clock().now().nanoseconds) or time.time_ns()

    def _mount(self, frame_id: str) -> None:
        """Look for the camera's place in the transforms heard so far."""
        if self._mounted_frame is not None:
            return
        found = self._finder.find(frame_id)
        if found is None:
            return
        self._mounted_frame = frame_id
        self._finder.close()
        if found.height <= 0.05:
            self.get_logger().warning(
                f"/tf says that the camera is {found.height:.2f} m above '{self.config.base_frame}': "
                f"taking camera_height = {self.config.camera_height} m instead"
            )
            found = found.__class__(found.x, self.config.camera_height, found.pitch, found.yaw)
        self._pipeline.mounting = found
        self.get_logger().info(
            f"camera by /tf: {found.height:.2f} m high, {found.x:.2f} m ahead, pitch {found.pitch:.3f} rad"
        )

    def _report(self, error: Exception) -> None:
        self._counts["failures"] += 1
        self._last_error = f"{type(error).__name__}: {error}"
        self.get_logger().error(f"image left out: {self._last_error}", throttle_duration_sec=5.0)

    # Diagnostics

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        now = time.monotonic()
        level, message = self._judge(now)
        values: dict[str, Any] = self._rate(now)
        values |= {
            "transport": self._transport,
            "boxes_from": "detections_in" if self.config.detector else "proposals",
            "images_received": self._counts["images"],
            "images_dropped": self._jobs.dropped,
            "image_age_ms": self._age_ms,
            "work_ms": self._work_ms,
            "camera_info": self._camera is not None,
            "mounting": "tf" if self._mounted_frame is not None else "parameters",
            "last_image_error": self._last_error or "none",
        }
        for name in ("images_bad", "failures", "zero_stamps", "camera_info_bad", "odom_bad", "images_without_boxes"):
            values[name] = self._counts[name]
        values |= {name: int(count) for name, count in self._pipeline.stats().items()}
        return level, message, values

    def _judge(self, now: float) -> tuple[Level, str]:
        """The one most important thing to say."""
        if now - (self._last_image or self._started) > _SILENCE_S:
            return Level.WARN, camera_silence(self, _TOPICS[self._transport][0])
        if self._last_image is None:
            return Level.OK, "waiting for the first image"
        if self._counts["images_bad"] and self._last_error and not self._counts["processed"]:
            return Level.ERROR, f"no image could be read: {self._last_error}"
        silent = now - self._last_boxes
        if self.config.detector and silent > self.config.detector_timeout_s:
            words = camera_silence(self, "detections_in").replace("no image", "no detections")
            return Level.WARN, f"the detector is silent for {silent:.0f} s, tracks are empty; {words}"
        return Level.OK, "running"

    def _rate(self, now: float) -> dict[str, float]:
        """Events per second since the last diagnosis."""
        counts = Counter({"images": self._counts["images"], "processed": self._counts["processed"]})
        counts["triplets"] = int(self._pipeline.stats()["triplets"])
        before, old = self._rates
        self._rates = (now, counts)
        return {f"{name}_hz": (counts[name] - old[name]) / max(1e-3, now - before) for name in counts}


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(TripletNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
