import dataclasses
import math

import numpy as np
import pytest

from pose_ssl_ros.danger.config import DangerConfig, ZoneConfig
from pose_ssl_ros.danger.zones import danger_points, in_odom
from pose_ssl_ros.interfaces import Box, EgoState, ObjectState

ZONES, DANGER = ZoneConfig(), DangerConfig()
PARKED = ObjectState(
    "1",
    Box(0, 0, 10, 10),
    heading=(0.0, 0.0, 1.0, 0.0, 0.0),
    position=(8.0, 1.0),
    velocity=(0.0, 0.0),
    half_width=0.5,
    danger=0.6,
)


def test_a_standing_object_gives_one_disc() -> None:
    points = danger_points([PARKED], ZONES, DANGER)
    assert np.hypot(points[:, 0] - 8, points[:, 1] - 1).max() <= 0.5 + 1e-6
    assert len(points) == 13  # grid points within 2 steps of the middle
    assert points[:, 3] == pytest.approx(0.6)
    assert not points[:, 2].any()


def test_a_moving_object_is_swept_to_the_horizon_and_fades() -> None:
    points = danger_points([dataclasses.replace(PARKED, velocity=(-2.0, 0.0))], ZONES, DANGER)
    assert points[:, 0].min() == pytest.approx(8 - 2 * DANGER.horizon_s - 0.5)
    last = points[np.argmin(points[:, 0])]
    assert last[3] == pytest.approx(0.3)  # one half at the horizon


def test_unknown_is_swept_towards_the_robot_and_away_is_not() -> None:
    unknown = dataclasses.replace(PARKED, velocity=None, heading=(0.0, 0.0, 0.0, 0.0, 1.0))
    away = dataclasses.replace(PARKED, velocity=None)
    reach = math.hypot(8, 1) - DANGER.assumed_closing_mps * DANGER.horizon_s
    assert np.hypot(*danger_points([unknown], ZONES, DANGER)[:, :2].T).min() == pytest.approx(reach, abs=0.6)
    assert len(danger_points([away], ZONES, DANGER)) == 13


@pytest.mark.parametrize(
    "item",
    [
        dataclasses.replace(PARKED, danger=0.05),
        dataclasses.replace(PARKED, position=None),
        dataclasses.replace(PARKED, position=(math.nan, 0.0)),
    ],
)
def test_objects_without_danger_or_place_give_no_points(item: ObjectState) -> None:
    points = danger_points([item], ZONES, DANGER)
    assert points.shape == (0, 4) and points.dtype == np.float32


def test_the_most_dangerous_points_are_kept() -> None:
    zones = dataclasses.replace(ZONES, max_points=13)
    calm = dataclasses.replace(PARKED, danger=0.2, position=(20.0, 0.0))
    points = danger_points([calm, PARKED], zones, DANGER)
    assert len(points) == 13
    assert points[:, 0].max() < 10


def test_something_fast_leaves_no_gap_between_its_discs() -> None:
    fast = dataclasses.replace(PARKED, velocity=(-8.0, 0.0), position=(25.0, 1.0))
    points = danger_points([fast], ZONES, DANGER)
    along = np.unique(points[np.abs(points[:, 1] - 1.0) < 1e-6, 0])
    assert along.min() == pytest.approx(25 - 8 * DANGER.horizon_s - 0.5)
    assert np.diff(along).max() <= 2 * 0.5


def test_points_in_the_frame_of_the_odometry() -> None:
    # The robot stands at (10, 5) and looks along +y: 8 m ahead and 1 m to the left is (9, 13).
    points = danger_points([PARKED], ZONES, DANGER)
    turned = in_odom(points, EgoState(0, 10.0, 5.0, math.pi / 2))
    assert turned[:, :2].mean(axis=0) == pytest.approx((9.0, 13.0), abs=1e-5)
    assert (turned[:, 2:] == points[:, 2:]).all()
    assert len(in_odom(np.zeros((0, 4), np.float32), EgoState(0, 1.0, 2.0, 0.3))) == 0
