"""Which topics of a running system a recording is made of."""

from __future__ import annotations

from collections.abc import Mapping

PICTURES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_BY_TYPE = ("sensor_msgs/msg/CameraInfo", "nav_msgs/msg/Odometry")
_BY_NAME = ("/clock", "/tf", "/tf_static")
_BOXES = "vision_msgs/msg/Detection2DArray"
#: What our nodes publish, relative to their namespace, without the pictures that they draw and the model's file.
RESULTS = (
    "tracks", "triplets/info", "detections", "headings", "headings/label_info", "danger", "danger_zones",
    "speed_limit", "markers", "model_info", "label_info", "cmd_vel",
)  # fmt: skip
#: Of these, those that look like an input by their type.
_OURS = ("tracks", "triplets", "triplets/info", "detections", "headings", "annotated")


def choose(
    published: Mapping[str, str], namespace: str, named: tuple[str, ...] = (), results: bool = False
) -> list[str]:
    """Topics to record, sorted.

    Args:
        published: Type by full name of topic.
        namespace: Of our nodes, with a leading slash.
        named: Full names or names relative to the namespace; empty: what evaluation needs, by type.
        results: With what our nodes say.

    Returns:
        Full names.  Of pictures that come both raw and compressed, the raw ones.
    """
    base = namespace.rstrip("/")
    if named:
        wanted = {name if name.startswith("/") else f"{base}/{name}" for name in named}
    else:
        wanted = {name for name, kind in published.items() if _needed(name, kind, base)}
    if results:
        wanted |= {f"{base}/{name}" for name in RESULTS} | {"/diagnostics"}
    return sorted(wanted & published.keys())


def _needed(name: str, kind: str, base: str) -> bool:
    if name in _BY_NAME or kind in _BY_TYPE:
        return True
    if kind not in (*PICTURES, _BOXES):
        return False
    return name not in {f"{base}/{ours}" for ours in _OURS}


def without_twins(chosen: list[str], published: Mapping[str, str], jpeg: bool) -> list[str]:
    """Without the compressed pictures where the raw ones are there, or the other way round.

    Args:
        chosen: Full names.
        published: Type by full name.
        jpeg: Keep the compressed ones.
    """
    dropped = set()
    for name in chosen:
        raw = name.removesuffix("/compressed")
        if raw != name and raw in chosen and published[name] == PICTURES[1]:
            dropped.add(raw if jpeg else name)
    return [name for name in chosen if name not in dropped]
