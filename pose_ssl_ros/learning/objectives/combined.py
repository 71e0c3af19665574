"""L = L_sem + lambda L_traj: what one step of the learner minimises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from pose_ssl_ros.learning.encoder import Encoder
from pose_ssl_ros.learning.objectives.registry import Objective, create
from pose_ssl_ros.learning.objectives.trajectory import trajectory_loss
from pose_ssl_ros.probing.features import spatial_pattern

LAYERS = ("middle", "last")


class Projector(nn.Sequential):
    """Two-layer head that L_sem is computed on; it is not exported."""

    def __init__(self, inputs: int, dimension: int) -> None:
        super().__init__(
            nn.Linear(inputs, dimension), nn.LayerNorm(dimension), nn.ReLU(), nn.Linear(dimension, dimension)
        )


@dataclass(frozen=True)
class Combined:
    """The two terms together.

    Attributes:
        semantic: Objective on the projections of two augmentations of the centre view.
        weight: lambda; 0 leaves the trajectory term out and saves its forward pass.
        layer: Where the trajectory term reads, `middle` (where each channel fires) or
            `last` (the pooled feature); never the projector's output, see FACTS.
    """

    semantic: Objective
    weight: float
    layer: str

    def __call__(
        self,
        encoder: Encoder,
        projector: nn.Module,
        views: torch.Tensor,
        augment: Callable[[torch.Tensor], torch.Tensor],
    ) -> dict[str, torch.Tensor]:
        """Return `loss` and its parts for triplets' pixels (N, 3, 3, S, S) in 0..255, order L, C, R."""
        centre = views[:, 1]
        count = len(centre)
        last, middle = encoder(torch.cat([augment(centre), augment(centre)]))
        projected = projector(last)
        parts = dict(self.semantic(projected[:count], projected[count:]))
        parts["semantic"] = parts["loss"]
        if self.weight > 0:
            path = encoder.middle(views.flatten(0, 1))
            feature = spatial_pattern(path) if self.layer == "middle" else encoder.last(path)
            left, mid, right = feature.view(count, 3, -1).unbind(1)
            parts["trajectory"] = trajectory_loss(left, mid, right)
            parts["loss"] = parts["loss"] + self.weight * parts["trajectory"]
        parts["feature"] = last[:count].detach()  # for the collapse measures, not a loss
        return parts


def combined(objective: str, weight: float, layer: str) -> Combined:
    """Build the combined objective.

    Raises:
        ObjectiveError: If the semantic objective does not exist.
        ValueError: If the layer does not exist.
    """
    if layer not in LAYERS:
        msg = f"there is no layer '{layer}'; there are: {', '.join(LAYERS)}"
        raise ValueError(msg)
    return Combined(create(objective), weight, layer)
