"""Calibration and pose figures on cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.evaluation import metrics
from pose_ssl_ros.probing.calibration import (
    TurnTemperature,
    accuracy_coverage,
    azimuth_reliability,
    expected_calibration_error,
    fit_temperature,
    fit_turn_temperature,
    reliability,
)
from pose_ssl_ros.probing.heading_head import bin_centres, soft_targets, softmax
from pose_ssl_ros.probing.pose_figures import heading_classes, pose_figures
from pose_ssl_ros.probing.prediction import (
    AzimuthPrediction,
    Labelled,
    ProbeError,
    azimuth_of,
    bin_of,
    decide,
    heading_from,
    mass_within,
)


def degrees(*values: float) -> np.ndarray:
    return np.radians(np.array(values, float))


# --- reliability, ECE, coverage


def test_ece_by_hand() -> None:
    # Two bins: .3 and .5 in the lower (mean .4, half right), .8 alone in the upper (wrong).
    found = reliability(np.array([0.3, 0.5, 0.8]), np.array([True, False, False]), bins=2)
    np.testing.assert_allclose(found.confidence, [0.4, 0.8])
    np.testing.assert_allclose(found.accuracy, [0.5, 0.0])
    assert found.count.tolist() == [2, 1]
    assert found.ece == pytest.approx((2 * 0.1 + 1 * 0.8) / 3)


def test_ece_equals_a_plain_loop() -> None:
    random = np.random.default_rng(0)
    confidence, correct = random.uniform(size=500), random.uniform(size=500) < 0.6
    confidence[:2] = 0, 1
    total = 0.0
    for low in range(10):
        held = (confidence > low / 10) & (confidence <= (low + 1) / 10)
        if low == 0:
            held |= confidence == 0
        if held.any():
            total += held.sum() / 500 * abs(confidence[held].mean() - correct[held].mean())
    assert expected_calibration_error(confidence, correct, 10) == pytest.approx(total)


def test_no_answers_have_no_ece_and_no_coverage() -> None:
    nothing = np.zeros(0)
    assert math.isnan(expected_calibration_error(nothing, nothing.astype(bool)))
    coverage = accuracy_coverage(nothing, nothing.astype(bool))
    assert len(coverage.coverage) == 0 and math.isnan(coverage.at(0.5))


def test_coverage_by_hand_takes_equal_confidences_together() -> None:
    found = accuracy_coverage(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))
    np.testing.assert_allclose(found.coverage, [0.25, 0.75, 1.0])
    np.testing.assert_allclose(found.accuracy, [1.0, 2 / 3, 0.5])
    np.testing.assert_allclose(found.threshold, [0.9, 0.5, 0.1])
    assert found.at(0.25) == 1.0 and found.at(0.3) == pytest.approx(2 / 3) and found.at(1.0) == 0.5


@pytest.mark.parametrize("confidence", [np.array([1.2]), np.array([np.nan]), np.array([0.1, 0.2]), np.zeros((1, 1))])
def test_impossible_confidences_are_refused(confidence: np.ndarray) -> None:
    with pytest.raises(ProbeError, match="confidence"):
        reliability(confidence, np.array([True]))


# --- temperature


def test_temperature_is_found_again() -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(6000, 5)) * 2
    label = np.array([random.choice(5, p=p) for p in softmax(logits)])
    assert fit_temperature(3.0 * logits, label) == pytest.approx(3.0, rel=0.08)
    assert fit_temperature(3.0 * logits, np.eye(5)[label]) == pytest.approx(fit_temperature(3.0 * logits, label))
    assert fit_temperature(0.5 * logits, label) == pytest.approx(0.5, rel=0.08)


def test_temperature_has_the_least_cross_entropy_of_a_fine_grid() -> None:
    random = np.random.default_rng(2)
    logits, label = random.normal(size=(300, 4)) * 3, random.integers(4, size=300)
    logits[np.arange(300), label] += 2

    def loss(temperature: float) -> float:
        return -float(np.log(softmax(logits / temperature)[np.arange(300), label]).mean())

    best = min(np.geomspace(0.06, 19, 2000), key=loss)
    assert loss(fit_temperature(logits, label)) == pytest.approx(loss(best), abs=1e-5)


def test_temperature_without_rows_is_one() -> None:
    assert fit_temperature(np.zeros((0, 4)), np.zeros(0, int)) == 1.0


def test_two_temperatures_of_one_are_the_softmax_and_each_is_found_again() -> None:
    random = np.random.default_rng(4)
    logits = random.normal(size=(8000, 16)) * 1.5
    np.testing.assert_allclose(TurnTemperature().apply(logits), softmax(logits), atol=1e-12)
    truth = TurnTemperature(axis=0.5, flip=4.0).apply(logits)
    np.testing.assert_allclose(truth.sum(1), 1)
    label = np.array([random.choice(16, p=p) for p in truth])
    found = fit_turn_temperature(logits, label)
    assert found.axis == pytest.approx(0.5, rel=0.1) and found.flip == pytest.approx(4.0, rel=0.2)
    assert fit_turn_temperature(np.zeros((0, 16)), np.zeros(0, int)) == TurnTemperature()


def test_temperature_improves_the_ece() -> None:
    random = np.random.default_rng(3)
    logits = random.normal(size=(4000, 6))
    label = np.array([random.choice(6, p=p) for p in softmax(logits)])
    sure = 4 * logits
    temperature = fit_temperature(sure[:2000], label[:2000])

    def ece(p: np.ndarray) -> float:
        return expected_calibration_error(p.max(1), p.argmax(1) == label[2000:])

    before, after = ece(softmax(sure[2000:])), ece(softmax(sure[2000:] / temperature))
    assert after < 0.05 < 0.25 < before


# --- distributions over bins


def test_bins_and_their_centres_agree() -> None:
    for bins in (8, 32):
        assert bin_of(bin_centres(bins), bins).tolist() == list(range(bins))
        assert bin_of(bin_centres(bins) - 4 * math.pi, bins).tolist() == list(range(bins))
    assert bin_of(np.array([-1e-20, 0.0]), 32).max() <= 31


def test_azimuth_across_the_seam() -> None:
    truth = degrees(179, -179, 0, 1, -1, 90)
    np.testing.assert_allclose(azimuth_of(soft_targets(truth, 32, 16.0)), truth, atol=0.05)


def test_azimuth_of_two_opposite_modes_is_one_of_them() -> None:
    two = soft_targets(degrees(0), 32, 16.0) * 0.55 + soft_targets(degrees(180), 32, 16.0) * 0.45
    assert azimuth_of(two)[0] == pytest.approx(0.0, abs=0.03)
    even = np.zeros((1, 32))
    even[0, [4, 20]] = 0.5
    assert azimuth_of(even)[0] == pytest.approx(bin_centres(32)[4])  # the first of equals
    assert np.isfinite(azimuth_of(np.full((1, 32), 1 / 32))).all()


def test_mass_within_by_hand() -> None:
    p = np.zeros((3, 8))  # bins of 45 degrees
    p[0, 0] = 1.0  # all of it in 0..45
    p[1] = 1 / 8
    p[2, [0, 7]] = 0.5  # -45..45
    found = mass_within(p, degrees(0, 77, 0), math.radians(22.5))
    np.testing.assert_allclose(found, [0.5, 1 / 8, 0.5], atol=1e-9)
    np.testing.assert_allclose(mass_within(p, degrees(0, 180, 360), math.radians(45)), [1, 1 / 4, 1], atol=1e-9)
    np.testing.assert_allclose(mass_within(p, degrees(0, 0, 0), math.pi), 1.0)


def test_heading_sums_to_one_and_ties_are_unknown() -> None:
    p = np.stack([soft_targets(degrees(0), 32, 16.0)[0], np.full(32, 1 / 32), soft_targets(degrees(180), 32, 16.0)[0]])
    heading = heading_from(p, np.array([1.0, 1.0, 0.2]))
    np.testing.assert_allclose(heading.sum(1), 1.0, atol=1e-6)
    assert decide(heading).tolist() == [0, 4, 4]
    assert decide(np.zeros((0, 5))).tolist() == []


def test_azimuth_reliability_leaves_unknown_truths_out() -> None:
    truth = degrees(0, 90, 120)
    prediction = AzimuthPrediction(
        degrees(0, -90, 120), soft_targets(truth, 32, 60.0), np.zeros((3, 5)), np.zeros(3, int)
    )
    found = azimuth_reliability(np.array([truth[0], truth[1], np.nan]), prediction)
    assert found.count.sum() == 2
    # The second is wrong, and gives its own answer almost no probability: that is no error of calibration.
    assert found.ece < 0.05


# --- figures


def test_figures_by_hand() -> None:
    true = degrees(0, 0, 180, 90, 10)
    predicted = degrees(20, 180, 165, 0, -170)
    found = pose_figures(true, predicted)
    # errors: 20, 180, 15, 90, 180
    assert found["n"] == 5
    assert found["within_30"] == pytest.approx(2 / 5)
    assert found["median_error_deg"] == pytest.approx(90)
    assert found["toward_away"] == pytest.approx(2 / 4)  # all but the one at 90 degrees
    assert found["front_back"] == pytest.approx(2 / 4)
    assert found["flip_errors"] == pytest.approx(2 / 5)
    assert found["axis_errors"] == pytest.approx(1 / 5)
    assert found["four_way"] == pytest.approx(2 / 5)
    assert "unknown" not in found


def test_figures_wrap_round() -> None:
    found = pose_figures(degrees(179, -180, 180, -179), degrees(-179, 180, -180, 541))
    assert found["within_30"] == 1 and found["median_error_deg"] == pytest.approx(0.0, abs=1e-9)
    assert found["toward_away"] == 1 and found["flip_errors"] == 0 == found["axis_errors"]


def test_edges_count_as_inside() -> None:
    found = pose_figures(degrees(0, 45, 135).astype(np.float32), degrees(30, 44, 165).astype(np.float32))
    assert found["within_30"] == 1
    assert found["toward_away"] == 1  # 45 and 135 degrees belong to the sectors
    assert pose_figures(degrees(50), degrees(50))["toward_away"] != pose_figures(degrees(50), degrees(50))["four_way"]


def test_an_error_of_a_quarter_turn_is_no_flip() -> None:
    found = pose_figures(degrees(0, 0), degrees(90, 140))
    assert found["flip_errors"] == 0 and found["axis_errors"] == 1


def test_nothing_to_count_is_nan() -> None:
    found = pose_figures(np.zeros(0), np.zeros(0), np.zeros(0, int))
    assert found.pop("n") == 0
    assert len(found) == 10 and all(math.isnan(value) for value in found.values())


def test_one_class_only() -> None:
    found = pose_figures(degrees(90, 85), degrees(90, 95))
    assert math.isnan(found["toward_away"]) and math.isnan(found["front_back"])
    assert found["four_way"] == 1 and found["n"] == 2


def test_no_azimuth_is_wrong_everywhere_and_unknown_truth_is_not_counted() -> None:
    found = pose_figures(np.array([0.0, np.nan]), np.array([np.nan, 0.0]), np.array([4, 0]))
    assert found["n"] == 1 and found["unknown"] == 1
    assert found["within_30"] == found["toward_away"] == found["front_back"] == found["four_way"] == 0
    assert found["median_error_deg"] == pytest.approx(180) and found["flip_errors"] == 0 and found["axis_errors"] == 1


def test_figures_agree_with_the_evaluation_of_the_loop() -> None:
    random = np.random.default_rng(5)
    true, predicted = random.uniform(-7, 7, (2, 2000))
    answer = heading_classes(predicted)
    answer[:100] = 4
    ours, theirs = pose_figures(true, predicted, answer), metrics.heading_metrics(true, answer, predicted)
    assert ours["toward_away_answered"] == theirs["toward_away_accuracy"]
    assert ours["four_way_answered"] == theirs["four_way_accuracy"]
    assert ours["unknown"] == theirs["unknown_rate"]
    assert ours["median_error_deg"] == pytest.approx(theirs["azimuth_median_error_deg"])
    assert ours["flip_errors"] <= theirs["flip_rate"]
    np.testing.assert_array_equal(heading_classes(true), metrics.heading_index(true))
    forced = metrics.heading_metrics(true, heading_classes(predicted), predicted)
    assert ours["toward_away"] == forced["toward_away_accuracy"] and ours["four_way"] == forced["four_way_accuracy"]


def test_figures_refuse_different_lengths() -> None:
    with pytest.raises(ProbeError, match="one length"):
        pose_figures(np.zeros(2), np.zeros(3))
    with pytest.raises(ProbeError, match="one length"):
        pose_figures(np.zeros(2), np.zeros(2), np.zeros(1, int))


# --- what probes are given


def test_labelled_refuses_what_it_cannot_use() -> None:
    good = np.ones((3, 4), np.float32)
    ids = np.zeros(3, int)
    with pytest.raises(ProbeError, match="shape"):
        Labelled(np.ones(3), np.zeros(3), ids, ids)
    with pytest.raises(ProbeError, match="azimuth"):
        Labelled(good, np.zeros(2), ids, ids)
    broken = good.copy()
    broken[1, 2] = np.inf
    with pytest.raises(ProbeError, match="row 1"):
        Labelled(broken, np.zeros(3), ids, ids)
    rows = Labelled(good, np.full(3, np.nan), ids, ids - 1)
    with pytest.raises(ProbeError, match="azimuth"):
        rows.posed()
    with pytest.raises(ProbeError, match="category"):
        rows.named()
