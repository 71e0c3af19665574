import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.danger import constants
from pose_ssl_ros.danger.calibration import danger, probability
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.ground_heading import over_ground
from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.danger.terms import MotionKind, Terms, kind_of, terms

CONFIG = DangerConfig()
TOWARD, LEFT, AWAY, RIGHT, UNKNOWN = (tuple(float(i == k) for i in range(5)) for k in range(5))
probabilities = st.tuples(*[st.floats(0, 1)] * 5).filter(lambda p: sum(p) > 1e-3)
metres = st.floats(0, 80)
speeds = st.floats(-20, 20)
kinds = st.sampled_from(list(MotionKind))


def _point(x, y):
    return GroundPoint(x, y, math.hypot(x, y), 0.3, 0.1, 0.1)


def _motion(x, y, velocity=(0.0, 0.0), robot=0.0):
    relative = (velocity[0] - robot, velocity[1])
    closing = -(x * relative[0] + y * relative[1]) / math.hypot(x, y)
    return Motion((x, y), velocity, relative, 0.1, closing)


def _told(heading, kind, distance=6.0, closing=1.0, now=1.0, least=None, y=2.0):
    return probability(terms(heading, distance, closing, now, now if least is None else least, y, CONFIG), kind)


def test_no_weight_is_negative_and_there_is_one_for_each_term() -> None:
    assert len(constants.WEIGHTS) == len(MotionKind)
    for bias, *weights in constants.WEIGHTS:
        assert len(weights) == len(Terms._fields)
        assert min(weights) >= 0 and math.isfinite(bias)
    assert constants.COMMAND.startswith("pose-ssl experiment danger")


@given(probabilities, kinds, metres, metres, speeds, metres, metres, st.floats(-20, 20))
def test_never_rises_with_range(heading, kind, a, b, closing, now, least, y) -> None:
    near, far = sorted((a, b))
    found = [_told(heading, kind, r, closing, now, least, y) for r in (near, far)]
    assert found[0] >= found[1] - 1e-12
    assert all(0 <= f <= 1 for f in found)


@given(probabilities, kinds, metres, speeds, speeds, metres, metres, st.floats(-20, 20))
def test_never_falls_with_closing_speed(heading, kind, distance, a, b, now, least, y) -> None:
    slow, fast = sorted((a, b))
    assert _told(heading, kind, distance, slow, now, least, y) <= (
        _told(heading, kind, distance, fast, now, least, y) + 1e-12
    )


@given(probabilities, kinds, metres, speeds, metres, metres, st.floats(-20, 20))
def test_never_rises_with_clearance(heading, kind, distance, closing, a, b, y) -> None:
    tight, wide = sorted((a, b))
    assert _told(heading, kind, distance, closing, tight, tight, y) >= (
        _told(heading, kind, distance, closing, wide, wide, y) - 1e-12
    )


def test_what_stands_in_the_way_is_danger_one_whatever_its_heading() -> None:
    for heading in (TOWARD, AWAY, UNKNOWN):
        assert danger(heading, _point(1.2, 0.0), _motion(1.2, 0.0), CONFIG) == 1.0


def test_what_could_not_be_put_on_the_ground_is_the_worst_case() -> None:
    assert danger(AWAY, None, None, CONFIG) == 1.0
    assert danger(AWAY, None, _motion(30.0, 0.0), CONFIG) == 1.0


def test_a_front_that_faces_the_lane_is_more_dangerous_than_a_back_and_unknown_is_no_better() -> None:
    place, motion = _point(5.0, 2.2), _motion(5.0, 2.2, robot=1.0)
    facing, away, unknown = (danger(h, place, motion, CONFIG) for h in (RIGHT, LEFT, UNKNOWN))
    assert facing > 2 * away
    assert unknown >= facing - 0.05


def test_without_odometry_it_may_stand_or_move_and_the_worse_counts() -> None:
    seen = _motion(5.0, 2.0, (-2.0, -0.5))
    relative_only = seen._replace(velocity=None)
    at = _point(5.0, 2.0)
    found = danger(TOWARD, at, relative_only, CONFIG)
    assert found >= danger(TOWARD, at, seen, CONFIG)
    assert kind_of(relative_only) is MotionKind.UNKNOWN


def test_kind_of_motion() -> None:
    assert kind_of(_motion(5, 0, (0.3, 0.0))) is MotionKind.STANDING
    assert kind_of(_motion(5, 0, (0.0, -0.8))) is MotionKind.MOVING
    # 0.8 m/s that may as well be error.
    assert kind_of(_motion(5, 0, (0.0, -0.8))._replace(sigma=0.5)) is MotionKind.STANDING


def test_straight_ahead_headings_stay_what_they_are() -> None:
    for heading in (TOWARD, LEFT, AWAY, RIGHT, UNKNOWN):
        assert over_ground(heading, None, None, 9.0, 0.0) == pytest.approx(heading)


def test_beside_the_robot_the_line_of_sight_is_turned_back() -> None:
    # Parked along the lane, 45 degrees to the left, facing the robot's way: seen at azimuth 180 - 45 = 135 degrees,
    # on the border of `left` of the image (+90) and `away`.
    found = over_ground(LEFT, math.radians(-135), 0.1, 3.0, 3.0)
    assert sum(found) == pytest.approx(1.0)
    along_lane = over_ground(RIGHT, math.radians(-135), 0.1, 3.0, -3.0)
    for heading, azimuth, y in ((RIGHT, 225 - 360 + 0.0, 3.0), (LEFT, 135.0, -3.0)):
        turned = over_ground(heading, math.radians(azimuth), 0.1, 3.0, y)
        assert turned[2] == pytest.approx(1.0, abs=1e-6)  # along the robot's way: it leads out of nothing
    assert along_lane[2] < 0.1


def test_an_unsure_azimuth_is_not_used() -> None:
    assert over_ground(RIGHT, math.radians(-135), 3.0, 3.0, 3.0) == over_ground(RIGHT, None, None, 3.0, 3.0)
    assert over_ground(RIGHT, math.nan, 0.1, 3.0, 3.0) == over_ground(RIGHT, None, None, 3.0, 3.0)


@given(probabilities, st.one_of(st.none(), st.floats(-4, 4)), st.floats(-30, 30), st.floats(-30, 30))
def test_turning_headings_loses_no_probability(heading, azimuth, x, y) -> None:
    found = over_ground(heading, azimuth, 0.1, x, y)
    assert sum(found) == pytest.approx(sum(heading))
    assert min(found) >= 0
    assert found[4] == heading[4]


def test_probability_is_that_of_the_logistic_model() -> None:
    found = Terms(0.1, 0.2, 0.0, 0.3, 0.4, 0.5, 0.6)
    bias, *weights = constants.WEIGHTS[MotionKind.MOVING]
    expected = 1 / (1 + np.exp(-(bias + np.dot(weights, found))))
    assert probability(found, MotionKind.MOVING) == pytest.approx(expected)
