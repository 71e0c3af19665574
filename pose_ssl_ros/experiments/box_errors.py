"""Boxes as the package's own proposals give them: every edge is off, and in the next frame by nearly as much.

Measured on held-out drives of `pose-ssl experiment online` (streets of the seeds 1001 to 1003, 1626 boxes of objects
that were seen whole), once, by a script that was not kept: errors of an edge repeat with a correlation of about 0.75
after 0.2 s and 0.5 after 1 s.
"""

from __future__ import annotations

import math

import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel

#: Standard deviation of left, top, right and bottom edge, in parts of the width or height of the true box.
EDGES = (0.18, 0.12, 0.18, 0.07)
#: Part of the variance that changes slowly, and the seconds in which its correlation falls to 1/e.
SLOW_SHARE, SLOW_S = 0.83, 2.0
#: An edge is never farther off than this part of the size, or a box could turn inside out.
_MOST = 0.4


class BoxErrors:
    """Errors over the frames of an encounter: the same for every planner that meets it.

    Args:
        seed, number: Of the encounter.
        scale: 1 for errors as measured, 0 for none.
        frames: How many at most.
        frame_s: Seconds between two.
    """

    def __init__(self, seed: int, number: int, scale: float, frames: int, frame_s: float) -> None:
        """Draw all of them."""
        rng = np.random.default_rng([seed, 1215, number])
        keep = math.exp(-frame_s / SLOW_S)
        slow, quick = rng.normal(size=(2, frames, 4))
        for k in range(1, frames):
            slow[k] = keep * slow[k - 1] + math.sqrt(1 - keep * keep) * slow[k]
        errors = math.sqrt(SLOW_SHARE) * slow + math.sqrt(1 - SLOW_SHARE) * quick
        self.shares = np.clip(scale * errors * EDGES, -_MOST, _MOST)

    def of(self, box: Box, frame: int, camera: CameraModel) -> Box:
        """The box as it is found in a frame; an edge on the image border stays there."""
        left, top, right, bottom = self.shares[min(frame, len(self.shares) - 1)]
        edges = (box.x, box.y, box.x + box.w, box.y + box.h)
        limits = (camera.width, camera.height, camera.width, camera.height)
        moves = (left * box.w, top * box.h, right * box.w, bottom * box.h)
        x0, y0, x1, y1 = (
            edge if edge <= 0 or edge >= most else min(max(edge + float(move), 0.0), float(most))
            for edge, move, most in zip(edges, moves, limits, strict=True)
        )
        return Box(x0, y0, x1 - x0, y1 - y0)
