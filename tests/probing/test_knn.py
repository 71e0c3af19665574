"""The kNN probes against brute force, and on features of known geometry."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.probing.calibration import azimuth_reliability
from pose_ssl_ros.probing.knn import fit_knn_azimuth, fit_knn_identity, fit_neighbours
from pose_ssl_ros.probing.pose_figures import pose_figures
from pose_ssl_ros.probing.prediction import Labelled, ProbeError
from tests.probing.circles import circles, far_away


@pytest.mark.parametrize("centred", [True, False])
def test_neighbours_equal_brute_force(centred: bool) -> None:
    random = np.random.default_rng(0)
    bank, queries = random.normal(size=(300, 12)).astype(np.float32) + 1, random.normal(size=(40, 12)) + 1
    indices, cosines = fit_neighbours(bank, centred).search(queries.astype(np.float32), 20)
    centre = bank.mean(0) if centred else 0
    for row, query in enumerate(queries):
        all_cosines = [
            float((query - centre) @ (x - centre) / np.linalg.norm(query - centre) / np.linalg.norm(x - centre))
            for x in bank
        ]
        best = sorted(range(300), key=lambda j: -all_cosines[j])[:20]
        assert indices[row].tolist() == best
        np.testing.assert_allclose(cosines[row], [all_cosines[j] for j in best], atol=1e-5)


def test_search_in_blocks_equals_search_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    index = fit_neighbours(random.normal(size=(200, 8)).astype(np.float32))
    queries = random.normal(size=(50, 8)).astype(np.float32)
    whole = index.search(queries, 5)
    monkeypatch.setattr("pose_ssl_ros.probing.knn._BLOCK", 7)
    parts = index.search(queries, 5)
    assert np.array_equal(whole[0], parts[0]) and np.allclose(whole[1], parts[1])


def test_equal_cosines_come_in_the_order_of_rows() -> None:
    bank = np.array([[1, 0], [2, 0], [0, 1], [3, 0]], np.float32)
    indices, _ = fit_neighbours(bank, centred=False).search(np.array([[5, 0]], np.float32), 3)
    assert indices.tolist() == [[0, 1, 3]]


def test_fewer_rows_than_neighbours_and_empty_queries() -> None:
    index = fit_neighbours(np.eye(3, dtype=np.float32))
    assert index.search(np.eye(3, dtype=np.float32), 20)[0].shape == (3, 3)
    assert index.search(np.zeros((0, 3), np.float32), 20)[0].shape == (0, 3)
    with pytest.raises(ProbeError, match="k=0"):
        index.search(np.eye(3, dtype=np.float32), 0)
    with pytest.raises(ProbeError, match="fitted"):
        index.search(np.eye(4, dtype=np.float32))


def labelled(features: list[list[float]], category: list[int]) -> Labelled:
    count = len(category)
    return Labelled(np.array(features, np.float32), np.full(count, np.nan), np.arange(count), np.array(category))


def test_majority_and_weighted_votes_by_hand() -> None:
    # One row of category 7 lies right at the query, two of category 3 lie aside.
    rows = labelled([[1, 0, 0], [0.6, 0.8, 0], [0.6, -0.8, 0]], [7, 3, 3])
    query = np.array([[1, 0, 0]], np.float32)
    majority = fit_knn_identity(rows, k=3, weighted=False, centred=False)
    assert majority.predict(query).category.tolist() == [3]
    np.testing.assert_allclose(majority.votes(query), [[2 / 3, 1 / 3]])
    weighted = fit_knn_identity(rows, k=3, centred=False)
    assert weighted.predict(query).category.tolist() == [7]
    aside = math.exp(-0.4 / 0.07)
    np.testing.assert_allclose(weighted.votes(query), [[2 * aside / (1 + 2 * aside), 1 / (1 + 2 * aside)]], rtol=1e-4)


def test_equal_votes_go_to_the_lowest_label() -> None:
    rows = labelled([[1, 0], [0, 1]], [9, 4])
    predicted = fit_knn_identity(rows, k=2, weighted=False, centred=False).predict(np.array([[1, 0]], np.float32))
    assert predicted.category.tolist() == [4]
    np.testing.assert_allclose(predicted.probability, [[0.5, 0.5]])


def test_identity_on_other_instances_and_rows_without_category() -> None:
    train, test = circles(40, 12, seed=1), circles(20, 12, seed=2)
    hidden = train.category.copy()
    hidden[::5] = -1
    probe = fit_knn_identity(Labelled(train.features, train.azimuth, train.instance, hidden))
    predicted = probe.predict(test.features)
    assert (predicted.category == test.category).mean() > 0.95
    np.testing.assert_allclose(predicted.probability.sum(1), 1.0, atol=1e-9)
    assert -1 not in probe.classes


def test_azimuth_equals_brute_force_votes() -> None:
    train, test = circles(10, 20, seed=3), circles(3, 10, seed=4)
    probe = fit_knn_azimuth(train, k=5, bins=16)
    indices, cosines = probe.neighbours.search(test.features, 5)
    logits = probe.reader(test.features)
    centres = (np.arange(16) + 0.5) * math.pi / 8
    for row in range(len(test)):
        votes = np.zeros(16)
        for index, cosine in zip(indices[row], cosines[row], strict=True):
            bump = np.exp(16 * np.cos(train.azimuth[index] - centres))
            votes += math.exp((cosine - cosines[row, 0]) / 0.07) * bump / bump.sum()
        votes = 0.99 * votes / votes.sum() + 0.01 / 16
        np.testing.assert_allclose(logits[row], np.log(votes), rtol=1e-3, atol=1e-3)


def test_azimuth_of_other_instances() -> None:
    train, test = circles(40, 24, seed=5), circles(15, 24, seed=6)
    probe = fit_knn_azimuth(train)
    predicted = probe.predict(test.features)
    figures = pose_figures(test.azimuth, predicted.azimuth, predicted.answer)
    assert figures["within_30"] > 0.97 and figures["flip_errors"] < 0.01 and figures["unknown"] < 0.08
    assert azimuth_reliability(test.azimuth, predicted).ece < 0.08
    np.testing.assert_allclose(predicted.heading.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(predicted.probability.sum(1), 1, atol=1e-9)


def test_a_validation_part_is_used_and_must_fit() -> None:
    train, validation = circles(12, 12, seed=7), circles(6, 12, seed=8)
    probe = fit_knn_azimuth(train, validation)
    assert probe.chosen["axis_temperature"] != fit_knn_azimuth(train).chosen["axis_temperature"]
    wrong = Labelled(validation.features[:, :-1], validation.azimuth, validation.instance, validation.category)
    with pytest.raises(ProbeError, match="fitted"):
        fit_knn_azimuth(train, wrong)


def test_unknown_far_away_and_no_answer_for_broken_rows() -> None:
    train, test = circles(40, 24, seed=9), circles(10, 24, seed=10)
    probe = fit_knn_azimuth(train)
    strange = probe.predict(far_away(100, train.features.shape[1]))
    assert (strange.answer == 4).mean() > 0.95
    broken = test.features.copy()
    broken[0, 0] = np.nan
    predicted = probe.predict(broken)
    assert math.isnan(predicted.azimuth[0]) and predicted.answer[0] == 4 and predicted.heading[0, 4] == 1
    assert np.isfinite(predicted.azimuth[1:]).all() and np.isfinite(predicted.probability).all()
    assert len(probe.predict(broken[:0])) == 0
