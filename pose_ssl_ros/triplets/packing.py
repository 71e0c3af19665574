"""Triplets as one picture and back: column i is triplet i, its crops L, C, R from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.interfaces import Triplet


class PackingError(ValueError):
    """Triplets and picture do not fit each other."""


def pack(triplets: Sequence[Triplet]) -> np.ndarray:
    """Lay the crops of triplets side by side.

    Args:
        triplets: At least one, all with crops of one size (3, S, S, 3) uint8.

    Returns:
        (3 * S, n * S, 3) uint8 RGB.

    Raises:
        PackingError: If there is no triplet or the sizes differ.
    """
    if not triplets:
        msg = "there is no triplet to pack"
        raise PackingError(msg)
    shapes = {t.crops.shape for t in triplets}
    shape = next(iter(shapes))
    if len(shapes) > 1 or len(shape) != 4 or shape[0] != 3 or shape[3] != 3:
        msg = f"all triplets must have crops of one shape (3, height, width, 3), got {sorted(shapes)}"
        raise PackingError(msg)
    crops = np.stack([t.crops for t in triplets])
    count, _, height, width, _ = crops.shape
    return np.ascontiguousarray(crops.transpose(1, 2, 0, 3, 4)).reshape(3 * height, count * width, 3)


def unpack(image: np.ndarray) -> np.ndarray:
    """Inverse of `pack` for square crops.

    Args:
        image: (3 * S, n * S, 3) uint8.

    Returns:
        (n, 3, S, S, 3) uint8, contiguous.

    Raises:
        PackingError: If the picture's sides do not fit.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        msg = f"a triplet picture is (3S, nS, 3) uint8, got {image.shape} {image.dtype}"
        raise PackingError(msg)
    height, width = image.shape[0] // 3, image.shape[1]
    if height == 0 or image.shape[0] % 3 or width == 0 or width % height:
        msg = f"a triplet picture of {image.shape[1]}x{image.shape[0]} does not hold columns of three squares"
        raise PackingError(msg)
    count = width // height
    return np.ascontiguousarray(image.reshape(3, height, count, height, 3).transpose(2, 0, 1, 3, 4))
