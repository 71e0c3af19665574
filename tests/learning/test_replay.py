"""The replay buffer's promises, held by properties."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.replay import ReplayBuffer, ReplayError
from pose_ssl_ros.viewpoint import scores_from_azimuth

SIZE = 32
MIB_OF_ONE = 9 * SIZE * SIZE / 2**20


def triplet(track: str, number: int = 0, azimuth: float | None = None) -> Triplet:
    crops = np.full((3, SIZE, SIZE, 3), number % 256, np.uint8)
    teacher = None if azimuth is None else TeacherEvidence(scores_from_azimuth(azimuth, 0.8))
    return Triplet(track, number, crops, Box(0, 0, 10, 10), teacher)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=80), st.integers(2, 20), st.integers(1, 8))
def test_size_and_quota_hold_and_nothing_is_evicted_early(tracks: list[int], capacity: int, quota: int) -> None:
    buffer = ReplayBuffer(SIZE, capacity * MIB_OF_ONE, quota, seed=1)
    for number, track in enumerate(tracks):
        buffer.add(triplet(str(track), number))
        counts = Counter(entry.track for entry in buffer.entries)
        assert len(buffer) <= capacity
        assert max(counts.values()) <= quota
        assert any(entry.serial == number for entry in buffer.entries)  # the newest is in
        full = sum(min(quota, n) for n in Counter(map(str, tracks[: number + 1])).values())
        assert len(buffer) >= min(capacity, full) - (quota < 2)
    assert buffer.added == len(tracks)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 16), st.floats(0, 1))
def test_batches_have_their_size_and_no_more_new_than_asked(count: int, size: int, ratio: float) -> None:
    buffer = ReplayBuffer(SIZE, 100 * MIB_OF_ONE, 100)
    for number in range(count):
        buffer.add(triplet("a", number))
    before = buffer.fresh
    batch = buffer.batch(size, ratio)
    assert len(batch) == size
    assert before - buffer.fresh == min(before, round(size * ratio))


def test_new_ones_are_drawn_once_and_newest_first() -> None:
    buffer = ReplayBuffer(SIZE, 100 * MIB_OF_ONE, 100)
    for number in range(10):
        buffer.add(triplet("a", number))
    drawn = [entry.serial for _ in range(5) for entry in buffer.batch(2, 1.0)]
    assert drawn == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert buffer.fresh == 0


def test_a_parked_car_does_not_push_out_the_others() -> None:
    buffer = ReplayBuffer(SIZE, 12 * MIB_OF_ONE, 100)
    for track in "abc":
        buffer.add(triplet(track))
    for number in range(200):
        buffer.add(triplet("parked", number))
    assert {entry.track for entry in buffer.entries} == {"a", "b", "c", "parked"}


def test_same_seed_same_content_and_batches() -> None:
    def run(seed: int) -> list[int]:
        buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5, seed)
        for number in range(60):
            buffer.add(triplet(str(number % 7), number))
        return [e.serial for e in buffer.entries] + [e.serial for e in buffer.batch(16, 0.25)]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_the_teachers_azimuth_is_kept() -> None:
    buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5)
    buffer.add(triplet("a", azimuth=-2.0))
    buffer.add(triplet("b"))
    nan = Triplet("c", 0, triplet("c").crops, Box(0, 0, 1, 1), TeacherEvidence((float("nan"), 0, 0, 0)))
    buffer.add(nan)
    first, second, third = buffer.entries
    assert (first.azimuth, first.weight) == pytest.approx((-2.0, 0.8))
    assert second.weight == third.weight == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ReplayError, match="holds no two triplets"):
        ReplayBuffer(SIZE, MIB_OF_ONE, 5)
    buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5)
    with pytest.raises(ReplayError, match="empty"):
        buffer.batch(2, 0.5)
    wrong = Triplet("a", 0, np.zeros((3, 16, 16, 3), np.uint8), Box(0, 0, 1, 1))
    with pytest.raises(ReplayError, match=r"\(3, 32, 32, 3\)"):
        buffer.add(wrong)
    assert len(buffer) == 0
