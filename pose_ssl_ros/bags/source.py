"""A rosbag (rosbag2: MCAP or SQLite, compressed or split) as a source of pictures and recorded messages.

What it holds beside pictures is passed on as the bytes it was recorded with.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.reading import open_recording
from pose_ssl_ros.bags.stored import RawMessage
from pose_ssl_ros.bags.topics import BOXES, CAMERA_INFO, COMPRESSED, ODOMETRY, RAW, TRANSFORMS
from pose_ssl_ros.perception.images import ImageError
from pose_ssl_ros.perception.sources import Picture, Recorded, Source, SourceError, open_source
from pose_ssl_ros.reading_messages import image_to_rgb, stamp_ns

_SUFFIXES = frozenset({".mcap", ".db3"})


def open_input(name: str, topic: str = "", rate: float = 0.0) -> Source:
    """Open an input by what its name says it is: a rosbag, or what `perception.sources.open_source` knows.

    Args:
        name: Path, or a number for a webcam.
        topic: Image topic of a bag; empty chooses.
        rate: Pictures per second for a video or folder; 0 keeps its own.

    Raises:
        SourceError: If there is no such input or it cannot be read.
    """
    path = Path(name).expanduser()
    if name and path.exists() and (_is_data(path) or (path.is_dir() and any(_is_bag(p) for p in path.iterdir()))):
        return Bag(path, topic)
    return open_source(name, rate)


def _is_bag(path: Path) -> bool:
    return path.name == "metadata.yaml" or _is_data(path)


def _is_data(path: Path) -> bool:
    """Whether a name is that of a bag's data file, also one that is compressed as a whole."""
    packed = path.suffix in (".zstd", ".zst")
    return (Path(path.stem) if packed else path).suffix in _SUFFIXES


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
            self._recording = open_recording(path, strict=False)
        except BagError as error:
            msg = f"'{path}' cannot be read as a rosbag: {error}"
            raise SourceError(msg) from error
        try:
            self.image_topic, self._image_type = self._choose_image(topic)
        except SourceError:
            self._recording.close()
            raise
        self._roles = self._choose_roles()
        self.brings = tuple(sorted(target for target, _ in self._roles.values()))

    def _choose_image(self, topic: str) -> tuple[str, str]:
        """Name and type; without a wish the topic with most pictures, a raw one before a compressed one."""
        images = [t for t in self._recording.info.topics if t.type in (RAW, COMPRESSED)]
        names = ", ".join(sorted({t.name for t in images})) or "none"
        if topic:
            wanted = topic if topic.startswith("/") else f"/{topic}"
            images = [t for t in images if t.name == wanted]
            if not images:
                msg = f"'{self._path}' has no image topic '{wanted}' (image topics: {names})"
                raise SourceError(msg)
        if not images:
            msg = f"'{self._path}' holds no topic of type sensor_msgs/Image or CompressedImage"
            raise SourceError(msg)
        chosen = max(images, key=lambda t: (t.count, t.type == RAW))
        return chosen.name, chosen.type

    def _choose_roles(self) -> dict[str, tuple[str, str]]:
        """Recorded topic -> (topic to publish, type)."""
        roles: dict[str, tuple[str, str]] = {}
        by_type: dict[str, list[str]] = {}
        for found in self._recording.info.topics:
            by_type.setdefault(found.type, []).append(found.name)
        for topic in by_type.get(TRANSFORMS, []):
            if topic in ("/tf", "/tf_static"):
                roles[topic] = (topic, TRANSFORMS)
        infos = by_type.get(CAMERA_INFO, [])
        if infos:
            parents = {self.image_topic.rsplit("/", n)[0] for n in (1, 2)}
            beside = [topic for topic in infos if topic.rsplit("/", 1)[0] in parents]
            roles[(beside or sorted(infos))[0]] = ("camera_info", CAMERA_INFO)
        if by_type.get(ODOMETRY):
            roles[min(by_type[ODOMETRY], key=lambda t: (t != "/odom", len(t), t))] = ("odom", ODOMETRY)
        for topic in by_type.get(BOXES, []):
            if topic.rsplit("/", 1)[-1] == "ground_truth":
                roles[topic] = ("ground_truth", BOXES)
                break
        return roles

    def describe(self) -> str:
        """The input in words."""
        also = ", ".join(sorted(target for target, _ in self._roles.values())) or "nothing else"
        seconds = self._recording.info.seconds
        return f"bag {self._path.name}, {seconds:.1f} s, images from {self.image_topic}, with {also}"

    def __iter__(self) -> Iterator[Picture | Recorded]:
        """Messages by time of recording; pictures that cannot be decoded are counted, damaged places passed over."""
        good = 0
        problems = Problems()
        for raw in self._recording.messages({*self._roles, self.image_topic}, problems):
            if raw.topic != self.image_topic:
                target, kind = self._roles[raw.topic]
                if raw.type_name == kind:
                    yield Recorded(raw.recorded_ns, target, kind, bytes(raw.cdr))
                continue
            picture = self._picture(raw)
            if picture is not None:
                good += 1
                yield picture
        lost = [p.words for p in (*self._recording.info.problems, *problems.list()) if p.lost]
        if not good:
            reason = self.first_reason or "; ".join(lost) or "it is empty"
            msg = f"'{self._path}' gives no picture on {self.image_topic}: {reason}"
            raise SourceError(msg)
        if lost:
            msg = f"'{self._path}' is cut or damaged; {good} pictures could be read: {'; '.join(lost)}"
            raise SourceError(msg)

    def _picture(self, raw: RawMessage) -> Picture | None:
        if raw.type_name != self._image_type:
            return None
        try:
            message = self._recording.deserialize(raw)
            rgb = image_to_rgb(message)
        except (BagError, ImageError, ValueError, IndexError, OverflowError) as error:
            self.skipped += 1
            self.first_reason = self.first_reason or str(error)
            return None
        return Picture(raw.recorded_ns, rgb, stamp_ns(message.header), message.header.frame_id)

    def close(self) -> None:
        """Close the files."""
        self._recording.close()
