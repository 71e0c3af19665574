"""Triplets of a few kinds that any encoder tells apart by their colour, for tests of identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose_ssl_ros.interfaces import Box, Triplet

SIZE = 32
CONFIG: dict[str, Any] = {
    "size": SIZE,
    "width": 8,
    "depth": 0,
    "batch": 4,
    "min_triplets": 8,
    "projector": 16,
    "replay_mib": 4.0,
    "niceness": 0,
    "threads": 1,
    "replays": 1.0,
}
COLOURS = ((230, 40, 30), (30, 60, 220), (40, 200, 60))


def kinds(tracks: int = 4, length: int = 3, seed: int = 0, colours: tuple[Any, ...] = COLOURS) -> list[Triplet]:
    """Triplets of boxes of one colour a kind, `tracks` tracks each of `length` triplets."""
    random = np.random.default_rng(seed)
    found = []
    for kind, colour in enumerate(colours):
        for track in range(tracks):
            for number in range(length):
                crops = np.full((3, SIZE, SIZE, 3), 110.0)
                crops[:, 6:28, 5 + kind : 24 + kind] = colour
                crops += random.normal(0, 12, crops.shape)
                stamp = (seed * 1000 + kind * 100 + track * 10 + number) * 1_000_000
                name = f"{seed}.{kind}.{track}"
                found.append(Triplet(name, stamp, np.clip(crops, 0, 255).astype(np.uint8), Box(0, 0, 9, 9)))
    return found
