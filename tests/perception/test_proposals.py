"""Proposals by contrast on a recorded street and on drawn things."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.boxes import iou_matrix
from pose_ssl_ros.perception.config import ProposalConfig
from pose_ssl_ros.perception.proposals import Proposer
from pose_ssl_ros.perception.runs import Run, unite

CONTRAST = ProposalConfig(method="contrast")


def test_most_vehicles_of_the_recorded_street_are_found(street):
    """Measured: 0.79 of the boxes at IoU >= 0.5 (the rest is hidden by others), 0.3 false boxes per image."""
    proposer = Proposer(CONTRAST)
    found = wanted = false = 0
    for stamp, image, truth in street:
        boxes = proposer.propose(image, stamp, horizon=120.0)
        large = [b for b in truth if b.h >= 12]
        overlap = iou_matrix(large, boxes)
        wanted += len(large)
        found += int((overlap >= 0.5).any(axis=1).sum()) if boxes else 0
        false += sum(1 for b in boxes if not truth or iou_matrix([b], truth).max() < 0.3)
    assert found / wanted > 0.65
    assert false / len(street) < 1.0


def _scene(*things: tuple[Box, tuple[int, int, int]]) -> np.ndarray:
    picture = np.full((480, 640, 3), 95, np.uint8)
    picture[:240] = (150, 190, 230)
    # Lane markings and a shadow, which are no things.
    picture[300:470:40, 300:340] = 220
    picture[380:430, 60:200] = 50
    for box, colour in things:
        x, y, w, h = (round(v) for v in box)
        cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
    return picture


def test_marks_and_shadows_on_the_ground_are_no_things():
    proposer = Proposer(CONTRAST)
    assert [proposer.propose(_scene(), i * 10**8, horizon=240.0) for i in range(1, 4)] == [[], [], []]


@pytest.mark.parametrize("camera", [None, 240.0])
def test_things_on_the_ground_are_found_where_they_are(camera):
    truth = [Box(100, 200, 90, 90), Box(420, 190, 40, 110), Box(520, 222, 40, 36)]
    colours = [(190, 40, 50), (30, 60, 160), (220, 200, 40)]
    boxes = Proposer(CONTRAST).propose(_scene(*zip(truth, colours, strict=True)), 10**8, horizon=camera)
    assert len(boxes) == 3
    assert iou_matrix(truth, boxes).max(axis=1).min() > 0.8


def test_a_near_thing_before_a_far_one_is_cut_from_it():
    far, near = Box(300, 200, 120, 70), Box(240, 190, 100, 130)
    boxes = Proposer(CONTRAST).propose(_scene((far, (40, 160, 160)), (near, (190, 40, 50))), 10**8, horizon=240.0)
    assert iou_matrix([near], boxes).max() > 0.8
    assert iou_matrix([Box(340, 200, 80, 70)], boxes).max() > 0.7


def test_a_wall_without_end_is_no_thing():
    wall = Box(0, -10, 640, 300)
    assert Proposer(CONTRAST).propose(_scene((wall, (150, 120, 100))), 10**8, horizon=240.0) == []


def test_parts_of_one_colour_at_one_depth_are_one_thing():
    lab = np.zeros((60, 100, 3), np.uint8)
    lab[..., 0], lab[..., 1:] = 120, 128
    lab[:40, 10:70] = (120, 180, 150)
    lab[:40, 70:90] = (200, 100, 180)
    mask = np.zeros((60, 100), np.uint8)
    mask[:40, 10:90] = 2
    parts = [Run(10, 40, 40.0), Run(42, 70, 36.0), Run(70, 90, 38.0)]
    assert [(r.start, r.stop) for r in unite(parts, mask, lab)] == [(10, 70), (70, 90)]


@pytest.mark.parametrize("horizon", [-50.0, 0.0, 479.0, 2000.0])
def test_any_horizon_and_size_is_survived(horizon):
    proposer = Proposer(CONTRAST)
    rng = np.random.default_rng(0)
    for i, shape in enumerate([(480, 640, 3), (8, 8, 3), (17, 400, 3), (400, 17, 3), (480, 640, 3)]):
        boxes = proposer.propose(rng.integers(0, 255, shape, dtype=np.uint8), i * 10**8, horizon=horizon)
        assert all(np.isfinite(b).all() and b.w > 0 and b.h > 0 for b in boxes)
