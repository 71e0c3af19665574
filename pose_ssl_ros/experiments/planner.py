"""Who drives better: a robot that reads headings, one that minds distance, one that minds time to contact.

Every planner meets the same encounters with the same boxes (true ones, or with the errors of proposals), motion
filter, speed policy and drive; they differ in what they take for danger only (`danger_signals`).  `ours` reads its
headings from rendered crops through the model; the oracle is told the true ones.  Each is driven at several
thresholds, so that planners can be compared where they lose the same time, or collide equally often.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pose_ssl_sim.encounters import Scene, draw

from pose_ssl_ros.danger.config import DangerConfig, PlannerConfig
from pose_ssl_ros.danger.constants import WEIGHTS
from pose_ssl_ros.experiments.danger_signals import PLANNERS, signals
from pose_ssl_ros.experiments.driving import CAMERA, Reading, drive, nominal_seconds, truth, with_threshold
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.heading_reader import HeadingReader
from pose_ssl_ros.experiments.journal import Journal
from pose_ssl_ros.experiments.workers import workers
from pose_ssl_ros.inference.engine import ModelError

#: Thresholds that are driven, by planner; those of `ours` and `oracle` are probabilities.
SWEPT = {
    "ours": (0.12, 0.16, 0.2, 0.25, 0.4, 0.6),
    "oracle": (0.12, 0.16, 0.2, 0.25, 0.4, 0.6),
    "distance": (0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
    "ttc": (0.1, 0.2, 0.3, 0.4, 0.5, 0.65),
}
#: Raised when encounters, planners or figures change, so that old records are not mixed with new ones.
VERSION = 1


@dataclass(frozen=True)
class PlannerExperiment:
    """What to run."""

    model: Path
    out: Path
    seeds: tuple[int, ...] = (1, 2, 3)
    encounters: int = 120  # of each seed; the kinds come in turn
    cruise: float = 1.5  # m/s
    thresholds: tuple[float, ...] = ()  # of every planner; none: `SWEPT`
    box_errors: float = 0.0  # see `box_errors`; 1: as measured, 0: true boxes
    jobs: int = 1
    fresh: bool = False

    def settings(self) -> dict[str, Any]:
        """What a seed's records depend on; more encounters may be added to them, other things not."""
        facts: dict[str, Any] = {
            "version": VERSION,
            "model": hashlib.sha256(self.model.read_bytes()).hexdigest(),
            "cruise": self.cruise,
            "thresholds": {planner: thresholds_of(planner, self.thresholds) for planner in PLANNERS},
            "danger": hashlib.sha256(repr((WEIGHTS, DangerConfig(), PlannerConfig())).encode()).hexdigest()[:16],
        }
        # Not noted where there are none, so that records of before stay good.
        return facts | ({"box_errors": self.box_errors} if self.box_errors else {})


def default_threshold() -> float:
    """Danger at which our planner node stops."""
    return PlannerConfig().policy.stop_at


def run(what: PlannerExperiment, tell: Callable[[str], None] = print) -> dict[int, dict[str, dict[str, Any]]]:
    """Drive what is missing.

    Args:
        what: The experiment.
        tell: Takes lines of progress; with several jobs their processes call it, so it must be picklable.

    Returns:
        By seed and number of the encounter: `kind` and, by `planner@threshold`, what `drive` found.

    Raises:
        ExperimentError: If the settings make no sense, the model cannot be used or the folder not be written.
    """
    _check(what)
    if what.jobs == 1:
        return {seed: run_seed(what, seed, tell) for seed in what.seeds}
    with workers(what.jobs) as pool:
        futures = {seed: pool.submit(run_seed, what, seed, tell) for seed in what.seeds}
        return {seed: future.result() for seed, future in futures.items()}


