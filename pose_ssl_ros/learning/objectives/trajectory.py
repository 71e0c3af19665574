"""L_traj: three adjacent views of an object lie on a straight path of the feature sphere.

Source: Wang, Chen and Yu, "Pose-Aware Self-Supervised Learning with Viewpoint
Trajectory Regularization", ECCV 2024 (arXiv 2403.14973).  On unit features the
difference vectors of a perfect geodesic are not parallel; their projections
onto the tangent plane at the centre view are, at any step, so it is those that
are compared.
"""

from __future__ import annotations

import torch
from torch.nn import functional


def tangent_steps(left: torch.Tensor, centre: torch.Tensor, right: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Project the steps L to C and C to R onto the tangent plane at C.

    Args:
        left: Features (N, D) of any scale of the view before.
        centre: The same of the view between.
        right: The same of the view after.

    Returns:
        Two tensors (N, D), orthogonal to the unit centre feature.
    """
    a, b, c = (functional.normalize(x, dim=-1) for x in (left, centre, right))
    first = (a * b).sum(-1, keepdim=True) * b - a
    second = c - (c * b).sum(-1, keepdim=True) * b
    return first, second


def trajectory_cosines(
    left: torch.Tensor, centre: torch.Tensor, right: torch.Tensor, eps: float = 1e-4
) -> torch.Tensor:
    """Cosine (N,) between the two tangent steps of each sample; arguments as of `trajectory_loss`."""
    first, second = tangent_steps(left, centre, right)
    # sqrt(|v|^2 + eps^2) rather than a clamp: smooth, and its gradient is finite at zero.
    norms = [torch.sqrt(v.pow(2).sum(-1) + eps * eps) for v in (first, second)]
    return (first * second).sum(-1) / (norms[0] * norms[1])


def trajectory_loss(left: torch.Tensor, centre: torch.Tensor, right: torch.Tensor, eps: float = 1e-4) -> torch.Tensor:
    """Negative cosine between the two tangent steps, averaged over the batch.

    -1 on a geodesic whatever the step, 0 at a right angle, +1 when the path
    turns back.  A step of less than `eps` radians counts less the smaller it is
    (its direction is noise) and a zero step contributes zero with a finite gradient.

    Args:
        left: Features (N, D) of any scale of the view before.
        centre: The same of the view between.
        right: The same of the view after.
        eps: Length of a step in radians below which its direction is not trusted.
    """
    return -trajectory_cosines(left, centre, right, eps).mean()
