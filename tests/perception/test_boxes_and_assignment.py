"""Box arithmetic and the assignment problem."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.assignment import assign
from pose_ssl_ros.perception.boxes import clean, iou_matrix, touches_border, union


def test_overlap_by_hand():
    # 10x10 boxes shifted by 5: 50 shared of 150.
    overlap = iou_matrix([Box(0, 0, 10, 10)], [Box(5, 0, 10, 10), Box(0, 0, 10, 10), Box(10, 0, 5, 5)])
    assert overlap[0] == pytest.approx([1 / 3, 1.0, 0.0])
    assert iou_matrix([], [Box(0, 0, 1, 1)]).shape == (0, 1)
    assert union(Box(0, 0, 2, 2), Box(5, 1, 1, 4)) == Box(0, 0, 6, 5)


def test_bad_boxes_are_dropped_and_the_rest_is_clipped():
    boxes = [
        Box(-5, 10, 20, 20),
        Box(math.nan, 0, 5, 5),
        Box(0, 0, math.inf, 5),
        Box(200, 10, 5, 5),
        Box(10, 10, -4, 5),
        Box(0, 0, 1, 1),
    ]
    assert clean(boxes, 100, 80) == ([Box(0, 10, 15, 20)], 5)


def test_border():
    assert touches_border(Box(1, 20, 10, 10), 100, 80)
    assert touches_border(Box(20, 20, 10, 59), 100, 80)
    assert not touches_border(Box(20, 20, 10, 10), 100, 80)


def test_assignment_equals_trying_everything():
    rng = np.random.default_rng(3)
    for _ in range(60):
        rows, columns = rng.integers(1, 6, 2)
        gain = rng.random((rows, columns)) * (rng.random((rows, columns)) > 0.3)
        pairs = assign(gain)
        assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
        assert all(gain[p] > 0 for p in pairs)
        wide = gain if rows <= columns else gain.T
        best = max(
            sum(wide[r, c] for r, c in enumerate(choice))
            for choice in itertools.permutations(range(wide.shape[1]), wide.shape[0])
        )
        assert sum(gain[p] for p in pairs) == pytest.approx(best)
    assert assign(np.zeros((0, 3))) == []
    assert assign(np.zeros((2, 3))) == []
