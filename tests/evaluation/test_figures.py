"""Intervals from resampling tracks, on cases worked out by hand."""

import math

import numpy as np
import pytest

from pose_ssl_ros.evaluation.figures import (
    Resampling,
    add_up,
    figure,
    interval,
    median,
    quotient,
    share,
    share_by_track,
)

HOW = Resampling(replicates=2000)


def test_a_share_over_tracks_and_over_sightings_differ():
    # Track 1: three right of four; track 2: none of one.
    track, right = np.array([1, 1, 1, 1, 2]), np.array([1, 1, 1, 0, 0])
    over_all = share(track, right, None, HOW, "none")
    assert (over_all["value"], over_all["n"], over_all["tracks"]) == (0.6, 5, 2)
    # Draws of two tracks: both 1 -> 6/8, one each -> 3/5, both 2 -> 0/2.
    assert (over_all["low"], over_all["high"]) == (0.0, 0.75)
    by_track = share_by_track(track, right, None, HOW, "none")
    assert by_track["value"] == pytest.approx(0.375)
    assert (by_track["low"], by_track["high"], by_track["n"]) == (0.0, 0.75, 2)


def test_what_is_not_counted_does_not_count():
    found = share(np.array([1, 1, 2]), np.array([1, 1, 0]), np.array([1, 0, 1]), HOW, "none")
    assert (found["value"], found["n"]) == (0.5, 2)
    empty = share(np.array([1]), np.array([1]), np.array([0]), HOW, "there were none")
    assert empty == {"value": None, "low": None, "high": None, "n": 0, "tracks": 0, "reason": "there were none"}


def test_one_track_has_no_interval():
    found = share(np.zeros(500, int), np.arange(500) % 2, None, HOW, "none")
    assert (found["value"], found["low"], found["high"]) == (0.5, None, None)


def test_the_interval_is_as_wide_as_tracks_vary_and_not_as_frames():
    # 40 tracks wholly right or wholly wrong, 50 frames each: the standard error is that of 40 coins.
    generator = np.random.default_rng(1)
    right = np.repeat(generator.random(40) < 0.5, 50)
    found = share(np.repeat(np.arange(40), 50), right, None, HOW, "none")
    half = (found["high"] - found["low"]) / 2
    expected = 1.96 * math.sqrt(found["value"] * (1 - found["value"]) / 40)
    assert half == pytest.approx(expected, rel=0.15)  # over frames it would be a seventh of that


def test_the_interval_covers_as_often_as_it_says():
    generator = np.random.default_rng(2)
    hits = 0
    for trial in range(200):
        sums = np.stack([generator.random(30), np.ones(30)], axis=1)  # the mean is 0.5
        low, high = interval(sums, quotient, Resampling(400, 0.95, trial))
        hits += low <= 0.5 <= high
    assert 0.88 <= hits / 200 <= 0.99


def test_the_same_seed_gives_the_same_interval_and_many_tracks_are_bundled():
    generator = np.random.default_rng(3)
    sums = np.stack([generator.random(5000), np.ones(5000)], axis=1)
    first, again = (figure(sums, quotient, 5000, HOW) for _ in range(2))
    assert first == again
    expected = 1.96 * float(sums[:, 0].std()) / math.sqrt(5000)
    assert (first["high"] - first["low"]) / 2 == pytest.approx(expected, rel=0.15)


def test_median_and_its_interval():
    values = np.array([1.0, 2.0, np.nan, 30.0])
    found = median(np.array([0, 0, 1, 1]), values, 90.0, HOW, "none")
    assert (found["value"], found["n"], found["tracks"]) == (2.0, 3, 2)
    assert found["low"] == pytest.approx(1.0, abs=0.2)  # only track 0, by bins of an eighth
    assert found["high"] == pytest.approx(30.0, abs=0.2)
    assert median(np.zeros(1, int), np.array([np.nan]), 90.0, HOW, "no azimuth")["reason"] == "no azimuth"


def test_add_up():
    assert add_up(np.array([7, 3, 7]), np.array([[1, 2], [3, 4], [5, 6]])).tolist() == [[3, 4], [6, 8]]
