import dataclasses
import math

import pytest

from pose_ssl_ros.danger.config import PlannerConfig, PolicyConfig
from pose_ssl_ros.danger.policy import SpeedPolicy, State
from pose_ssl_ros.danger.steering import next_speed, yaw_rate
from pose_ssl_ros.interfaces import EgoState

CONFIG = PolicyConfig(stop_at=0.6, resume_below=0.45, slow_at=0.25)
TOWARD = (1.0, 0.0, 0.0, 0.0, 0.0)
UNKNOWN = (0.0, 0.0, 0.0, 0.0, 1.0)


class Drive:
    """Feeds a policy at 10 Hz."""

    def __init__(self, config: PolicyConfig = CONFIG) -> None:
        self.policy = SpeedPolicy(config)
        self.now = 100.0

    def step(self, danger, headings=(), odom=True, count=1):
        for _ in range(count):
            self.now += 0.1
            if danger is not None:
                self.policy.on_danger(danger, self.now)
            if headings is not None:
                self.policy.on_headings(headings, self.now)
            if odom:
                self.policy.on_odom(self.now)
            found = self.policy.decide(self.now)
        return found


def test_nothing_heard_is_a_stop_that_says_why() -> None:
    policy = SpeedPolicy(CONFIG)
    assert policy.decide(0.0).scale == 0.0
    policy.on_danger(0.0, 0.0)
    assert "headings" in policy.decide(0.1).reason
    policy.on_headings([], 0.1)
    assert "odom" in policy.decide(0.1).reason
    policy.on_odom(0.1)
    assert policy.decide(0.1).scale == 1.0


@pytest.mark.parametrize("gone", ["danger", "headings", "odom"])
def test_each_input_that_grows_old_stops_and_coming_back_resumes(gone: str) -> None:
    drive = Drive()
    assert drive.step(0.0, count=5).state is State.GO
    inputs = {"danger": 0.0, "headings": (), "odom": True}
    inputs[gone] = False if gone == "odom" else None
    found = drive.step(**inputs, count=int(CONFIG.stale_s / 0.1) + 2)
    assert (found.scale, found.state) == (0.0, State.STOP)
    assert gone in found.reason
    assert drive.step(0.0).scale == 1.0


def test_a_clock_that_jumps_back_is_stale() -> None:
    drive = Drive()
    drive.step(0.0)
    assert drive.policy.decide(drive.now - 50).scale == 0.0


def test_one_alarm_slows_and_a_second_stops() -> None:
    drive = Drive()
    drive.step(0.0, count=5)
    first = drive.step(0.9, [TOWARD])
    assert first.state is State.SLOW and first.scale == CONFIG.creep_scale
    assert drive.step(0.9, [TOWARD]).state is State.STOP
    assert drive.policy.stops == 1


def test_resumes_only_after_it_was_calm_for_a_while() -> None:
    drive = Drive()
    drive.step(0.0)
    drive.step(0.9, [TOWARD], count=3)
    assert drive.step(0.0, count=CONFIG.resume_count - 1).state is State.STOP
    assert drive.step(0.0).state is State.GO


def test_danger_between_the_thresholds_neither_stops_nor_starts() -> None:
    between = (CONFIG.stop_at + CONFIG.resume_below) / 2
    drive = Drive()
    drive.step(0.0)
    assert drive.step(between, [TOWARD], count=20).state is State.SLOW
    drive.step(0.9, [TOWARD], count=2)
    assert drive.step(between, [TOWARD], count=20).state is State.STOP


def test_danger_that_flickers_around_the_stop_threshold_does_not_make_it_jitter() -> None:
    drive = Drive()
    drive.step(0.0)
    drive.step(0.9, [TOWARD], count=2)
    states = [drive.step(CONFIG.stop_at + (0.05 if i % 2 else -0.05), [TOWARD]).state for i in range(40)]
    assert set(states) == {State.STOP}


