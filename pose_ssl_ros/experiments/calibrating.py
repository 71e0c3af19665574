"""Fits the constants of `danger.calibration` and says how well its probabilities hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose_ssl_ros.danger.terms import MotionKind, Terms
from pose_ssl_ros.experiments.moments import COLUMNS

_MOTION, _HARMED, _FIRST_TERM = COLUMNS.index("motion"), COLUMNS.index("harmed"), COLUMNS.index("could")
#: Pull of the weights to zero.
_RIDGE = 1e-3
_LEAST_P = 1e-3
_STEPS = 3000
#: A front that nobody can tell counts at least so much of one that faces the lane: not knowing is dangerous, however
#: seldom it came to harm in the simulation.
_UNSURE_SHARE = 0.5
_PULLS, _UNSURE = Terms._fields.index("pulls"), Terms._fields.index("unsure")

Weights = tuple[tuple[float, ...], ...]


def fit(moments: np.ndarray) -> Weights:
    """Weights by kind of motion: a logistic regression whose weights, but not the bias, are never negative.

    Args:
        moments: (n, len(COLUMNS)).
    """
    found = []
    for kind in MotionKind:
        chosen = moments[moments[:, _MOTION] == kind]
        found.append(_fit_one(chosen[:, _FIRST_TERM:], chosen[:, _HARMED]))
    return tuple(found)


def _fit_one(terms: np.ndarray, harmed: np.ndarray) -> tuple[float, ...]:
    count = terms.shape[1]
    if not len(harmed) or not 0 < harmed.mean() < 1:
        # Nothing to tell by: as dangerous as it was on the whole, with a doubt of one in a hundred.
        share = float(np.clip(harmed.mean() if len(harmed) else 0.5, 0.01, 0.99))
        return (float(np.log(share / (1 - share))), *[0.0] * count)

    terms = terms.copy()
    terms[:, _PULLS] += _UNSURE_SHARE * terms[:, _UNSURE]
    # FISTA with restarts: projected gradient steps of 1 / L with momentum.
    x = np.column_stack([np.ones(len(terms)), terms])
    ridge = np.full(count + 1, 2 * _RIDGE / count)
    ridge[0] = 0.0
    step = 1.0 / (np.linalg.eigvalsh(x.T @ x / len(x))[-1] / 4 + ridge.max())
    lowest = np.full(count + 1, 0.0)
    lowest[0] = -np.inf
    weights = ahead = np.concatenate([[-2.0], np.full(count, 0.5)])
    pace = 1.0
    for _ in range(_STEPS):
        wrong = 1 / (1 + np.exp(-np.clip(x @ ahead, -60, 60))) - harmed
        slope = x.T @ wrong / len(x) + ridge * ahead
        new = np.maximum(lowest, ahead - step * slope)
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        if slope @ (new - weights) > 0:
            faster = pace = 1.0
        ahead, weights, pace = new + (pace - 1) / faster * (new - weights), new, faster
    weights[1 + _UNSURE] += _UNSURE_SHARE * weights[1 + _PULLS]
    return tuple(round(float(v), 3) for v in weights)


def predict(moments: np.ndarray, weights: Weights) -> np.ndarray:
    """Probabilities (n,) of moments, as `danger.calibration.probability` tells them."""
    chosen = np.array(weights)[moments[:, _MOTION].astype(int)]
    logit = chosen[:, 0] + (chosen[:, 1:] * moments[:, _FIRST_TERM:]).sum(1)
    found: np.ndarray = np.maximum(moments[:, COLUMNS.index("blocks")], 1 / (1 + np.exp(-np.clip(logit, -60, 60))))
    return found


def judge(probability: np.ndarray, harmed: np.ndarray, bins: int = 10) -> dict[str, Any]:
    """How well probabilities hold.

    Args:
        probability: (n,) of harm.
        harmed: (n,) 0 or 1.
        bins: Of equal width.

    Returns:
        `ece` (Guo et al., ICML 2017), `brier`, `log_loss`, `auc` (chance that a moment with harm is told more
        dangerous than one without), `n`, and `reliability`: per bin that is not empty `said`, `came`, `n`.
    """
    p, y = np.asarray(probability, float), np.asarray(harmed, float)
    number = np.minimum((p * bins).astype(int), bins - 1)
    reliability = [
        {"said": float(p[number == i].mean()), "came": float(y[number == i].mean()), "n": int((number == i).sum())}
        for i in range(bins)
        if (number == i).any()
    ]
    safe = np.clip(p, _LEAST_P, 1 - _LEAST_P)
    return {
        "ece": sum(b["n"] * abs(b["said"] - b["came"]) for b in reliability) / max(1, len(p)),
        "brier": float(np.mean((p - y) ** 2)),
        "log_loss": float(-np.mean(y * np.log(safe) + (1 - y) * np.log(1 - safe))),
        "auc": auc(p, y),
        "n": len(p),
        "reliability": reliability,
    }


def auc(score: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties counted half; NaN where only one class is there."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    rank = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    many = positive.sum()
    if many in (0, len(positive)):
        return float("nan")
    return float((rank[positive > 0].sum() - many * (many + 1) / 2) / (many * (len(positive) - many)))
