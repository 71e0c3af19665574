"""Configurations that open a result bag: a layout of Foxglove and one of RViz, with the topics of this drive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: What RViz's file calls the camera's topic until it is known.
_CAMERA = "/pose_ssl/image"


def foxglove(topics: Mapping[str, str], namespace: str = "/pose_ssl") -> str:
    """A layout: picture and scene above; danger, speed limit and what was said of each object below.

    Args:
        topics: Role -> topic of the recording; `image`, `camera_info` and `odom` are used if they are there.
        namespace: Of the results.

    Returns:
        JSON for Foxglove's "Import from file".
    """
    image, camera_info = topics.get("image", ""), topics.get("camera_info", "")
    mode: dict[str, Any] = {"imageTopic": image} | ({"calibrationTopic": camera_info} if camera_info else {})
    shown: dict[str, dict[str, Any]] = {
        f"{namespace}/{name}": {"visible": True} for name in ("markers", "danger_zones")
    }
    shown[f"{namespace}/danger_zones"] |= {
        "colorField": "intensity",
        "colorMode": "gradient",
        "gradient": ["#3cbe5aff", "#e63c32ff"],
        "minValue": 0,
        "maxValue": 1,
        "pointSize": 6,
    }
    if topics.get("odom"):
        shown[topics["odom"]] = {"visible": True}
    panels = {
        "Image!picture": {"imageMode": mode, "synchronize": False},
        "3D!scene": {
            "followMode": "follow-pose",
            "followTf": "base_link",
            "topics": shown,
            "cameraState": {"distance": 22, "phi": 55, "thetaOffset": 90, "perspective": True, "target": [4, 0, 0]},
        },
        "Plot!danger": {
            "title": "Danger",
            "paths": [_path(f"{namespace}/danger.data", "danger")],
            "minYValue": 0,
            "maxYValue": 1,
            "isSynced": True,
            "xAxisVal": "timestamp",
        },
        "Plot!speed": {
            "title": "Speed limit",
            "paths": [_path(f"{namespace}/speed_limit.speed_limit", "speed limit in %")],
            "minYValue": 0,
            "maxYValue": 100,
            "isSynced": True,
            "xAxisVal": "timestamp",
        },
        "RawMessages!headings": {"topicPath": f"{namespace}/headings.detections", "expansion": "all"},
    }
    plots = {"first": "Plot!danger", "second": "Plot!speed", "direction": "column", "splitPercentage": 50}
    layout = {
        "first": {"first": "Image!picture", "second": "3D!scene", "direction": "row", "splitPercentage": 52},
        "second": {"first": plots, "second": "RawMessages!headings", "direction": "row", "splitPercentage": 68},
        "direction": "column",
        "splitPercentage": 64,
    }
    whole = {
        "configById": panels,
        "globalVariables": {},
        "userNodes": {},
        "playbackConfig": {"speed": 1},
        "layout": layout,
    }
    return json.dumps(whole, indent=1) + "\n"


def _path(value: str, words: str) -> dict[str, Any]:
    return {"value": value, "label": words, "enabled": True, "timestampMethod": "receiveTime"}


def rviz(template: str, topics: Mapping[str, str]) -> str:
    """`rviz/replay.rviz` with the topics of this drive instead of those that our source node publishes.

    Args:
        template: Text of the file.
        topics: Role -> topic of the recording.
    """
    for ours, role in ((_CAMERA, "image"), ("/pose_ssl/odom", "odom")):
        if topics.get(role):
            # RViz's image transport adds /compressed by itself.
            template = template.replace(f"Value: {ours}\n", f"Value: {topics[role].removesuffix('/compressed')}\n")
    return template
