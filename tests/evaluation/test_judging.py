"""Figures of recordings on cases worked out by hand."""

import json
import math
from dataclasses import replace

import pytest

from pose_ssl_ros.evaluation.files import plain
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, ObjectState, TeacherEvidence, Track
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, scores_from_azimuth

LEFT_BOX, RIGHT_BOX = Box(20, 60, 50, 40), Box(200, 60, 50, 40)
S = 10**9


def scores(name, probability=0.9):
    rest = (1 - probability) / 4
    return tuple(probability if name == each else rest for each in HEADINGS_AND_UNKNOWN)


def answer(track, box, name, azimuth=None, probability=0.9, identity="sedan", danger=0.1):
    degrees = None if azimuth is None else math.radians(azimuth)
    said = scores(name, probability)
    return ObjectState(track, box, ((identity, 0.8),), said, degrees, danger=danger, looks=said, looks_azimuth=degrees)


def true(name, box, azimuth, category="sedan", position=None, visible=1.0):
    return TruthObject(name, category, box, math.radians(azimuth), position, visible)


def frame(i, objects, bag=0, evidence=None, stamp=None, danger=0.1):
    stamp = S + i * S // 10 if stamp is None else stamp
    tracks = tuple(Track(o.track_id, o.box, stamp) for o in objects)
    result = FrameResult(bag, i, stamp, stamp, "camera", 320, 240, tracks, tuple(objects), evidence or {})
    return FrameResult(**{**result.__dict__, "danger": danger, "version": 3, "work_ms": float(i)})


def test_heading_by_sighting_and_by_track():
    judge = Judge()
    # a: toward, right in 3 of 4; b: away, called toward in 1, unknown in 1 of 2.
    for i, said in enumerate(("toward", "toward", "toward", "left")):
        objects = [answer("1", LEFT_BOX, said, azimuth=10)]
        truth = [true("a", LEFT_BOX, 0)]
        if i < 2:
            objects.append(answer("2", RIGHT_BOX, ("toward", "unknown")[i], azimuth=(0, None)[i], identity="bus"))
            truth.append(true("b", RIGHT_BOX, 180, "bus"))
        judge.add(frame(i, objects), truth)
    found = judge.metrics()
    heading = found["heading"]
    assert heading["n"] == 6
    assert heading["toward_away_accuracy"]["value"] == pytest.approx(3 / 6)
    assert (heading["toward_away_accuracy"]["low"], heading["toward_away_accuracy"]["high"]) == (0.0, 0.75)
    assert heading["by_track"]["toward_away_accuracy"]["value"] == pytest.approx((3 / 4 + 0) / 2)
    assert heading["reversed_rate"]["value"] == pytest.approx(1 / 6)
    assert heading["unknown_rate"]["value"] == pytest.approx(1 / 6)
    assert heading["majority_rate"] == pytest.approx(4 / 6)
    # Errors 10, 10, 10, 10 and 180 degrees; the last is a flip whose axis is right.
    assert heading["azimuth_median_error_deg"]["value"] == pytest.approx(10, abs=1e-3)
    assert heading["axis_median_error_deg"]["value"] == pytest.approx(10, abs=1e-3)
    assert heading["azimuth_within_30deg"]["value"] == pytest.approx(4 / 5)
    assert heading["flip_rate"]["value"] == pytest.approx(1 / 5)
    assert heading["confusion"]["counts"] == [[3, 1, 0, 0, 0], [0] * 5, [1, 0, 0, 0, 1], [0] * 5]
    assert found["identity"]["accuracy"]["value"] == 1.0
    assert found["identity"]["nmi"]["value"] == pytest.approx(1.0)
    assert found["answers"]["by_heading"] == {"toward": 4, "left": 1, "away": 0, "right": 0, "unknown": 1}
    assert found["answers"]["unknown_rate"]["value"] == pytest.approx(1 / 6)
    assert heading["by_category"]["bus"]["toward_away_accuracy"]["value"] == 0.0
    json.dumps(plain(found), allow_nan=False)


def test_missed_small_and_hidden_objects():
    judge = Judge()
    small = Box(5, 5, 8, 40)
    judge.add(
        frame(0, [answer("1", LEFT_BOX, "toward"), answer("9", Box(120, 10, 30, 30), "left")]),
        [
            true("a", LEFT_BOX, 0),
            true("missed", RIGHT_BOX, 0),
            true("small", small, 0),
            true("hidden", Box(100, 150, 50, 50), 0, visible=0.1),
        ],
    )
    found = judge.metrics()
    assert found["coverage"]["value"] == 0.5
    assert found["heading"]["toward_away_accuracy"]["value"] == 1.0
    assert found["heading"]["toward_away_accuracy_with_missed"]["value"] == 0.5
    assert (found["tracks"], found["objects"]) == (2, 2)


