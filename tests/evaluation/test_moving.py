import math

from pose_ssl_ros.evaluation.moving import MOVING, NOT_KNOWN, PARKED, MovingTruth
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box, EgoState, Mounting

BOX = Box(0, 0, 20, 20)


def drive(position_at, ego_at, seconds=1.0, mounting=None):
    """States of one object at the end of a drive; times in seconds."""
    moving = MovingTruth(0.25)
    if mounting:
        moving.mounting = mounting
    states = []
    for i in range(int(seconds * 10) + 1):
        t = i / 10
        x, y, yaw = ego_at(t)
        stamp = int(t * 1e9) + 1
        moving.odometry(EgoState(stamp, x, y, yaw))
        states.append(moving.update(stamp, [TruthObject("1", "sedan", BOX, 0.0, position_at(t))])["1"])
    return states


def test_parked_car_seen_from_a_moving_robot():
    states = drive(lambda t: (1.0, 0.5, 10 - 2 * t), lambda t: (2 * t, 0.0, 0.0))
    assert states[0] == NOT_KNOWN
    assert states[-1] == PARKED


def test_parked_car_seen_from_a_turning_robot():
    # The car stands 10 m ahead of a robot that turns left: it goes to the right of the picture.
    def where(t):
        return (10 * math.sin(0.5 * t), 0.5, 10 * math.cos(0.5 * t))

    assert drive(where, lambda t: (0.0, 0.0, 0.5 * t), mounting=Mounting(x=0.0))[-1] == PARKED


def test_car_that_keeps_its_place_in_the_picture_moves():
    assert drive(lambda t: (0.0, 0.5, 8.0), lambda t: (3 * t, 0.0, 0.0))[-1] == MOVING


def test_without_odometry_nothing_is_known():
    moving = MovingTruth(0.25)
    assert moving.update(10**9, [TruthObject("1", "sedan", BOX, 0.0, (0.0, 0.0, 5.0))]) == {"1": NOT_KNOWN}


def test_old_odometry_says_nothing():
    moving = MovingTruth(0.25)
    moving.odometry(EgoState(10**9, 0, 0, 0))
    assert moving.update(3 * 10**9, [TruthObject("1", "sedan", BOX, 0.0, (0.0, 0.0, 5.0))]) == {"1": NOT_KNOWN}
