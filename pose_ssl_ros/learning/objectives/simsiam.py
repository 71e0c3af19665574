"""SimSiam: foretell the other view's projection, whose gradient is stopped.

Source: Chen and He, "Exploring Simple Siamese Representation Learning", CVPR 2021,
equations 1 to 4; the projector ends with a normalisation and the predictor is a
bottleneck, as in its section 3 (without them it collapses).
"""

from __future__ import annotations

import torch
from torch import nn

from pose_ssl_ros.learning.objectives.base import Objective, Pair, Projector, norm_layer
from pose_ssl_ros.learning.objectives.similarity import Predictor, mean_cosine


class SimSiam(Objective):
    """Half the sum of both negative cosines, -1 when each projection is foretold.

    Its loss is lowest where everything collapses: watch `collapse.embedding_std`, not the loss.

    Example:
        >>> sorted(SimSiam(8)(torch.randn(16, 8), torch.randn(16, 8)))
        ['loss']
    """

    preferred_norm = "batch"

    def __init__(self, dimension: int, norm: str = "auto") -> None:
        super().__init__(dimension, norm)
        self.predictor = Predictor(dimension, max(1, dimension // 4), self.norm)

    def projector(self, inputs: int, width: int) -> nn.Module:
        """The usual head and a last normalisation without gain."""
        return nn.Sequential(*Projector(inputs, width, self.norm), norm_layer(self.norm, width, affine=False))

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`."""
        (a, b), (target_a, target_b) = views, targets
        loss = -0.5 * (mean_cosine(self.predictor(a), target_b) + mean_cosine(self.predictor(b), target_a))
        return {"loss": loss}
