"""From a dataset to the batches that an objective is trained on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch

from pose_ssl_ros.benchmark.errors import BenchmarkError
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


#: Crops whose heading is known, for each triplet of a batch.
TAUGHT = 2


class Teacher:
    """Draws crops whose heading is known: told by motion, or by labels for the supervised ceiling.

    Where motion told nothing there is nothing to draw and the term is silent; `missing` says so to people.

    Args:
        dataset: What is trained on.
        terms: What the batches are for.

    Raises:
        BenchmarkError: If no crop has the label that a ceiling is trained by.
    """

    def __init__(self, dataset: Dataset, terms: Terms) -> None:
        self.azimuth: np.ndarray | None = None
        if terms.supervision == "azimuth":
            self.azimuth = dataset.azimuth
        elif terms.teacher_weight > 0:
            self.azimuth = dataset.motion
        self.rows = np.zeros(0, np.int64) if self.azimuth is None else np.flatnonzero(np.isfinite(self.azimuth))
        if self.azimuth is not None and not len(self.rows):
            if terms.supervision == "azimuth":
                msg = "no crop of the training split has an azimuth, which this ceiling is trained by"
                raise BenchmarkError(msg)
            self.azimuth = None


def missing(dataset: Dataset, terms: Terms) -> list[str]:
    """What the terms would learn from but the training split does not tell, a sentence each."""
    found = []
    if terms.supervision == "none" and terms.teacher_weight > 0 and not np.isfinite(dataset.motion).any():
        found.append("no heading is told by motion: front and back are not taught")
    if terms.supervision == "none" and terms.equivariance_weight > 0 and not np.isfinite(dataset.bearing).any():
        found.append("no bearing is told by odometry: the equivariance term is silent")
    return found


def make_batch(
    dataset: Dataset, triplets: np.ndarray, wide: np.ndarray, terms: Terms, teacher: Teacher, seed: int
) -> Batch:
    """Read the pixels and facts that the terms use; labels only under supervision.

    Args:
        dataset: Where the positions point to.
        triplets: (N, 3) positions of left, centre and right.
        wide: (N,) positions of a further view of the same trajectory.
        terms: What the batch is for.
        teacher: Of the same dataset and terms.
        seed: Of the taught crops.
    """
    centre = triplets[:, 1]
    facts: dict[str, torch.Tensor] = {}
    if terms.equivariance_weight > 0:
        turn = dataset.bearing[wide].astype(np.float64) - dataset.bearing[centre]
        facts["wide"] = pixels(dataset, wide)
        facts["turn"] = torch.from_numpy(np.arctan2(np.sin(turn), np.cos(turn)).astype(np.float32))
    if teacher.azimuth is not None:
        rows = np.random.default_rng(seed).choice(teacher.rows, TAUGHT * len(triplets))
        facts["taught"] = pixels(dataset, rows)
        facts["taught_azimuth"] = torch.from_numpy(teacher.azimuth[rows].astype(np.float32))
        if terms.teacher_on_centres:
            facts["centre_azimuth"] = torch.from_numpy(dataset.motion[centre].astype(np.float32))
    if terms.supervision == "category":
        facts["category"] = torch.from_numpy(dataset.category[centre].astype(np.int64))
    return Batch(pixels(dataset, triplets), **facts)
