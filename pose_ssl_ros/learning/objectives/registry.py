"""The registry of semantic objectives: name to a module that compares two views' projections."""

from __future__ import annotations

from collections.abc import Callable

from pose_ssl_ros.learning.objectives.barlow import BarlowTwins
from pose_ssl_ros.learning.objectives.base import Objective, ObjectiveError
from pose_ssl_ros.learning.objectives.byol import BYOL
from pose_ssl_ros.learning.objectives.dino import DINO
from pose_ssl_ros.learning.objectives.moco import MoCo
from pose_ssl_ros.learning.objectives.simclr import SimCLR
from pose_ssl_ros.learning.objectives.simsiam import SimSiam
from pose_ssl_ros.learning.objectives.vicreg import VICReg

#: Takes the width of the projections and the norm of projector and predictor.
Factory = Callable[[int, str], Objective]

_FACTORIES: dict[str, Factory] = {}


def register(name: str, factory: Factory) -> None:
    """Add an objective.

    Raises:
        ObjectiveError: If the name is taken.
    """
    if name in _FACTORIES:
        msg = f"objective '{name}' is registered already"
        raise ObjectiveError(msg)
    _FACTORIES[name] = factory


def names() -> tuple[str, ...]:
    """The objectives that exist, in alphabetical order."""
    return tuple(sorted(_FACTORIES))


def create(name: str, dimension: int, norm: str = "auto") -> Objective:
    """Build an objective.

    Args:
        name: One of `names()`.
        dimension: Width of the projections.
        norm: Normalisation inside projector and predictor: `layer`, `batch`, or `auto` for the objective's own.

    Raises:
        ObjectiveError: If there is none of that name, or the dimension or norm does not fit.
    """
    if name not in _FACTORIES:
        msg = f"there is no objective '{name}'; there are: {', '.join(names())}"
        raise ObjectiveError(msg)
    return _FACTORIES[name](dimension, norm)


register("vicreg", VICReg)
register("simclr", SimCLR)
register("moco", MoCo)
register("simsiam", SimSiam)
register("byol", BYOL)
register("barlow", BarlowTwins)
register("dino", DINO)
