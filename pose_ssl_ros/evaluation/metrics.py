"""Figures of merit for heading and latency: pure functions of arrays.

`unknown` is an answer that is never right.  Azimuths are viewpoint azimuths in
radians (see `pose_ssl_ros.viewpoint`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.records import UNKNOWN_INDEX

TOWARD, LEFT, AWAY, RIGHT = range(4)
#: Half width of the two sectors over which toward/away accuracy is taken.
TOWARD_AWAY_REACH = math.pi / 4


def heading_index(azimuth: np.ndarray, toward_width: float = math.pi / 2) -> np.ndarray:
    """`viewpoint.heading_of` for an array: indices into HEADINGS, shape of the input."""
    angle = np.abs(wrap(azimuth))
    side = np.where(wrap(azimuth) > 0, LEFT, RIGHT)
    return np.where(angle <= toward_width / 2, TOWARD, np.where(angle > math.pi * 3 / 4, AWAY, side))


def wrap(angle: np.ndarray) -> np.ndarray:
    """Angles in radians wrapped to [-pi, pi)."""
    return (np.asarray(angle, dtype=float) + math.pi) % (2 * math.pi) - math.pi


def decide(scores: Sequence[float]) -> int:
    """The answer that five probabilities amount to.

    Args:
        scores: Aligned with HEADINGS_AND_UNKNOWN.

    Returns:
        Index of the greatest; `unknown` if the greatest is shared or nothing is finite.
    """
    values = np.asarray(scores, dtype=float)
    if values.shape != (5,) or not np.all(np.isfinite(values)):
        return UNKNOWN_INDEX
    best = np.flatnonzero(values == values.max())
    return int(best[0]) if len(best) == 1 else UNKNOWN_INDEX


def toward_or_away(truth_azimuth: np.ndarray) -> np.ndarray:
    """TOWARD or AWAY for objects within 45 degrees of either, -1 for the others."""
    angle = np.abs(wrap(truth_azimuth))
    # A hair of tolerance: an object built at exactly 45 degrees belongs to the sector.
    toward = angle <= TOWARD_AWAY_REACH + 1e-6
    away = angle >= math.pi - TOWARD_AWAY_REACH - 1e-6
    return np.where(toward, TOWARD, np.where(away, AWAY, -1))


def azimuth_errors(truth: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Absolute angular differences in radians, 0..pi; NaN where there is no estimate."""
    return np.abs(wrap(np.asarray(estimate, dtype=float) - np.asarray(truth, dtype=float)))


def axis_errors(truth: np.ndarray, estimate: np.ndarray) -> np.ndarray:
    """Errors of the axis alone (front and back not told apart) in radians, 0..pi/2."""
    error = azimuth_errors(truth, estimate)
    return np.minimum(error, math.pi - error)


def confusion(truth_azimuth: np.ndarray, answer: np.ndarray, toward_width: float = math.pi / 2) -> np.ndarray:
    """Counts of shape (4, 5): true heading by answer."""
    matrix = np.zeros((4, 5), dtype=int)
    np.add.at(matrix, (heading_index(truth_azimuth, toward_width), np.asarray(answer, dtype=int)), 1)
    return matrix


def ratio(part: float, whole: float) -> float | None:
    """Part / whole, or None when there is nothing to divide."""
    return float(part) / float(whole) if whole else None


def heading_metrics(
    truth_azimuth: np.ndarray, answer: np.ndarray, azimuth: np.ndarray, toward_width: float = math.pi / 2
) -> dict[str, Any]:
    """All figures of heading for matched sightings.

    Args:
        truth_azimuth: (n,) true azimuths in radians.
        answer: (n,) indices into HEADINGS_AND_UNKNOWN.
        azimuth: (n,) estimated azimuths in radians, NaN for none.
        toward_width: Full width of the true `toward` class in radians.

    Returns:
        Figures by name; None where nothing could be counted.  `flip_rate` is the
        share of azimuths more than 90 degrees off; `reversed_rate` the share of
        toward/away objects that were called the opposite; `majority_rate` what
        always giving the commoner of the two would score.
    """
    truth_azimuth = np.asarray(truth_azimuth, dtype=float)
    answer = np.asarray(answer, dtype=int)
    n = len(answer)
    two = toward_or_away(truth_azimuth) if n else np.zeros(0, dtype=int)
    in_two = two >= 0
    n_two = int(in_two.sum())
    n_toward = int((two == TOWARD).sum())
    known = np.isfinite(np.asarray(azimuth, dtype=float))
    errors = azimuth_errors(truth_azimuth, azimuth)[known]
    axis = axis_errors(truth_azimuth, azimuth)[known]
    reverse = ((two == TOWARD) & (answer == AWAY)) | ((two == AWAY) & (answer == TOWARD))
    right_class = answer == heading_index(truth_azimuth, toward_width)
    return {
        "n": n,
        "n_toward_away": n_two,
        "toward_away_accuracy": ratio(int((answer == two)[in_two].sum()), n_two),
        "reversed_rate": ratio(int(reverse.sum()), n_two),
        "majority_rate": ratio(max(n_toward, n_two - n_toward), n_two),
        "four_way_accuracy": ratio(int(right_class.sum()), n),
        "unknown_rate": ratio(int((answer == UNKNOWN_INDEX).sum()), n),
        "n_azimuth": len(errors),
        "azimuth_median_error_deg": math.degrees(float(np.median(errors))) if len(errors) else None,
        "axis_median_error_deg": math.degrees(float(np.median(axis))) if len(axis) else None,
        "flip_rate": ratio(int((errors > math.pi / 2).sum()), len(errors)),
    }


def percentiles(values: Sequence[float] | np.ndarray) -> dict[str, float | None]:
    """p50, p95 and p99 by linear interpolation; None when there are no values."""
    data = np.asarray(values, dtype=float)
    data = data[np.isfinite(data)]
    if not len(data):
        return {"p50": None, "p95": None, "p99": None}
    return {f"p{q}": float(np.percentile(data, q)) for q in (50, 95, 99)}
