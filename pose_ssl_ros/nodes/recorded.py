"""What a replay said of each frame as the messages of the live topics, in a rosbag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from nav2_msgs.msg import SpeedLimit
from rclpy.serialization import serialize_message
from std_msgs.msg import Float32

from pose_ssl_ros.bags.writing import BagWriter
from pose_ssl_ros.danger.zones import danger_points
from pose_ssl_ros.interfaces import ModelVersion
from pose_ssl_ros.nodes import outputs
from pose_ssl_ros.nodes.convert import detection, detection_array, to_header
from pose_ssl_ros.nodes.convert_triplets import to_messages
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

_LATCHED = {
    "headings/label_info": "vision_msgs/msg/LabelInfo",
    "label_info": "vision_msgs/msg/LabelInfo",
    "model_info": "vision_msgs/msg/VisionInfo",
}
#: All topics of a result bag, relative to the namespace.
TOPICS = (
    *_LATCHED,
    "tracks",
    "triplets",
    "triplets/info",
    "danger",
    "headings",
    "detections",
    "danger_zones",
    "markers",
    "speed_limit",
)


class Outgoing(NamedTuple):
    """A message for a topic, relative to the nodes' namespace."""

    topic: str
    message: Any


class ResultMessages:
    """Turns frames into what the triplet, inference and planner nodes would have published.

    Args:
        config: Parameters of the nodes.
        source: Where the model came from, for `model_info`.
    """

    def __init__(self, config: ReplayConfig, source: str = "") -> None:
        """Nothing was said yet."""
        self._config = config
        self._source = source
        self._said = False
        self._model: ModelVersion | None = None
        self._number = 0

    def of(self, result: FrameResult, model: ModelVersion | None) -> Iterator[Outgoing]:
        """The messages of one frame, with the stamp of its image.

        Args:
            result: What was said.
            model: Card of the model that said it; `model_info` follows when it changes.
        """
        header = to_header(result.stamp_ns, result.frame_id)
        if not self._said:
            yield Outgoing("headings/label_info", outputs.label_message(header, HEADINGS_AND_UNKNOWN))
        if not self._said or model != self._model:
            self._model = model
            if model is not None:
                self._number = max(self._number + 1, model.version)
            yield Outgoing("model_info", outputs.model_message(header, model, self._source, self._number))
            yield Outgoing("label_info", outputs.label_message(header, () if model is None else model.classes))
        self._said = True
        yield Outgoing("tracks", detection_array(header, [detection(header, t.id, t.box) for t in result.tracks]))
        if result.triplets:
            picture, info = to_messages(result.triplets, result.frame_id)
            yield Outgoing("triplets", picture)
            yield Outgoing("triplets/info", info)
        objects = result.objects
        yield Outgoing("danger", Float32(data=result.danger))
        yield Outgoing("headings", outputs.headings_message(header, objects))
        yield Outgoing("detections", outputs.detections_message(header, objects, result.mounting))
        inference = self._config.inference
        points = danger_points(objects, inference.zones, inference.danger)
        on_base = to_header(result.stamp_ns, inference.base_frame)
        yield Outgoing("danger_zones", outputs.cloud_message(on_base, points))
        yield Outgoing("markers", outputs.markers_message(header, objects, result.mounting))
        yield Outgoing("speed_limit", SpeedLimit(header=header, percentage=True, speed_limit=result.speed_limit))


class ResultBag:
    """A rosbag of results; whole under its name once closed.

    Args:
        path: Folder of the bag.
        config: Parameters of the nodes.
        source: Where the model came from.
        storage: `mcap` or `sqlite3`.
        namespace: Of the topics.

    Raises:
        BagError: If it cannot be written.
    """

    def __init__(
        self,
        path: Path,
        config: ReplayConfig,
        source: str = "",
        storage: str = "mcap",
        namespace: str = "/pose_ssl",
    ) -> None:
        """Begin the bag."""
        self._messages = ResultMessages(config, source)
        self._namespace = namespace.rstrip("/")
        self._writer = BagWriter(path, storage)
        self.written = 0
        for topic, kind in _LATCHED.items():
            self._writer.add_topic(f"{self._namespace}/{topic}", kind, latched=True)

    @property
    def topics(self) -> frozenset[str]:
        """Full names of the topics that results are written to."""
        return frozenset(f"{self._namespace}/{name}" for name in TOPICS)

    def add(self, result: FrameResult, model: ModelVersion | None) -> None:
        """Write the messages of a frame under its time of recording."""
        for topic, message in self._messages.of(result, model):
            name = f"{self._namespace}/{topic}"
            self._writer.write(name, type_name(message), result.recorded_ns, serialize_message(message))
            self.written += 1

    def copy(self, topic: str, kind: str, recorded_ns: int, cdr: bytes) -> None:
        """Write a message of the input as it is."""
        self._writer.write(topic, kind, recorded_ns, cdr)
        self.written += 1

    def __enter__(self) -> ResultBag:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; after an error that is not the user's Ctrl-C nothing is left."""
        self._writer.__exit__(kind, value, trace)

    def close(self) -> None:
        """Finish the bag and give it its name."""
        self._writer.close()


def type_name(message: Any) -> str:
    """`package/msg/Name` of a message, by rclpy or by our underlay."""
    return f"{type(message).__module__.split('.')[0]}/msg/{type(message).__name__}"
