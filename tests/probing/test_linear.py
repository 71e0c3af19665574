"""The linear probes against scikit-learn, and on features of known geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.probing.azimuth_probe import AzimuthProbe, vague_below
from pose_ssl_ros.probing.calibration import TurnTemperature, azimuth_reliability
from pose_ssl_ros.probing.heading_head import soft_targets, softmax
from pose_ssl_ros.probing.held_out import parts, splits
from pose_ssl_ros.probing.linear import fit_linear_azimuth, fit_linear_identity
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import Labelled, ProbeError
from pose_ssl_ros.probing.projection import fit_projection
from tests.probing.circles import circles, far_away


def test_identity_equals_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model", reason="scikit-learn is a development dependency")
    random = np.random.default_rng(0)
    category = random.integers(3, size=400)
    features = (random.normal(size=(400, 6)) + 0.8 * np.eye(6)[category]).astype(np.float32)
    rows = Labelled(features, np.full(400, np.nan), np.arange(400), category)
    probe = fit_linear_identity(rows, penalties=[1e-2], components=6, iterations=200)
    z = probe.projection.apply(features).astype(float)
    theirs = linear_model.LogisticRegression(C=1 / (1e-2 * 400), tol=1e-8, max_iter=2000).fit(z, category)
    logits = np.log(probe.predict(features).probability) * probe.chosen["temperature"]
    np.testing.assert_allclose(softmax(logits), theirs.predict_proba(z), atol=5e-3)


def test_identity_has_a_vanishing_gradient() -> None:
    """The same without scikit-learn: at the minimum, weights are residuals times features over the penalty."""
    random = np.random.default_rng(1)
    category = random.integers(3, size=300)
    features = (random.normal(size=(300, 5)) + np.eye(5)[category]).astype(np.float32)
    rows = Labelled(features, np.full(300, np.nan), np.arange(300), category)
    probe = fit_linear_identity(rows, penalties=[3e-2], components=5, iterations=200)
    temperature = probe.chosen["temperature"]
    z, matrix, bias = probe.projection.apply(features), probe.matrix * temperature, probe.bias * temperature
    residual = softmax(z @ matrix + bias) - np.eye(3)[category]
    np.testing.assert_allclose(z.T @ residual / 300 + 3e-2 * matrix, 0, atol=2e-3)
    np.testing.assert_allclose(residual.mean(0), 0, atol=2e-3)


def test_identity_on_other_instances() -> None:
    train, validation, test = (circles(24, 12, seed=s) for s in (1, 2, 3))
    probe = fit_linear_identity(train, validation)
    predicted = probe.predict(test.features)
    assert (predicted.category == test.category).mean() > 0.98
    np.testing.assert_allclose(predicted.probability.sum(1), 1, atol=1e-6)
    broken = test.features[:2].copy()
    broken[0] = np.nan
    assert probe.predict(broken).category[0] == -1
    assert fit_linear_identity(Labelled(train.features, train.azimuth, train.instance, 0 * train.category)).predict(
        test.features
    ).category.tolist() == [0] * len(test)


def test_azimuth_of_other_instances() -> None:
    train, test = circles(40, 24, seed=4), circles(15, 24, seed=5)
    probe = fit_linear_azimuth(train)
    predicted = probe.predict(test.features)
    figures = pose_figures(test.azimuth, predicted.azimuth, predicted.answer)
    assert figures["within_30"] > 0.99 and figures["flip_errors"] == 0 and figures["median_error_deg"] < 6
    assert figures["unknown"] < 0.08
    assert azimuth_reliability(test.azimuth, predicted).ece < 0.06
    np.testing.assert_allclose(predicted.heading.sum(1), 1, atol=1e-5)


def test_the_same_seed_gives_the_same_answers() -> None:
    train, test = circles(12, 12, seed=6), circles(4, 12, seed=7)
    one, two = (fit_linear_azimuth(train, seed=3).predict(test.features) for _ in range(2))
    np.testing.assert_array_equal(one.probability, two.probability)
    np.testing.assert_array_equal(one.heading, two.heading)


def test_categories_that_lie_elsewhere_are_unfamiliar() -> None:
    train, near, shifted = circles(30, 24, seed=8), circles(10, 24, seed=9), circles(10, 24, seed=10, shift=6.0)
    probe = fit_linear_azimuth(train)
    assert (probe.predict(near.features).answer == 4).mean() < 0.1
    assert (probe.predict(shifted.features).answer == 4).mean() > 0.9
    assert (probe.predict(far_away(100, 48)).answer == 4).mean() > 0.9


def test_noisy_features_are_calibrated_and_vague_answers_are_unknown() -> None:
    train, test = circles(40, 24, seed=11, noise=1.5), circles(40, 24, seed=12, noise=1.5)
    probe = fit_linear_azimuth(train)
    predicted = probe.predict(test.features)
    assert pose_figures(test.azimuth, predicted.azimuth)["within_30"] < 0.8
    assert azimuth_reliability(test.azimuth, predicted).ece < 0.1
    raw = AzimuthProbe(probe.reader, probe.length, TurnTemperature(0.2, 0.2), probe.familiarity, probe.vague, {})
    assert azimuth_reliability(test.azimuth, raw.predict(test.features)).ece > 0.15
    sure = predicted.answer != 4
    error = np.abs(np.angle(np.exp(1j * (predicted.azimuth - test.azimuth))))
    assert error[sure].mean() < error[~sure].mean()


def test_one_instance_only_still_answers() -> None:
    train = circles(1, 30, seed=13)
    probe = fit_linear_azimuth(train)
    assert probe.temperature == TurnTemperature() and math.isnan(probe.chosen["held_out_loss"])
    predicted = probe.predict(train.features)
    assert pose_figures(train.azimuth, predicted.azimuth)["within_30"] > 0.9
    assert (predicted.answer != 4).mean() > 0.9
    single = fit_linear_azimuth(train.where(np.arange(1))).predict(train.features)
    assert np.isfinite(single.azimuth).all()


def test_nothing_to_fit_is_an_error() -> None:
    rows = circles(2, 4, seed=14)
    with pytest.raises(ProbeError, match="azimuth"):
        fit_linear_azimuth(Labelled(rows.features, np.full(8, np.nan), rows.instance, rows.category))
    with pytest.raises(ProbeError, match="category"):
        fit_linear_identity(Labelled(rows.features, rows.azimuth, rows.instance, np.full(8, -1)))


# --- what is held out


@pytest.mark.parametrize(("instances", "rounds"), [(1, 0), (2, 2), (3, 3), (20, 4), (60, 1), (200, 1)])
def test_splits_never_share_an_instance(instances: int, rounds: int) -> None:
    names = np.repeat(np.arange(instances) * 7, 3)
    found = splits(names, seed=0)
    assert len(found) == rounds
    for fitted, held in found:
        assert not set(names[fitted]) & set(names[held])
        assert len(fitted) + len(held) == len(names) and len(fitted) and len(held)


def test_a_validation_part_is_what_is_held_out() -> None:
    train, validation = circles(4, 5, seed=1), circles(2, 5, seed=2)
    [(fitted, held)] = parts(train, validation, seed=0)
    assert len(fitted) == 20 and set(held.instance) == set(validation.instance)
    [(fitted, held)] = parts(train, validation, seed=0, most=7)
    assert len(fitted) == 7 == len(held)


def test_vague_answers_by_hand() -> None:
    sure, spread = soft_targets(np.zeros(1), 32, 16.0), np.full((1, 32), 1 / 32) + 0.01 * soft_targets(np.zeros(1), 32)
    p = np.concatenate([np.repeat(spread / spread.sum(), 4, 0), np.repeat(sure, 16, 0)])
    wrong_when_vague = np.array([math.pi, math.pi, math.pi, 0.0] + [0.0] * 16)
    found = vague_below(p, wrong_when_vague, most=0.5)
    assert 0.3 < found <= 1 and (vague_below(p, np.zeros(20)) == 0)
    assert vague_below(p, wrong_when_vague, most=0.0) == 0


# --- components


@pytest.mark.parametrize(("rows", "length"), [(200, 10), (10, 50)])
def test_components_have_a_mean_square_of_one_and_are_orthogonal(rows: int, length: int) -> None:
    random = np.random.default_rng(0)
    x = (random.normal(size=(rows, length)) * np.linspace(3, 0.1, length) + 5).astype(np.float32)
    for whitening in (0.0, 0.5, 1.0):
        z = fit_projection(x, 6, whitening).apply(x)
        assert z.shape == (rows, 6)
        assert (z**2).mean() == pytest.approx(1, rel=1e-3)
        gram = z.T @ z / rows
        np.testing.assert_allclose(gram - np.diag(np.diag(gram)), 0, atol=2e-3)
        if whitening == 1:
            np.testing.assert_allclose(np.diag(gram), 1, rtol=1e-3)


def test_equal_rows_have_one_component_of_zeros() -> None:
    z = fit_projection(np.ones((5, 4), np.float32), 3).apply(np.ones((2, 4), np.float32))
    assert z.shape == (2, 1) and not z.any()
