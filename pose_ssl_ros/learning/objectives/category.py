"""Cross entropy of categories: the supervised ceiling of the semantic task."""

from __future__ import annotations

import torch
from torch.nn import functional


def category_loss(logits: torch.Tensor, category: torch.Tensor) -> torch.Tensor:
    """Mean cross entropy of the samples whose category is known; zero with a gradient of zero if none is.

    Args:
        logits: (N, categories).
        category: (N,) int64, -1 where not known.
    """
    known = category >= 0
    each = functional.cross_entropy(logits, torch.where(known, category, torch.zeros_like(category)), reduction="none")
    return torch.where(known, each, torch.zeros_like(each)).sum() / known.sum().clamp_min(1)
