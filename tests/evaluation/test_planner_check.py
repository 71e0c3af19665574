"""The planner's assertions on a drive made by hand, ten frames a second."""

import math

import pytest

from pose_ssl_ros.evaluation.figures import Resampling
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.planner_check import PlannerCheck, Sight
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.reference_danger import ReferenceDanger, on_robot
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting

HOW = Resampling(200)


def drive(check, told, threat, start=0.0, number=1, bag=0):
    """Frames of one object: the danger told of it (None: not detected), and whether it threatens."""
    for i, (danger, is_threat) in enumerate(zip(told, threat, strict=True)):
        reference = 0.9 if is_threat else 0.1
        sight = Sight(number, is_threat, reference, danger)
        check.add(bag, start + i / 10, [sight], danger or 0.0, reference)


def test_time_to_raise_hold_and_release_of_an_object_that_turns_towards_us():
    check = PlannerCheck(JudgeConfig())
    # Threat from 1.0 s to 3.0 s. Raised from 1.4 s, lost for 0.3 s, released at 3.5 s.
    threat = [10 <= i < 30 for i in range(60)]
    told = [0.8 if 14 <= i < 35 and i not in (20, 21, 22) else 0.1 for i in range(60)]
    drive(check, told, threat)
    found = check.figures(HOW)
    assert (found["threats"], found["threats_turned"]) == (1, 1)
    assert found["seconds_to_raise"]["value"] == pytest.approx(0.4)
    assert found["seconds_to_raise_turned"]["value"] == pytest.approx(0.4)
    assert found["raised_rate"]["value"] == 1.0
    # From 1.4 s to 3.0 s are 16 tenths, three of which it was not raised.
    assert found["held_share"]["value"] == pytest.approx(13 / 16)
    assert found["seconds_to_release"]["value"] == pytest.approx(0.5)
    assert found["false_alarms"] == 0
    assert found["minutes"] == pytest.approx(5.9 / 60)


def test_danger_between_the_two_levels_stays_raised_and_does_not_raise():
    check = PlannerCheck(JudgeConfig(raise_at=0.6, release_below=0.45))
    drive(check, [0.5, 0.5, 0.7, 0.5, 0.5, 0.5, 0.1], [True] * 6 + [False])
    found = check.figures(HOW)
    assert found["seconds_to_raise"]["value"] == pytest.approx(0.2)
    assert found["held_share"]["value"] == 1.0
    assert found["threats_turned"] == 0  # it headed at us when first seen


def test_a_threat_that_is_never_told_has_no_time_but_a_reason():
    check = PlannerCheck(JudgeConfig())
    drive(check, [None] * 20 + [0.1], [True] * 20 + [False])
    found = check.figures(HOW)
    assert found["seconds_to_raise"]["value"] is None
    assert found["seconds_to_raise"]["reason"] == "danger was never raised in 1 of 1 threats"
    assert found["raised_rate"]["value"] == 0.0
    assert "not raised long enough" in found["held_share"]["reason"]


def test_danger_that_is_never_released_has_no_time_but_a_reason():
    check = PlannerCheck(JudgeConfig())
    drive(check, [0.9] * 60, [i < 10 for i in range(60)])
    found = check.figures(HOW)["seconds_to_release"]
    assert "never released in 1 of 1" in found["reason"]
    # An object that leaves the picture soon after is not waited for.
    short = PlannerCheck(JudgeConfig())
    drive(short, [0.9] * 15, [i < 10 for i in range(15)])
    assert "watched to its end" in short.figures(HOW)["seconds_to_release"]["reason"]


def test_false_alarms_need_two_frames_in_a_row_and_no_ground():
    check = PlannerCheck(JudgeConfig())
    told = [0.1] * 600
    told[50] = 0.9  # a single frame
    told[100:103] = [0.9] * 3  # an alarm
    told[103:110] = [0.5] * 7  # not released yet
    told[110:115] = [0.9] * 5  # the same one
    told[200:220] = [0.9] * 20  # another
    told[300:320] = [0.9] * 20  # with ground
    drive(check, told, [300 <= i < 320 for i in range(600)])
    found = check.figures(HOW)
    assert [round(time, 1) for _, time in check.alarms] == [10.1, 20.1]
    assert found["false_alarms_per_minute"]["value"] == pytest.approx(2 / (59.9 / 60))
    assert found["false_alarms_per_minute"]["low"] < 2 < found["false_alarms_per_minute"]["high"]


