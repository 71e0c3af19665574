"""What one run (one method, one seed) is measured by: a value with its place in the table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LAYERS = ("last", "middle", "head")
TASKS = ("semantic", "absolute_pose", "relative_pose", "few_shot_1", "few_shot_5", "few_shot_20")
#: Where the test crops come from, and what the probe was fitted to (see `tasks`).
DOMAINS = ("in_domain", "unseen_pose", "unseen_category", "unseen_category_transfer")


@dataclass(frozen=True)
class Measure:
    """One figure of one run.

    Attributes:
        layer: One of `LAYERS`.
        task: One of `TASKS`.
        domain: One of `DOMAINS`.
        metric: `<probe>.<figure>`; shares are 0..1, errors in degrees.
        value: The figure.
        n: Test crops (or pairs) that it was counted over.
    """

    layer: str
    task: str
    domain: str
    metric: str
    value: float
    n: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Layer, task, domain and metric."""
        return (self.layer, self.task, self.domain, self.metric)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def from_figures(layer: str, task: str, domain: str, probe: str, figures: Mapping[str, float], n: int) -> list[Measure]:
    """A measure for each finite figure of a probe; what could not be counted (NaN) gives none."""
    return [
        Measure(layer, task, domain, f"{probe}.{name}", float(value), int(n))
        for name, value in figures.items()
        if math.isfinite(float(value))
    ]
