"""Ids that stay, coasting, merging and clock jumps."""

from __future__ import annotations

import pytest

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.boxes import iou_matrix
from pose_ssl_ros.perception.config import TrackerConfig
from pose_ssl_ros.perception.tracking import Tracker

STEP = 100_000_000


def _follow(tracker, boxes_at, frames, start=0):
    return [tracker.update(boxes_at(i), (start + i) * STEP) for i in range(frames)]


def test_a_track_is_published_after_three_detections_and_keeps_its_id():
    seen = _follow(Tracker(), lambda i: [Box(100 + 8 * i, 50, 40, 30)], 20)
    assert [len(s) for s in seen] == [0, 0] + [1] * 18
    assert {s[0].id for s in seen[2:]} == {"1"}
    last = seen[-1][0]
    assert last.box.x == pytest.approx(100 + 8 * 19, abs=1.5)
    assert (last.age, last.missed) == (20, 0)


def test_crossing_objects_keep_their_ids():
    def boxes(i):
        return [Box(50 + 10 * i, 100, 40, 40), Box(350 - 10 * i, 160, 40, 40)]

    seen = _follow(Tracker(), boxes, 31)
    by_id = {t.id: t.box.x for t in seen[3]}
    after = {t.id: t.box.x for t in seen[-1]}
    assert by_id.keys() == after.keys()
    assert all((by_id[i] < 200) != (after[i] < 200) for i in by_id)


def test_a_gap_is_bridged_by_prediction():
    seen = _follow(Tracker(), lambda i: [] if 10 <= i < 13 else [Box(10 + 12 * i, 50, 40, 30)], 20)
    assert [t.missed for t in seen[11]] == [2]
    assert seen[12] == []  # coasts on, but no longer shown
    assert seen[11][0].box.x == pytest.approx(10 + 12 * 11, abs=4)
    assert [t.id for t in seen[19]] == [t.id for t in seen[5]]


def test_a_lost_object_ends_and_its_id_is_not_used_again():
    tracker = Tracker()
    first = _follow(tracker, lambda i: [Box(10, 10, 40, 40)] if i < 5 else [], 20)[4][0].id
    second = _follow(tracker, lambda i: [Box(10, 10, 40, 40)], 5, start=20)[4][0].id
    assert first != second
    assert tracker.alive() == {second}


@pytest.mark.parametrize("jump", [-1_000_000_000, 60_000_000_000])
def test_a_clock_jump_ends_all_tracks(jump):
    tracker = Tracker()
    old = _follow(tracker, lambda i: [Box(10, 10, 40, 40)], 5)[4][0].id
    assert tracker.update([Box(10, 10, 40, 40)], 4 * STEP + jump) == []
    assert old not in tracker.alive()


def test_an_object_that_falls_apart_for_an_image_stays_one():
    def boxes(i):
        if i == 10:
            return [Box(100, 100, 38, 60), Box(140, 100, 40, 60)]
        return [Box(100, 100, 80, 60)]

    seen = _follow(Tracker(), boxes, 14)
    assert [[t.id for t in s] for s in seen[9:]] == [["1"]] * 5
    assert seen[10][0].box.w == pytest.approx(80, abs=6)


def test_two_objects_whose_boxes_merge_for_a_second_keep_ids_and_places():
    def truth(i):
        return [Box(60 + 6 * i, 100, 50, 50), Box(260 - 6 * i, 120, 50, 50)]

    def boxes(i):
        a, b = truth(i)
        if abs(a.x - b.x) > 50:
            return [a, b]
        left, right = min(a.x, b.x), max(a.x, b.x) + 50
        return [Box(left, 100, right - left, 70)]

    seen = _follow(Tracker(), boxes, 36)
    assert {t.id for t in seen[5]} == {t.id for t in seen[-1]}
    for index in (18, 35):
        overlap = iou_matrix(truth(index), [t.box for t in seen[index]])
        assert len(seen[index]) == 2
        assert overlap.max(axis=1).min() > 0.6
    # While merged they are shown, but marked as not seen by themselves.
    assert {t.missed for t in seen[18]} == {1}


def test_no_boxes_and_many_boxes():
    tracker = Tracker(TrackerConfig(confirm_hits=1))
    assert tracker.update([], 0) == []
    many = [Box(50.0 * (i % 10), 50.0 * (i // 10), 20, 20) for i in range(60)]
    assert len(tracker.update(many, STEP)) == 60
    assert len(tracker.update(many[::-1], 2 * STEP)) == 60
