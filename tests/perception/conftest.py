"""What several tests of perception look at."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from harness import shared

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.images import decode_compressed


@pytest.fixture(scope="module")
def street() -> list[tuple[int, np.ndarray, list[Box]]]:
    """Images and true boxes of the golden bag."""
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    truth: list[list[dict[str, Any]]] = json.loads(shared("golden/bags/street_truth.json").read_text())["truth"]
    images = []
    with AnyReader([shared("golden/bags/street_mcap")], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        wanted = [c for c in reader.connections if c.topic == "/camera/image_raw/compressed"]
        for connection, stamp, raw in reader.messages(connections=wanted):
            images.append((stamp, decode_compressed(reader.deserialize(raw, connection.msgtype).data)))
    return [
        (stamp, image, [Box(*map(float, o["box"])) for o in objects])
        for (stamp, image), objects in zip(images, truth, strict=True)
    ]
