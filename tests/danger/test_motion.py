import math

import numpy as np
import pytest

from pose_ssl_ros.danger.config import MotionConfig
from pose_ssl_ros.danger.motion import MotionEstimator
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.interfaces import EgoState

CONFIG = MotionConfig()


def _point(x: float, y: float, sigma: float = 0.1) -> GroundPoint:
    return GroundPoint(x, y, math.hypot(x, y), 0.5, sigma, sigma)


def _watch(path, ego=None, seconds=3.0, sigma=0.1, noise=0.0, estimator=None):
    """Watch an object whose odometry position is path(t) from a robot whose state is ego(t)."""
    estimator = MotionEstimator(CONFIG) if estimator is None else estimator
    rng = np.random.default_rng(0)
    for t in np.arange(0, seconds, 0.1):
        stamp = int(t * 1e9)
        robot = ego(t) if ego else None
        dx, dy = np.subtract(path(t), (robot.x, robot.y) if robot else (0, 0)) + rng.normal(0, noise, 2)
        yaw = robot.yaw if robot else 0.0
        x, y = math.cos(yaw) * dx + math.sin(yaw) * dy, -math.sin(yaw) * dx + math.cos(yaw) * dy
        motion = estimator.update("1", _point(x, y, sigma), stamp, robot)
    return motion


def test_what_stands_has_no_velocity_while_the_robot_drives_and_closes_at_its_speed() -> None:
    motion = _watch(lambda t: (20.0, 0.0), lambda t: EgoState(int(t * 1e9), 1.5 * t, 0.0, 0.0, 1.5, 0.0))
    assert motion.velocity == pytest.approx((0, 0), abs=0.05)
    assert motion.closing_speed == pytest.approx(1.5, abs=0.05)
    assert motion.relative == pytest.approx((-1.5, 0), abs=0.05)
    assert motion.position[0] == pytest.approx(20 - 1.5 * 2.9, abs=0.1)


def test_velocity_is_in_base_link_axes() -> None:
    # The robot looks along +y of odometry; what moves along +y recedes ahead.
    motion = _watch(lambda t: (0.0, 10 + 2 * t), lambda t: EgoState(int(t * 1e9), 0, 0, math.pi / 2))
    assert motion.velocity == pytest.approx((2, 0), abs=0.1)
    assert motion.closing_speed == pytest.approx(-2, abs=0.1)


def test_the_turning_robot_sees_standing_things_stand() -> None:
    motion = _watch(lambda t: (10.0, 0.0), lambda t: EgoState(int(t * 1e9), 0, 0, 0.3 * t, 0, 0.3))
    assert motion.velocity == pytest.approx((0, 0), abs=0.05)


def test_without_odometry_only_the_relative_motion_is_known() -> None:
    motion = _watch(lambda t: (20 - 3 * t, 0.0))
    assert motion.velocity is None
    assert motion.closing_speed == pytest.approx(3, abs=0.1)


def test_nothing_is_said_before_it_is_known() -> None:
    estimator = MotionEstimator(CONFIG)
    assert estimator.update("1", _point(10, 0), 0, None).closing_speed is None
    noisy = _watch(lambda t: (30.0, 0.0), seconds=0.5, sigma=4.0, noise=2.0)
    assert noisy.closing_speed is None


def test_noise_is_smoothed_by_what_the_ranging_says_of_itself() -> None:
    motion = _watch(lambda t: (15 - t, 1.0), seconds=4, sigma=0.4, noise=0.4)
    assert motion.relative == pytest.approx((-1, 0), abs=0.6)


def test_one_jump_is_left_out_and_two_start_anew() -> None:
    estimator = MotionEstimator(CONFIG)
    before = _watch(lambda t: (10.0, 0.0), seconds=2, estimator=estimator)
    jumped = estimator.update("1", _point(4, 4), int(2.0e9), None)
    assert jumped.position == pytest.approx(before.position, abs=0.2)
    moved = estimator.update("1", _point(4, 4), int(2.1e9), None)
    assert moved.position == pytest.approx((4, 4))
    assert moved.closing_speed is None


def test_the_same_stamp_twice_changes_nothing_and_time_going_back_starts_anew() -> None:
    estimator = MotionEstimator(CONFIG)
    motion = _watch(lambda t: (20 - 3 * t, 0.0), estimator=estimator)
    assert estimator.update("1", _point(1, 1), int(2.9 * 1e9), None) == motion
    assert estimator.update("1", _point(1, 1), 0, None).closing_speed is None


def test_odometry_that_comes_late_does_not_mix_the_frames() -> None:
    estimator = MotionEstimator(CONFIG)
    _watch(lambda t: (20.0, 0.0), estimator=estimator)
    motion = estimator.update("1", _point(20, 0), int(3e9), EgoState(int(3e9), 100.0, 50.0, 1.0))
    assert motion.position == pytest.approx((20, 0))
    assert motion.velocity is None


def test_dead_tracks_are_forgotten() -> None:
    estimator = MotionEstimator(CONFIG)
    for i in range(1000):
        estimator.update(str(i), _point(10, 0), int(i * 1e8), None)
        estimator.forget(int(i * 1e8), [str(i)])
    assert len(estimator) <= CONFIG.forget_s / 0.1 + 1