def test_speed_falls_with_danger() -> None:
    scales = []
    for danger in (0.0, 0.25, 0.3, 0.4, 0.5, 0.59):
        drive = Drive()
        drive.step(0.0)
        scales.append(drive.step(danger, [TOWARD]).scale)
    assert scales == sorted(scales, reverse=True)
    assert scales[0] == scales[1] == 1.0
    assert scales[-1] >= CONFIG.creep_scale


def test_danger_that_is_not_a_number_is_danger_one() -> None:
    drive = Drive()
    drive.step(0.0)
    assert drive.step(math.nan, count=2).state is State.STOP


def test_cold_perception_is_caution_and_not_deadlock() -> None:
    drive = Drive()
    found = drive.step(0.1, [UNKNOWN, UNKNOWN], count=10)
    assert found.scale == CONFIG.unknown_scale
    assert drive.step(0.1, [UNKNOWN, TOWARD]).scale == 1.0
    assert drive.step(0.0, []).scale == 1.0


def test_headings_of_another_length_count_as_unknown() -> None:
    drive = Drive()
    assert drive.step(0.0, [(1.0,)]).scale == CONFIG.unknown_scale


def test_patience_creeps_past_a_lasting_danger_but_never_past_danger_one() -> None:
    drive = Drive()
    drive.step(0.0)
    drive.step(0.7, [TOWARD], count=2)
    count = int(CONFIG.patience_s / 0.1)
    assert drive.step(0.7, [TOWARD], count=count - 5).scale == 0.0
    assert drive.step(0.7, [TOWARD], count=10).scale == CONFIG.creep_scale
    assert drive.step(0.95, [TOWARD], count=10).scale == 0.0
    waiting = Drive(dataclasses.replace(CONFIG, patience_s=0.0))
    waiting.step(0.0)
    assert waiting.step(0.7, [TOWARD], count=2 * count).scale == 0.0


def test_thresholds_the_wrong_way_round_still_make_sense() -> None:
    drive = Drive(dataclasses.replace(CONFIG, resume_below=0.9, slow_at=0.8))
    drive.step(0.0)
    assert drive.step(0.7, [TOWARD], count=2).state is State.STOP
    assert drive.step(0.7, [TOWARD], count=20).state is State.STOP


def test_steers_back_to_the_lane_and_along_it() -> None:
    config = PlannerConfig()
    assert yaw_rate(EgoState(0, 0, 0, 0), 1.0, config) == 0.0
    assert yaw_rate(EgoState(0, 0, 1.0, 0), 1.0, config) < 0  # left of the lane: turn right
    assert yaw_rate(EgoState(0, 0, 0, -0.2), 1.0, config) > 0
    assert abs(yaw_rate(EgoState(0, 0, 50.0, 3.0), 1.0, config)) <= config.max_yaw_rate
    assert yaw_rate(EgoState(0, 0, 1.0, 0), 0.0, config) == 0.0  # a robot that stands does not turn


def test_steering_converges_from_beside_the_lane() -> None:
    config = PlannerConfig()
    x, y, yaw = 0.0, 2.0, 0.8
    for _ in range(200):
        turn = yaw_rate(EgoState(0, x, y, yaw), 1.0, config)
        yaw += 0.1 * turn
        x, y = x + 0.1 * math.cos(yaw), y + 0.1 * math.sin(yaw)
    assert abs(y) < 0.05 and abs(yaw) < 0.05
    assert x > 10


def test_speed_changes_within_the_limits_and_brakes_faster() -> None:
    config = PlannerConfig(acceleration=1.0, deceleration=4.0)
    assert next_speed(0.0, 1.0, 0.1, config) == pytest.approx(0.1)
    assert next_speed(1.0, 0.0, 0.1, config) == pytest.approx(0.6)
    assert next_speed(0.95, 1.0, 0.1, config) == 1.0
    assert next_speed(0.1, 0.0, 0.1, config) == 0.0
