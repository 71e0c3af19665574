"""Axis and flip on features that hold one, the other or both."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pose_ssl_ros.probing.axis_flip import AxisFlipSettings, combined, fit_axis_flip, odd_harmonics
from pose_ssl_ros.probing.calibration import azimuth_reliability
from pose_ssl_ros.probing.heading_head import bin_centres
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import ProbeError
from tests.probing.circles import circles, far_away

QUICK = (AxisFlipSettings(steps=150, hidden=64),)


def test_odd_harmonics_change_their_sign_with_the_end_that_is_named() -> None:
    azimuth = np.linspace(-3, 3, 17)
    found = odd_harmonics(azimuth, 2)
    assert found.shape == (17, 4)
    np.testing.assert_allclose(found[:, 1], np.cos(3 * azimuth), atol=1e-6)
    np.testing.assert_allclose(odd_harmonics(azimuth + math.pi, 2), -found, atol=1e-5)


def test_axis_and_flip_make_a_distribution_over_the_whole_turn() -> None:
    """Any axis logits, any flip logits that are opposite at opposite ends: the sum over the turn is 1."""
    random = np.random.default_rng(0)
    axis = random.normal(size=(5, 16))
    flip = (random.normal(size=(5, 4)) @ odd_harmonics(bin_centres(32), 2).T).astype(np.float64)
    p = np.exp(combined(torch.from_numpy(axis), torch.from_numpy(flip)).numpy())
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-6)
    by_axis = np.exp(axis) / np.exp(axis).sum(1, keepdims=True)
    np.testing.assert_allclose(p[:, :16] + p[:, 16:], by_axis, atol=1e-6)
    np.testing.assert_allclose(p[:, 3], by_axis[:, 3] / (1 + np.exp(-flip[:, 3])), atol=1e-9)


def test_both_are_read_from_first_and_second_harmonics() -> None:
    train, test = circles(40, 24, seed=1), circles(15, 24, seed=2)
    probe = fit_axis_flip(train, options=QUICK)
    predicted = probe.predict(test.features)
    figures = pose_figures(test.azimuth, predicted.azimuth, predicted.answer)
    assert figures["within_30"] > 0.97 and figures["front_back"] > 0.98 and figures["unknown"] < 0.1
    assert azimuth_reliability(test.azimuth, predicted).ece < 0.08
    np.testing.assert_allclose(predicted.heading.sum(1), 1, atol=1e-5)
    assert (probe.predict(far_away(100, 48)).answer == 4).mean() > 0.95


def test_features_of_the_axis_alone_leave_the_flip_to_chance_and_say_so() -> None:
    train, test = circles(40, 24, seed=3, harmonics=(2, 4)), circles(40, 24, seed=4, harmonics=(2, 4))
    predicted = fit_axis_flip(train, options=QUICK).predict(test.features)
    figures = pose_figures(test.azimuth, predicted.azimuth, predicted.answer)
    assert figures["axis_errors"] < 0.03
    assert 0.4 < figures["front_back"] < 0.6 and 0.4 < figures["flip_errors"] < 0.6
    # No end gets more than about half.
    assert np.median(predicted.heading[:, :4].max(1)) < 0.65
    assert azimuth_reliability(test.azimuth, predicted).ece < 0.12


def test_there_is_no_seam_at_the_half_turn() -> None:
    train, test = circles(40, 24, seed=5), circles(30, 24, seed=6)
    predicted = fit_axis_flip(train, options=QUICK).predict(test.features)
    near_seam = np.abs(np.abs(test.azimuth) - math.pi) < 0.3
    side = np.abs(test.azimuth) < 0.3
    assert near_seam.sum() > 40 and side.sum() > 40
    for sector in (near_seam, side):
        assert pose_figures(test.azimuth[sector], predicted.azimuth[sector])["within_30"] > 0.95


def test_options_are_chosen_on_held_out_instances() -> None:
    train, validation = circles(16, 16, seed=7), circles(8, 16, seed=8)
    useless = AxisFlipSettings(steps=2, hidden=8, noise=3.0)
    probe = fit_axis_flip(train, validation, options=(useless, *QUICK))
    assert probe.chosen["hidden"] == 64


def test_seeds_repeat_and_the_global_generator_is_left_alone() -> None:
    train, test = circles(8, 10, seed=9), circles(2, 10, seed=10)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    quick = (AxisFlipSettings(steps=20, hidden=16),)
    one, two, other = (fit_axis_flip(train, options=quick, seed=s).predict(test.features) for s in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    np.testing.assert_array_equal(one.probability, two.probability)
    assert not np.array_equal(one.probability, other.probability)


def test_bins_must_fit_the_classes() -> None:
    with pytest.raises(ProbeError, match="multiple of 8"):
        fit_axis_flip(circles(2, 4, seed=11), options=(AxisFlipSettings(bins=20),))
