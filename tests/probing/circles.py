"""Synthetic features whose geometry is known."""

from __future__ import annotations

import math

import numpy as np

from pose_ssl_ros.probing.prediction import Labelled

LENGTH = 48
CATEGORIES = 4


def circles(
    instances: int,
    views: int,
    seed: int,
    harmonics: tuple[int, ...] = (1, 2),
    noise: float = 0.15,
    shift: float = 0.0,
    length: int = LENGTH,
) -> Labelled:
    """Every instance is a closed curve: harmonics of the azimuth, its category's and its own looks, and noise.

    Coordinates 0.. hold cos and sin of each harmonic (strength 1), the next ones the category, the others
    the instance.  `shift` moves all features, as those of other categories are.
    """
    random = np.random.default_rng(seed)
    instance = np.repeat(np.arange(instances), views)
    category = instance % CATEGORIES
    azimuth = random.uniform(-math.pi, math.pi, len(instance))
    features = noise * random.normal(size=(len(instance), length))
    for place, harmonic in enumerate(harmonics):
        features[:, 2 * place] += 1.5 * np.cos(harmonic * azimuth)
        features[:, 2 * place + 1] += 1.5 * np.sin(harmonic * azimuth)
    features[np.arange(len(instance)), 8 + category] += 1.5
    features[:, 16:] += 0.2 * random.normal(size=(instances, length - 16))[instance]
    features[:, 13] += shift
    return Labelled(features.astype(np.float32), azimuth, instance + 1000 * seed, category)


def far_away(count: int, length: int, seed: int = 99) -> np.ndarray:
    """Features of nothing that was ever labelled."""
    random = np.random.default_rng(seed)
    features = 4 * random.normal(size=(count, length))
    features[:, :16] *= 0.1
    return features.astype(np.float32)
