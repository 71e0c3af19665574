"""The registry of semantic objectives: name to a loss on two views' projections."""

from __future__ import annotations

from collections.abc import Callable

import torch

from pose_ssl_ros.learning.objectives.vicreg import VICReg

#: Two views' projections (N, D) to a dictionary that holds at least `loss`.
Objective = Callable[[torch.Tensor, torch.Tensor], dict[str, torch.Tensor]]


class ObjectiveError(ValueError):
    """An objective does not exist; the text lists those that do."""


_FACTORIES: dict[str, Callable[[], Objective]] = {}


def register(name: str, factory: Callable[[], Objective]) -> None:
    """Add an objective.

    Raises:
        ObjectiveError: If the name is taken.
    """
    if name in _FACTORIES:
        msg = f"objective '{name}' is registered already"
        raise ObjectiveError(msg)
    _FACTORIES[name] = factory


def names() -> tuple[str, ...]:
    """The objectives that exist."""
    return tuple(sorted(_FACTORIES))


def create(name: str) -> Objective:
    """Build an objective.

    Raises:
        ObjectiveError: If there is none of that name.
    """
    if name not in _FACTORIES:
        msg = f"there is no objective '{name}'; there are: {', '.join(names())}"
        raise ObjectiveError(msg)
    return _FACTORIES[name]()


register("vicreg", VICReg)
