import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose_ssl_ros.datasets.dataset import Dataset, DatasetError
from pose_ssl_ros.datasets.shards import ArraySource
from pose_ssl_ros.datasets.statistics import describe, statistics
from pose_ssl_ros.datasets.triplets import TripletSampler


def dataset_of(trajectory, step=None, **facts) -> Dataset:
    n = len(trajectory)
    trajectory = np.asarray(trajectory, np.int64)
    nothing = np.full(n, np.nan, np.float32)
    base = Dataset(
        source=ArraySource(np.zeros((n, 4, 4, 3), np.uint8)),
        row=np.arange(n),
        categories=("car",),
        category=np.zeros(n, np.int64),
        instance=np.maximum(trajectory, 0),
        split=np.zeros(n, np.int8),
        domain=np.zeros(n, np.int8),
        azimuth=nothing,
        elevation=nothing,
        roll=nothing,
        trajectory=trajectory,
        step=np.arange(n) if step is None else np.asarray(step, np.int64),
        bearing=nothing,
        motion=nothing,
    )
    return dataclasses.replace(base, **facts)


def drawn(dataset, n=4000, **options):
    return TripletSampler(dataset, 0, **options).batch(n)


LENGTHS = st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(lambda lengths: max(lengths) >= 3)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, st.integers(0, 2**32), st.booleans())
def test_triplets_are_adjacent_views_of_one_trajectory(lengths, seed, wide):
    order = np.random.default_rng(seed).permutation(sum(lengths) + 2)  # two crops belong to none
    trajectory = np.concatenate([*(np.full(m, 7 * t) for t, m in enumerate(lengths)), [-1, -1]])[order]
    step = np.concatenate([*(10 + 3 * np.arange(m) for m in lengths), [0, 1]])[order]
    dataset = dataset_of(trajectory, step)
    sampler = TripletSampler(dataset, seed, wide=wide)
    assert sampler.too_short == sum(0 < m < 3 for m in lengths)
    assert sampler.trajectories == sum(m >= 3 for m in lengths)
    indices, far = sampler.batch(60)
    assert indices.shape == (60, 3) and indices.dtype == far.dtype == np.int64
    owner, place = trajectory[indices], (step[indices] - 10) // 3
    assert (owner >= 0).all() and (owner == owner[:, :1]).all() and (trajectory[far] == owner[:, 0]).all()
    gaps = np.diff(place, axis=1)
    assert (gaps[:, 0] == gaps[:, 1]).all() and set(np.abs(gaps).ravel()) <= {1, 2}
    away, reach = np.abs((step[far] - 10) // 3 - place[:, 1]), np.abs(gaps[:, 0])
    length = np.array(lengths)[owner[:, 0] // 7]
    farthest = np.maximum(place[:, 1], length - 1 - place[:, 1])
    alone = (farthest <= reach) | (not wide)
    assert (far[alone] == indices[alone, 1]).all()
    assert (away[~alone] > reach[~alone]).all() and (2 * away[~alone] >= farthest[~alone]).all()


def test_trajectories_and_centres_and_directions_are_uniform():
    lengths = [3, 7, 30]
    dataset = dataset_of(np.repeat([0, 1, 2], lengths))
    indices, far = drawn(dataset, 12000)
    owner = dataset.trajectory[indices[:, 1]]
    assert np.allclose(np.bincount(owner) / 12000, 1 / 3, atol=0.02)
    single = np.abs(indices[:, 1] - indices[:, 0]) == 1
    centres = np.bincount(indices[(owner == 1) & single, 1] - 3, minlength=7)
    assert centres[0] == centres[6] == 0 and np.allclose(centres[1:6] / centres.sum(), 0.2, atol=0.03)
    assert np.mean(indices[:, 0] < indices[:, 1]) == pytest.approx(0.5, abs=0.02)
    assert np.mean(~single[owner == 2]) == pytest.approx(0.2, abs=0.02) and single[owner == 0].all()
    views = far[(owner == 1) & (indices[:, 1] == 6) & single] - 3  # centre 3 of 7
    assert set(views) == {0, 1, 5, 6} and np.bincount(views)[[0, 1, 5, 6]].min() > 0.2 * len(views)


def test_the_same_seed_draws_the_same_and_a_state_goes_on():
    dataset = dataset_of(np.repeat(np.arange(5), 7))
    one, two = TripletSampler(dataset, 3), TripletSampler(dataset, 3)
    for n in (5, 1, 8):
        for a, b in zip(one.batch(n), two.batch(n), strict=True):
            assert np.array_equal(a, b)
    assert not np.array_equal(
        TripletSampler(dataset, 4).batch(50).indices, TripletSampler(dataset, 3).batch(50).indices
    )
    state = json.loads(json.dumps(one.state))
    want = one.batch(20)
    two.batch(7)
    two.state = state
    assert np.array_equal(two.batch(20).indices, want.indices)


def test_labels_change_nothing():
    dataset = dataset_of(np.repeat(np.arange(5), 7))
    rng = np.random.default_rng(0)
    angles = {n: rng.normal(size=35).astype(np.float32) for n in ("azimuth", "elevation", "roll", "bearing", "motion")}
    told = dataclasses.replace(dataset, **angles, category=rng.integers(0, 1, 35) - 1)
    assert np.array_equal(drawn(dataset).indices, drawn(told).indices)


def test_a_missing_frame_makes_no_crooked_triplet():
    indices, _ = drawn(dataset_of(np.zeros(7), [0, 1, 2, 4, 5, 6, 7]))
    gaps = np.diff(indices, axis=1)
    assert {1} not in [set(row) for row in np.abs(gaps[np.isin(indices[:, 1], (2, 3))])]
    assert set(indices[np.abs(gaps[:, 0]) == 1, 1]) == {1, 4, 5}


def test_uneven_numbering_of_frames_is_read():
    assert TripletSampler(dataset_of(np.zeros(4), [0, 7, 15, 22]), 0).triplets == 2


def test_a_stride_for_video():
    indices, far = drawn(dataset_of(np.zeros(41)), stride=10)
    assert set(np.abs(np.diff(indices, axis=1)).ravel()) == {10, 20} and indices.min() == 0 and indices.max() == 40


@pytest.mark.parametrize(
    "trajectory, step, stride, words",
    [
        ([-1, -1, -1], None, 1, "it has no sequences"),
        ([0, 0, 1, 1], None, 1, "none of its 2 sequences has three"),
        ([0, 0, 0], [5, 5, 5], 1, "none of its 1 sequences"),
        ([0, 0, 0, 0], None, 2, r"none of its 1 sequences.*\(stride 2\)"),
        ([0, 0, 0], None, 0, "stride is 0"),
        ([], None, 1, "no sequences"),
    ],
)
def test_a_dataset_without_triplets_says_why(trajectory, step, stride, words):
    with pytest.raises(DatasetError, match=words):
        TripletSampler(dataset_of(trajectory, step), 0, stride=stride)


# ---- statistics


def test_statistics_count_by_hand():
    azimuth = np.radians(np.array([5, 15, 355, 180, 10, np.nan, np.nan, np.nan], np.float32))
    dataset = dataset_of(
        [0, 0, 0, 1, 1, -1, 2, 2],
        azimuth=azimuth,
        split=np.array([0, 0, 0, 1, 1, 2, 2, 2], np.int8),
        domain=np.array([0, 0, 0, 0, 0, 2, 2, 2], np.int8),
        categories=("car", "tram"),
        category=np.array([0, 0, 0, 0, 0, 1, 1, -1]),
        instance=np.array([0, 0, 0, 1, 1, 2, 2, 3]),
    )
    facts = json.loads(json.dumps(statistics(dataset)))
    assert [facts[n] for n in ("crops", "categories", "instances", "trajectories", "triplets", "too_short")] == [
        8, 2, 4, 3, 1, 2,
    ]  # fmt: skip
    assert facts["parts"] == [
        {"split": "train", "domain": "in_domain", "crops": 3, "categories": 1, "instances": 1, "trajectories": 1},
        {"split": "val", "domain": "in_domain", "crops": 2, "categories": 1, "instances": 1, "trajectories": 1},
        {"split": "test", "domain": "unseen_category", "crops": 3, "categories": 1, "instances": 2, "trajectories": 1},
    ]
    assert facts["category"]["tram"]["test"] == {"crops": 2, "instances": 1}
    assert facts["known"]["azimuth"] == 5 / 8 and facts["known"]["motion"] == 0
    # Sectors of 10 degrees: 0..10, 10..20, 350..360 and 180..190 are filled; 20..180 is the widest gap.
    assert facts["azimuth"]["in_domain"] == {"crops": 5, "coverage": 4 / 36, "widest_gap_deg": 160.0}
    text = describe(dataset)
    assert "missing: no azimuth in test: pose is not measured" in text and "no azimuth of tram" in text
    assert "8 crops, 2 categories" in text and "widest gap 160 degrees" in text


def test_what_is_missing_is_said():
    text = describe(dataset_of([-1, -1], category=np.array([-1, -1]), categories=()))
    for words in ("no sequences: no triplets", "no azimuth: pose is not measured", "no category", "no crops in test"):
        assert words in text
    assert "no sequence has three" in describe(dataset_of([0, 0]))
    full = dataset_of(np.zeros(4), azimuth=np.zeros(4, np.float32), bearing=np.zeros(4, np.float32))
    assert "bearing:" not in describe(full) and "triplets," not in describe(full)
    assert statistics(dataset_of([]))["crops"] == 0 and describe(dataset_of([]))


def test_a_full_circle_has_no_gap():
    azimuth = np.linspace(-np.pi, np.pi, 73).astype(np.float32)
    facts = statistics(dataset_of(np.zeros(73), azimuth=azimuth))
    assert facts["azimuth"]["in_domain"] == {"crops": 73, "coverage": 1.0, "widest_gap_deg": 0.0}
