"""VICReg: invariance, variance and covariance of two views' projections.

Source: Bardes, Ponce and LeCun, "VICReg: Variance-Invariance-Covariance
Regularization for Self-Supervised Learning", ICLR 2022, equations 1 to 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional


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


@dataclass(frozen=True)
class VICReg:
    """The weighted sum of the three terms.

    Example:
        >>> a, b = torch.randn(16, 8), torch.randn(16, 8)
        >>> sorted(VICReg()(a, b))
        ['covariance', 'invariance', 'loss', 'variance']
    """

    invariance: float = 25.0
    variance: float = 25.0
    covariance: float = 1.0

    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the loss and its parts for two views' projections (N, D).

        Raises:
            ValueError: If the shapes differ or fewer than two samples are given.
        """
        if a.shape != b.shape or a.ndim != 2 or len(a) < 2:
            msg = f"VICReg needs two equal (N >= 2, D) projections, got {tuple(a.shape)} and {tuple(b.shape)}"
            raise ValueError(msg)
        inv = invariance_loss(a, b)
        # Half of each view's term, as in the authors' and lightly's code.
        var = 0.5 * (variance_loss(a) + variance_loss(b))
        cov = covariance_loss(a) + covariance_loss(b)
        loss = self.invariance * inv + self.variance * var + self.covariance * cov
        return {"loss": loss, "invariance": inv, "variance": var, "covariance": cov}
