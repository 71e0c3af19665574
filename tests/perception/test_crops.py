"""Squares around boxes."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.crops import CropError, cut, descriptor, sharpness


def test_the_square_around_the_centre_is_copied_without_scaling():
    rgb = np.random.default_rng(0).integers(0, 255, (100, 120, 3), dtype=np.uint8)
    # A box of 40x20 about (60, 50), no margin: columns 40..80, rows 30..70.
    assert np.array_equal(cut(rgb, Box(40, 40, 40, 20), 40, margin=0.0), rgb[30:70, 40:80])
    # A margin of a quarter on each side: 60 pixels.
    assert np.array_equal(cut(rgb, Box(40, 40, 40, 20), 60, margin=0.25), rgb[20:80, 30:90])


def test_edges_are_repeated_outside_the_image():
    rgb = np.zeros((50, 50, 3), np.uint8)
    rgb[:, 0] = 200
    crop = cut(rgb, Box(0, 20, 10, 20), 20, margin=0.0)  # columns -5..15
    assert (crop[:, :5] == 200).all()
    assert (crop[:, 6:] == 0).all()


@pytest.mark.parametrize("box", [Box(-1e6, -1e6, 2e6, 2e6), Box(-1e9, 10, 1e9 + 3, 5), Box(49, 49, 1e7, 1e7)])
def test_huge_boxes_cost_little_and_give_a_crop(box):
    assert cut(np.full((50, 50, 3), 7, np.uint8), box, 32).shape == (32, 32, 3)


@pytest.mark.parametrize(
    "box",
    [
        Box(math.nan, 0, 5, 5),
        Box(0, 0, math.inf, 5),
        Box(0, 0, 0, 5),
        Box(0, 0, 5, -1),
        Box(60, 0, 5, 5),
        Box(-9, 0, 5, 5),
    ],
)
def test_boxes_without_pixels_are_refused(box):
    with pytest.raises(CropError):
        cut(np.zeros((50, 50, 3), np.uint8), box, 32)
    with pytest.raises(CropError, match="empty image"):
        cut(np.zeros((0, 50, 3), np.uint8), Box(0, 0, 5, 5), 32)


def test_blur_lowers_sharpness_and_darkness_does_not():
    sharp = np.random.default_rng(1).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    sharp = cv2.resize(cv2.resize(sharp, (16, 16)), (64, 64), interpolation=cv2.INTER_NEAREST)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 6)
    assert sharpness(blurred) < 0.1 * sharpness(sharp)
    assert sharpness(sharp // 3) > 0.6 * sharpness(sharp)


def test_the_descriptor_ignores_brightness_and_sees_mirroring():
    ramp = np.repeat(np.tile(np.linspace(0, 200, 64), (64, 1))[..., None], 3, -1).astype(np.uint8)
    assert float(descriptor(ramp) @ descriptor(ramp // 2 + 40)) > 0.99
    assert float(descriptor(ramp) @ descriptor(ramp[:, ::-1].copy())) < -0.99
    assert not descriptor(np.full((64, 64, 3), 90, np.uint8)).any()
