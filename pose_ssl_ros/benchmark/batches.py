"""From a dataset to the batches that an objective is trained on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch

from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.learning.objectives.terms import Batch, Terms


class Sampler(Protocol):
    """Draws triplets: `datasets.triplets.TripletSampler`.

    Attributes:
        state: Where its draws are, as JSON.
    """

    state: dict[str, Any]

    def batch(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Positions (n, 3) of three adjacent views in order, and (n,) of a view further away."""
        ...


def pixels(dataset: Dataset, indices: np.ndarray) -> torch.Tensor:
    """Float pixels (*indices.shape, 3, S, S) in 0..255."""
    crops = torch.from_numpy(np.ascontiguousarray(dataset.crops(indices.ravel())))
    return crops.permute(0, 3, 1, 2).float().reshape(*indices.shape, 3, *crops.shape[1:3])


def make_batch(dataset: Dataset, triplets: np.ndarray, wide: np.ndarray, terms: Terms) -> Batch:
    """Read the pixels and facts that the terms use; labels only under supervision.

    Args:
        dataset: Where the positions point to.
        triplets: (N, 3) positions of left, centre and right.
        wide: (N,) positions of a further view of the same trajectory.
        terms: What the batch is for.
    """
    centre = triplets[:, 1]
    facts: dict[str, torch.Tensor] = {}
    if terms.equivariance_weight > 0 or terms.teacher_weight > 0:
        turn = dataset.bearing[wide].astype(np.float64) - dataset.bearing[centre]
        facts["wide"] = pixels(dataset, wide)
        facts["turn"] = torch.from_numpy(np.arctan2(np.sin(turn), np.cos(turn)).astype(np.float32))
    if terms.teacher_weight > 0:
        facts["motion"] = torch.from_numpy(dataset.motion[triplets].astype(np.float32))
        facts["wide_motion"] = torch.from_numpy(dataset.motion[wide].astype(np.float32))
    if terms.supervision != "none":
        facts["category"] = torch.from_numpy(dataset.category[centre].astype(np.int64))
        facts["azimuth"] = torch.from_numpy(dataset.azimuth[triplets].astype(np.float32))
    return Batch(pixels(dataset, triplets), **facts)
