"""Mean and deviation over seeds: the rows of `benchmark.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.measures import DOMAINS, LAYERS, TASKS, Measure

#: Exactly the keys of a row, in their order.
KEYS = ("method", "layer", "task", "domain", "metric", "mean", "std", "seeds", "n")
Row = dict[str, Any]


def aggregate(runs: Mapping[tuple[str, int], Sequence[Measure]]) -> list[Row]:
    """Average the runs of each method.

    Args:
        runs: (method, seed) to what that run measured.

    Returns:
        Rows in the order of the methods, then layer, task, domain and metric. `std` is the standard deviation
        between seeds with n - 1 in the denominator, 0 where there is one seed; `seeds` counts the runs that have
        the figure; `n` is the least number of test crops that any of them counted it over.

    Raises:
        BenchmarkError: If a run names a figure twice.
    """
    found: dict[tuple[str, str, str, str, str], dict[int, Measure]] = {}
    for (method, seed), measures in runs.items():
        for measure in measures:
            seeds = found.setdefault((method, *measure.key), {})
            if seed in seeds:
                msg = f"{method}, seed {seed}: {'/'.join(measure.key)} is measured twice"
                raise BenchmarkError(msg)
            seeds[seed] = measure
    methods = list(dict.fromkeys(method for method, _ in runs))
    rows = []
    for key in sorted(found, key=lambda k: _order(methods, k)):
        measures = list(found[key].values())
        mean, std = mean_and_deviation([m.value for m in measures])
        numbers = (mean, std, len(measures), min(m.n for m in measures))
        rows.append(dict(zip(KEYS, (*key, *numbers), strict=True)))
    return rows


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Mean and sample standard deviation (n - 1); one value has none, so 0.

    Raises:
        ValueError: If there are no values.
    """
    if not values:
        msg = "no values to average"
        raise ValueError(msg)
    mean = math.fsum(values) / len(values)
    if len(values) == 1:
        return mean, 0.0
    return mean, math.sqrt(math.fsum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _order(methods: Sequence[str], key: tuple[str, str, str, str, str]) -> tuple[int, int, int, int, str]:
    method, layer, task, domain, metric = key
    places = (_place(TASKS, task), _place(DOMAINS, domain), _place(LAYERS, layer))
    return (methods.index(method), *places, metric)


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)
