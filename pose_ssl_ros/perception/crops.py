"""Square crops of boxes: the one function that triplet and inference process share."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box


class CropError(ValueError):
    """A box cannot be cut from an image."""


def cut(rgb: np.ndarray, box: Box, size: int, margin: float = 0.1) -> np.ndarray:
    """Cut the square around a box and scale it.

    The square shares the box's centre and has the side max(w, h) * (1 + 2 * margin), so shapes keep
    their proportions; what lies outside the image repeats the edge.

    Args:
        rgb: (height, width, 3) uint8.
        box: Box in pixels; it may reach over the image border.
        size: Side of the crop in pixels.
        margin: Border on each side as a share of the longer box side.

    Returns:
        (size, size, 3) uint8, contiguous.

    Raises:
        CropError: If the image or the box is empty, or the box is not finite or fully outside.
    """
    height, width = rgb.shape[:2]
    if height == 0 or width == 0:
        msg = f"cannot cut from an empty image ({width}x{height})"
        raise CropError(msg)
    if not all(math.isfinite(v) for v in box) or box.w <= 0 or box.h <= 0:
        msg = f"cannot cut the box {tuple(box)}: it must be finite with positive size"
        raise CropError(msg)
    if box.x >= width or box.y >= height or box.x + box.w <= 0 or box.y + box.h <= 0:
        msg = f"the box {tuple(box)} lies outside the {width}x{height} image"
        raise CropError(msg)
    # A square beyond three images on each side holds nothing but repeated edge.
    side = min(max(box.w, box.h) * (1 + 2 * margin), 3.0 * max(width, height))
    pixels = max(1, round(side))
    cx, cy = box.centre
    x0, y0 = round(cx - pixels / 2), round(cy - pixels / 2)
    # A huge box can have its centre outside although it overlaps the image: keep one pixel.
    x0 = min(max(x0, 1 - pixels), width - 1)
    y0 = min(max(y0, 1 - pixels), height - 1)
    left, top = max(0, -x0), max(0, -y0)
    right, bottom = max(0, x0 + pixels - width), max(0, y0 + pixels - height)
    patch = rgb[max(0, y0) : min(height, y0 + pixels), max(0, x0) : min(width, x0 + pixels)]
    if left or top or right or bottom:
        patch = cv2.copyMakeBorder(np.ascontiguousarray(patch), top, bottom, left, right, cv2.BORDER_REPLICATE)
    interpolation = cv2.INTER_AREA if pixels > size else cv2.INTER_LINEAR
    return np.ascontiguousarray(cv2.resize(np.ascontiguousarray(patch), (size, size), interpolation=interpolation))


def sharpness(crop: np.ndarray) -> float:
    """Variance of the Laplacian of a crop divided by its contrast: low when blurred.

    The division by the grey variance makes a dark object as sharp as a bright one.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    laplacian = cv2.Laplacian(grey, cv2.CV_32F)
    return float(laplacian.var() / (float(grey.var()) + 25.0))


def descriptor(crop: np.ndarray, side: int = 12) -> np.ndarray:
    """Small grey picture with zero mean and unit norm, to measure how much a view changed.

    Returns:
        (side * side,) float32; all zeros for a flat crop.
    """
    small = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (side, side), interpolation=cv2.INTER_AREA)
    vector = small.astype(np.float32).reshape(-1)
    vector -= vector.mean()
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > side else np.zeros_like(vector)
