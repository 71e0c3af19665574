"""The space in which objects are compared: what varies within a track says nothing of what the object is.

A track shows one object from several sides, in several lights and with several errors of its box.  The
spread of its crops is therefore nuisance, known without any label, and is divided out (within-class
covariance normalisation; Hatch, Kajarekar and Stolcke, Interspeech 2006, with tracks for speakers).
"""

from __future__ import annotations

import numpy as np


def within_tracks(features: np.ndarray, tracks: np.ndarray) -> tuple[np.ndarray, int]:
    """What is left of features (N, D) without their track's mean, and its degrees of freedom."""
    _, row = np.unique(tracks, return_inverse=True)
    counts = np.bincount(row) if len(row) else np.zeros(0, int)
    means = np.zeros((len(counts), features.shape[1]))
    np.add.at(means, row, features)
    means /= np.maximum(counts, 1)[:, None]
    return features - means[row], len(features) - len(counts)


def whitening(*samples: tuple[np.ndarray, np.ndarray]) -> np.ndarray | None:
    """The symmetric matrix (D, D) that makes the spread within tracks alike in all directions.

    The covariance is shrunk towards a multiple of the identity by D / (D + degrees of freedom), so that
    few crops change little.

    Args:
        samples: Pairs of features (N, D) and tracks (N,).

    Returns:
        None where there is no track of two crops, or no spread.
    """
    parts = [within_tracks(np.asarray(x, float), tracks) for x, tracks in samples if len(x)]
    freedom = sum(part[1] for part in parts)
    if freedom < 1:
        return None
    residuals = np.concatenate([part[0] for part in parts])
    size = residuals.shape[1]
    spread = residuals.T @ residuals / freedom
    scale = float(np.trace(spread)) / size
    if not np.isfinite(scale) or scale <= 1e-12:
        return None
    shrink = size / (size + freedom)
    values, vectors = np.linalg.eigh((1 - shrink) * spread / scale + shrink * np.eye(size))
    return np.asarray(vectors / np.sqrt(np.maximum(values, 1e-6)) @ vectors.T, np.float32)
