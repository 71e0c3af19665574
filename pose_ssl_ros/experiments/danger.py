"""Danger as a probability: fitted to what came of simulated moments, tested on moments of other seeds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pose_ssl_sim.encounters import KINDS

from pose_ssl_ros.danger import constants
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.terms import MotionKind, Terms
from pose_ssl_ros.experiments.calibrating import Weights, fit, judge, predict
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.heading_reader import HeadingReader
from pose_ssl_ros.experiments.journal import Journal
from pose_ssl_ros.experiments.moments import COLUMNS, table, watch_encounter
from pose_ssl_ros.experiments.rows import Row, row
from pose_ssl_ros.inference.engine import ModelError

NAME = "danger"
_VERSION = 1
_KIND, _URGENCY, _HARMED = (COLUMNS.index(n) for n in ("kind", "urgency", "harmed"))


@dataclass(frozen=True)
class DangerExperiment:
    """What to run."""

    model: Path
    out: Path
    train_seeds: tuple[int, ...] = (101, 102)
    test_seeds: tuple[int, ...] = (201, 202, 203)
    encounters: int = 72  # of each seed
    fresh: bool = False


@dataclass(frozen=True)
class DangerResult:
    """What came out."""

    weights: Weights
    judged: dict[str, dict[int, dict[str, Any]]]  # by what is judged, by test seed
    pooled: dict[str, dict[str, Any]]  # by what is judged, over all test seeds
    rows: list[Row]


def run(what: DangerExperiment, tell: Callable[[str], None] = print) -> DangerResult:
    """Play what is missing, fit, test.

    Raises:
        ExperimentError: If the settings make no sense or the model cannot be used.
    """
    if set(what.train_seeds) & set(what.test_seeds) or not what.train_seeds or not what.test_seeds:
        msg = "training and test seeds must be given and must not share a seed"
        raise ExperimentError(msg)
    if what.encounters < len(KINDS):
        msg = f"at least {len(KINDS)} encounters are needed, one of each kind; got {what.encounters}"
        raise ExperimentError(msg)
    moments = {seed: _moments(what, seed, tell) for seed in (*what.train_seeds, *what.test_seeds)}
    weights = fit(np.concatenate([moments[seed] for seed in what.train_seeds]))
    judged: dict[str, dict[int, dict[str, Any]]] = {}
    for seed in what.test_seeds:
        for name, values in _told(moments[seed], weights).items():
            judged.setdefault(name, {})[seed] = judge(values, moments[seed][:, _HARMED])
    test = np.concatenate([moments[seed] for seed in what.test_seeds])
    pooled = {name: judge(values, test[:, _HARMED]) for name, values in _told(test, weights).items()}
    probability = predict(test, weights)
    for number, kind in enumerate(KINDS):
        chosen = test[:, _KIND] == number
        if chosen.any():
            pooled[f"probability/{kind}"] = judge(probability[chosen], test[chosen, _HARMED])
    rows = [
        row(NAME, name, metric, 0.0, {s: j[metric] for s, j in by_seed.items()}, min(j["n"] for j in by_seed.values()))
        for name, by_seed in judged.items()
        for metric in ("ece", "brier", "log_loss", "auc")
    ]
    return DangerResult(weights, judged, pooled, [r for r in rows if r is not None])


def _told(moments: np.ndarray, weights: Weights) -> dict[str, np.ndarray]:
    base = np.full(len(moments), float(moments[:, _HARMED].mean()))
    return {
        "probability": predict(moments, weights),
        "shipped": predict(moments, constants.WEIGHTS),
        "urgency": moments[:, _URGENCY],
        "always the mean": base,
    }


def _moments(what: DangerExperiment, seed: int, tell: Callable[[str], None]) -> np.ndarray:
    if not what.model.is_file():
        msg = f"there is no model '{what.model}'"
        raise ExperimentError(msg)
    settings = {
        "version": _VERSION,
        "model": hashlib.sha256(what.model.read_bytes()).hexdigest(),
        "config": hashlib.sha256(repr(DangerConfig()).encode()).hexdigest()[:16],
    }
    journal = Journal(what.out / "records" / f"danger-{seed}.jsonl", settings, what.fresh)
    missing = [n for n in range(what.encounters) if str(n) not in journal.records]
    if missing:
        try:
            reader = HeadingReader(what.model.read_bytes())
        except ModelError as error:
            msg = f"the model '{what.model}' cannot be used: {error}"
            raise ExperimentError(msg) from error
        begin = told = time.monotonic()
        for count, number in enumerate(missing, 1):
            journal.add(str(number), watch_encounter(seed, number, reader))
            now = time.monotonic()
            if now - told > 10 or count == len(missing):
                told = now
                left = (now - begin) / count * (len(missing) - count)
                tell(f"seed {seed}: {count} of {len(missing)} encounters, {left:.0f} s left")
        reader.close()
    return table(journal.records[str(n)] for n in range(what.encounters))


def constants_text(weights: Weights, command: str) -> str:
    """The source of `danger/constants.py`."""
    lines = [f"    ({', '.join(f'{v:g}' for v in weights[kind])})," for kind in MotionKind]
    names = ", ".join(Terms._fields)
    return f'''"""Constants of `danger.calibration`; this file is written by the command below, do not edit it."""

from __future__ import annotations

COMMAND = "{command}"
#: By kind of motion (standing, moving, unknown): bias, then the weights of
#: {names}.
WEIGHTS = (
{chr(10).join(lines)}
)
'''