def test_truth_without_azimuth_category_or_name():
    judge = Judge()
    for i in range(2):
        judge.add(
            frame(i, [answer("1", LEFT_BOX, "toward"), answer("2", RIGHT_BOX, "away")]),
            [TruthObject("", "", LEFT_BOX, math.nan), TruthObject("", "sedan", RIGHT_BOX, math.pi)],
        )
    found = judge.metrics()
    assert found["coverage"]["value"] == 1.0
    assert found["heading"]["n"] == 2
    assert found["heading"]["four_way_accuracy"]["value"] == 1.0
    assert found["identity"]["n"] == 2
    assert found["objects"] == 2  # the tracks stand for them
    assert "no azimuths" in found["planner"]["false_alarms_per_minute"]["reason"]


def test_agreement_with_motion_is_that_of_looks_alone():
    judge = Judge()
    evidence = {"1": TeacherEvidence(scores_from_azimuth(0.0))}
    for i in range(40):
        looks = scores("away" if i < 10 else "toward", 0.9)
        moving = replace(answer("1", LEFT_BOX, "toward", azimuth=0.0), looks=looks, looks_azimuth=0.5)
        judge.add(frame(i, [moving], evidence=evidence), None)
    found = judge.metrics()["teacher"]
    assert found["agreement"]["value"] == pytest.approx(30 / 40)
    assert found["azimuth_median_difference_deg"]["value"] == pytest.approx(math.degrees(0.5), abs=1e-3)


def test_what_needs_no_truth():
    judge = Judge()
    said = ["toward"] * 30 + ["unknown"] * 10 + ["toward"] * 10 + ["away"] * 5 + ["left"] * 6
    for i, name in enumerate(said):
        evidence = {"1": TeacherEvidence(scores_from_azimuth(0.1))} if i < 60 else {}
        judge.add(frame(i, [answer("1", LEFT_BOX, name, azimuth=0.0)], evidence=evidence), None)
    found = judge.metrics()
    assert (found["ground_truth"], found["frames_labelled"], found["frames"]) == (False, 0, 61)
    # Two flips in six seconds: toward to away (the unknowns between say nothing), away to left.
    assert found["stability"]["flips_per_track_minute"]["value"] == pytest.approx(2 / 0.1)
    assert found["stability"]["reversals_per_track_minute"]["value"] == pytest.approx(1 / 0.1)
    # Motion says toward in 60 frames, of which 10 were not answered, 40 agree, 5 are opposite.
    assert found["teacher"]["n"] == 60
    assert found["teacher"]["agreement"]["value"] == pytest.approx(40 / 50)
    assert found["teacher"]["opposite_rate"]["value"] == pytest.approx(5 / 50)
    assert found["teacher"]["azimuth_median_difference_deg"]["value"] == pytest.approx(math.degrees(0.1), abs=1e-3)
    assert found["answers"]["covered_boxes"] == pytest.approx(51 / 61)
    assert found["latency_ms"]["p50"] == pytest.approx(30.0)
    assert found["heading"]["toward_away_accuracy"]["value"] is None
    assert found["coverage"]["reason"]
    json.dumps(plain(found), allow_nan=False)


def test_calibration_and_accuracy_against_coverage():
    judge = Judge(JudgeConfig(bins=10))
    # Sure of 0.95 and right in 9 of 10; sure of 0.55 and right in 3 of 10.
    for i in range(10):
        objects = [
            answer("1", LEFT_BOX, "toward" if i else "left", probability=0.95),
            answer("2", RIGHT_BOX, "away" if i < 3 else "left", probability=0.55),
        ]
        judge.add(frame(i, objects), [true("a", LEFT_BOX, 0), true("b", RIGHT_BOX, 180)])
    found = judge.metrics()
    assert found["calibration"]["ece"]["value"] == pytest.approx((0.05 * 10 + 0.25 * 10) / 20, abs=1e-6)
    bins = found["calibration"]["reliability"]
    assert [(round(b["low"], 1), b["n"], b["accuracy"]) for b in bins] == [(0.5, 10, 0.3), (0.9, 10, 0.9)]
    curve = found["accuracy_coverage"]
    assert [(p["coverage"], p["four_way_accuracy"]) for p in curve] == [(0.5, 0.9), (1.0, 0.6)]
    assert curve[0]["toward_away_accuracy"] == pytest.approx(0.9)
    assert curve[0]["threshold"] == pytest.approx(0.95)


