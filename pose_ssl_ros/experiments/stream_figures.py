"""Figures of judged answers: of a whole drive, or of windows of robot time."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pose_ssl_ros.evaluation.identity import identity_metrics
from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.metrics import AWAY, TOWARD, heading_metrics, toward_or_away
from pose_ssl_ros.evaluation.moving import MOVING, PARKED
from pose_ssl_ros.evaluation.records import MISSED, UNKNOWN_INDEX

#: By name, what it means; shares are 0..1 of answered true objects, picture by picture.
METRICS = {
    "toward_away": "of objects that head toward or away, those told so; `unknown` is wrong",
    "toward_away_told": "the same of those that were told any heading",
    "toward_away_parked": "toward_away of objects that stand",
    "toward_away_moving": "toward_away of objects that move",
    "reversed": "of objects that head toward or away, those told the opposite",
    "four_way": "headings told right; `unknown` is wrong",
    "unknown": "answers that are `unknown`",
    "identity_nmi": "agreement of identities with true kinds (normalised mutual information), names or no names",
    "coverage": "true objects, large and visible enough, that were answered at all",
}
Figures = dict[str, float]


def figures(judge: Judge, begin: float = -math.inf, end: float = math.inf) -> tuple[Figures, int]:
    """Figures of the answers within a stretch of a bag's time.

    Args:
        judge: Holds the answers.
        begin: First robot second of it.
        end: Robot second that it ends before.

    Returns:
        By name of `METRICS`, NaN where nothing was counted; and the number of answers with known heading.
    """
    rows = judge.answers.rows
    rows = rows[(rows["object"] >= 0) & (rows["time"] >= begin) & (rows["time"] < end)]
    matched = rows[rows["answer"] != MISSED]
    posed = matched[np.isfinite(matched["truth_azimuth"])]
    found = heading_metrics(posed["truth_azimuth"], posed["answer"], posed["azimuth"])
    known = matched[matched["category"] >= 0]
    identity = identity_metrics(known["category"], known["identity"], judge.categories.names, judge.identities.names)
    told = posed[posed["answer"] != UNKNOWN_INDEX]
    values = {
        "toward_away": found["toward_away_accuracy"],
        "toward_away_told": _toward_away(told),
        "toward_away_parked": _toward_away(posed[posed["moving"] == PARKED]),
        "toward_away_moving": _toward_away(posed[posed["moving"] == MOVING]),
        "reversed": found["reversed_rate"],
        "four_way": found["four_way_accuracy"],
        "unknown": found["unknown_rate"],
        "identity_nmi": identity["nmi"],
        "coverage": len(matched) / len(rows) if len(rows) else None,
    }
    return {name: math.nan if value is None else float(value) for name, value in values.items()}, len(posed)


def windows(judge: Judge, width: float, seconds: float) -> Mapping[float, tuple[Figures, int]]:
    """Figures of windows of robot time, by the end of each, of the first bag; the last one may lack a tenth."""
    count = max(1, math.floor(seconds / width + 0.1))
    return {(k + 1) * width: figures(judge, k * width, (k + 1) * width) for k in range(count)}


def _toward_away(rows: np.ndarray) -> float | None:
    if not len(rows):
        return None
    two = toward_or_away(rows["truth_azimuth"])
    asked = np.isin(two, (TOWARD, AWAY))
    return float((rows["answer"][asked] == two[asked]).mean()) if asked.any() else None
