"""The learner node: triplets in, model files out; a thread of its own trains.

Callbacks only hand messages over, so that services and diagnostics answer while
a step is under way.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import message_filters
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import UInt8MultiArray
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.service import LearnerService
from pose_ssl_ros.learning.start import check, start_learner
from pose_ssl_ros.nodes.convert import to_bytes_field
from pose_ssl_ros.nodes.convert_triplets import TripletMessageError, from_messages
from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, Diagnostics, Level, bind, run

#: Pairs that may wait for their partner of equal stamp.
_PAIRS = 30


class LearnerNode(Node):
    """Thin shell of `LearnerService`."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, subscribe, publish and start to learn."""
        super().__init__("learner", **kwargs)
        self._handler = _forward_logs(self)
        self.config = bind(self, LearnerConfig, self._change)
        check(self.config)
        self._bad = 0
        self._stopped = threading.Event()
        self._model = self.create_publisher(UInt8MultiArray, "model", LATCHED)
        folder = Path(self.config.directory or "~/.ros/pose_ssl/learner").expanduser()
        self.service = LearnerService(lambda: start_learner(self.config, folder), self.config, self._publish)
        self._image = message_filters.Subscriber(self, Image, "triplets", qos_profile=RESULT)
        self._info = message_filters.Subscriber(self, Detection2DArray, "triplets/info", qos_profile=RESULT)
        self._pairs = message_filters.TimeSynchronizer([self._image, self._info], _PAIRS)
        self._pairs.registerCallback(self._take)
        self.create_service(SetBool, "learner/pause", self._pause)
        self.create_service(Trigger, "learner/save", self._save)
        self.create_service(Trigger, "learner/reset", self._reset)
        self._diagnostics = Diagnostics(self, "learner", self._diagnose)

    def close(self) -> None:
        """Save and end the thread."""
        self._stopped.set()
        if not self.service.close():
            self.get_logger().error("the learner did not end in time; the last checkpoint is what is kept")
        logging.getLogger("pose_ssl_ros").removeHandler(self._handler)

    def _take(self, image: Image, info: Detection2DArray) -> None:
        try:
            triplets = from_messages(image, info)
        except TripletMessageError as error:
            self._bad += 1
            self.get_logger().warning(f"triplets left out: {error}", throttle_duration_sec=5.0)
            return
        self.service.put(triplets)

    def _publish(self, data: bytes) -> None:
        if not self._stopped.is_set():
            self._model.publish(UInt8MultiArray(data=to_bytes_field(data)))

    def _change(self, config: LearnerConfig) -> None:
        self.config = config
        self.service.reconfigure(config)

    def _pause(self, request: Any, response: Any) -> Any:
        return _answer(
            response, lambda: self.service.pause(bool(request.data)), "paused" if request.data else "learning"
        )

    def _save(self, _request: Any, response: Any) -> Any:
        return _answer(response, self.service.save, "saved")

    def _reset(self, _request: Any, response: Any) -> Any:
        return _answer(response, self.service.reset, "new weights, empty buffer")

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        values, problem = self.service.status()
        values["messages_bad"] = self._bad
        if problem:
            return Level.ERROR, problem, values
        if self.service.paused:
            return Level.WARN, "paused", values
        if values.get("guard_refused") == "true":
            return Level.WARN, f"new weights are withheld: {values['guard']}", values
        if not values.get("triplets"):
            return Level.WARN, "no triplets yet", values
        return Level.OK, "learning", values


def _answer(response: Any, work: Any, done: str) -> Any:
    """Fill a service response: success only after the work was done."""
    try:
        work()
        response.success, response.message = True, done
    except Exception as error:  # the caller gets the reason, the node goes on
        response.success, response.message = False, str(error) or type(error).__name__
    return response


class _Forward(logging.Handler):
    """Sends what our core rooms log to the node's logger, so that it reaches the ROS log."""

    def __init__(self, node: Node) -> None:
        super().__init__(logging.INFO)
        self._logger = node.get_logger()

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on at its own level."""
        text = self.format(record)
        if record.levelno >= logging.ERROR:
            self._logger.error(text)
        elif record.levelno >= logging.WARNING:
            self._logger.warning(text)
        else:
            self._logger.info(text)


def _forward_logs(node: Node) -> logging.Handler:
    handler = _Forward(node)
    logger = logging.getLogger("pose_ssl_ros")
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    return handler


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(LearnerNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