def test_moving_and_parked_objects_are_told_apart():
    judge = Judge()
    judge.begin(0)
    for i in range(20):
        stamp = S + i * S // 10
        judge.odometry(EgoState(stamp, 0.0, 0.0, 0.0))
        truth = [
            true("walks", LEFT_BOX, 0, position=(0.0, 0.0, 9.0 - 0.1 * i)),
            true("stands", RIGHT_BOX, 180, position=(2.0, 0.0, 9.0)),
        ]
        judge.add(frame(i, [answer("1", LEFT_BOX, "toward"), answer("2", RIGHT_BOX, "toward")]), truth)
    heading = judge.metrics()["heading"]
    assert heading["moving"]["toward_away_accuracy"]["value"] == 1.0
    assert heading["parked"]["toward_away_accuracy"]["value"] == 0.0
    assert heading["moving"]["n"] == heading["parked"]["n"] == 15  # after 0.4 s one knows


def test_a_walker_that_comes_is_a_threat_and_the_answer_is_timed():
    judge = Judge()
    judge.begin(0)
    judge.intrinsics(CameraModel(320, 240, 290.0, 290.0, 160.0, 120.0))
    for i in range(40):
        ahead = 8.0 - 0.15 * i
        # 0.5 m wide, 1.2 m high, seen from 0.6 m above ground; the detector finds its upper half only.
        box = Box(160 - 72 / ahead, 120 - 174 / ahead, 145 / ahead, 348 / ahead)
        told = 0.9 if i >= 20 else 0.1
        upper = Box(box.x, box.y, box.w, box.h / 4)
        objects = [answer("1", upper, "toward", danger=told)]
        judge.add(frame(i, objects, danger=told), [true("a", box, 0, position=(0.0, 0.0, ahead))])
    found = judge.metrics()
    planner = found["planner"]
    assert found["coverage"]["value"] == 0.0  # a quarter is too little to answer for it, but it is told of
    assert planner["threats"] == 1
    assert planner["raised_rate"]["value"] == 1.0
    (threat,) = judge.planner._open.values()
    assert 0.2 < threat.since < 1.9  # some six metres away
    assert planner["seconds_to_raise"]["value"] == pytest.approx(2.0 - threat.since)
    assert planner["held_share"]["value"] == 1.0
    assert planner["false_alarms"] == 0


def test_recordings_and_jumps_of_the_clock_add_no_time():
    judge = Judge()
    for bag in range(2):
        for i in range(11):
            judge.add(frame(i, [answer("1", LEFT_BOX, "toward")], bag=bag), [true("a", LEFT_BOX, 0)])
    judge.add(frame(12, [], bag=1, stamp=3600 * S), [])
    judge.add(frame(13, [], bag=1, stamp=3600 * S + S // 10), [])
    judge.add(frame(14, [], bag=1, stamp=S), [])
    found = judge.metrics()
    assert found["robot_seconds"] == pytest.approx(2.1)
    assert found["time_jumps"] == 2
    assert (found["bags"], found["tracks"], found["objects"]) == (2, 2, 2)
    assert found["model_versions"] == [{"version": 3, "frames": 25}]


def test_answers_that_are_no_numbers_are_unknown_and_harm_nothing():
    judge = Judge()
    bad = ObjectState("1", Box(20, math.nan, 50, 40), heading=(math.nan,) * 5, azimuth=math.nan, danger=math.nan)
    judge.add(frame(0, [bad], danger=math.nan), [true("a", LEFT_BOX, 0, position=(math.nan, 0, 1))])
    found = judge.metrics()
    assert found["answers"]["unknown_rate"]["value"] == 1.0
    assert found["coverage"]["value"] == 0.0
    json.dumps(plain(found), allow_nan=False)


def test_the_same_answers_give_the_same_metrics_and_rows_stay_bounded():
    def run():
        judge = Judge(JudgeConfig(max_records=1000))
        for i in range(1500):
            objects = [answer(str(i // 50), LEFT_BOX, "toward" if i % 3 else "away")]
            judge.add(frame(i, objects), [true(str(i // 50), LEFT_BOX, 0)])
        return judge

    first, again = run(), run()
    assert first.metrics() == again.metrics()
    assert len(first.answers) <= 1000
    assert first.metrics()["answers_stride"] == 2
    assert first.metrics()["answers"]["n"] == 1500
