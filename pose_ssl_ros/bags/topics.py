"""Which topic of a bag plays which part: by name, or by type where there is only one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace

from pose_ssl_ros.bags.errors import BagError

RAW = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
ODOMETRY = "nav_msgs/msg/Odometry"
TRANSFORMS = "tf2_msgs/msg/TFMessage"
BOXES = "vision_msgs/msg/Detection2DArray"
#: A name that says: none, though there is one.
NONE = "none"
TYPES = {
    "image": (RAW, COMPRESSED),
    "camera_info": (CAMERA_INFO,),
    "odom": (ODOMETRY,),
    "detections": (BOXES,),
    "truth": (BOXES,),
}
WORDS = {
    "image": "image",
    "camera_info": "camera_info",
    "odom": "odometry",
    "detections": "detection",
    "truth": "ground truth",
}
#: What our nodes publish of that type: answers, not an external detector's boxes.
_OURS = frozenset({"tracks", "detections", "headings", "info"})
_TRUTH = "ground_truth"
_GIVEN = "detections_in"


@dataclass(frozen=True)
class Topics:
    """Names of topics; empty: found by type. `none`: do without it."""

    image: str = ""
    camera_info: str = ""
    odom: str = ""
    detections: str = ""
    truth: str = ""


@dataclass(frozen=True)
class TopicInfo:
    """A topic of a bag."""

    name: str
    type: str
    count: int
    hz: float = 0.0  # between the first and the last message of the recording
    size: str = ""  # of the first picture, such as 320x240

    def words(self) -> str:
        """Name, type, rate and size for a person."""
        parts = [self.type.replace("/msg/", "/"), f"{self.count} messages", f"{self.hz:.3g} Hz"]
        return f"{self.name} ({', '.join([*parts, *([self.size] if self.size else [])])})"


def choose(wanted: Topics, found: Sequence[TopicInfo], bag: str) -> tuple[Topics, dict[str, str]]:
    """The topic of each part.

    Args:
        wanted: Names by the user.
        found: What the bag holds.
        bag: Its name, for the messages.

    Returns:
        The names, empty for a part that no topic plays; and by part why it could not be chosen.
    """
    chosen: dict[str, str] = {}
    refused: dict[str, str] = {}
    for part in TYPES:
        candidates = [t for t in found if t.type in TYPES[part]]
        name = getattr(wanted, part)
        try:
            if name:
                chosen[part] = _named(part, name, candidates, found, bag)
            else:
                chosen[part] = _only(part, _natural(part, candidates, chosen.get("image", "")), bag)
        except BagError as error:
            chosen[part] = ""
            refused[part] = str(error)
    return replace(Topics(), **chosen), refused


def _named(part: str, name: str, candidates: Sequence[TopicInfo], found: Sequence[TopicInfo], bag: str) -> str:
    if name == NONE and part != "image":
        return ""
    full = name if name.startswith("/") else f"/{name}"
    if any(t.name == full for t in candidates):
        return full
    other = next((t for t in found if t.name == full), None)
    what = f"'{full}' is {other.type}" if other else f"there is no topic '{full}'"
    msg = f"'{bag}': {what}; the {WORDS[part]} topics are {listed(candidates)}"
    raise BagError(msg)


def _natural(part: str, candidates: list[TopicInfo], image: str) -> list[TopicInfo]:
    """Those of the right type that can play a part by their names."""
    filled = [t for t in candidates if t.count] or candidates
    last = {t.name: t.name.rsplit("/", 1)[-1] for t in filled}
    if part == "truth":
        return [t for t in filled if last[t.name] == _TRUTH]
    if part == "detections":
        given = [t for t in filled if last[t.name] == _GIVEN]
        return given or [t for t in filled if last[t.name] not in {*_OURS, _TRUTH}]
    if part == "camera_info" and image:
        # By convention it lies beside its image, which may have a transport's name behind its own.
        beside = {image.rsplit("/", n)[0] for n in (1, 2)}
        return [t for t in filled if t.name.rsplit("/", 1)[0] in beside] or filled
    return filled


def _only(part: str, candidates: Sequence[TopicInfo], bag: str) -> str:
    names = {t.name for t in candidates}
    if len(names) > 1:
        msg = f"'{bag}' has {len(names)} {WORDS[part]} topics; name one of {listed(candidates)}"
        raise BagError(msg)
    return names.pop() if names else ""


def listed(topics: Iterable[TopicInfo]) -> str:
    """Topics for a person."""
    return ", ".join(t.words() for t in topics) or "none"


def names_of(topics: Topics) -> dict[str, str]:
    """Part -> topic, for those that are played."""
    return {f.name: getattr(topics, f.name) for f in fields(topics) if getattr(topics, f.name)}
