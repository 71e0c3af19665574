import math

from pose_ssl_ros.evaluation.matching import match
from pose_ssl_ros.interfaces import Box

A, B = Box(0, 0, 10, 10), Box(8, 0, 10, 10)


def test_each_detection_answers_for_one_object():
    # One detection over two objects: it belongs to the one that it covers better.
    assert match([A, B], [Box(1, 0, 10, 10)]) == [(0, 0)]


def test_overlap_below_the_limit_is_no_match():
    assert match([A], [Box(6, 0, 10, 10)], least=0.3) == []  # 40 of 160: 0.25
    assert match([A], [Box(6, 0, 10, 10)], least=0.2) == [(0, 0)]


def test_the_whole_assignment_counts():
    # The first truth prefers detection 0, but only that one fits the second truth.
    truth = [Box(0, 0, 10, 10), Box(4, 0, 10, 10)]
    detected = [Box(2, 0, 10, 10), Box(-3, 0, 10, 10)]
    assert match(truth, detected) == [(0, 1), (1, 0)]


def test_a_pair_below_the_limit_pulls_nothing_out_of_place():
    truth = [Box(0, 0, 10, 10), Box(30, 0, 10, 10)]
    detected = [Box(0, 0, 10, 10), Box(37, 0, 10, 10)]
    assert match(truth, detected) == [(0, 0)]


def test_empty_and_degenerate():
    assert match([], [A]) == []
    assert match([A], []) == []
    assert match([A], [Box(0, 0, 0, 0)]) == []
    assert match([A], [Box(math.nan, 0, 10, 10), A]) == [(0, 1)]


def test_a_flood_of_boxes_ends():
    flood = [Box(float(i), 0, 5, 5) for i in range(10_000)]
    assert match([Box(3, 0, 5, 5)], flood) == [(0, 3)]
