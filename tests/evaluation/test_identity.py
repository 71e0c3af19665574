import numpy as np
import pytest

from pose_ssl_ros.evaluation.identity import identity_metrics, name_map, nmi


def test_prototypes_are_assigned_one_to_one_for_the_most_agreement():
    # Greedy would give object_0 to sedan (6) and leave bus with object_1 (1): 7 in all; best is 5 + 4.
    table = np.array([[6, 5], [4, 1]])
    assert name_map(table, ["sedan", "bus"], ["object_0", "object_1"]) == {"object_0": "bus", "object_1": "sedan"}


def test_a_named_answer_keeps_its_name():
    table = np.array([[0, 5], [5, 0]])  # named 'sedan', always given to buses
    names = name_map(table, ["sedan", "bus"], ["sedan", "object_1"])
    assert names["sedan"] == "sedan"
    assert "object_1" not in names  # only bus is free and it never agrees with it


def test_accuracy_by_hand():
    truth = np.array([0, 0, 0, 1, 1, 1])
    answer = np.array([0, 0, 1, 1, 2, -1])  # object_0 twice right, then wrong, right, unknown, none
    found = identity_metrics(truth, answer, ["sedan", "bus"], ["object_0", "object_1", "unknown"])
    assert found["n"] == 6
    assert found["accuracy"] == pytest.approx(3 / 6)
    assert found["answered_rate"] == pytest.approx(4 / 6)
    assert found["majority_rate"] == pytest.approx(1 / 2)
    assert found["names"] == {"object_0": "sedan", "object_1": "bus"}


def test_unknown_alone_is_never_right():
    found = identity_metrics(np.zeros(3, int), np.zeros(3, int), ["sedan"], ["unknown"])
    assert found["accuracy"] == 0
    assert found["answered_rate"] == 0


def test_more_prototypes_than_categories_leave_some_without_meaning():
    truth = np.array([0, 0, 0, 1])
    answer = np.array([0, 0, 1, 2])
    found = identity_metrics(truth, answer, ["a", "b"], ["object_0", "object_1", "object_2"])
    assert found["accuracy"] == pytest.approx(3 / 4)


def test_empty():
    found = identity_metrics(np.zeros(0, int), np.zeros(0, int), [], [])
    assert found["n"] == 0
    assert found["accuracy"] is None
    assert found["nmi"] is None


def test_nmi_extremes():
    assert nmi(np.array([[5, 0], [0, 5]])) == pytest.approx(1)
    assert nmi(np.array([[5, 5], [5, 5]])) == pytest.approx(0)
    assert nmi(np.array([[7]])) == 1
    assert nmi(np.array([[3, 4]])) == pytest.approx(0)
    assert nmi(np.zeros((2, 2))) is None


def test_nmi_equals_an_independent_computation():
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 4, 300)
    answer = np.where(rng.random(300) < 0.6, truth, rng.integers(0, 6, 300))
    table = np.zeros((4, 6), int)
    np.add.at(table, (truth, answer), 1)
    assert nmi(table) == pytest.approx(sklearn.normalized_mutual_info_score(truth, answer))
