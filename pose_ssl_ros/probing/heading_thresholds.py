"""What the held-out answers of a heading probe say of when it should answer: temperature, certainty, familiarity."""

from __future__ import annotations

import math

import numpy as np

from pose_ssl_ros.probing.heading_head import resultants, softmax

#: Candidates for the least length of a mean resultant vector that is an answer. Exemplars are easier than a site: with
#: 0.2 one toward/away sighting in ten was answered the wrong way round on rendered streets, with 0.5 one in twenty.
LEAST_LENGTHS = np.arange(0.5, 0.86, 0.05)


def temperature_of(logits: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> float:
    """The temperature of a grid with the least held-out cross entropy."""
    best, least = 1.0, math.inf
    for temperature in np.geomspace(0.5, 8.0, 17):
        log_p = np.log(softmax(logits / temperature) + 1e-9)
        loss = -float(((targets * log_p).sum(1) * weights).sum() / weights.sum())
        if loss < least:
            best, least = float(temperature), loss
    return best


def certainty(chances: np.ndarray, azimuths: np.ndarray, weights: np.ndarray, most_reversed: float) -> float:
    """Length of the mean resultant vector below which an answer is too uncertain to be given.

    The least of a grid above which at most `most_reversed` of the held-out answers are more than a quarter turn
    off; the greatest of the grid if none is enough.
    """
    x, y = resultants(chances).T
    length, wrong = np.hypot(x, y), np.cos(np.arctan2(y, x) - azimuths) < 0
    for least in LEAST_LENGTHS:
        given = length >= least
        if weights[given & wrong].sum() <= most_reversed * weights[given].sum():
            return float(least)
    return float(LEAST_LENGTHS[-1])


def familiarity(
    held_out: np.ndarray, rows: np.ndarray, anchors: np.ndarray, fold: np.ndarray, asked: np.ndarray, part: float
) -> tuple[float, float]:
    """Threshold that `part` of the held-out rows fall below by their greatest cosine with anchors, and the slope."""
    nearest = np.zeros(len(rows))
    for number in np.unique(fold):
        out, rest = fold == number, anchors[fold[anchors] != number]
        if len(rest):
            nearest[out] = (held_out[out] @ rows[rest].T).max(1)
    threshold = float(np.quantile(nearest[asked], part))
    return threshold, 4 / max(float(np.median(nearest[asked])) - threshold, 0.01)
