"""Barlow Twins: the cross-correlation of two views' projections is the identity.

Source: Zbontar, Jing, Misra, LeCun and Deny, "Barlow Twins: Self-Supervised Learning
via Redundancy Reduction", ICML 2021, equations 1 and 2.
"""

from __future__ import annotations

import torch

from pose_ssl_ros.learning.objectives.base import Objective, Pair

#: Added to each dimension's variance, so that a constant dimension has a finite gradient.
_EPS = 1e-5


def cross_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Correlation (D, D) over the batch between the dimensions of a and b (N, D)."""
    a, b = ((x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + _EPS) for x in (a, b))
    return a.T @ b / len(a)


class BarlowTwins(Objective):
    """Squared distance of the diagonal from one plus weighted squares of the rest.

    Example:
        >>> sorted(BarlowTwins(8)(torch.randn(16, 8), torch.randn(16, 8)))
        ['invariance', 'loss', 'redundancy']
    """

    def __init__(self, dimension: int, norm: str = "auto", *, redundancy: float = 5e-3) -> None:
        super().__init__(dimension, norm)
        self.redundancy = redundancy

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`; the parts are unweighted."""
        a, b = views
        correlation = cross_correlation(a, b)
        diagonal = correlation.diagonal()
        invariance = (1 - diagonal).pow(2).sum()
        redundancy = correlation.pow(2).sum() - diagonal.pow(2).sum()
        return {"loss": invariance + self.redundancy * redundancy, "invariance": invariance, "redundancy": redundancy}
