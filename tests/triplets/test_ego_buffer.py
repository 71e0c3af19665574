"""Odometry at the time of an image."""

from __future__ import annotations

import math

import pytest

from pose_ssl_ros.interfaces import EgoState
from pose_ssl_ros.triplets.ego_buffer import EgoBuffer

S = 10**9


def test_interpolation_goes_the_short_way_round():
    buffer = EgoBuffer()
    buffer.add(EgoState(0, 0.0, 0.0, math.pi - 0.1, 1.0, 0.0))
    buffer.add(EgoState(S // 5, 2.0, 4.0, -math.pi + 0.1, 3.0, 1.0))
    middle = buffer.at(S // 10)
    assert (middle.x, middle.y, middle.speed, middle.yaw_rate) == pytest.approx((1.0, 2.0, 2.0, 0.5))
    assert abs(middle.yaw) == pytest.approx(math.pi)


def test_near_odometry_is_carried_on_and_far_is_not_used():
    buffer = EgoBuffer(max_gap_s=0.25)
    assert buffer.at(0) is None
    buffer.add(EgoState(S, 1.0, 0.0, 0.0, 2.0, 0.0))
    assert buffer.at(S + S // 10).x == pytest.approx(1.2)
    assert buffer.at(S - S // 10).x == pytest.approx(0.8)
    assert buffer.at(S + S // 2) is None


def test_a_clock_that_goes_back_clears():
    buffer = EgoBuffer()
    for i in range(10):
        buffer.add(EgoState(10 * S + i * S // 10, float(i), 0.0, 0.0))
    buffer.add(EgoState(S, 7.0, 0.0, 0.0))
    assert buffer.at(10 * S) is None
    assert buffer.at(S).x == 7.0
