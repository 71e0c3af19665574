"""Is anything lost: streets, then a warehouse, then streets again; models of each turn are tested on both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pose_ssl_ros.experiments.learning_rows import Results, rows, value
from pose_ssl_ros.experiments.learning_runs import LearningExperiment
from pose_ssl_ros.experiments.profiles import Profile
from pose_ssl_ros.experiments.rows import Row, row
from pose_ssl_ros.experiments.stream_figures import METRICS
from pose_ssl_ros.experiments.variants import chosen

NAME = "forgetting"
#: What each number of `places` stands for.
STAGES = {"1": "after streets", "2": "after the warehouse", "3": "after streets again"}


def experiment(
    profile: Profile,
    start: Path,
    out: Path,
    site: str = "warehouse",
    variants: Sequence[str] = (),
    jobs: int = 1,
    fresh: bool = False,
) -> LearningExperiment:
    """The experiment; `site` is the second one.

    Raises:
        ExperimentError: If a variant does not exist.
    """
    names = tuple(chosen(variants or profile.forgetting))
    tests = {"site_a": "street", "site_b": site}
    return LearningExperiment(NAME, start, out, profile, names, ("street", site, "street"), tests, jobs, fresh)


def all_rows(results: Results, profile: Profile) -> list[Row]:
    """Rows of `experiment.json`: places `site_a` and `site_b`, at the end of each stretch.

    `site_a/<metric>_change_by_b` is what the second stretch changed, `_change_after_all` what both later ones did.
    """
    found = rows(NAME, results, {stage: int(stage) * profile.stretch for stage in STAGES})
    for variant, runs in results.items():
        n = min(int(value(result, "site_a", "1", "n") or 0) for result in runs.values())
        for name, stage in (("change_by_b", "2"), ("change_after_all", "3")):
            for metric in METRICS:
                changes = {
                    seed: value(result, "site_a", stage, metric) - value(result, "site_a", "1", metric)
                    for seed, result in runs.items()
                }
                one = row(NAME, variant, f"site_a/{metric}_{name}", int(stage) * profile.stretch, changes, n)
                found += [one] if one is not None else []
    return found