def test_flickering_threats_are_left_out_and_gaps_end_one():
    check = PlannerCheck(JudgeConfig())
    drive(check, [0.1] * 10, [i in (3, 4) for i in range(10)])
    assert check.figures(HOW)["threats"] == 0
    drive(check, [0.9] * 8, [True] * 8, start=2.0)
    check.reset()  # another recording
    drive(check, [0.9] * 8, [True] * 8, number=2, bag=1)
    assert check.figures(HOW)["threats"] == 2


def test_without_truth_or_places_the_reason_is_told():
    check = PlannerCheck(JudgeConfig())
    assert check.figures(HOW)["false_alarms_per_minute"]["reason"] == "no frame had ground truth"
    check.unplaced += 1
    assert "no azimuths" in check.figures(HOW)["seconds_to_raise"]["reason"]


CAMERA = CameraModel(320, 240, 290.0, 290.0, 160.0, 120.0)
MOUNTING = Mounting(0.2, 1.1)


def walker(ahead, right=0.0, azimuth=0.0, name="walker", hidden=0.0):
    """A person 0.5 m wide and 1.8 m high on flat ground; the lower part may be hidden."""
    x, bottom = 160 + 290 * right / ahead, 120 + 290 * (1.1 - hidden) / ahead
    box = Box(
        x - 290 * 0.25 / ahead, bottom - 290 * (1.8 - hidden) / ahead, 290 * 0.5 / ahead, 290 * (1.8 - hidden) / ahead
    )
    return TruthObject(name, "person", box, azimuth, (right, 0.2, ahead))


def reference(*, ahead, speed=0.0, right=0.0, azimuth=0.0, hidden=0.0, robot=0.0):
    """Reference danger after two seconds of a walker and a robot that both keep their speed."""
    made = ReferenceDanger(math.pi / 2)
    made.camera = CAMERA
    told = []
    for i in range(20):
        stamp = i * 100_000_000
        item = walker(ahead - (speed + robot) * i / 10, right, azimuth, hidden=hidden)
        ego = EgoState(stamp, robot * i / 10, 0.0, 0.0, robot)
        told += made.update(stamp, (320, 240), [item], MOUNTING, ego)
    return told[-1]


def test_reference_danger_rises_with_what_comes_and_not_with_what_stands_aside():
    raised = JudgeConfig().raise_at
    assert reference(ahead=6.5, speed=1.5) > 1.5 * raised
    assert reference(ahead=6.5, right=3.0) < 0.1
    assert reference(ahead=4.0, speed=-1.5, azimuth=math.pi) < 0.1
    # The robot drives at somebody who stands and looks away: in the way, though not heading at us.
    assert reference(ahead=5.0, robot=1.5, azimuth=math.pi) > 1.5 * raised


def test_hidden_feet_do_not_put_an_object_farther_than_its_middle():
    assert reference(ahead=6.5, speed=1.5, hidden=0.6) > 0.9 * reference(ahead=6.5, speed=1.5)


def test_what_truth_does_not_tell_has_no_reference():
    made = ReferenceDanger(math.pi / 2)
    nameless, directionless = walker(5.0, name=""), walker(5.0, azimuth=math.nan)
    assert made.update(0, (320, 240), [nameless, directionless, walker(5.0)], MOUNTING, None)[:2] == [None, None]
    assert made.update(0, (0, 0), [walker(5.0)], MOUNTING, None) == [None]


def test_places_on_the_robot():
    # Two metres ahead and one to the right of a camera 0.2 m before the robot's middle.
    assert on_robot((1.0, 0.3, 2.0), Mounting(0.2, 0.6)) == pytest.approx((2.2, -1.0))
    # A camera that looks to the left: ahead of it is left of the robot.
    assert on_robot((0.0, 0.0, 2.0), Mounting(0.0, 0.6, 0.0, math.pi / 2)) == pytest.approx((0.0, 2.0))
    # A camera that looks down 45 degrees: a point on its axis lies nearer.
    assert on_robot((0.0, 0.0, 2.0), Mounting(0.0, 0.6, math.pi / 4)) == pytest.approx((math.sqrt(2), 0.0))
