"""Figures of merit for azimuths in the benchmark.

The same definitions as `evaluation.metrics` has for the running loop (a test
holds them together); rooms that may not know the evaluation use these.
"""

from __future__ import annotations

import math

import numpy as np

from pose_ssl_ros.probing.prediction import UNKNOWN_INDEX, ProbeError, wrapped

TOWARD, LEFT, AWAY, RIGHT = range(4)
#: Half width of the two sectors over which toward/away is judged.
REACH = math.pi / 4
#: Objects that stand or are predicted exactly on an edge belong inside; float32 azimuths miss it by a hair.
HAIR = 1e-6


def heading_classes(azimuth: np.ndarray) -> np.ndarray:
    """Indices into `viewpoint.HEADINGS` of azimuths (N,) in radians; -1 where NaN."""
    angle = wrapped(azimuth)
    side = np.where(angle > 0, LEFT, RIGHT)
    size = np.abs(angle)
    classes = np.where(size <= math.pi / 4, TOWARD, np.where(size > math.pi * 3 / 4, AWAY, side))
    return np.where(np.isfinite(angle), classes, -1)


def pose_figures(
    true: np.ndarray, predicted: np.ndarray, answer: np.ndarray | None = None, within: float = math.pi / 6
) -> dict[str, float]:
    """Figures of predicted against true azimuths (or turns, for pairs).

    Args:
        true: (N,) radians; rows with NaN are left out.
        predicted: (N,) radians; NaN is a wrong answer everywhere (and 180 degrees off in the median).
        answer: (N,) indices into HEADINGS_AND_UNKNOWN of a probe that may say `unknown`, or None.
        within: What counts as right, radians.

    Returns:
        `n`: rows counted (float, so that all values are).
        `within_30`: share with an error of at most 30 degrees (`within`).
        `median_error_deg`: degrees.
        `toward_away`: of the objects within 45 degrees of toward or away, the share whose predicted
            class (of four) is the true one, as in the evaluation of the loop.
        `front_back`: of the same, the share predicted in the right half turn: the flip without the border of the class.
        `flip_errors`: share more than 90 degrees off whose axis is within 30 degrees.
        `axis_errors`: share whose axis (front and back not told apart) is more than 30 degrees off.
        `four_way`: share whose class of four is the true one.
        `unknown`, `toward_away_answered`, `four_way_answered`: only with `answer`: share of `unknown`, and
            the two accuracies of the answers, where `unknown` is never right.
        NaN where nothing could be counted.

    Raises:
        ProbeError: If the shapes differ.
    """
    true, predicted = np.asarray(true, float), np.asarray(predicted, float)
    if true.ndim != 1 or true.shape != predicted.shape or (answer is not None and np.shape(answer) != true.shape):
        shapes = f"{true.shape}, {predicted.shape}" + ("" if answer is None else f", {np.shape(answer)}")
        msg = f"true and predicted azimuths and answers must be vectors of one length, got {shapes}"
        raise ProbeError(msg)
    held = np.isfinite(true)
    true, predicted = true[held], predicted[held]
    error = np.nan_to_num(np.abs(wrapped(predicted - true)), nan=math.pi)
    given = np.isfinite(predicted)
    axis = np.where(given, np.minimum(error, math.pi - error), math.pi / 2)
    size = np.abs(wrapped(true))
    toward, away = size <= REACH + HAIR, size >= math.pi - REACH - HAIR
    sectors = toward | away
    two = np.where(toward, TOWARD, AWAY)[sectors]
    classes, right_class = heading_classes(predicted), heading_classes(true)
    half = np.where(np.cos(np.where(given, predicted, 0)) > 0, TOWARD, AWAY)
    figures = {
        "n": float(len(true)),
        "within_30": _share(error <= within + HAIR),
        "median_error_deg": math.degrees(float(np.median(error))) if len(true) else math.nan,
        "toward_away": _share(classes[sectors] == two),
        "front_back": _share((half[sectors] == two) & given[sectors]),
        "flip_errors": _share((error > math.pi / 2) & (axis <= math.pi / 6 + HAIR) & given),
        "axis_errors": _share(axis > math.pi / 6 + HAIR),
        "four_way": _share(classes == right_class),
    }
    if answer is not None:
        said = np.asarray(answer, int)[held]
        figures["unknown"] = _share(said == UNKNOWN_INDEX)
        figures["toward_away_answered"] = _share(said[sectors] == two)
        figures["four_way_answered"] = _share(said == right_class)
    return figures


def _share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else math.nan