def _check(what: PlannerExperiment) -> None:
    if not what.model.is_file():
        msg = f"there is no model '{what.model}'"
        raise ExperimentError(msg)
    if not what.seeds or min(what.seeds) < 0 or len(set(what.seeds)) < len(what.seeds):
        msg = f"seeds must be different and not negative, got {' '.join(map(str, what.seeds))}"
        raise ExperimentError(msg)
    if what.encounters < 1 or what.jobs < 1:
        msg = f"encounters and jobs must be 1 or more, got {what.encounters} and {what.jobs}"
        raise ExperimentError(msg)
    if not 0.2 <= what.cruise <= 2.5:
        msg = f"the cruise speed must be from 0.2 to 2.5 m/s, got {what.cruise:g}"
        raise ExperimentError(msg)
    if not 0 <= what.box_errors <= 3:
        msg = f"box errors must be from 0 (true boxes) to 3 times the measured ones, got {what.box_errors:g}"
        raise ExperimentError(msg)
    if not all(0 < t < 1 for t in what.thresholds):
        msg = f"thresholds must be between 0 and 1, got {' '.join(map(str, what.thresholds))}"
        raise ExperimentError(msg)


def run_seed(what: PlannerExperiment, seed: int, tell: Callable[[str], None] = print) -> dict[str, dict[str, Any]]:
    """All encounters of a seed; what an earlier run noted is not driven again."""
    journal = Journal(what.out / "records" / f"planner-{seed}.jsonl", what.settings(), what.fresh)
    missing = [n for n in range(what.encounters) if str(n) not in journal.records]
    if missing:
        try:
            reader = HeadingReader(what.model.read_bytes())
        except ModelError as error:
            msg = f"the model '{what.model}' cannot be used: {error}"
            raise ExperimentError(msg) from error
        begin, told, driven = time.monotonic(), 0.0, 0.0
        for count, number in enumerate(missing, 1):
            found = meet(what, seed, number, reader)
            driven += sum(o["seconds"] for o in found["outcomes"].values())
            journal.add(str(number), found)
            wall = time.monotonic() - begin
            if wall - told > 10 or count == len(missing):
                told = wall
                left = wall / count * (len(missing) - count)
                tell(
                    f"seed {seed}: {count} of {len(missing)} encounters, {driven / wall:.1f} times real time, "
                    f"{left:.0f} s left"
                )
        reader.close()
    return {key: journal.records[key] for key in map(str, range(what.encounters))}


def meet(what: PlannerExperiment, seed: int, number: int, reader: HeadingReader) -> dict[str, Any]:
    """One encounter by every planner at every threshold."""
    encounter = draw(seed, number, what.cruise)
    reader.begin(Scene(encounter, CAMERA))
    config = PlannerConfig(cruise_speed=what.cruise)
    nominal = nominal_seconds(config)
    kinds = signals(DangerConfig())
    readings: dict[str, Reading] = {"ours": reader.read, "oracle": truth}
    outcomes = {}
    for planner in PLANNERS:
        for threshold in thresholds_of(planner, what.thresholds):
            found = drive(
                encounter,
                kinds[planner],
                readings.get(planner),
                with_threshold(config, threshold),
                raw=planner == "oracle",
                box_errors=what.box_errors,
            )
            outcomes[f"{planner}@{threshold:g}"] = {
                "seconds": round(found.seconds, 3),
                "lost": round(found.seconds - nominal, 3),
                "collided": found.collided,
                "gap": round(found.least_gap, 3) if math.isfinite(found.least_gap) else None,
                "stops": found.stops,
                "needless": found.needless,
                "stuck": found.stuck,
            }
    return {"kind": encounter.kind, "prop": encounter.prop, "outcomes": outcomes}


def thresholds_of(planner: str, given: Sequence[float]) -> list[float]:
    """Those that a planner is driven at: the given or the swept ones, and that of our planner node."""
    own = (default_threshold(),) if planner in ("ours", "oracle") else ()
    return sorted({round(t, 6) for t in (*(given or SWEPT[planner]), *own)})
