"""Two views' readings of the azimuth differ by the known motion of the camera.

No label says what the azimuth is: odometry says by how much it changed.  The
probability that two independent readings are consistent with that change is
the circular correlation of their distributions at the known shift.

Alone, that is satisfied by one broad answer to everything as long as turns are
small; objects are met from all sides, so the mean of a batch's answers must be
even (`balance_loss`).
"""

from __future__ import annotations

import math

import torch


def equivariance_loss(log_p_first: torch.Tensor, log_p_second: torch.Tensor, turn: torch.Tensor) -> torch.Tensor:
    """Mean of -log sum_b p1(b) p2(b + turn) over the samples whose turn is known; zero if none is.

    Computed in log space; a turn between two bins interpolates linearly between their probabilities.

    Args:
        log_p_first: Log-probabilities (N, B) over equal azimuth bins of the first view.
        log_p_second: The same of the second view.
        turn: (N,) azimuth of the second view minus that of the first in radians, NaN where not known.
    """
    count, bins = log_p_first.shape
    known = torch.isfinite(turn)
    shift = torch.where(known, turn, torch.zeros_like(turn)).to(log_p_first.dtype) * (bins / (2 * math.pi))
    whole = shift.floor()
    # Kept off 0 and 1, where the logarithm of a weight would be infinite.
    part = (shift - whole).clamp(1e-6, 1 - 1e-6)[:, None]
    places = torch.arange(bins, device=turn.device)[None] + whole.long()[:, None]
    lower = log_p_second.gather(1, places.remainder(bins))
    upper = log_p_second.gather(1, (places + 1).remainder(bins))
    shifted = torch.logaddexp(lower + torch.log1p(-part), upper + torch.log(part))
    each = -torch.logsumexp(log_p_first + shifted, dim=1)
    return torch.where(known, each, torch.zeros_like(each)).sum() / known.sum().clamp_min(1)


def balance_loss(log_p: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the batch's mean distribution from the uniform one; zero when it is even.

    Args:
        log_p: Log-probabilities (N, B) over equal azimuth bins.
    """
    mean = torch.logsumexp(log_p, dim=0) - math.log(len(log_p))
    return (mean.exp() * mean).sum() + math.log(log_p.shape[1])
