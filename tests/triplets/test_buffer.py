"""Which views become triplets."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Track
from pose_ssl_ros.triplets.buffer import TripletBuffer
from pose_ssl_ros.triplets.config import KeyframeConfig
from pose_ssl_ros.triplets.keyframes import View, refuse_box, refuse_crop, step_between
from pose_ssl_ros.viewpoint import azimuth_from_scores

CONFIG = KeyframeConfig(view_step=0.1, max_rate=60.0)
SAME = np.eye(1, 144, dtype=np.float32)[0]


def view(index, yaw=0.0, height=50.0, picture=SAME, turning=False, second=None) -> View:
    stamp = int((0.1 * index if second is None else second) * 1e9)
    crop = np.full((16, 16, 3), index % 250, np.uint8)
    teacher = TeacherEvidence((1.0, 0.0, 0.0, 0.0)) if index == 1 else None
    return View(stamp, Box(10, 10, 30, height), crop, picture, yaw, turning, teacher)


def fill(buffer: TripletBuffer, views, track="a"):
    return [t for t in (buffer.add(track, v) for v in views) if t is not None]


def test_equal_turns_make_triplets_that_share_two_views():
    found = fill(TripletBuffer(CONFIG), [view(i, yaw=0.1001 * i) for i in range(5)])
    assert [[int(c[0, 0, 0]) for c in t.crops] for t in found] == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    first = found[0]
    assert (first.stamp_ns, first.track_id, first.box.h) == (10**8, "a", 50.0)
    assert first.teacher == TeacherEvidence((1.0, 0.0, 0.0, 0.0))
    # The quaternion turns about z by the change of viewpoint azimuth.
    for step in (first.view_steps.lc, first.view_steps.cr):
        assert step[:2] == (0.0, 0.0)
        assert 2 * math.atan2(step[2], step[3]) == pytest.approx(0.1001)


def test_a_course_seen_once_teaches_the_views_around_it():
    # View 1 was taught "toward"; at view 2 the same course is seen from a sight line turned by 0.1001.
    found = fill(TripletBuffer(CONFIG), [view(i, yaw=0.1001 * i) for i in range(5)])
    azimuth, weight = azimuth_from_scores(found[1].teacher.scores)
    assert (azimuth, weight) == (pytest.approx(0.1001), pytest.approx(1.0))


def test_a_course_teaches_neither_turning_bodies_nor_views_long_after():
    turning = fill(TripletBuffer(CONFIG), [view(i, height=50 * 1.2**i, turning=i == 3) for i in range(5)])
    assert [t.teacher is not None for t in turning] == [True, False, False]
    later = KeyframeConfig(view_step=0.1, max_rate=60.0, teach_span_s=0.15)
    found = fill(TripletBuffer(later), [view(i, yaw=0.1001 * i) for i in range(6)])
    assert [t.teacher is not None for t in found] == [True, True, False, False]


@pytest.mark.parametrize(("stride", "count"), [(1, 7), (2, 4), (3, 3)])
def test_stride_says_how_many_views_are_shared(stride, count):
    buffer = TripletBuffer(KeyframeConfig(view_step=0.1, max_rate=60.0, stride=stride))
    assert len(fill(buffer, [view(i, yaw=0.1001 * i) for i in range(9)])) == count


def test_views_that_hardly_change_are_no_keyframes():
    buffer = TripletBuffer(CONFIG)
    assert fill(buffer, [view(i, yaw=0.001 * i) for i in range(20)]) == []
    assert buffer.counts["keyframes"] == 1 and buffer.counts["unchanged"] == 19


@pytest.mark.parametrize(
    ("yaws", "good"),
    [
        ((0.0, 0.11, 0.30), True),  # ratio .58
        ((0.0, 0.11, 0.36), False),  # ratio .44
        ((0.0, 0.11, 0.0), False),  # back again
        ((0.0, -0.12, -0.25), True),
        ((math.pi - 0.06, -math.pi + 0.06, -math.pi + 0.18), True),  # over the wrap
    ],
)
def test_steps_must_be_nearly_equal_and_in_one_direction(yaws, good):
    buffer = TripletBuffer(CONFIG)
    assert bool(fill(buffer, [view(i, yaw=y) for i, y in enumerate(yaws)])) is good
    assert buffer.counts["unequal_steps"] == (not good)


def test_growth_counts_as_change_when_the_viewing_direction_stays():
    found = fill(TripletBuffer(CONFIG), [view(i, height=50 * 1.14**i) for i in range(4)])
    assert len(found) == 2
    # The direction of view did not turn, and the steps say so.
    assert found[0].view_steps.lc == (0.0, 0.0, 0.0, 1.0)


def test_without_odometry_the_picture_decides_and_no_steps_are_given():
    def picture(angle):
        vector = np.zeros(144, np.float32)
        vector[:2] = math.cos(angle), math.sin(angle)
        return vector

    views = [view(i, yaw=None, picture=picture(0.8 * i)) for i in range(3)]  # 1 - cos(.8) = .30
    (triplet,) = fill(TripletBuffer(CONFIG), views)
    assert triplet.view_steps is None
    assert step_between(views[0], views[1], CONFIG).view is None


def test_a_turning_object_gives_no_view_steps():
    assert step_between(view(0), view(1, yaw=0.5, turning=True), CONFIG).view is None


def test_jumps_and_pauses_break_the_chain():
    buffer = TripletBuffer(CONFIG)
    assert fill(buffer, [view(0), view(1, yaw=0.11), view(2, yaw=0.6), view(3, yaw=0.71)]) == []
    assert buffer.counts["chain_broken"] == 1
    late = [view(0), view(1, yaw=0.11), view(2, yaw=0.22, second=60.0)]
    assert fill(buffer, late, track="b") == []
    assert buffer.counts["chain_broken"] == 2


def test_the_rate_per_track_is_capped():
    buffer = TripletBuffer(KeyframeConfig(view_step=0.1, max_rate=2.0))
    found = fill(buffer, [view(i, yaw=0.1001 * i) for i in range(12)])
    assert [t.stamp_ns for t in found] == [10**8, 6 * 10**8]
    assert buffer.counts["too_fast"] == 8


def test_tracks_do_not_mix_and_can_be_forgotten():
    buffer = TripletBuffer(CONFIG)
    buffer.add("a", view(0))
    buffer.add("b", view(1, yaw=0.11))
    assert buffer.add("a", view(2, yaw=0.22)) is None
    buffer.forget({"b"})
    assert buffer.add("a", view(3, yaw=0.33)) is None
    assert buffer.add("b", view(4, yaw=0.22)) is None
    assert buffer.add("b", view(5, yaw=0.33)) is not None


@pytest.mark.parametrize(
    ("box", "missed", "previous", "others", "reason"),
    [
        (Box(100, 100, 60, 50), 0, Box(98, 100, 60, 50), [], None),
        (Box(100, 100, 60, 50), 1, None, [], "coasting"),
        (Box(0, 100, 60, 50), 0, None, [], "cut_off"),
        (Box(580, 100, 60, 50), 0, None, [], "cut_off"),
        (Box(100, 431, 60, 49), 0, None, [], "cut_off"),
        (Box(100, 100, 12, 15), 0, None, [], "tiny"),
        (Box(100, 100, 60, 50), 0, None, [Box(130, 100, 60, 50)], "overlapping"),
        (Box(100, 100, 60, 50), 0, None, [Box(155, 100, 60, 50)], None),
        (Box(100, 100, 60, 50), 0, Box(60, 100, 60, 50), [], "jumping"),
        (Box(100, 100, 60, 50), 0, Box(100, 100, 90, 50), [], "jumping"),
    ],
)
def test_boxes_that_are_refused(box, missed, previous, others, reason):
    track = Track("1", box, 10**8, missed=missed)
    before = None if previous is None else (0, previous)
    assert refuse_box(track, before, others, (640, 480), KeyframeConfig()) == reason


def test_blurred_crops_are_refused():
    flat = np.full((64, 64, 3), 90, np.uint8)
    board = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8)))[..., None].repeat(3, -1).astype(np.uint8) * 200
    assert refuse_crop(flat, KeyframeConfig()) == "blurred"
    assert refuse_crop(board, KeyframeConfig()) is None
