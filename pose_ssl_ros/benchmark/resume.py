"""A training's state on disk: weights, optimiser, sampler and loss curve in one file, written atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from pose_ssl_ros.benchmark.batches import Sampler
from pose_ssl_ros.benchmark.cache import key, write

_MODEL, _OPTIMIZER = "model.", "optimizer."
Curve = list[dict[str, float]]


def write_state(
    path: Path,
    facts: Mapping[str, Any],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    sampler: Sampler,
    step: int,
    curve: Curve,
) -> None:
    """Write a checkpoint.

    Raises:
        BenchmarkError: If the disk is full; the last checkpoint stays.
    """
    tensors = {f"{_MODEL}{name}": value for name, value in model.state_dict().items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors.update({f"{_OPTIMIZER}{index}.{name}": torch.as_tensor(value) for name, value in state.items()})
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    told = {"training": key(facts), "step": str(step), "curve": json.dumps(curve), "sampler": json.dumps(sampler.state)}
    write(path, save(tensors, told))


def read_state(
    path: Path, facts: Mapping[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer, sampler: Sampler
) -> tuple[int, Curve]:
    """Take over a checkpoint.

    Returns:
        Steps that are done and the loss curve; (0, []) when there is none, or when it is damaged or of another
        training: that one starts afresh, which costs time and nothing else.
    """
    try:
        with safe_open(path, "pt") as file:
            told = file.metadata() or {}
            if told.get("training") != key(facts):
                return 0, []
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
        step, curve, drawn = int(told["step"]), json.loads(told["curve"]), json.loads(told["sampler"])
        model.load_state_dict({n[len(_MODEL) :]: v for n, v in tensors.items() if n.startswith(_MODEL)})
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        if path.exists():
            print(f"checkpoint {path} cannot be used ({error}); this run starts afresh", flush=True)
        return 0, []
    state: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith(_OPTIMIZER):
            _, index, part = name.split(".", 2)
            state.setdefault(int(index), {})[part] = value
    full = optimizer.state_dict()
    full["state"] = state
    optimizer.load_state_dict(full)
    sampler.state = drawn
    return step, curve
