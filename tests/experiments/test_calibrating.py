import math

import numpy as np
import pytest

from pose_ssl_ros.danger.calibration import logistic, probability
from pose_ssl_ros.danger.terms import MotionKind, Terms
from pose_ssl_ros.experiments.calibrating import auc, fit, judge, predict
from pose_ssl_ros.experiments.danger import constants_text
from pose_ssl_ros.experiments.moments import COLUMNS

TERMS = len(Terms._fields)


def moments(count, weights, seed=0):
    """Moments of all kinds of motion whose outcomes follow known weights."""
    rng = np.random.default_rng(seed)
    table = np.zeros((count, len(COLUMNS)))
    table[:, COLUMNS.index("motion")] = rng.integers(0, 3, count)
    terms = rng.random((count, TERMS))
    terms[:, Terms._fields.index("blocks")] = 0.0
    table[:, COLUMNS.index("could") :] = terms
    chance = 1 / (1 + np.exp(-(weights[0] + terms @ weights[1:])))
    table[:, COLUMNS.index("harmed")] = rng.random(count) < chance
    return table


def test_fit_finds_the_weights_that_made_the_outcomes_and_none_is_negative() -> None:
    true = np.array([-2.0, 3.0, 0.0, 0.0, 2.0, -4.0, 0.0, 1.4])
    found = np.array(fit(moments(20000, true)))
    assert found.shape == (len(MotionKind), TERMS + 1)
    assert found[:, 1:].min() >= 0
    # A term that makes things safer may not count: its weight is 0, and the bias takes its mean.
    assert np.abs(found[:, 5]).max() == 0
    honest = np.array(fit(moments(40000, np.where(true < 0, [-2.0] + [0.0] * TERMS, true))))
    assert honest[:, 1] == pytest.approx(3.0, abs=0.45)
    assert honest[:, 4] == pytest.approx(2.0, abs=0.45)
    assert honest[:, 7] == pytest.approx(1.4, abs=0.45)
    assert honest[:, 0] == pytest.approx(-2.0, abs=0.45)


def test_a_front_that_nobody_can_tell_counts_at_least_half_of_one_that_faces_the_lane() -> None:
    found = np.array(fit(moments(20000, np.array([-2.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0]))))
    assert (found[:, 7] >= found[:, 4] / 2 - 1e-3).all() and found[:, 4].min() > 1


def test_fit_without_a_single_harm_is_a_small_chance_and_without_moments_a_half() -> None:
    table = moments(60, np.array([-40.0] + [0.0] * TERMS))
    found = fit(table)
    assert all(logistic(w[0]) == pytest.approx(0.01) and not any(w[1:]) for w in found)
    assert logistic(fit(table[:0])[0][0]) == pytest.approx(0.5)


def test_predict_is_what_the_product_tells() -> None:
    from pose_ssl_ros.danger.constants import WEIGHTS

    table = moments(50, np.zeros(TERMS + 1))
    table[0, COLUMNS.index("blocks")] = 1.0
    told = [probability(Terms(*row[COLUMNS.index("could") :]), MotionKind(int(row[2]))) for row in table]
    assert predict(table, WEIGHTS) == pytest.approx(told)
    assert told[0] == 1.0


def test_judge_by_hand() -> None:
    # Two bins: 4 moments told 0.1 of which 1 came, 2 told 0.9 of which both came.
    found = judge(np.array([0.1] * 4 + [0.9] * 2), np.array([1, 0, 0, 0, 1, 1]))
    assert found["ece"] == pytest.approx(4 / 6 * 0.15 + 2 / 6 * 0.1)
    assert found["brier"] == pytest.approx((0.81 + 3 * 0.01 + 2 * 0.01) / 6)
    # Pairs: 3 harmed times 3 not; the harmed one told 0.1 ties with three.
    assert found["auc"] == pytest.approx((2 * 3 + 3 * 0.5) / 9)
    assert [b["n"] for b in found["reliability"]] == [4, 2]
    assert judge(np.array([1.0]), np.array([1.0]))["ece"] == 0.0


def test_auc_without_both_outcomes_is_unknown() -> None:
    assert math.isnan(auc(np.array([0.1, 0.2]), np.array([0.0, 0.0])))
    assert auc(np.array([0.1, 0.2]), np.array([0.0, 1.0])) == 1.0


def test_the_constants_file_reads_back() -> None:
    weights = tuple(tuple(float(k * 10 + i) / 8 for i in range(TERMS + 1)) for k in range(3))
    space: dict = {}
    exec(constants_text(weights, "pose-ssl experiment danger --x 1"), space)
    assert space["WEIGHTS"] == weights
    assert space["COMMAND"] == "pose-ssl experiment danger --x 1"
