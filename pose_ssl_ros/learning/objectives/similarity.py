"""What several objectives measure alike."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pose_ssl_ros.learning.objectives.base import norm_layer


def mean_cosine(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean over the batch of the cosine between rows of x and y (N, D)."""
    return (functional.normalize(x, dim=1) * functional.normalize(y, dim=1)).sum(1).mean()


class Predictor(nn.Sequential):
    """Two-layer head that foretells the other view's projection; it has no say in the exported model."""

    def __init__(self, dimension: int, hidden: int, norm: str) -> None:
        super().__init__(
            nn.Linear(dimension, hidden), norm_layer(norm, hidden), nn.ReLU(), nn.Linear(hidden, dimension)
        )
