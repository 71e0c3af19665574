"""The pipeline on drawn streets: tracks, triplets, resets and bad boxes."""

from __future__ import annotations

import logging
import math

import cv2
import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame
from pose_ssl_ros.perception.config import ProposalConfig
from pose_ssl_ros.triplets.config import TripletNodeConfig
from pose_ssl_ros.triplets.pipeline import TripletPipeline

CAMERA = CameraModel(320, 240, 210.0, 210.0, 160.0, 120.0)
STEP = 10**8


def draw(i: int, x: float = 0.0, size: float = 1.0) -> tuple[np.ndarray, Box]:
    """A two-coloured thing on a plain ground, moving right by x pixels and growing per image."""
    picture = np.full((240, 320, 3), 90, np.uint8)
    picture[:120] = (150, 190, 230)
    w, h = 60 * size**i, 50 * size**i
    left, top = 60 + x * i, 120 - 10 * size**i  # feet and head leave the horizon in proportion
    corner, end = (round(left), round(top)), (round(left + w), round(top + h))
    cv2.rectangle(picture, corner, end, (190, 40, 50), -1)
    cv2.rectangle(
        picture, (round(left + 8), round(top + 6)), (round(left + w / 2), round(top + h / 3)), (20, 30, 60), -1
    )
    return picture, Box(left, top, w, h)


def run(pipeline, frames, start=0, x=0.0, size=1.0, with_boxes=True, ego=True):
    tracks, triplets = [], []
    for i in range(frames):
        picture, box = draw(i, x, size)
        stamp = start + (i + 1) * STEP
        state = EgoState(stamp, 0.0, 0.0, 0.0) if ego else None
        seen, done = pipeline.process(
            Frame(picture, stamp), state, CAMERA if ego else None, [box] if with_boxes else None
        )
        tracks.append(seen)
        triplets += done
    return tracks, triplets


def test_the_same_frames_give_the_same_output():
    first = run(TripletPipeline(), 25, x=5.0)
    second = run(TripletPipeline(), 25, x=5.0)
    assert first[0] == second[0]
    assert [t.crops.tobytes() for t in first[1]] == [t.crops.tobytes() for t in second[1]]
    assert len(first[1]) >= 2


def test_view_steps_are_the_change_of_the_sight_line():
    _, triplets = run(TripletPipeline(), 30, x=5.0)
    for triplet in triplets:
        angle = [2 * math.atan2(q[2], q[3]) for q in (triplet.view_steps.lc, triplet.view_steps.cr)]
        # The thing moves to the right, so the sight line turns clockwise.
        assert all(-0.3 < a < -0.09 for a in angle)
        assert 0.5 <= angle[0] / angle[1] <= 2.0


def test_what_stands_before_a_standing_camera_gives_no_triplets():
    tracks, triplets = run(TripletPipeline(), 40)
    assert triplets == []
    assert [t.id for t in tracks[-1]] == ["1"]


def test_own_proposals_find_the_thing():
    # A drawn oblong is no object to the learned net.
    config = TripletNodeConfig(proposals=ProposalConfig(method="contrast"))
    tracks, _ = run(TripletPipeline(config), 12, x=3.0, with_boxes=False)
    (track,) = tracks[-1]
    _, box = draw(11, 3.0)
    assert abs(track.box.centre[0] - box.centre[0]) < 5
    assert abs(track.box.bottom - box.bottom) < 5
    assert abs(track.box.h - box.h) < 8


def test_a_looming_thing_teaches_toward_with_odometry():
    _, triplets = run(TripletPipeline(), 35, size=1.03)
    taught = [t.teacher for t in triplets if t.teacher is not None]
    assert taught
    assert all(int(np.argmax(t.scores)) == 0 for t in taught)


def test_stamps_going_back_clear_once_and_are_said_once(caplog):
    pipeline = TripletPipeline()
    with caplog.at_level(logging.WARNING):
        first = run(pipeline, 10, start=10**10)[0][-1]
        for _ in range(3):
            second, triplets = run(pipeline, 4, start=10**9)
    assert second[0] == [] and [t.id for t in second[3]] != [t.id for t in first]
    assert len([r for r in caplog.records if "went back" in r.message]) == 1
    assert pipeline.stats()["resets"] == 3


def test_the_same_stamp_twice_is_left_out_and_another_size_starts_anew():
    pipeline = TripletPipeline()
    run(pipeline, 6)
    picture, box = draw(5)
    assert pipeline.process(Frame(picture, 6 * STEP), boxes=[box]) == ([], [])
    assert pipeline.stats()["repeated_images"] == 1
    half = cv2.resize(picture, (160, 120))
    assert pipeline.process(Frame(half, 7 * STEP), boxes=[Box(10, 10, 40, 40)]) == ([], [])
    assert pipeline.stats()["resets"] == 1


def test_bad_boxes_are_counted_and_the_rest_is_used():
    pipeline = TripletPipeline()
    nan = math.nan
    bad = [Box(nan, 0, 5, 5), Box(0, 0, nan, 5), Box(900, 0, 5, 5), Box(5, 5, -1, 5), Box(0, math.inf, 5, 5)]
    for i in range(5):
        picture, box = draw(i)
        tracks, _ = pipeline.process(Frame(picture, (i + 1) * STEP), boxes=[*bad, box, Box(-50, 200, 80, 80)])
    assert len(tracks) == 2
    assert all(t.box.x >= 0 and t.box.bottom <= 240 for t in tracks)
    assert pipeline.stats()["boxes_bad"] == 25


def test_ten_thousand_boxes_are_capped_and_counted():
    pipeline = TripletPipeline()
    rng = np.random.default_rng(0)
    boxes = [Box(*map(float, b)) for b in np.c_[rng.uniform(0, 150, (10_000, 2)), rng.uniform(5, 60, (10_000, 2))]]
    for i in range(4):
        tracks, _ = pipeline.process(Frame(draw(0)[0], (i + 1) * STEP), boxes=boxes)
    assert 0 < len(tracks) <= TripletNodeConfig().tracker.max_boxes
    assert pipeline.stats()["boxes_capped"] == 4 * (10_000 - 64)


@pytest.mark.parametrize("shape", [(1, 1, 3), (5, 300, 3), (240, 3, 3)])
def test_odd_pictures_give_nothing_and_break_nothing(shape):
    pipeline = TripletPipeline()
    for i in range(4):
        assert pipeline.process(Frame(np.zeros(shape, np.uint8), (i + 1) * STEP), None, CAMERA) == ([], [])


def test_new_parameters_keep_counting_ids():
    pipeline = TripletPipeline()
    before = run(pipeline, 5)[0][-1][0].id
    pipeline.configure(TripletNodeConfig(margin=0.3))
    after = run(pipeline, 5, start=10**10)[0][-1][0].id
    assert before != after
    assert pipeline.config.margin == 0.3
