"""VICReg: invariance, variance and covariance of two views' projections.

Source: Bardes, Ponce and LeCun, "VICReg: Variance-Invariance-Covariance
Regularization for Self-Supervised Learning", ICLR 2022, equations 1 to 6.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from pose_ssl_ros.learning.objectives.base import Objective, Pair


def invariance_loss(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Mean squared distance between two views (N, D), averaged over both axes."""
    return functional.mse_loss(a, b)


def variance_loss(x: torch.Tensor, eps: float = 1e-4) -> torch.Tensor:
    """Hinge that keeps the standard deviation of each dimension of x (N, D) above one."""
    std = torch.sqrt(x.var(dim=0) + eps)
    return functional.relu(1.0 - std).mean()


def covariance_loss(x: torch.Tensor) -> torch.Tensor:
    """Sum of the squared off-diagonal covariances of x (N, D), divided by D."""
    count, dimension = x.shape
    centred = x - x.mean(dim=0)
    covariance = centred.T @ centred / (count - 1)
    off_diagonal = covariance.pow(2).sum() - covariance.diagonal().pow(2).sum()
    return off_diagonal / dimension


class VICReg(Objective):
    """The weighted sum of the three terms.

    Example:
        >>> a, b = torch.randn(16, 8), torch.randn(16, 8)
        >>> sorted(VICReg(8)(a, b))
        ['covariance', 'invariance', 'loss', 'variance']
    """

    def __init__(
        self,
        dimension: int,
        norm: str = "auto",
        *,
        invariance: float = 25.0,
        variance: float = 25.0,
        covariance: float = 1.0,
    ) -> None:
        super().__init__(dimension, norm)
        self.weights = (invariance, variance, covariance)

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`; the parts are unweighted."""
        a, b = views
        inv = invariance_loss(a, b)
        # Half of each view's term, as in the authors' and lightly's code.
        var = 0.5 * (variance_loss(a) + variance_loss(b))
        cov = covariance_loss(a) + covariance_loss(b)
        loss = self.weights[0] * inv + self.weights[1] * var + self.weights[2] * cov
        return {"loss": loss, "invariance": inv, "variance": var, "covariance": cov}
