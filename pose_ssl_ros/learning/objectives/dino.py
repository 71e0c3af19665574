"""DINO: agree with a slowly moving copy on which prototypes a view looks like.

Source: Caron et al., "Emerging Properties in Self-Supervised Vision Transformers",
ICCV 2021, equations 1 to 4 and algorithm 1, with two global views.  The head's
bottleneck and prototypes are of unit length with a fixed gain, as the authors advise.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from pose_ssl_ros.learning.objectives.base import Objective, Pair, Projector
from pose_ssl_ros.learning.objectives.target import cosine_momentum


class Prototypes(nn.Module):
    """Cosines (N, K) between inputs (N, D) and K prototypes."""

    def __init__(self, dimension: int, count: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(count, dimension))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Cosine with every prototype."""
        return functional.linear(functional.normalize(x, dim=1), functional.normalize(self.weight, dim=1))


def cross_entropy(
    student: torch.Tensor, teacher: torch.Tensor, centre: torch.Tensor, student_temperature: float, temperature: float
) -> torch.Tensor:
    """Mean cross entropy of the student's softmax against the centred and sharpened teacher's.

    Args:
        student: Scores (N, K).
        teacher: Scores (N, K), no gradient.
        centre: (K,) taken from the teacher's scores: no prototype wins always.
        student_temperature: Divides the student's scores.
        temperature: Divides the teacher's scores; lower is sharper.
    """
    target = torch.softmax((teacher - centre) / temperature, dim=1)
    return -(target * torch.log_softmax(student / student_temperature, dim=1)).sum(1).mean()


class DINO(Objective):
    """Mean over both directions of the cross entropy between the copy's and the network's prototypes.

    Args:
        dimension: Width of the projector; there are `per_dimension` prototypes for each.
        norm: Normalisation inside the projector.
        per_dimension: Prototypes per dimension of the projector.
        student_temperature: Divides the student's scores.
        temperature: Divides the teacher's scores.
        centre_stay: Part of the centre that stays in a step.
        base: Momentum of the moving copy at the start; it rises to 1.

    Example:
        >>> objective = DINO(8)
        >>> a, b = torch.rand(16, 32), torch.rand(16, 32)
        >>> sorted(objective(a, b, a, b))
        ['loss']
    """

    needs_target = True
    preferred_norm = "batch"
    centre: torch.Tensor

    def __init__(
        self,
        dimension: int,
        norm: str = "auto",
        *,
        per_dimension: int = 4,
        student_temperature: float = 0.1,
        temperature: float = 0.04,
        centre_stay: float = 0.9,
        base: float = 0.99,
    ) -> None:
        super().__init__(dimension, norm)
        self.prototypes = per_dimension * dimension
        self.student_temperature, self.temperature = student_temperature, temperature
        self.centre_stay, self.base = centre_stay, base
        self.register_buffer("centre", torch.zeros(self.prototypes))
        self._mean: torch.Tensor | None = None

    def projector(self, inputs: int, width: int) -> nn.Module:
        """The usual head, then the prototypes: the copy moves with both."""
        return nn.Sequential(*Projector(inputs, width, self.norm), Prototypes(width, self.prototypes))

    def width(self) -> int:
        """Scores of the prototypes, not the bottleneck before them."""
        return self.prototypes

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """See `Objective.compare`; the centre moves in `after_step`."""
        (a, b), (target_a, target_b) = views, targets
        if self.training:
            self._mean = torch.cat([target_a, target_b]).mean(0)
        temperatures = (self.student_temperature, self.temperature)
        loss = 0.5 * (
            cross_entropy(a, target_b, self.centre, *temperatures)
            + cross_entropy(b, target_a, self.centre, *temperatures)
        )
        return {"loss": loss}

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Move the centre towards the last batch's mean, once."""
        if self._mean is not None:
            self.centre.lerp_(self._mean.to(self.centre.dtype), 1.0 - self.centre_stay)
            self._mean = None

    def momentum(self, progress: float) -> float:
        """Rises along a half cosine to 1."""
        return cosine_momentum(self.base, progress)
