"""The features that probes read; the exported graph computes the same.

Pose is read from the middle map: *where* each channel fires, not how strongly
(FACTS: L2-normalised per channel over space).
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

#: Side of the grid that the middle map is pooled to.
CELLS = 4
#: Added to the squared norm of a channel's pattern, so that a silent channel stays silent.
PATTERN_EPS = 1e-2


def spatial_pattern(feature_map: torch.Tensor, cells: int = CELLS, eps: float = PATTERN_EPS) -> torch.Tensor:
    """Where each channel fires, forgetting how strongly: (N, C, h, w) to (N, C * cells^2).

    The map is pooled to cells x cells, then centred and normalised per channel
    over space; the result's norm is at most 1.

    Args:
        feature_map: Middle map with sides that `cells` divides.
        cells: Side of the pooled grid.
        eps: Added to the squared norm of each channel.
    """
    pooled = functional.avg_pool2d(feature_map, feature_map.shape[-1] // cells).flatten(2)
    centred = pooled - pooled.mean(-1, keepdim=True)
    norm = torch.sqrt(centred.pow(2).sum(-1, keepdim=True) + eps)
    return (centred / norm).flatten(1) / float(np.sqrt(feature_map.shape[1]))


def mirrored(crops: np.ndarray) -> np.ndarray:
    """Crops (N, S, S, 3) as in a mirror; an object's azimuth changes its sign.

    Valid for labelled crops only: as an augmentation of the encoder it would
    merge left and right.
    """
    return np.ascontiguousarray(crops[:, :, ::-1])
