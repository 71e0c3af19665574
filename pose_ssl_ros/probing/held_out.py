"""Instances held out of training, from which penalties, temperatures and thresholds are taken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pose_ssl_ros.probing.calibration import fit_temperature
from pose_ssl_ros.probing.heading_head import softmax
from pose_ssl_ros.probing.prediction import Labelled

#: From this many instances on one fifth is held out once; with fewer each is held out in turn.
MANY_INSTANCES = 60
#: Most rows that choosing a penalty reads on either side.
MOST_ROWS = 5000

#: A fit to some rows that answers others: log-probabilities or logits (M, B).
Reader = Callable[[np.ndarray], np.ndarray]


def splits(instance: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pairs of row indices (fitted, held out) with disjoint instances; none if there is one instance only.

    Args:
        instance: (N,) integers.
        seed: Of the draw of instances.
    """
    names, place = np.unique(instance, return_inverse=True)
    if len(names) < 2:
        return []
    order = np.random.default_rng(seed).permutation(len(names))
    folds = 5 if len(names) >= MANY_INSTANCES else min(4, len(names))
    fold = (order % folds)[place]
    rounds = 1 if len(names) >= MANY_INSTANCES else folds
    return [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in range(rounds)]


def parts(
    train: Labelled, validation: Labelled | None, seed: int, most: int = MOST_ROWS
) -> list[tuple[Labelled, Labelled]]:
    """Rounds of (fitted, held out) rows, at most `most` each: the validation part if there is one, else `splits`."""
    if validation is not None and len(validation):
        rounds = [(train, validation)]
    else:
        rounds = [(train.where(a), train.where(b)) for a, b in splits(train.instance, seed)]
    return [(thinned(a, seed, most), thinned(b, seed, most)) for a, b in rounds]


def thinned(labelled: Labelled, seed: int, most: int = MOST_ROWS) -> Labelled:
    """At most `most` rows, drawn at random, in their order."""
    if len(labelled) <= most:
        return labelled
    return labelled.where(np.sort(np.random.default_rng(seed).choice(len(labelled), most, replace=False)))


def calibrated_loss(logits: np.ndarray, label: np.ndarray) -> float:
    """Cross entropy of held-out logits (N, B) against class indices (N,) at their best temperature."""
    return cross_entropy(softmax(logits / fit_temperature(logits, label)), label)


def cross_entropy(probability: np.ndarray, label: np.ndarray) -> float:
    """Mean negative logarithm of what (N, B) gives to class indices (N,)."""
    return -float(np.log(probability[np.arange(len(probability)), label] + 1e-12).mean())
