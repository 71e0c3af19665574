import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros import viewpoint
from pose_ssl_ros.evaluation import metrics

TOWARD, LEFT, AWAY, RIGHT, UNKNOWN = range(5)
NAN = float("nan")
RAD = math.radians


@given(st.floats(-10, 10), st.floats(0.2, 3.0))
def test_heading_index_agrees_with_viewpoint(azimuth, width):
    name = viewpoint.heading_of(azimuth, width)
    borders = [width / 2, math.pi * 3 / 4, math.pi]
    if min(abs(abs(viewpoint.wrap(azimuth)) - b) for b in borders) > 1e-6 and abs(viewpoint.wrap(azimuth)) > 1e-6:
        assert viewpoint.HEADINGS[int(metrics.heading_index(np.array([azimuth]), width)[0])] == name


def test_decide_takes_the_greatest():
    assert metrics.decide([0.1, 0.5, 0.2, 0.1, 0.1]) == LEFT


def test_decide_a_tie_is_unknown():
    assert metrics.decide([0.4, 0.0, 0.4, 0.1, 0.1]) == UNKNOWN


def test_decide_what_is_not_finite_is_unknown():
    assert metrics.decide([0.9, NAN, 0, 0, 0]) == UNKNOWN
    assert metrics.decide([1.0, 0, 0]) == UNKNOWN


def test_azimuth_error_wraps_at_pi():
    error = metrics.azimuth_errors(np.array([RAD(179), RAD(-179), 0.0]), np.array([RAD(-179), RAD(179), RAD(-170)]))
    assert np.degrees(error) == pytest.approx([2, 2, 170])


def test_axis_error_does_not_tell_front_from_back():
    error = metrics.axis_errors(np.array([0.0, 0.0, RAD(170)]), np.array([RAD(175), RAD(90), RAD(-5)]))
    assert np.degrees(error) == pytest.approx([5, 90, 5])


def test_toward_or_away_reaches_45_degrees():
    angles = np.radians([0, 45, 46, 90, 134, 135, 180, -180, -134, -45])
    assert metrics.toward_or_away(angles).tolist() == [0, 0, -1, -1, -1, 2, 2, 2, -1, 0]


def test_figures_by_hand():
    #        toward       toward  away    away    away    left    right
    truth = [0.0, RAD(40), RAD(180), RAD(-140), RAD(170), RAD(90), RAD(-90)]
    answer = [TOWARD, UNKNOWN, AWAY, TOWARD, AWAY, LEFT, LEFT]
    azimuth = [RAD(10), NAN, RAD(-170), RAD(20), RAD(150), RAD(90), RAD(90)]
    found = metrics.heading_metrics(np.array(truth), np.array(answer), np.array(azimuth))
    assert found["n"] == 7
    assert found["n_toward_away"] == 5
    assert found["toward_away_accuracy"] == pytest.approx(3 / 5)  # unknown and the flipped one are wrong
    assert found["reversed_rate"] == pytest.approx(1 / 5)
    assert found["majority_rate"] == pytest.approx(3 / 5)
    assert found["four_way_accuracy"] == pytest.approx(4 / 7)
    assert found["unknown_rate"] == pytest.approx(1 / 7)
    # Errors 10, 10, 160, 20, 0, 180; of the axis 10, 10, 20, 20, 0, 0.
    assert found["n_azimuth"] == 6
    assert found["azimuth_median_error_deg"] == pytest.approx(15, abs=1e-6)
    assert found["axis_median_error_deg"] == pytest.approx(10, abs=1e-6)
    assert found["flip_rate"] == pytest.approx(2 / 6)


def test_nothing_counted_gives_none_and_not_zero():
    empty = np.zeros(0)
    found = metrics.heading_metrics(empty, empty, empty)
    assert found["n"] == 0
    assert [k for k, v in found.items() if v is not None] == ["n", "n_toward_away", "n_azimuth"]


def test_one_class_only_is_no_feat():
    found = metrics.heading_metrics(np.zeros(4), np.zeros(4, int), np.full(4, NAN))
    assert found["toward_away_accuracy"] == 1 == found["majority_rate"]
    assert found["azimuth_median_error_deg"] is None


def test_sides_only_have_no_toward_away_accuracy():
    found = metrics.heading_metrics(np.array([math.pi / 2]), np.array([LEFT]), np.array([NAN]))
    assert found["toward_away_accuracy"] is None
    assert found["four_way_accuracy"] == 1


def test_confusion_counts_each_sighting_once():
    table = metrics.confusion(np.array([0.0, 0.1, math.pi, -math.pi / 2]), np.array([TOWARD, UNKNOWN, TOWARD, RIGHT]))
    assert table.tolist() == [[1, 0, 0, 0, 1], [0] * 5, [1, 0, 0, 0, 0], [0, 0, 0, 1, 0]]


def test_wide_toward_class_moves_the_truth_too():
    angle = np.array([RAD(60)])
    assert metrics.heading_metrics(angle, np.array([TOWARD]), angle)["four_way_accuracy"] == 0
    assert metrics.heading_metrics(angle, np.array([TOWARD]), angle, RAD(140))["four_way_accuracy"] == 1


def test_percentiles():
    assert metrics.percentiles([]) == {"p50": None, "p95": None, "p99": None}
    assert metrics.percentiles(list(range(101)) + [NAN]) == pytest.approx({"p50": 50, "p95": 95, "p99": 99})
