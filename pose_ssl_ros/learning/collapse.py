"""Measures that show a collapsing representation before accuracy does."""

from __future__ import annotations

import torch


def embedding_std(features: torch.Tensor) -> float:
    """Mean standard deviation over dimensions of the unit features (N, D), times sqrt(D).

    1 for features spread evenly over the sphere, 0 when all are the same.
    """
    unit = torch.nn.functional.normalize(features.float(), dim=1)
    return float(unit.std(dim=0).mean() * features.shape[1] ** 0.5)


def effective_rank(features: torch.Tensor) -> float:
    """Exponential of the entropy of the normalised singular values of the centred features (N, D).

    Source: Roy and Vetterli, "The effective rank", EUSIPCO 2007.  1 for a line, at most min(N - 1, D).
    """
    centred = features.float() - features.float().mean(dim=0)
    values = torch.linalg.svdvals(centred)
    total = float(values.sum())
    if total <= 1e-6:
        return 0.0
    p = values / total
    return float(torch.exp(-(p * torch.log(p.clamp_min(1e-12))).sum()))
