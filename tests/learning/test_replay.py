"""The replay buffer's promises, held by properties."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet, ViewSteps
from pose_ssl_ros.learning.replay import Entry, ReplayBuffer, ReplayError
from pose_ssl_ros.learning.replay_entry import OVERHEAD
from pose_ssl_ros.learning.replay_store import pack, pack_features, unpack, unpack_features, unpack_looks
from pose_ssl_ros.triplets.buffer import turn
from pose_ssl_ros.viewpoint import scores_from_azimuth

SIZE = 32
#: Noise does not compress, so a budget of so many holds about as many.
MIB_OF_ONE = (9 * SIZE * SIZE + OVERHEAD) / 2**20
PICTURES = np.random.default_rng(0).integers(0, 255, (12, SIZE, SIZE, 3), dtype=np.uint8)


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (3, SIZE, SIZE, 3), dtype=np.uint8)


def triplet(track: str, number: int = 0, azimuth: float | None = None, crops: np.ndarray | None = None) -> Triplet:
    teacher = None if azimuth is None else TeacherEvidence(scores_from_azimuth(azimuth, 0.8))
    return Triplet(track, number, noise(number) if crops is None else crops, Box(0, 0, 10, 10), teacher)


def similar(picture: int, seed: int) -> np.ndarray:
    """Views of one thing, but for what a camera adds."""
    grain = np.random.default_rng(seed).normal(0, 4, (3, SIZE, SIZE, 3))
    return np.clip(PICTURES[picture][None] + grain, 0, 255).astype(np.uint8)


def restored(buffer: ReplayBuffer, budget: float, **options: object) -> ReplayBuffer:
    """What a restart makes of a buffer: tensors and JSON only."""
    entries, looks = unpack(*pack(buffer)), unpack_looks(pack(buffer)[0])
    again = ReplayBuffer(SIZE, budget, **options)  # type: ignore[arg-type]
    again.restore(entries, buffer.added, looks)
    again.resume(buffer.state(), unpack_features(pack_features(buffer)))
    return again


streams = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 11)), min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(streams, st.integers(2, 20), st.integers(1, 8), st.integers(1, 8), st.floats(0, 1))
def test_budget_quotas_and_tiers_hold(
    stream: list[tuple[int, int]], capacity: int, quota: int, place_quota: int, share: float
) -> None:
    budget = capacity * MIB_OF_ONE
    buffer = ReplayBuffer(SIZE, budget, quota, 1, place_quota, share)
    for number, (track, picture) in enumerate(stream):
        buffer.add(triplet(str(track), number, crops=similar(picture, number)))
        entries = buffer.entries
        assert sum(entry.nbytes for entry in entries) == buffer.nbytes <= budget * 2**20
        assert max(Counter(entry.track for entry in entries).values()) <= quota
        assert max(Counter(entry.place for entry in entries).values()) <= place_quota
        assert entries[-1].serial == number  # the newest is in
        serials = [entry.serial for entry in entries]
        assert serials == sorted(set(serials)) and 1 <= buffer.recent <= len(buffer)
    assert buffer.added == len(stream) >= buffer.worth >= len(buffer)
    assert buffer.trainable + len(buffer.held) == len(buffer)


@settings(max_examples=15, deadline=None)
@given(streams, st.integers(2, 12), st.integers(2, 6), st.data())
def test_a_restart_changes_nothing_that_comes_after(
    stream: list[tuple[int, int]], capacity: int, quota: int, data: st.DataObject
) -> None:
    budget = capacity * MIB_OF_ONE
    options = {"quota": quota, "seed": 2, "place_quota": 5, "recent_share": 0.3}
    buffer = ReplayBuffer(SIZE, budget, **options)  # type: ignore[arg-type]
    stop = data.draw(st.integers(0, len(stream) - 1))
    runs: list[list[object]] = []
    for number, (track, picture) in enumerate(stream):
        if number == stop:
            other = restored(buffer, budget, **options)
            runs = [[], []]
        for found, each in zip(runs, (buffer, other) if runs else (), strict=True):
            each.add(triplet(str(track), number, crops=similar(picture, number)))
            each.refresh(2)
            found += [e.serial for e in each.batch(4, 0.25)] + [[e.serial for e in each.entries], each.worth]
        if not runs:
            buffer.add(triplet(str(track), number, crops=similar(picture, number)))
            buffer.refresh(2)
            buffer.batch(4, 0.25)
    assert runs[0] == runs[1]
    for mine, theirs in zip(buffer.entries, other.entries, strict=True):
        assert (mine.track, mine.place, mine.held) == (theirs.track, theirs.place, theirs.held)
        assert (mine.crops == theirs.crops).all()


def test_a_restart_goes_on_with_the_numbers_of_places() -> None:
    """The place with the greatest number was forgotten before: its number is not given away again."""
    options = {"quota": 2, "seed": 2, "place_quota": 5, "recent_share": 0.3}
    buffer = ReplayBuffer(SIZE, 3 * MIB_OF_ONE, **options)  # type: ignore[arg-type]
    for number, (track, picture) in enumerate([(0, 0), (1, 1), (1, 2), (2, 0)]):
        buffer.add(triplet(str(track), number, crops=similar(picture, number)))
        buffer.refresh(2)
    other = restored(buffer, 3 * MIB_OF_ONE, **options)
    for each in (buffer, other):
        each.add(triplet("0", 4, crops=similar(2, 4)))
    places = [entry.place for entry in buffer.entries]
    assert places == [entry.place for entry in other.entries] and max(places) == 3


@settings(max_examples=20, deadline=None)
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


def test_a_parked_car_under_many_names_does_not_push_out_the_others() -> None:
    buffer = ReplayBuffer(SIZE, 40 * MIB_OF_ONE, 100, place_quota=8)
    for number in range(9):
        buffer.add(triplet(f"t{number}", number, crops=similar(number, number)))
    for number in range(300):  # its track is lost and found again, for hours
        buffer.add(triplet(f"parked {number // 5}", 100 + number, crops=similar(11, 1000 + number)))
    tracks = Counter(entry.track.split()[0] for entry in buffer.entries)
    assert tracks == {"parked": 8} | {f"t{number}": 1 for number in range(9)}
    assert buffer.worth == 9 + 8  # the rest buys no training


def test_long_term_memory_keeps_what_is_rare_and_recent_is_first_in_first_out() -> None:
    buffer = ReplayBuffer(SIZE, 24 * MIB_OF_ONE, 1000, recent_share=0.25)
    for number in range(200):
        rare = number in (20, 60, 100)
        crops = similar({20: 1, 60: 2, 100: 3}[number], number) if rare else similar(0, number)
        buffer.add(triplet(str(number), number, crops=crops))
    serials = [entry.serial for entry in buffer.entries]
    assert {20, 60, 100} <= set(serials)
    newest = serials[-buffer.recent :]
    assert newest == list(range(200 - buffer.recent, 200)) and 4 <= buffer.recent <= 8
    fifo = ReplayBuffer(SIZE, 24 * MIB_OF_ONE, 1000, recent_share=1.0)
    for number in range(200):
        fifo.add(triplet(str(number), number))
    serials = [entry.serial for entry in fifo.entries]
    assert serials == list(range(200 - len(serials), 200))


def test_the_features_of_whoever_learns_decide_and_are_refreshed() -> None:
    asked: list[int] = []

    def embed(crops: np.ndarray) -> np.ndarray:
        asked.append(len(crops))
        corner = crops[:, :8, :8].mean((1, 2, 3))[:, None] / 255
        return np.concatenate([np.cos(3 * corner), np.sin(3 * corner)], 1)

    buffer = ReplayBuffer(SIZE, 5 * MIB_OF_ONE, 100, recent_share=0.0, embed=embed)
    for number, corner in enumerate((0, 90, 105, 180, 255, 135)):
        crops = noise(number)
        crops[:, :8, :8] = corner
        buffer.add(triplet(str(number), number, crops=crops))
    # Of the first five, 1 and 2 are the closest pair, by their corners alone; 1 is the older one.
    assert 1 not in [entry.serial for entry in buffer.entries]
    asked.clear()
    buffer.refresh(2)
    buffer.refresh(2)
    assert asked == [3, 2]  # the newest had none yet


def test_same_seed_same_content_and_batches() -> None:
    def run(seed: int) -> list[int]:
        buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5, seed)
        for number in range(60):
            buffer.add(triplet(str(number % 7), number))
        return [e.serial for e in buffer.entries] + [e.serial for e in buffer.batch(16, 0.25)]

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_tracks_that_are_held_back_are_never_drawn() -> None:
    buffer = ReplayBuffer(SIZE, 400 * MIB_OF_ONE, 5)
    for number in range(300):
        buffer.add(triplet(str(number // 3), number, 0.0))
    held = {entry.track for entry in buffer.held}
    assert 4 <= len(held) <= 16 and not held & {str(n) for n in range(8)}
    assert all(entry.held for entry in buffer.entries if entry.track in held)
    drawn = {entry.track for _ in range(40) for entry in buffer.batch(32, 0.5)}
    assert not drawn & held and len(drawn) == 100 - len(held)
    alone = ReplayBuffer(SIZE, 400 * MIB_OF_ONE, 5)
    for number in range(5):
        alone.add(triplet(next(iter(held)), number))
    assert not alone.held  # one object only: then it is learned from


def test_crops_come_back_nearly_and_the_same_after_a_restart() -> None:
    ramp = np.linspace(0, 200, SIZE)
    crops = np.stack([np.stack([np.tile(ramp + k, (SIZE, 1)), np.tile(ramp, (SIZE, 1)).T, np.full((SIZE, SIZE), 90)], 2)
                      for k in (0, 20, 40)]).astype(np.uint8)  # fmt: skip
    buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5)
    buffer.add(triplet("a", crops=crops))
    buffer.add(triplet("b", 7))
    first, second = buffer.entries
    assert first.nbytes < 0.5 * crops.nbytes and np.abs(first.crops.astype(int) - crops).mean() < 2
    assert np.abs(second.crops.astype(int) - noise(7)).mean() < 10
    again = restored(buffer, 10 * MIB_OF_ONE, quota=5).entries
    assert all((e.crops == f.crops).all() for e, f in zip(buffer.entries, again, strict=True))


def test_the_teachers_azimuth_and_the_turns_are_kept() -> None:
    buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5)
    buffer.add(triplet("a", azimuth=-2.0))
    turned = Triplet("b", 0, noise(1), Box(0, 0, 1, 1), view_steps=ViewSteps(turn(0.2), turn(-0.3)))
    buffer.add(turned)
    nan = Triplet("c", 0, triplet("c").crops, Box(0, 0, 1, 1), TeacherEvidence((float("nan"), 0, 0, 0)))
    buffer.add(nan)
    first, second, third = restored(buffer, 10 * MIB_OF_ONE, quota=5).entries
    assert (first.azimuth, first.weight) == pytest.approx((-2.0, 0.8))
    assert second.turns == pytest.approx((0.2, -0.3)) and all(map(math.isnan, first.turns))
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
    with pytest.raises(ReplayError, match="cannot be read"):
        buffer.restore([Entry("a", b"no picture", 0.0, 0.0, 0, 0)], 1)
    assert len(buffer) == 0


def test_black_frames_and_a_covered_lens_fill_one_place_at_most() -> None:
    buffer = ReplayBuffer(SIZE, 100 * MIB_OF_ONE, 100, place_quota=6)
    for number in range(50):
        buffer.add(triplet(str(number), number, crops=np.full((3, SIZE, SIZE, 3), number % 3, np.uint8)))
    assert len(buffer) == 6 and buffer.places == 1


def test_a_checkpoint_of_before_there_were_places_is_read() -> None:
    crops = np.stack([noise(number) for number in range(3)])
    tensors = {
        "crops": torch.from_numpy(crops),
        "azimuth": torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64),
        "weight": torch.tensor([0.0, 0.5, 0.9], dtype=torch.float64),
        "stamp_ns": torch.tensor([1, 2, 3]),
        "serial": torch.tensor([4, 5, 9]),
    }
    entries = unpack(tensors, {"tracks": '["a", "b", "b"]'})
    buffer = ReplayBuffer(SIZE, 10 * MIB_OF_ONE, 5)
    buffer.restore(entries, 12, unpack_looks(tensors))
    assert [(e.track, e.azimuth, e.serial) for e in buffer.entries] == [("a", 0.0, 4), ("b", 1.0, 5), ("b", 2.0, 9)]
    assert (buffer.entries[2].crops == crops[2]).all() and buffer.places == 3 and buffer.added == 12
