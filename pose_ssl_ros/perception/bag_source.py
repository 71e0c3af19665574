"""A rosbag (rosbag2: MCAP or SQLite, compressed or split) as a source of pictures and recorded messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from pose_ssl_ros.perception.images import ImageError, decode_compressed, decode_raw
from pose_ssl_ros.perception.sources import Picture, Recorded, SourceError

RAW = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
INFO = "sensor_msgs/msg/CameraInfo"
ODOMETRY = "nav_msgs/msg/Odometry"
TRANSFORMS = "tf2_msgs/msg/TFMessage"
BOXES = "vision_msgs/msg/Detection2DArray"


class Bag:
    """A rosbag; stamps stay as recorded."""

    live = False
    absolute = True

    def __init__(self, path: Path, topic: str = "") -> None:
        """Open and choose topics.

        Raises:
            SourceError: If it cannot be read or holds no image topic.
        """
        self._path = path
        self.skipped = 0
        self.first_reason = ""
        try:
            self._reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
            self._reader.open()
        except Exception as error:  # rosbags lets errors of YAML, SQLite and struct through beside its own
            msg = f"'{path}' cannot be read as a rosbag: {error}"
            raise SourceError(msg) from error
        try:
            self._image = self._choose_image(topic)
        except SourceError:
            self._reader.close()
            raise
        self._roles = self._choose_roles()

    @property
    def image_topic(self) -> str:
        """The topic that pictures are read from."""
        return str(self._image.topic)

    def _choose_image(self, topic: str) -> Any:
        images = [c for c in self._reader.connections if c.msgtype in (RAW, COMPRESSED)]
        names = ", ".join(sorted({c.topic for c in images})) or "none"
        if topic:
            wanted = topic if topic.startswith("/") else f"/{topic}"
            found = [c for c in images if c.topic == wanted]
            if not found:
                msg = f"'{self._path}' has no image topic '{wanted}' (image topics: {names})"
                raise SourceError(msg)
            return found[0]
        if not images:
            msg = f"'{self._path}' holds no topic of type sensor_msgs/Image or CompressedImage"
            raise SourceError(msg)
        return max(images, key=lambda c: (c.msgcount, c.msgtype == RAW))

    def _choose_roles(self) -> dict[str, tuple[str, str]]:
        """Recorded topic -> (topic to publish, type)."""
        roles: dict[str, tuple[str, str]] = {}
        by_type: dict[str, list[str]] = {}
        for connection in self._reader.connections:
            by_type.setdefault(connection.msgtype, []).append(connection.topic)
        for topic in by_type.get(TRANSFORMS, []):
            if topic in ("/tf", "/tf_static"):
                roles[topic] = (topic, TRANSFORMS)
        infos = by_type.get(INFO, [])
        if infos:
            parents = {str(self._image.topic).rsplit("/", n)[0] for n in (1, 2)}
            beside = [topic for topic in infos if topic.rsplit("/", 1)[0] in parents]
            roles[(beside or sorted(infos))[0]] = ("camera_info", INFO)
        if by_type.get(ODOMETRY):
            roles[min(by_type[ODOMETRY], key=lambda t: (t != "/odom", len(t), t))] = ("odom", ODOMETRY)
        for topic in by_type.get(BOXES, []):
            if topic.rsplit("/", 1)[-1] == "ground_truth":
                roles[topic] = ("ground_truth", BOXES)
                break
        return roles

    def describe(self) -> str:
        """The input in words."""
        seconds = self._reader.duration / 1e9
        also = ", ".join(sorted(target for target, _ in self._roles.values())) or "nothing else"
        return f"bag {self._path.name}, {seconds:.1f} s, images from {self.image_topic}, with {also}"

    def __iter__(self) -> Iterator[Picture | Recorded]:
        """Messages by time of recording; pictures that cannot be decoded are counted."""
        wanted = [c for c in self._reader.connections if c.topic in self._roles or c.topic == self.image_topic]
        good = 0
        messages = self._reader.messages(connections=wanted)
        while True:
            try:
                connection, recorded, raw = next(messages)
            except StopIteration:
                break
            except Exception as error:  # as above: a cut chunk shows as whatever its decoder raises
                msg = f"'{self._path}' is cut or damaged after {good} pictures: {error}"
                raise SourceError(msg) from error
            if connection.topic != self.image_topic:
                target, kind = self._roles[connection.topic]
                yield Recorded(recorded, target, kind, bytes(raw))
                continue
            picture = self._picture(connection, recorded, raw)
            if picture is not None:
                good += 1
                yield picture
        if not good:
            reason = self.first_reason or "it is empty"
            msg = f"'{self._path}' gives no picture on {self.image_topic}: {reason}"
            raise SourceError(msg)

    def _picture(self, connection: Any, recorded: int, raw: bytes) -> Picture | None:
        try:
            message: Any = self._reader.deserialize(raw, connection.msgtype)
            data = np.frombuffer(message.data, np.uint8)
            if connection.msgtype == COMPRESSED:
                rgb = decode_compressed(data, message.format)
            else:
                rgb = decode_raw(
                    message.encoding, message.width, message.height, message.step, data, bool(message.is_bigendian)
                )
        except (ImageError, ValueError, IndexError, OverflowError) as error:
            self.skipped += 1
            self.first_reason = self.first_reason or str(error)
            return None
        stamp = message.header.stamp
        return Picture(recorded, rgb, stamp.sec * 1_000_000_000 + stamp.nanosec, message.header.frame_id)

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
