"""What a step minimises and what it is given: the two records at the seam to whoever trains."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import torch

from pose_ssl_ros.learning.objectives.base import NORMS, ObjectiveError

LAYERS = ("middle", "last", "projector")
SUPERVISION = ("none", "category", "azimuth")


@dataclass(frozen=True)
class Terms:
    """The terms of the loss, loss = w_sem L_sem + lambda L_traj + w_teacher L_teacher + w_equi L_equi.

    Attributes:
        objective: Name of the semantic objective, one of `registry.names()`.
        projector: Width of the projector.
        projector_norm: Of projector and predictor, `layer` or `batch`; `auto` takes the one that suits the
            objective (layer norm unless it would collapse).
        trajectory_weight: lambda; 0 leaves the term out and saves its forward pass.
        trajectory_layer: Where the trajectory term reads: `middle` (where each channel fires), `last` (the
            pooled feature) or `projector` (the paper's ablation; it costs semantics, see FACTS).
        teacher_weight: Of the headings that motion taught, read from the middle map.
        teacher_on_centres: Teach the augmented centres that motion told of, too, beside the taught crops.
        equivariance_weight: Of two views' azimuths that must differ as odometry says.
        semantic_weight: Of the semantic term, or of the supervised one that replaces it.
        supervision: Ceilings: `category` replaces the semantic term by labels, `azimuth` all terms; else `none`.

    Raises:
        ObjectiveError: If a choice does not exist or a weight is negative or not finite.
    """

    objective: str = "vicreg"
    projector: int = 256
    projector_norm: str = "auto"
    trajectory_weight: float = 1.0
    trajectory_layer: str = "middle"
    teacher_weight: float = 0.0
    teacher_on_centres: bool = False
    equivariance_weight: float = 0.0
    semantic_weight: float = 1.0
    supervision: str = "none"

    def __post_init__(self) -> None:
        for value, what, known in (
            (self.trajectory_layer, "layer", LAYERS),
            (self.supervision, "supervision", SUPERVISION),
            (self.projector_norm, "projector norm", ("auto", *NORMS)),
        ):
            if value not in known:
                msg = f"there is no {what} '{value}'; there are: {', '.join(known)}"
                raise ObjectiveError(msg)
        for field in fields(self):
            weight = getattr(self, field.name)
            if field.name.endswith("_weight") and not (math.isfinite(weight) and weight >= 0):
                msg = f"{field.name} must be finite and not negative, got {weight}"
                raise ObjectiveError(msg)


@dataclass(frozen=True)
class Batch:
    """The samples of one step; what is None is not known of any of them.

    Attributes:
        views: (N, 3, 3, S, S) float pixels in 0..255 of three adjacent views, order left, centre, right.
        wide: (N, 3, S, S) another view of the same trajectory, further from the centre.
        turn: (N,) azimuth of `wide` minus that of the centre as odometry tells it, radians, NaN not known.
        category: (N,) int64, -1 not known; for the supervised ceiling alone.
        wide_mirrored: (N,) bool, whether `wide` is a mirror image beside an unmirrored centre or the other way
            round; `turn` is that of the picture before that mirror.
        taught: (M, 3, S, S) further crops whose heading is known, of other trajectories: to see many objects
            teaches more than to see one from all sides.
        taught_azimuth: (M,) azimuth that the object's own motion tells (or, for the supervised ceiling, the
            label), radians, NaN not known.
        centre_azimuth: (N,) azimuth of the centre that motion tells, radians, NaN not known; with it the two augmented
            centres are taught as well.
    """

    views: torch.Tensor
    wide: torch.Tensor | None = None
    turn: torch.Tensor | None = None
    category: torch.Tensor | None = None
    wide_mirrored: torch.Tensor | None = None
    taught: torch.Tensor | None = None
    taught_azimuth: torch.Tensor | None = None
    centre_azimuth: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.views)

    def to(self, device: torch.device | str) -> Batch:
        """The same on another device."""
        known = {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) is not None}
        return replace(self, **{name: value.to(device) for name, value in known.items()})

    def mirrored(self, generator: torch.Generator) -> Batch:
        """Half of the samples as in a mirror, all views of a sample alike, and azimuths with the other sign.

        No objective is told that an image and its mirror image are the same: left and right stay apart.  Of the
        wide views, half are mirrored once more, which `wide_mirrored` says: an object and its mirror image have
        opposite azimuths, and that is what ties the zero of the azimuth to the plane of symmetry.
        """
        whole = torch.rand(len(self), generator=generator) < 0.5
        alone = torch.rand(len(self), generator=generator) < 0.5
        changed: dict[str, torch.Tensor] = {"views": _flip(self.views, whole)}
        if self.wide is not None:
            changed["wide"] = _flip(self.wide, whole ^ alone)
            changed["wide_mirrored"] = alone.to(self.wide.device)
        if self.turn is not None:
            changed["turn"] = torch.where(whole.to(self.turn.device), -self.turn, self.turn)
        if self.centre_azimuth is not None:
            azimuth = self.centre_azimuth
            changed["centre_azimuth"] = torch.where(whole.to(azimuth.device), -azimuth, azimuth)
        if self.taught is not None and self.taught_azimuth is not None:
            flipped = torch.rand(len(self.taught), generator=generator) < 0.5
            azimuth = self.taught_azimuth
            changed["taught"] = _flip(self.taught, flipped)
            changed["taught_azimuth"] = torch.where(flipped.to(azimuth.device), -azimuth, azimuth)
        return replace(self, **changed)


def _flip(pixels: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Pixels (N, ..., S, S) with the samples `which` mirrored left to right."""
    shape = (-1, *([1] * (pixels.ndim - 1)))
    return torch.where(which.view(shape).to(pixels.device), pixels.flip(-1), pixels)
