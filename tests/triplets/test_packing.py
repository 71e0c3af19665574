"""Triplets as one picture and back."""

from __future__ import annotations

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, Triplet
from pose_ssl_ros.triplets.packing import PackingError, pack, unpack


def _triplet(seed: int, size: int = 16) -> Triplet:
    crops = np.random.default_rng(seed).integers(0, 255, (3, size, size, 3), dtype=np.uint8)
    return Triplet(str(seed), seed, crops, Box(0, 0, 9, 9))


def test_column_i_holds_triplet_i_from_left_view_on_top_to_right_view():
    triplets = [_triplet(i) for i in range(4)]
    picture = pack(triplets)
    assert picture.shape == (48, 64, 3) and picture.dtype == np.uint8
    assert np.array_equal(picture[16:32, 32:48], triplets[2].crops[1])
    assert np.array_equal(unpack(picture), np.stack([t.crops for t in triplets]))


def test_misfits_are_refused():
    with pytest.raises(PackingError, match="no triplet"):
        pack([])
    with pytest.raises(PackingError, match="one shape"):
        pack([_triplet(0), _triplet(1, 24)])
    for shape in [(47, 16, 3), (48, 15, 3), (0, 16, 3), (48, 0, 3), (48, 16), (48, 16, 4)]:
        with pytest.raises(PackingError):
            unpack(np.zeros(shape, np.uint8))
    with pytest.raises(PackingError):
        unpack(np.zeros((48, 16, 3), np.float32))
