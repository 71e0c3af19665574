"""The rows of `experiment.json`: mean and deviation over seeds."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from pose_ssl_ros.evaluation.files import plain

#: Exactly the keys of a row, in their order.
KEYS = ("experiment", "variant", "metric", "robot_seconds", "mean", "std", "seeds", "n")
Row = dict[str, Any]


def row(
    experiment: str, variant: str, metric: str, robot_seconds: float, values: Mapping[int, float], n: int
) -> Row | None:
    """One row.

    Args:
        experiment: Its name.
        variant: What was varied.
        metric: What was measured.
        robot_seconds: Robot time at which, or over which, it was measured.
        values: The figure by seed; what is not finite is left out.
        n: Least number of things that a seed's figure was counted over.

    Returns:
        The row with the sample standard deviation between seeds (0 where there is one seed); None without values.
    """
    found = [value for value in values.values() if math.isfinite(value)]
    if not found:
        return None
    mean = math.fsum(found) / len(found)
    spread = math.fsum((value - mean) ** 2 for value in found)
    std = math.sqrt(spread / (len(found) - 1)) if len(found) > 1 else 0.0
    return dict(zip(KEYS, (experiment, variant, metric, robot_seconds, mean, std, len(found), n), strict=True))


def find(rows: Iterable[Row], variant: str, metric: str) -> Row | None:
    """The first row of a variant and metric."""
    return next((r for r in rows if r["variant"] == variant and r["metric"] == metric), None)


def written(rows: Iterable[Row]) -> str:
    """The rows as JSON, each on a line of its own: thousands of them stay readable, and so do their changes."""
    return "[\n" + ",\n".join(json.dumps(plain(r), ensure_ascii=False, allow_nan=False) for r in rows) + "\n]\n"
