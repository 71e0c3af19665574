"""SimCLR: each view must find its other view among all views of the batch.

Source: Chen, Kornblith, Norouzi and Hinton, "A Simple Framework for Contrastive
Learning of Visual Representations", ICML 2020, equation 1 (NT-Xent).
"""

from __future__ import annotations

import torch
from torch.nn import functional

from pose_ssl_ros.learning.objectives.base import Objective, Pair


def nt_xent(a: torch.Tensor, b: torch.Tensor, temperature: float) -> torch.Tensor:
    """Normalised temperature-scaled cross entropy of two views (N, D), averaged over all 2N views."""
    count = len(a)
    every = functional.normalize(torch.cat([a, b]), dim=1)
    logits = every @ every.T / temperature
    itself = torch.eye(2 * count, dtype=torch.bool, device=a.device)
    logits = logits.masked_fill(itself, float("-inf"))
    partner = torch.arange(2 * count, device=a.device).roll(count)
    return functional.cross_entropy(logits, partner)


class SimCLR(Objective):
    """NT-Xent; 2N - 2 negatives, so small batches make it weaker.

    Example:
        >>> sorted(SimCLR(8)(torch.randn(16, 8), torch.randn(16, 8)))
        ['loss']
    """

    def __init__(self, dimension: int, norm: str = "auto", *, temperature: float = 0.2) -> None:
        super().__init__(dimension, norm)
        self.temperature = temperature

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`."""
        a, b = views
        return {"loss": nt_xent(a, b, self.temperature)}
