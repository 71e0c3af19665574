"""Principal components that evaluation probes read instead of raw features."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

#: Rows from which components are estimated; more of them do not change what is found.
MOST_ROWS = 12_000


@dataclass(frozen=True)
class Projection:
    """A linear map of features.

    Attributes:
        centre: (F,) mean of the features that were fitted.
        matrix: (F, P).
    """

    centre: np.ndarray
    matrix: np.ndarray

    def apply(self, features: np.ndarray) -> np.ndarray:
        """Projected features (N, P) float32 of features (N, F)."""
        return np.asarray((features - self.centre) @ self.matrix, np.float32)


def fit_projection(features: np.ndarray, components: int, whitening: float = 0.5) -> Projection:
    """Principal components of features (N, F), scaled to a mean square of one per component.

    Args:
        features: (N, F) float32.
        components: Most components kept; those without variance are dropped.
        whitening: 0 keeps the features' proportions, 1 makes all components equally strong, 1/2 lies between:
            small directions (front or back) gain, noise does not take over.
    """
    rows = features[:: max(1, math.ceil(len(features) / MOST_ROWS))]
    centre = features.mean(0, dtype=np.float64).astype(np.float32)
    centred = torch.from_numpy(np.ascontiguousarray(rows - centre))
    # The smaller of the two Gram matrices has the same spectrum.
    tall = len(rows) >= rows.shape[1]
    gram = centred.T @ centred if tall else centred @ centred.T
    found, directions = torch.linalg.eigh(gram.double())
    order = np.argsort(found.numpy())[::-1][:components]
    values = found.numpy()[order]
    keep = values > 1e-6 * max(float(values[0]) if len(values) else 0.0, 1e-12)
    values, vectors = values[keep], directions.numpy()[:, order[keep]]
    if not tall:
        vectors = centred.numpy().T @ (vectors / np.sqrt(values))
    if not len(values):  # all rows are equal: one component that is always zero
        return Projection(centre, np.zeros((features.shape[1], 1), np.float32))
    # An eigenvector's sign is arbitrary: the largest entry is made positive, so that machines agree.
    vectors = vectors * np.sign(vectors[np.abs(vectors).argmax(0), np.arange(vectors.shape[1])])
    variance = values / len(rows)
    matrix = vectors * variance ** (-whitening / 2)
    matrix *= math.sqrt(len(values) / float((variance ** (1 - whitening)).sum()))
    return Projection(centre, matrix.astype(np.float32))
