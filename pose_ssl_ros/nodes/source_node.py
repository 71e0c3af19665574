"""Publishes recorded or live footage as a camera would: video file, folder of images, webcam or rosbag."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.bags.source import open_input
from pose_ssl_ros.interfaces import CameraModel
from pose_ssl_ros.nodes import runtime
from pose_ssl_ros.nodes.convert import camera_from_info, rgb_to_image, to_header, to_time
from pose_ssl_ros.perception import calibration
from pose_ssl_ros.perception.pacing import Pacer
from pose_ssl_ros.perception.source_config import SourceConfig
from pose_ssl_ros.perception.sources import Picture, Recorded, Source, SourceError

# Time for the last messages to reach their readers before the publishers go.
LINGER_S = 1.0
_STATIC = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_RECORDED: dict[str, tuple[type, QoSProfile]] = {
    "odom": (Odometry, runtime.RESULT),
    "ground_truth": (Detection2DArray, runtime.RESULT),
    "/tf": (TFMessage, runtime.RESULT),
    "/tf_static": (TFMessage, _STATIC),
    "camera_info": (CameraInfo, runtime.RESULT),
}


class SourceNode(Node):
    """Plays an input on `image` and `camera_info`; ends with status 1 if the input is missing or cut short."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters and start playing."""
        super().__init__("source", **kwargs)
        self.finished = threading.Event()
        self.exit_status = 0
        self._config = runtime.bind(self, SourceConfig, self._on_change)
        self._stop = threading.Event()
        self._image_publisher = self.create_publisher(Image, "image", runtime.RESULT)
        self._outputs: dict[str, Any] = {
            "camera_info": self.create_publisher(CameraInfo, "camera_info", runtime.RESULT)
        }
        self._clock_publisher = self.create_publisher(Clock, "/clock", runtime.RESULT) if self._config.clock else None
        self._clock_ns = 0
        self._camera: CameraModel | None = None  # of the recording, before scaling
        self._size: tuple[int, int] | None = None  # width, height of the last published image
        self._has_info = False  # the bag brings its own camera_info
        self._early_info: Recorded | None = None  # came before the first image told the size
        self._published = 0
        self._passes = 0
        self._state: tuple[runtime.Level, str] = (runtime.Level.OK, "starting")
        self._skipped = 0
        self._status_publisher = runtime.Diagnostics(self, "source", self._status)
        self._thread = threading.Thread(target=self._main, name="playback", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop playing."""
        self._stop.set()
        self._thread.join(2.0)

    def _on_change(self, config: SourceConfig) -> None:
        self._config = config

    def _status(self) -> tuple[runtime.Level, str, Mapping[str, Any]]:
        level, message = self._state
        if level == runtime.Level.OK and self._skipped:
            level, message = runtime.Level.WARN, f"{message}; {self._skipped} pictures could not be decoded"
        return level, message, {"published": self._published, "passes": self._passes, "skipped": self._skipped}

    def _main(self) -> None:
        source: Source | None = None
        try:
            source = open_input(self._config.input, self._config.topic, self._config.rate)
            self._state = (runtime.Level.OK, source.describe())
            self.get_logger().info(f"playing {source.describe()}")
            if self._config.calibration:
                self._camera = calibration.from_file(Path(self._config.calibration).expanduser())
            for topic in source.brings:  # before the first message, so that nobody misses it
                self._output(topic)
            self._wait_for_subscribers()
            self._play(source)
            self._state = (runtime.Level.OK, f"end of {self._config.input}")
        except SourceError as error:
            self._fail(str(error))
        except Exception as error:  # the node must end and say why, not go silent with a dead thread
            if not self._ended():  # publishing after a Ctrl-C fails, and that is no news
                self._fail(f"'{self._config.input}' cannot be played: {error!r}")
        finally:
            if source is not None:
                source.close()
        if self.exit_status == 0 and not self._ended():
            self.get_logger().info(f"input ended after {self._published} pictures")
        self._stop.wait(LINGER_S)
        if not self._config.keep or self.exit_status:
            self.finished.set()

    def _ended(self) -> bool:
        """Whether somebody asked the node to end."""
        return self._stop.is_set() or not rclpy.ok()

    def _fail(self, reason: str) -> None:
        self._state = (runtime.Level.ERROR, reason)
        self.exit_status = 1
        self.get_logger().error(reason)

    def _wait_for_subscribers(self) -> None:
        """Hold the input back until those who should see its start are there."""
        wanted = [name.strip() for name in self._config.wait_for.split(",") if name.strip()]
        end = time.monotonic() + self._config.wait_timeout
        while wanted and not self._stop.is_set():
            wanted = [name for name in wanted if not self.count_subscribers(self.resolve_topic_name(name))]
            if wanted and time.monotonic() > end:
                self.get_logger().warning(f"starting though nobody subscribes to {', '.join(wanted)}")
                return
            self._stop.wait(0.1)

    def _play(self, source: Source) -> None:
        pacer = Pacer(self._tick, self._ended)
        # Inputs without absolute time begin now; a zero stamp means "no stamp" to everybody else.
        offset = 0 if source.absolute else time.time_ns()
        last = 0
        while not self._ended():
            for item in source:
                moment = item.time_ns + offset
                if not source.live and not pacer.wait(moment, self._config.speed):
                    return
                self._tick(moment)
                if isinstance(item, Picture):
                    self._publish_picture(item, item.stamp_ns if item.stamp_ns is not None else moment)
                else:
                    self._publish_recorded(item)
                self._skipped = source.skipped
                last = moment
                if self._ended():
                    return
            self._passes += 1
            if not self._config.loop:
                return
            if source.absolute:
                self.get_logger().warning("the bag begins again: stamps and /clock jump back", once=True)
                self._clock_ns = 0
                pacer.restart()
            else:
                offset = last + 100_000_000  # time of a video runs on

    def _tick(self, moment_ns: int) -> None:
        if self._clock_publisher is not None and moment_ns > self._clock_ns:
            self._clock_ns = moment_ns
            self._clock_publisher.publish(Clock(clock=to_time(moment_ns)))

    def _publish_picture(self, picture: Picture, stamp_ns: int) -> None:
        rgb = self._resized(picture.rgb)
        self._size = (rgb.shape[1], rgb.shape[0])
        header = to_header(stamp_ns, picture.frame_id or self._config.frame_id)
        if self._early_info is not None:
            early, self._early_info = self._early_info, None
            self._publish_recorded(early)
        if not self._has_info:
            camera = self._camera_for(*self._size)
            if camera is not None:
                self._outputs["camera_info"].publish(_camera_info(camera, header))
        self._image_publisher.publish(rgb_to_image(rgb, header))
        self._published += 1

    def _resized(self, rgb: np.ndarray) -> np.ndarray:
        width = self._config.width
        if not width or width == rgb.shape[1]:
            return rgb
        height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
        method = cv2.INTER_AREA if width < rgb.shape[1] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(rgb, (width, height), interpolation=method))

    def _camera_for(self, width: int, height: int) -> CameraModel | None:
        if self._camera is not None:
            return calibration.scaled(self._camera, width, height)
        if self._config.horizontal_fov > 0:
            return calibration.from_fov(width, height, self._config.horizontal_fov)
        return None

    def _publish_recorded(self, item: Recorded) -> None:
        if item.topic == "camera_info":
            self._has_info = True
            if self._size is None:
                self._early_info = item
                return
        message = deserialize_message(item.cdr, _RECORDED[item.topic][0])
        if item.topic == "camera_info":
            recorded = camera_from_info(message)
            self._camera = recorded or self._camera
            if recorded is not None and self._size is not None:
                rescaled = _camera_info(calibration.scaled(recorded, *self._size), message.header)
                rescaled.distortion_model, rescaled.d = message.distortion_model, message.d
                message = rescaled
        elif item.topic == "ground_truth" and self._camera is not None and self._size is not None:
            _scale_boxes(message, self._size[0] / self._camera.width, self._size[1] / self._camera.height)
        self._output(item.topic).publish(message)

    def _output(self, topic: str) -> Any:
        """The publisher of a recorded topic, made when first asked for."""
        if topic not in self._outputs:
            kind, qos = _RECORDED[topic]
            self._outputs[topic] = self.create_publisher(kind, topic, qos)
        return self._outputs[topic]


def _camera_info(camera: CameraModel, header: Any) -> CameraInfo:
    message = CameraInfo(header=header, width=camera.width, height=camera.height, distortion_model="plumb_bob")
    message.d = [0.0] * 5
    message.k = [camera.fx, 0.0, camera.cx, 0.0, camera.fy, camera.cy, 0.0, 0.0, 1.0]
    message.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    message.p = [camera.fx, 0.0, camera.cx, 0.0, 0.0, camera.fy, camera.cy, 0.0, 0.0, 0.0, 1.0, 0.0]
    return message


def _scale_boxes(message: Any, sx: float, sy: float) -> None:
    """Boxes of a recording to the size at which its images are published."""
    if sx == 1.0 and sy == 1.0:
        return
    for detection in message.detections:
        box = detection.bbox
        box.center.position.x, box.center.position.y = box.center.position.x * sx, box.center.position.y * sy
        box.size_x, box.size_y = box.size_x * sx, box.size_y * sy


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return runtime.run(SourceNode, args)


if __name__ == "__main__":
    sys.exit(main())
