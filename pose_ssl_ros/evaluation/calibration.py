"""Whether probabilities mean what they say, and what is gained by answering less."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.figures import Resampling, figure, missing
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.metrics import heading_index, toward_or_away
from pose_ssl_ros.evaluation.records import UNKNOWN_INDEX

#: Points of the accuracy-coverage curve at most.
POINTS = 50


def calibration(rows: np.ndarray, config: JudgeConfig, how: Resampling) -> dict[str, Any]:
    """Expected calibration error (Guo et al., ICML 2017) and the bins behind it.

    The confidence of an answer is the probability of its heading; `unknown` claims nothing and is left out.

    Args:
        rows: JUDGED rows with true azimuth.
        config: Number of bins, width of toward.
        how: The resampling.

    Returns:
        `ece` (figure, 0..1) and `reliability`: for each bin that is not empty `low`, `high`, `n`, mean
        `confidence`, `accuracy`.
    """
    rows = rows[(rows["answer"] != UNKNOWN_INDEX) & np.isfinite(rows["confidence"])]
    if not len(rows):
        return {"ece": missing("no heading was answered for a true object of known heading"), "reliability": []}
    bins = config.bins
    confidence = np.clip(rows["confidence"].astype(float), 0.0, 1.0)
    right = (rows["answer"] == heading_index(rows["truth_azimuth"], config.toward_width)).astype(float)
    number = np.minimum((confidence * bins).astype(int), bins - 1)
    tracks, row = np.unique(rows["object"], return_inverse=True)
    sums = np.zeros((len(tracks), 3, bins))  # count, confidence, right
    for place, values in enumerate((np.ones(len(rows)), confidence, right)):
        np.add.at(sums[:, place], (row, number), values)

    def statistic(flat: np.ndarray) -> np.ndarray:
        count, said, hit = np.moveaxis(flat.reshape(*flat.shape[:-1], 3, bins), -2, 0)
        return np.asarray(np.abs(said - hit).sum(-1) / count.sum(-1))

    count, said, hit = sums.sum(0)
    return {
        "ece": figure(sums.reshape(len(tracks), -1), statistic, len(rows), how),
        "reliability": [
            {
                "low": i / bins,
                "high": (i + 1) / bins,
                "n": int(count[i]),
                "confidence": float(said[i] / count[i]),
                "accuracy": float(hit[i] / count[i]),
            }
            for i in range(bins)
            if count[i]
        ],
    }


def accuracy_coverage(rows: np.ndarray, toward_width: float) -> list[dict[str, Any]]:
    """Accuracy of the best of the four headings if only the most certain share of sightings is answered.

    Args:
        rows: JUDGED rows with true azimuth.
        toward_width: Full width of the true toward class in radians.

    Returns:
        Points by rising coverage: `coverage` (share of all sightings), `threshold` (least probability answered),
        `four_way_accuracy`, `toward_away_accuracy` (of those that truly head towards or away; None if none does).
    """
    if not len(rows):
        return []
    confidence = np.nan_to_num(rows["confidence"].astype(float), nan=-1.0)
    order = np.argsort(-confidence, kind="stable")
    best, azimuth = rows["best"][order].astype(int), rows["truth_azimuth"][order]
    confidence = confidence[order]
    two = toward_or_away(azimuth)
    right = np.cumsum(best == heading_index(azimuth, toward_width))
    right_two, among_two = np.cumsum((best == two) & (two >= 0)), np.cumsum(two >= 0)
    n = len(rows)
    # Equal probabilities are answered or kept together.
    ends = np.flatnonzero(np.append(confidence[1:] != confidence[:-1], True) & (confidence >= 0))
    if len(ends) > POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, POINTS).astype(int))]
    return [
        {
            "coverage": (i + 1) / n,
            "threshold": float(confidence[i]),
            "four_way_accuracy": float(right[i] / (i + 1)),
            "toward_away_accuracy": float(right_two[i] / among_two[i]) if among_two[i] else None,
        }
        for i in ends.tolist()
    ]
