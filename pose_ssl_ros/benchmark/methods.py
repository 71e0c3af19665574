"""The methods that are compared: a name and the terms that it is trained by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.learning.objectives.terms import Terms

#: Weight of the trajectory term beside each objective, on the middle map.
TRAJECTORY_WEIGHTS = {
    "vicreg": 1.0,
    "simclr": 0.5,
    "moco": 0.5,
    "simsiam": 0.2,
    "byol": 0.2,
    "barlow": 1.0,
    "dino": 0.5,
}
#: Ours: what the ablation left; the trajectory term cost pose and a third of the time (docs/method.md).
OURS = Terms("vicreg", trajectory_weight=0.0, teacher_weight=50.0, teacher_on_centres=True, equivariance_weight=5.0)


@dataclass(frozen=True)
class Method:
    """One line of the benchmark.

    Attributes:
        name: What tables call it.
        terms: What it minimises; None if nothing is trained.
        own_head: Whether its own azimuth head is measured too (layer `head`).
        what: A sentence for people.
    """

    name: str
    terms: Terms | None
    own_head: bool
    what: str


def _registry() -> dict[str, Method]:
    found = [Method("random", None, False, "Untrained weights.")]
    for name, weight in TRAJECTORY_WEIGHTS.items():
        alone = Terms(name, trajectory_weight=0.0)
        along = replace(alone, trajectory_weight=weight)
        found.append(Method(name, alone, False, f"{name} on two augmentations of a view."))
        found.append(Method(f"{name}+traj", along, False, f"{name} and the trajectory term on the middle map."))
    last = Terms(
        "vicreg",
        trajectory_weight=TRAJECTORY_WEIGHTS["vicreg"],
        trajectory_layer="last",
    )
    found.append(Method("vicreg+traj@last", last, False, "VICReg and the trajectory term on the last feature."))
    plain = Terms("vicreg", trajectory_weight=0.0)
    for label in ("category", "azimuth"):
        terms = replace(plain, supervision=label)
        found.append(Method(f"supervised-{label}", terms, label == "azimuth", f"Ceiling: every {label} is labelled."))
    found.append(Method("ours", OURS, True, "VICReg, equivariance to odometry, motion as teacher."))
    along = replace(OURS, trajectory_weight=TRAJECTORY_WEIGHTS["vicreg"])
    found.append(Method("ours+traj", along, True, "Ours with the trajectory term on the middle map."))
    found.append(Method("ours-equi", replace(OURS, equivariance_weight=0.0), True, "Ours without equivariance."))
    # Without the teacher nothing tells the head which end is the front: its answers mean nothing.
    found.append(Method("ours-motion", replace(OURS, teacher_weight=0.0), False, "Ours without motion as teacher."))
    return {method.name: method for method in found}


METHODS = _registry()
#: Name under which ready weights are measured.
READY = "base"


def method(name: str) -> Method:
    """A method by its name.

    Raises:
        BenchmarkError: If there is none of that name.
    """
    if name not in METHODS:
        msg = f"there is no method '{name}'; there are: {', '.join(METHODS)}"
        raise BenchmarkError(msg)
    return METHODS[name]


def methods(names: Sequence[str]) -> list[Method]:
    """Methods by their names, each once.

    Raises:
        BenchmarkError: If one does not exist.
    """
    return [method(name) for name in dict.fromkeys(names)]
