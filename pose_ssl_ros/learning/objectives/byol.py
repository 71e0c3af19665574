"""BYOL: foretell what a slowly moving copy of the network projects the other view to.

Source: Grill et al., "Bootstrap your own latent: A new approach to self-supervised
learning", NeurIPS 2020, equation 2 and the symmetrised loss under it.
"""

from __future__ import annotations

import torch

from pose_ssl_ros.learning.objectives.base import Objective, Pair
from pose_ssl_ros.learning.objectives.similarity import Predictor, mean_cosine
from pose_ssl_ros.learning.objectives.target import cosine_momentum


class BYOL(Objective):
    """Sum over both directions of 2 - 2 cos(prediction, the other view's target).

    Its loss is lowest where everything collapses: watch `collapse.embedding_std`, not the loss.

    Args:
        dimension: Width of the projections.
        norm: Normalisation inside projector and predictor.
        base: Momentum of the moving copy at the start; it rises to 1.  The paper's 0.996 is for
            hundreds of thousands of steps.

    Example:
        >>> a, b = torch.randn(16, 8), torch.randn(16, 8)
        >>> sorted(BYOL(8)(a, b, a.detach(), b.detach()))
        ['loss']
    """

    needs_target = True
    preferred_norm = "batch"

    def __init__(self, dimension: int, norm: str = "auto", *, base: float = 0.99) -> None:
        super().__init__(dimension, norm)
        self.base = base
        self.predictor = Predictor(dimension, 2 * dimension, self.norm)

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`."""
        (a, b), (target_a, target_b) = views, targets
        agreement = mean_cosine(self.predictor(a), target_b) + mean_cosine(self.predictor(b), target_a)
        return {"loss": 4.0 - 2.0 * agreement}

    def momentum(self, progress: float) -> float:
        """Rises along a half cosine to 1."""
        return cosine_momentum(self.base, progress)
