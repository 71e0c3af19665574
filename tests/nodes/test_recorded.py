"""Results of a replay in a rosbag: the live topics, read back by an independent reader."""

import dataclasses
import math

import numpy as np
import pytest
from bag_factory import STORE
from rosbags.highlevel import AnyReader

from pose_ssl_ros.interfaces import Box, ModelVersion, Mounting, ObjectState, Track, Triplet
from pose_ssl_ros.nodes import recorded
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.results import FrameResult

STAMP, RECORDED = 1_700_000_000_250_000_000, 1_700_000_000_300_000_000
BOX = Box(10.0, 20.0, 30.0, 40.0)
CAR = ObjectState(
    "7",
    BOX,
    identity=(("car", 0.75), ("person", 0.25)),
    heading=(0.5, 0.125, 0.125, 0.125, 0.125),
    azimuth=0.3,
    azimuth_variance=0.04,
    bearing=-0.1,
    range_m=5.0,
    position=(5.3, 0.5),
    velocity=(-1.0, 0.0),
    half_width=0.9,
    danger=0.75,
)
FRAME = FrameResult(
    bag=0,
    index=3,
    stamp_ns=STAMP,
    recorded_ns=RECORDED,
    frame_id="camera",
    width=320,
    height=240,
    tracks=(Track("7", BOX, STAMP),),
    objects=(CAR,),
    triplets=(Triplet("7", STAMP, np.full((3, 8, 8, 3), 9, np.uint8), BOX),),
    mounting=Mounting(0.3, 1.1),
    danger=0.75,
    speed_limit=25.0,
    version=4,
)
CARD = ModelVersion(4, objective="vicreg", classes=("car", "person"))


def read(path):
    """Messages by topic: (time of recording, message)."""
    found = {}
    with AnyReader([path], default_typestore=STORE) as reader:
        for connection, moment, raw in reader.messages():
            found.setdefault(connection.topic, []).append((moment, reader.deserialize(raw, connection.msgtype)))
    return found


def test_a_frame_becomes_the_messages_of_the_live_topics(tmp_path):
    empty = dataclasses.replace(FRAME, stamp_ns=STAMP + 100, objects=(), tracks=(), triplets=(), danger=0.0)
    with recorded.ResultBag(tmp_path / "bag", ReplayConfig(), "here.onnx") as bag:
        bag.add(FRAME, CARD)
        bag.add(empty, CARD)
        bag.add(empty, dataclasses.replace(CARD, version=2))  # a learner that came back with an older number
    found = read(tmp_path / "bag")
    names = {name.removeprefix("/pose_ssl/") for name in found}
    assert names == {
        "tracks", "triplets", "triplets/info", "danger", "headings", "detections", "danger_zones", "markers",
        "speed_limit", "model_info", "label_info", "headings/label_info",
    }  # fmt: skip
    assert {moment for messages in found.values() for moment, _ in messages} == {RECORDED}
    headings = [message for _, message in found["/pose_ssl/headings"]]
    stamp = headings[0].header.stamp
    assert stamp.sec * 10**9 + stamp.nanosec == STAMP
    assert [len(m.detections) for m in headings] == [1, 0, 0]
    scores = {r.hypothesis.class_id: r.hypothesis.score for r in headings[0].detections[0].results}
    assert scores == {"toward": 0.5, "left": 0.125, "away": 0.125, "right": 0.125, "unknown": 0.125}
    assert headings[0].detections[0].id == "7"
    detection = found["/pose_ssl/detections"][0][1].detections[0]
    assert [r.hypothesis.class_id for r in detection.results] == ["car", "person"]
    assert detection.results[0].pose.covariance[28] == 0.04
    assert found["/pose_ssl/danger"][0][1].data == 0.75
    limit = found["/pose_ssl/speed_limit"][0][1]
    assert (limit.percentage, limit.speed_limit) == (True, 25.0)
    zones = found["/pose_ssl/danger_zones"][0][1]
    assert zones.header.frame_id == "base_link"
    assert zones.width > 3
    infos = [(m.method, m.database_location, m.database_version) for _, m in found["/pose_ssl/model_info"]]
    assert infos == [("vicreg", "here.onnx", 4), ("vicreg", "here.onnx", 5)]
    classes = found["/pose_ssl/label_info"][0][1].class_map
    assert [c.class_name for c in classes] == ["car", "person"]
    assert found["/pose_ssl/triplets"][0][1].width == 8
    assert math.isclose(found["/pose_ssl/tracks"][0][1].detections[0].bbox.size_x, 30.0)


def test_without_a_model_it_says_that_none_answers():
    messages = dict(recorded.ResultMessages(ReplayConfig()).of(FRAME, None))
    assert messages["model_info"].database_version == 0
    assert list(messages["label_info"].class_map) == []


def test_an_error_leaves_no_bag_and_the_users_wish_to_end_leaves_a_whole_one(tmp_path):
    for error, there in ((ValueError, False), (KeyboardInterrupt, True)):
        path = tmp_path / error.__name__
        with pytest.raises(error), recorded.ResultBag(path, ReplayConfig()) as bag:
            bag.add(FRAME, CARD)
            raise error
        assert path.exists() is there
    assert len(read(path)["/pose_ssl/headings"]) == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["KeyboardInterrupt"]
