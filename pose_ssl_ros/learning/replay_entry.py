"""A triplet as the replay buffer keeps it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.replay_crops import packed, unpacked
from pose_ssl_ros.viewpoint import azimuth_from_scores

#: Bytes of an entry beside its crops: the record, its names, its row of the redundancy and its place's look.
OVERHEAD = 1300


class ReplayError(ValueError):
    """The buffer or a triplet does not fit; the text says why."""


@dataclass
class Entry:
    """A triplet as it is kept.

    Attributes:
        track: Track id.
        pixels: The crops, see `crops`, or their picture (`replay_crops`).
        azimuth: The teacher's azimuth in radians; meaningless when `weight` is 0.
        weight: The teacher's weight in 0..1; 0 means no evidence.
        stamp_ns: Of the centre view.
        serial: Running number of arrival.
        turns: By how much the viewpoint azimuth changed, L to C and C to R, radians; NaN not known.
        held: Kept for the guards; never trained on.
        place: See `places.Places`; -1 not known yet.
    """

    track: str
    pixels: np.ndarray | bytes
    azimuth: float
    weight: float
    stamp_ns: int
    serial: int
    turns: tuple[float, float] = (math.nan, math.nan)
    held: bool = False
    place: int = -1

    @property
    def crops(self) -> np.ndarray:
        """The views (3, S, S, 3) uint8 in the order L, C, R; read anew at each call.

        Raises:
            ReplayError: If the kept picture cannot be read.
        """
        if isinstance(self.pixels, np.ndarray):
            return self.pixels
        try:
            return unpacked(self.pixels)
        except ValueError as error:
            raise ReplayError(str(error)) from error

    @property
    def nbytes(self) -> int:
        """Memory that it takes, roughly."""
        crops = self.pixels.nbytes if isinstance(self.pixels, np.ndarray) else len(self.pixels)
        return crops + OVERHEAD


def entry_of(triplet: Triplet, size: int, serial: int) -> Entry:
    """What is kept of a triplet.

    Raises:
        ReplayError: If the crops have another size or type.
    """
    crops = np.asarray(triplet.crops)
    shape = (3, size, size, 3)
    if crops.shape != shape or crops.dtype != np.uint8:
        msg = f"triplet crops must be uint8 of shape {shape}, got {crops.dtype} of shape {crops.shape}"
        raise ReplayError(msg)
    azimuth, weight = 0.0, 0.0
    if triplet.teacher is not None and np.all(np.isfinite(triplet.teacher.scores)):
        azimuth, weight = azimuth_from_scores(triplet.teacher.scores)
    turns = (math.nan, math.nan)
    if triplet.view_steps is not None:
        # About the up axis, see `triplets.buffer.turn`.
        lc, cr = triplet.view_steps.lc, triplet.view_steps.cr
        turns = (2 * math.atan2(lc[2], lc[3]), 2 * math.atan2(cr[2], cr[3]))
    return Entry(triplet.track_id, packed(crops), azimuth, weight, triplet.stamp_ns, serial, turns)
