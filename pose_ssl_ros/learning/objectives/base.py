"""The contract of a semantic objective: a module that compares the projections of two augmented views."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import nn

#: Normalisations of projectors and predictors. Layer norm suits the correlated batches of a robot's
#: stream; the papers' batch norm suits shuffled batches of a data set.
NORMS = ("layer", "batch")


#: Projections (N, D) of two views of the same samples.
Pair: TypeAlias = tuple[torch.Tensor, torch.Tensor]


class ObjectiveError(ValueError):
    """An objective or a term does not exist or was given what it cannot use; the text lists what exists."""


def norm_layer(norm: str, width: int, affine: bool = True) -> nn.Module:
    """A normalisation of features (N, width).

    Raises:
        ObjectiveError: If there is none of that name.
    """
    if norm == "layer":
        return nn.LayerNorm(width, elementwise_affine=affine)
    if norm == "batch":
        return nn.BatchNorm1d(width, affine=affine)
    msg = f"there is no projector norm '{norm}'; there are: {', '.join(NORMS)}"
    raise ObjectiveError(msg)


class Projector(nn.Sequential):
    """Two-layer head that L_sem is computed on; it is not exported."""

    def __init__(self, inputs: int, dimension: int, norm: str = "layer") -> None:
        super().__init__(
            nn.Linear(inputs, dimension), norm_layer(norm, dimension), nn.ReLU(), nn.Linear(dimension, dimension)
        )


class Objective(nn.Module):
    """Base of the semantic objectives; each owns what only it needs (predictor, queue, centre).

    Args:
        dimension: Width of the projections (N, dimension) that it will be given.
        norm: Normalisation inside projector and predictor, one of `NORMS`; `auto` takes `preferred_norm`.

    Raises:
        ObjectiveError: If the dimension is not positive or the norm does not exist.
    """

    #: Whether `forward` needs the projections of a slowly moving copy of encoder and projector.
    needs_target = False
    #: What `auto` means.  Batch norm where the objective has no other force that keeps samples apart: BYOL and
    #: SimSiam with layer norm collapse within fifty steps (tests/learning/test_objectives_learning.py).
    preferred_norm = "layer"

    def __init__(self, dimension: int, norm: str = "auto") -> None:
        super().__init__()
        if dimension < 1:
            msg = f"an objective needs projections of at least one dimension, got {dimension}"
            raise ObjectiveError(msg)
        self.dimension = dimension
        self.norm = self.preferred_norm if norm == "auto" else norm
        norm_layer(self.norm, dimension)  # says which there are

    def projector(self, inputs: int, width: int) -> nn.Module:
        """The head between the last feature (N, inputs) and this objective, of the given width."""
        return Projector(inputs, width, self.norm)

    def forward(
        self,
        a: torch.Tensor,
        b: torch.Tensor,
        target_a: torch.Tensor | None = None,
        target_b: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """The loss and its parts for two views' projections (N, D).

        Args:
            a: Projections of the first view.
            b: Projections of the second view of the same samples.
            target_a: The moving copy's projections of the first view; only if `needs_target`.
            target_b: The same of the second view.

        Returns:
            Scalars by name, at least `loss`.

        Raises:
            ObjectiveError: If the shapes do not fit or a needed target is missing.
        """
        self.check(a, b, *((target_a, target_b) if self.needs_target else ()))
        if target_a is None or target_b is None:
            return self.compare((a, b), (a.detach(), b.detach()))
        return self.compare((a, b), (target_a.detach(), target_b.detach()))

    def compare(self, views: Pair, targets: Pair) -> dict[str, torch.Tensor]:
        """The objective's own formula; the shapes were checked.

        Args:
            views: Projections of both views.
            targets: The moving copy's, without gradient; the views' own where there is no copy.
        """
        raise NotImplementedError

    def after_step(self, progress: float) -> None:
        """Take over what the last forward brought (keys into a queue, means into a centre).

        Called once after each step that was kept, never after one that was rolled back.

        Args:
            progress: Share of the training that is done, 0..1; 0 when training has no end.
        """

    def momentum(self, progress: float) -> float:
        """Part of the moving copy that stays in each step; only used if `needs_target`."""
        return 0.0

    def check(self, *projections: torch.Tensor | None) -> None:
        """Refuse projections that are missing, of unequal shape, of fewer than two samples or of another width.

        Raises:
            ObjectiveError: If they do not fit.
        """
        name = type(self).__name__
        if any(x is None for x in projections):
            msg = f"{name} needs the target's projections of both views"
            raise ObjectiveError(msg)
        shapes = [tuple(x.shape) for x in projections if x is not None]
        if len(set(shapes)) != 1 or len(shapes[0]) != 2 or shapes[0][0] < 2:
            msg = f"{name} needs equal (N >= 2, D) projections, got {' and '.join(map(str, shapes))}"
            raise ObjectiveError(msg)
        if shapes[0][1] != self.width():
            msg = f"{name} was made for projections of {self.width()} dimensions, got {shapes[0][1]}"
            raise ObjectiveError(msg)

    def width(self) -> int:
        """Width of the projections that `forward` expects: the projector's output."""
        return self.dimension
