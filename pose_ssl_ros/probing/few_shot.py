"""A few labelled instances per category: what a probe knows when labels are dear."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from pose_ssl_ros.probing.prediction import Labelled, ProbeError

Probe = TypeVar("Probe")


def draw_instances(instance: np.ndarray, category: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Rows of k instances drawn per category, with all their views.

    Args:
        instance: (N,) integers; an instance belongs to one category.
        category: (N,) integers; rows of -1 are left out.
        k: Instances per category; a category that has fewer gives all of its.
        seed: Of the draw.  A larger k with the same seed contains the smaller draw.

    Returns:
        Indices, ascending.

    Raises:
        ProbeError: If k is less than 1 or no row has a category.
    """
    if k < 1:
        msg = f"at least one instance per category is needed, got k={k}"
        raise ProbeError(msg)
    if not (category >= 0).any():
        msg = "no row has a category to draw instances of"
        raise ProbeError(msg)
    drawn = []
    for name in np.unique(category[category >= 0]):
        own = np.unique(instance[category == name])
        # Seeded by category, so that another category in the data changes nothing in this one.
        drawn.append(np.random.default_rng((seed, int(name))).permutation(own)[:k])
    return np.flatnonzero(np.isin(instance, np.concatenate(drawn)) & (category >= 0))


def draws(train: Labelled, k: int, count: int, seed: int) -> list[Labelled]:
    """Several draws of `draw_instances`; draw i is the same for every k it is nested in."""
    return [
        train.where(draw_instances(train.instance, train.category, k, seed * 1_000_003 + number))
        for number in range(count)
    ]


def fit_few_shot(fit: Callable[..., Probe], train: Labelled, k: int, *, count: int = 3, seed: int = 0) -> list[Probe]:
    """Fit a probe to each of several draws.

    The probe holds out among the drawn instances only: it never sees a label more than k instances give.

    Args:
        fit: `fit_knn_azimuth`, `fit_linear_azimuth`, `fit_axis_flip`, `fit_knn_identity`, ... (train, *, seed).
        train: All labelled rows to draw from.
        k: Instances per category.
        count: Draws.
        seed: Of the draws and of the fits.

    Raises:
        ProbeError: As `draw_instances`, and as the fit.
    """
    return [fit(rows, seed=seed + number) for number, rows in enumerate(draws(train, k, count, seed))]
