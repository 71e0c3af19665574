"""The whole loss of a step, and the networks that it is minimised over."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.learning.objectives.azimuth import azimuth_loss
from pose_ssl_ros.learning.objectives.base import ObjectiveError
from pose_ssl_ros.learning.objectives.category import category_loss
from pose_ssl_ros.learning.objectives.equivariance import balance_loss, equivariance_loss
from pose_ssl_ros.learning.objectives.registry import create
from pose_ssl_ros.learning.objectives.terms import Batch, Terms
from pose_ssl_ros.learning.objectives.trajectory import trajectory_loss
from pose_ssl_ros.probing.features import CELLS, spatial_pattern
from pose_ssl_ros.probing.heading_head import BINS

Augment = Callable[[torch.Tensor], torch.Tensor]

#: The motion teacher is wrong now and then; its targets keep that much for the other bins.
TEACHER_SMOOTHING = 0.1
#: Weight within the equivariance term of that the answers of a batch are spread evenly.
BALANCE = 2.0


class Combined(nn.Module):
    """Encoder, projector, objective, heads and, where the objective needs it, the moving copy.

    Args:
        architecture: Of the encoder.
        terms: What is minimised.
        categories: Number of categories; only for `supervision='category'`.
        half_precision: Convolve in bfloat16, nearly twice as fast on a CPU with AMX at width 32; losses, heads and
            weights stay float32.

    Raises:
        ObjectiveError: If the objective does not exist or the categories are missing.
        ValueError: If the architecture does not fit.

    Attributes:
        terms: May be replaced between steps by one that differs in weights only.
        encoder, projector, objective: Trained by the semantic term.
        heading: Azimuth bins from the middle map's pattern (see `heading_logits`).
        category: Categories from the last feature, or None.
        target: Moving copies of encoder and projector, never trained, or None.
    """

    def __init__(
        self, architecture: Architecture, terms: Terms, categories: int = 0, half_precision: bool = False
    ) -> None:
        super().__init__()
        self.terms = terms
        self.half_precision = half_precision
        self.objective = create(terms.objective, terms.projector, terms.projector_norm)
        self.encoder = Encoder(architecture)
        self.projector = self.objective.projector(architecture.dimension, terms.projector)
        self.heading = nn.Linear(architecture.middle_channels * CELLS**2, BINS)
        self.category: nn.Linear | None = None
        if terms.supervision == "category":
            if categories < 2:
                msg = f"supervision by category needs at least two categories, got {categories}"
                raise ObjectiveError(msg)
            self.category = nn.Linear(architecture.dimension, categories)
        self.target: nn.ModuleDict | None = None
        if self.objective.needs_target and terms.supervision == "none":
            self.target = nn.ModuleDict(
                {"encoder": copy.deepcopy(self.encoder), "projector": copy.deepcopy(self.projector)}
            ).requires_grad_(False)

    def forward(self, batch: Batch, augment: Augment) -> dict[str, torch.Tensor]:
        """The loss of a batch and its unweighted parts.

        Args:
            batch: Triplets and what is known of them.
            augment: Maps pixels (N, 3, S, S) in 0..255 to another view of each.

        Returns:
            Scalars by name: `loss`; `semantic` with the objective's own parts, or `supervised`;
            `trajectory`, `teacher`, `equivariance` where their weight is not zero and the batch has what they
            need; and `feature`, the last feature (N, D) of one augmented view, detached, for collapse measures.

        Raises:
            ObjectiveError: If the batch lacks what the supervision needs.
        """
        terms, count = self.terms, len(batch)
        if terms.supervision == "azimuth":
            return self._azimuth_ceiling(batch)
        centre = batch.views[:, 1]
        pixels = torch.cat([augment(centre), augment(centre)])
        last, middle = self._encode(pixels)
        if terms.supervision != "none":
            parts = {"supervised": self._category(batch, last)}
            parts["loss"] = terms.semantic_weight * parts["supervised"]
        elif terms.semantic_weight > 0:
            parts = self._semantic(pixels, last)
            parts["semantic"] = parts["loss"]
            parts["loss"] = terms.semantic_weight * parts["semantic"]
        else:
            parts = {"loss": last.new_zeros(())}
        if terms.trajectory_weight > 0:
            parts["trajectory"] = self._trajectory(batch.views)
            parts["loss"] = parts["loss"] + terms.trajectory_weight * parts["trajectory"]
        if terms.teacher_weight > 0 and batch.taught is not None and batch.taught_azimuth is not None:
            parts["teacher"] = self._taught(batch, middle)
            parts["loss"] = parts["loss"] + terms.teacher_weight * parts["teacher"]
        if terms.equivariance_weight > 0 and batch.wide is not None and batch.turn is not None:
            parts["equivariance"] = self._equivariance(batch, middle[:count], augment)
            parts["loss"] = parts["loss"] + terms.equivariance_weight * parts["equivariance"]
        parts["feature"] = last[:count].detach()
        return parts

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Move the copy towards the encoder and let the objective take over the batch; after each step kept.

        Args:
            progress: Share of the training that is done, 0..1; 0 when training has no end.
        """
        if self.target is not None:
            stay = self.objective.momentum(progress)
            for name in self.target:
                online: nn.Module = getattr(self, name)
                for moving, leading in zip(self.target[name].parameters(), online.parameters(), strict=True):
                    moving.lerp_(leading, 1.0 - stay)
        self.objective.after_step(progress)

    @torch.no_grad()
    def reset_target(self) -> None:
        """Make the copy equal to encoder and projector: after other weights were loaded into them."""
        if self.target is not None:
            for name in self.target:
                self.target[name].load_state_dict(getattr(self, name).state_dict())

    def heading_logits(self, middle: torch.Tensor) -> torch.Tensor:
        """Azimuth bins (N, BINS) of a middle map (N, C, h, w); the gradient reaches the encoder."""
        # The pattern's norm is at most one, far too small for a linear layer to start from.
        logits: torch.Tensor = self.heading(spatial_pattern(middle) * CELLS**2)
        return logits

    def parts(self) -> nn.ModuleDict:
        """The modules under the names that checkpoints and start models have: `heading` is called `teacher`."""
        found: dict[str, nn.Module] = {"encoder": self.encoder, "projector": self.projector, "teacher": self.heading}
        for name in ("objective", "category", "target"):
            module = getattr(self, name)
            # Modules without tensors leave no trace in a checkpoint.
            if module is not None and module.state_dict():
                found[name] = module
        return nn.ModuleDict(found)

    def _precision(self, pixels: torch.Tensor) -> torch.autocast:
        return torch.autocast(pixels.device.type, torch.bfloat16, enabled=self.half_precision)

    def _encode(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        with self._precision(pixels):
            last, middle = self.encoder(pixels)
        return last.float(), middle.float()

    def _middle(self, pixels: torch.Tensor) -> torch.Tensor:
        with self._precision(pixels):
            return self.encoder.middle(pixels).float()

    def _semantic(self, pixels: torch.Tensor, last: torch.Tensor) -> dict[str, torch.Tensor]:
        """The objective on the two halves of the augmented views."""
        first, second = self.projector(last).chunk(2)
        if self.target is None:
            return dict(self.objective(first, second))
        with torch.no_grad():
            with self._precision(pixels):
                moving = self.target["encoder"](pixels)[0]
            copied = self.target["projector"](moving.float())
        return dict(self.objective(first, second, *copied.chunk(2)))

    def _category(self, batch: Batch, last: torch.Tensor) -> torch.Tensor:
        """The category's cross entropy on both augmented views."""
        if batch.category is None or self.category is None:
            msg = "supervision by category needs a batch with it"
            raise ObjectiveError(msg)
        return category_loss(self.category(last), torch.cat([batch.category, batch.category]))

    def _azimuth_ceiling(self, batch: Batch) -> dict[str, torch.Tensor]:
        """The label's cross entropy alone, on as many crops as motion teaches; nothing else is read."""
        if batch.taught is None or batch.taught_azimuth is None:
            msg = "supervision by azimuth needs a batch with taught crops"
            raise ObjectiveError(msg)
        last, middle = self._encode(batch.taught)
        found = azimuth_loss(self.heading_logits(middle), batch.taught_azimuth)
        return {"supervised": found, "loss": self.terms.semantic_weight * found, "feature": last.detach()}

    def _taught(self, batch: Batch, middle: torch.Tensor) -> torch.Tensor:
        """Cross entropy of the crops whose heading motion told, as whoever trains made them, and of such centres."""
        assert batch.taught is not None and batch.taught_azimuth is not None
        found, azimuth = self._middle(batch.taught), batch.taught_azimuth
        if batch.centre_azimuth is not None:
            found = torch.cat([found, middle])  # both augmentations of each centre
            azimuth = torch.cat([azimuth, batch.centre_azimuth, batch.centre_azimuth])
        return azimuth_loss(self.heading_logits(found), azimuth, smoothing=TEACHER_SMOOTHING)

    def _trajectory(self, views: torch.Tensor) -> torch.Tensor:
        """The trajectory term on the plain views, at the layer that the terms name."""
        path = self._middle(views.flatten(0, 1))
        if self.terms.trajectory_layer == "middle":
            feature = spatial_pattern(path)
        else:
            feature = self.encoder.last(path)
            if self.terms.trajectory_layer == "projector":
                feature = self.projector(feature)
        left, centre, right = feature.view(len(views), 3, -1).unbind(1)
        return trajectory_loss(left, centre, right)

    def _equivariance(self, batch: Batch, middle: torch.Tensor, augment: Augment) -> torch.Tensor:
        """What the augmented centre and the augmented wide view read must differ by the known turn."""
        assert batch.wide is not None and batch.turn is not None
        wide = self.heading_logits(self._middle(augment(batch.wide)))
        if batch.wide_mirrored is not None:
            # Bins lie evenly about zero: the mirror image of a distribution is its reverse.
            wide = torch.where(batch.wide_mirrored[:, None], wide.flip(1), wide)
        first = functional.log_softmax(self.heading_logits(middle), dim=1)
        second = functional.log_softmax(wide, dim=1)
        found = equivariance_loss(first, second, batch.turn)
        known = torch.isfinite(batch.turn)
        if known.any():
            found = found + BALANCE * balance_loss(torch.cat([first[known], second[known]]))
        return found
