"""Cross entropy of azimuths over bins: the supervised ceiling, and what motion teaches.

Targets are the von Mises weights of `probing.heading_head.soft_targets`, so
that an azimuth near the edge of a bin belongs to both.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from pose_ssl_ros.probing.heading_head import BINS, bin_centres


def azimuth_targets(azimuth: torch.Tensor, bins: int = BINS, concentration: float = 8.0) -> torch.Tensor:
    """Von Mises weights (N, bins) of azimuths (N,) in radians, rows sum to 1; equals `heading_head.soft_targets`."""
    centres = torch.as_tensor(bin_centres(bins), dtype=azimuth.dtype, device=azimuth.device)
    return torch.softmax(concentration * torch.cos(azimuth[:, None] - centres[None]), dim=1)


def azimuth_loss(logits: torch.Tensor, azimuth: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """Mean cross entropy of the samples whose azimuth is known; zero with a gradient of zero if none is.

    Args:
        logits: (N, BINS).
        azimuth: (N,) radians, NaN where not known.
        smoothing: Part of each target that is spread over all bins, for teachers that are sometimes wrong.
    """
    known = torch.isfinite(azimuth)
    targets = azimuth_targets(torch.where(known, azimuth, torch.zeros_like(azimuth)), logits.shape[1])
    each = functional.cross_entropy(logits, targets.to(logits.dtype), reduction="none", label_smoothing=smoothing)
    # Masked by `where`, not by a product: what was not taught must not bring in a NaN.
    return torch.where(known, each, torch.zeros_like(each)).sum() / known.sum().clamp_min(1)
