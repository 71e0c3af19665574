"""Azimuth, heading classes and orientation: hand-worked cases and a real ROS 2 bag's truth."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros import viewpoint
from tests.harness import shared

ANGLES = st.floats(-20, 20)


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (0, 0),
        (math.pi, math.pi),
        (-math.pi, math.pi),
        (3 * math.pi, math.pi),
        (-math.pi / 2, -math.pi / 2),
        (7, 7 - 2 * math.pi),
    ],
)
def test_wrap(angle: float, expected: float) -> None:
    assert viewpoint.wrap(angle) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("degrees", "name"),
    [
        (0, "toward"),
        (44, "toward"),
        (-44, "toward"),
        (46, "left"),
        (134, "left"),
        (136, "away"),
        (-179, "away"),
        (-90, "right"),
    ],
)
def test_heading_classes_are_quarter_turns(degrees: float, name: str) -> None:
    assert viewpoint.heading_of(math.radians(degrees)) == name


def test_a_wider_toward_takes_from_the_sides_only() -> None:
    assert viewpoint.heading_of(math.radians(60), toward_width=math.radians(130)) == "toward"
    assert viewpoint.heading_of(math.radians(70), toward_width=math.radians(130)) == "left"
    assert viewpoint.heading_of(math.radians(140), toward_width=math.radians(130)) == "away"


def test_nan_has_no_heading() -> None:
    with pytest.raises(ValueError, match="finite"):
        viewpoint.heading_of(math.nan)


@pytest.mark.parametrize(("yaw_degrees", "name"), [(180, "toward"), (0, "away"), (90, "left"), (-90, "right")])
def test_an_object_ahead_of_a_camera_that_looks_along_x(yaw_degrees: float, name: str) -> None:
    azimuth = viewpoint.azimuth_from_yaw(math.radians(yaw_degrees), (10, 0), (0, 0))
    assert viewpoint.heading_of(azimuth) == name


def test_heading_left_straight_ahead_points_to_minus_x_of_the_optical_frame() -> None:
    assert viewpoint.forward_axis(math.pi / 2, 0.0) == pytest.approx([-1, 0, 0], abs=1e-12)


def test_heading_towards_the_camera_points_back_along_the_ray() -> None:
    ray = np.array([math.sin(0.4), 0, math.cos(0.4)])
    assert viewpoint.forward_axis(0.0, 0.4) == pytest.approx(-ray)


@given(ANGLES, st.floats(-1.5, 1.5))
def test_orientation_and_back(azimuth: float, bearing: float) -> None:
    quaternion = viewpoint.orientation_in_camera(azimuth, bearing)
    assert math.hypot(*quaternion) == pytest.approx(1)
    back = viewpoint.azimuth_from_orientation(quaternion, bearing)
    assert viewpoint.wrap(back - azimuth) == pytest.approx(0, abs=1e-6)


@given(ANGLES, st.floats(0.01, 1))
def test_scores_and_back(azimuth: float, weight: float) -> None:
    scores = viewpoint.scores_from_azimuth(azimuth, weight)
    back, weight_back = viewpoint.azimuth_from_scores(scores)
    assert sum(s > 1e-9 for s in scores) <= 2
    assert viewpoint.wrap(back - azimuth) == pytest.approx(0, abs=1e-6)
    assert weight_back == pytest.approx(weight)


def test_orientations_written_by_a_real_ros2_bag() -> None:
    from rosbags.highlevel import AnyReader

    truth = json.loads(shared("golden/bags/street_truth.json").read_text())["truth"]
    checked = 0
    with AnyReader([shared("golden/bags/street_mcap")]) as reader:
        connections = [c for c in reader.connections if c.topic == "/ground_truth"]
        for objects, (connection, _, raw) in zip(truth, reader.messages(connections), strict=True):
            message = reader.deserialize(raw, connection.msgtype)
            for detection, known in zip(message.detections, objects, strict=True):
                o = detection.results[0].pose.pose.orientation
                theirs = np.array([o.x, o.y, o.z, o.w])
                ours = np.array(viewpoint.orientation_in_camera(known["azimuth"], known["bearing"]))
                assert abs(theirs @ ours) == pytest.approx(1, abs=1e-6)
                checked += 1
    assert checked > 200
