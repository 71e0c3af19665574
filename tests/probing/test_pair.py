"""The pair probe and the drawing of pairs."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pose_ssl_ros.probing.pair import PairSettings, correlated, draw_pairs, fit_pair
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import Labelled, ProbeError, wrapped
from tests.probing.circles import circles

QUICK = PairSettings(steps=120, hidden=64, components=32)


def test_pairs_are_different_views_of_one_instance() -> None:
    instance = np.array([5, 5, 5, 2, 9, 9, 2, 7])
    first, second = draw_pairs(instance, 500, seed=0)
    assert len(first) == len(second) == 500
    assert (first != second).all() and (instance[first] == instance[second]).all()
    assert set(instance[first]) == {2, 5, 9}  # 7 has one view
    assert {(int(a), int(b)) for a, b in zip(first, second, strict=True) if instance[a] == 2} == {(3, 6), (6, 3)}
    again = draw_pairs(instance, 500, seed=0)
    assert np.array_equal(first, again[0]) and np.array_equal(second, again[1])


def test_pairs_keep_to_the_largest_turn_and_to_known_azimuths() -> None:
    rows = circles(3, 30, seed=1)
    azimuth = rows.azimuth.copy()
    azimuth[::3] = np.nan
    first, second = draw_pairs(rows.instance, 300, 0, azimuth, most_turn=0.5)
    assert len(first) == 300
    assert (np.abs(wrapped(azimuth[second] - azimuth[first])) <= 0.5).all()


def test_no_pairs() -> None:
    for instance, count in ((np.arange(4), 10), (np.zeros(0, int), 10), (np.zeros(4, int), 0)):
        first, second = draw_pairs(instance, count, 0)
        assert len(first) == len(second) == 0
    rows = circles(1, 2, seed=2)
    opposite = Labelled(rows.features, np.array([0.0, 3.0]), rows.instance, rows.category)
    assert len(draw_pairs(opposite.instance, 5, 0, opposite.azimuth, most_turn=0.1)[0]) == 0
    with pytest.raises(ProbeError, match="two views"):
        fit_pair(circles(5, 1, seed=3))


def test_correlation_by_hand() -> None:
    random = np.random.default_rng(0)
    p, q = random.dirichlet(np.ones(8), (2, 3))
    found = correlated(torch.from_numpy(p), torch.from_numpy(q)).numpy()
    for row in range(3):
        for turn in range(8):
            whole = [sum(p[row, a] * q[row, (a + t) % 8] for a in range(8)) for t in (turn, turn + 1)]
            assert found[row, turn] == pytest.approx(sum(whole) / 2)
    np.testing.assert_allclose(found.sum(1), 1)


def test_turns_of_other_instances() -> None:
    train, test = circles(40, 24, seed=4), circles(15, 24, seed=5)
    probe = fit_pair(train, settings=QUICK)
    first, second = draw_pairs(test.instance, 800, seed=6)
    predicted = probe.predict(test.features[first], test.features[second])
    figures = pose_figures(wrapped(test.azimuth[second] - test.azimuth[first]), predicted.turn)
    assert figures["within_30"] > 0.9 and figures["flip_errors"] < 0.03
    np.testing.assert_allclose(predicted.probability.sum(1), 1, atol=1e-9)
    # A turn back is the turn forward with the other sign.
    back = probe.predict(test.features[second], test.features[first])
    np.testing.assert_allclose(back.probability, predicted.probability[:, ::-1], atol=1e-5)
    np.testing.assert_allclose(np.abs(wrapped(back.turn + predicted.turn)), 0, atol=1e-2)


def test_bad_input() -> None:
    train = circles(4, 6, seed=7)
    probe = fit_pair(train, circles(2, 6, seed=8), settings=PairSettings(steps=3))
    broken = train.features[:3].copy()
    broken[1, 0] = np.inf
    predicted = probe.predict(broken, train.features[3:6])
    assert math.isnan(predicted.turn[1]) and np.isfinite(predicted.turn[[0, 2]]).all()
    assert len(probe.predict(broken[:0], broken[:0]).turn) == 0
    with pytest.raises(ProbeError, match="second"):
        probe.predict(broken, broken[:2])
    with pytest.raises(ProbeError, match="fitted"):
        probe.predict(broken[:, :-1], broken[:, :-1])


def test_seeds_repeat_and_the_global_generator_is_left_alone() -> None:
    train = circles(6, 6, seed=9)
    before = torch.random.get_rng_state()
    one, two = (fit_pair(train, settings=PairSettings(steps=5), seed=2) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    a, b = train.features[:5], train.features[5:10]
    np.testing.assert_array_equal(one.logits(a, b), two.logits(a, b))
