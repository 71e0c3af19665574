"""Does it get better at its site while it works: every variant over the same stream of a site with new kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pose_ssl_ros.experiments.learning_rows import Results, rows
from pose_ssl_ros.experiments.learning_runs import LearningExperiment
from pose_ssl_ros.experiments.profiles import Profile
from pose_ssl_ros.experiments.rows import Row
from pose_ssl_ros.experiments.variants import chosen

NAME = "online"
#: Streets with the kinds that start models are made with.
OLD_SITE = "street"


def experiment(
    profile: Profile,
    start: Path,
    out: Path,
    site: str = "yard",
    variants: Sequence[str] = (),
    jobs: int = 1,
    fresh: bool = False,
) -> LearningExperiment:
    """The experiment.

    Raises:
        ExperimentError: If a variant does not exist.
    """
    names = tuple(chosen(variants or profile.online))
    return LearningExperiment(
        NAME, start, out, profile, names, (site,), {"held_out": site, "old_site": OLD_SITE}, jobs, fresh
    )


def all_rows(results: Results) -> list[Row]:
    """Rows of `experiment.json`: places `stream` (answered before it was learned from), `held_out`, `old_site`."""
    return rows(NAME, results)
