"""Rows of the learning experiments: figures over seeds, and differences taken seed by seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pose_ssl_ros.experiments.learning_runs import Result
from pose_ssl_ros.experiments.rows import Row, row
from pose_ssl_ros.experiments.stream_figures import METRICS

Results = Mapping[str, Mapping[int, Result]]
#: Differences that the experiments are about: name of the row's variant, minuend, subtrahend.
DIFFERENCES = (
    ("ours - frozen", "ours", "frozen"),
    ("ours - frozen, probes refitted", "ours", "frozen, probes refitted"),
    ("ours - labels", "ours", "labels"),
    ("ours - labels, taught only", "ours", "labels, taught only"),
    ("ours - no trajectory", "ours", "no trajectory"),
    ("ours - shuffled", "ours", "shuffled"),
    ("two-tier, small - shuffled", "two-tier, small", "shuffled"),
    ("two-tier, small - fifo, small", "two-tier, small", "fifo, small"),
    ("two-tier, small - no buffer", "two-tier, small", "no buffer"),
    ("random weights - random, batch norm", "random weights", "random, batch norm"),
)


def value(result: Result, place: str, at: str, metric: str) -> float:
    """A figure of a run; NaN where it was not measured."""
    found: Any = result["places"].get(place, {}).get(at, {}).get(metric)
    return math.nan if found is None else float(found)


def times(results: Results, place: str) -> list[str]:
    """Times at which a place was measured, in order, as they are written."""
    found = {at for runs in results.values() for result in runs.values() for at in result["places"].get(place, {})}
    return sorted(found, key=float)


def places(results: Results) -> list[str]:
    """Where figures were taken."""
    return list(next(iter(next(iter(results.values())).values()))["places"])


def rows(experiment: str, results: Results, seconds: Mapping[str, float] | None = None) -> list[Row]:
    """All rows.

    Args:
        experiment: Its name.
        results: By variant and seed.
        seconds: Robot seconds of times that are written as something else.

    Returns:
        Of each variant, place and time every metric as `place/metric`; then the differences, in shares of 1, on the
        places that are test drives.
    """
    found: list[Row | None] = []
    for place in places(results):
        for at in times(results, place):
            robot = (seconds or {}).get(at, float(at))
            for variant, runs in results.items():
                n = min(int(value(result, place, at, "n") or 0) for result in runs.values())
                for metric in METRICS:
                    values = {seed: value(result, place, at, metric) for seed, result in runs.items()}
                    found.append(row(experiment, variant, f"{place}/{metric}", robot, values, n))
            if place == "stream":
                continue
            for title, one, other in DIFFERENCES:
                if one not in results or other not in results:
                    continue
                n = min(int(value(result, place, at, "n") or 0) for result in results[one].values())
                for metric in METRICS:
                    values = {
                        seed: value(results[one][seed], place, at, metric)
                        - value(results[other][seed], place, at, metric)
                        for seed in results[one].keys() & results[other].keys()
                    }
                    found.append(row(experiment, title, f"{place}/{metric}", robot, values, n))
    return [r for r in found if r is not None]
