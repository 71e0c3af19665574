"""Messages and pictures of the inference node, without a process."""

import dataclasses
import math
from types import SimpleNamespace

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, Mounting, ObjectState
from pose_ssl_ros.mounting_finder import MountingFinder
from pose_ssl_ros.nodes import outputs
from pose_ssl_ros.nodes.annotate import annotate, danger_colour
from pose_ssl_ros.nodes.convert import to_header
from pose_ssl_ros.nodes.latency import Latency

HEADER = to_header(1_500_000_000, "camera")
MOUNTING = Mounting(0.2, 0.6, 0.0, 0.0)
CAR = ObjectState(
    "3",
    Box(100, 80, 60, 40),
    identity=(("car", 0.9), ("person", 0.1)),
    heading=(0.1, 0.7, 0.1, 0.1, 0.0),
    azimuth=math.pi / 2,
    azimuth_variance=0.2,
    bearing=0.0,
    range_m=5.0,
    position=(5.2, 0.0),
    velocity=(0.0, 1.0),
    danger=0.8,
)


def test_a_car_heading_left_points_left_in_the_camera_frame() -> None:
    result = outputs.detections_message(HEADER, [CAR], MOUNTING).detections[0].results[0]
    q = result.pose.pose.orientation
    forward = (1 - 2 * (q.y**2 + q.z**2), 2 * (q.x * q.y + q.z * q.w), 2 * (q.x * q.z - q.y * q.w))
    assert forward == pytest.approx((-1, 0, 0), abs=1e-9)
    position = result.pose.pose.position
    assert (position.x, position.y, position.z) == pytest.approx((0, 0.6, 5.0))
    assert result.pose.covariance[outputs.YAW_VARIANCE_INDEX] == pytest.approx(0.2)


@pytest.mark.parametrize("missing", ["azimuth", "bearing", "azimuth_variance"])
def test_yaw_that_is_not_known_says_so(missing: str) -> None:
    item = dataclasses.replace(CAR, **{missing: None})
    result = outputs.detections_message(HEADER, [item], MOUNTING).detections[0].results[0]
    assert result.pose.covariance[outputs.YAW_VARIANCE_INDEX] > 99999


def test_cloud_bytes_are_what_the_fields_say() -> None:
    points = np.array([[1, 2, 0, 0.5], [3, 4, 0, 0.25]], np.float32)
    cloud = outputs.cloud_message(HEADER, points)
    assert [f.name for f in cloud.fields] == ["x", "y", "z", "intensity"]
    assert np.frombuffer(cloud.data, "<f4").reshape(cloud.width, 4).tolist() == points.tolist()
    assert cloud.row_step == len(cloud.data) == 32


def test_markers_wipe_the_old_ones_and_point_where_it_heads() -> None:
    unknown = dataclasses.replace(CAR, azimuth=None)
    nowhere = dataclasses.replace(CAR, position=None)
    markers = outputs.markers_message(HEADER, [CAR, unknown, nowhere], MOUNTING).markers
    assert [m.action for m in markers] == [3, 0, 0]
    assert [m.type for m in markers[1:]] == [0, 2]  # arrow, sphere
    assert markers[1].color.r > markers[1].color.g
    assert len({m.id for m in markers[1:]}) == 2


def test_annotating_leaves_the_image_alone_and_survives_odd_boxes() -> None:
    image = np.zeros((120, 200, 3), np.uint8)
    boxes = ((math.nan, 0, 5, 5), (-1e9, -1e9, 2e9, 2e9), (500, 500, 1, 1))
    odd = [dataclasses.replace(CAR, box=Box(*b)) for b in boxes]
    drawn = annotate(image, [CAR, *odd], "warm")
    assert drawn.shape == image.shape and drawn.any() and not image.any()
    assert annotate(np.zeros((0, 0, 3), np.uint8), [CAR]).size == 0
    assert danger_colour(0.0)[1] == 255 and danger_colour(1.0)[0] == 255 == danger_colour(math.nan)[0]


def test_latency_percentiles_are_numpys() -> None:
    latency = Latency()
    assert latency.summary("x") == {}
    for value in range(1, 101):
        latency.add(value)
    assert latency.summary("x") == {"x_p50_ms": 50.5, "x_p95_ms": 95.05, "x_p99_ms": 99.01}


def _link(parent, child, xyz, q=(0.0, 0.0, 0.0, 1.0)):
    x, y, z, w = q
    return SimpleNamespace(
        header=SimpleNamespace(frame_id=parent),
        child_frame_id=child,
        transform=SimpleNamespace(
            translation=SimpleNamespace(x=xyz[0], y=xyz[1], z=xyz[2]), rotation=SimpleNamespace(x=x, y=y, z=z, w=w)
        ),
    )


OPTICAL = (-0.5, 0.5, -0.5, 0.5)  # REP-103: z ahead, x right, y down


def test_the_mounting_is_found_through_a_chain_of_transforms() -> None:
    finder = MountingFinder("base_link")
    finder.add([_link("camera_link", "camera_optical", (0, 0, 0), OPTICAL)])
    assert finder.find("camera_optical") is None  # a gap
    half = 0.1  # half of the pitch angle: nose down is positive about y
    finder.add([_link("/base_link", "camera_link", (0.3, 0.1, 1.1), (0, math.sin(half), 0, math.cos(half)))])
    found = finder.find("camera_optical")
    assert dataclasses.astuple(found) == pytest.approx((0.3, 1.1, 0.2, 0.0))


def test_loops_and_numbers_without_sense_give_no_mounting() -> None:
    finder = MountingFinder("base_link")
    finder.add([_link("a", "b", (0, 0, 0)), _link("b", "a", (0, 0, 0))])
    finder.add([_link("base_link", "camera", (math.nan, 0, 0)), _link("base_link", "c2", (0, 0, 1), (0, 0, 0, 0))])
    assert finder.find("a") is None and finder.find("camera") is None and finder.find("c2") is None
