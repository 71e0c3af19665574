"""Trained encoders as files: written after a training, read for the probes; start models are read as well."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from pose_ssl_ros.benchmark.cache import write
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.probing.features import CELLS
from pose_ssl_ros.probing.heading_head import BINS

_NAME = re.compile(r"resnet-gn-(\d+)px-w(\d+)-g(\d+)(?:-d(\d+))?")
_ENCODER, _HEADING = "weights.encoder.", "weights.teacher."


@dataclass(frozen=True)
class Trained:
    """An encoder ready to be measured.

    Attributes:
        encoder: In evaluation mode.
        heading: Azimuth bins (N, BINS) from the middle map's pattern times CELLS^2, or None without such a head.
    """

    encoder: Encoder
    heading: nn.Linear | None


def write_trained(path: Path, parts: nn.ModuleDict) -> None:
    """Write encoder and heading head in the format of start models.

    Raises:
        BenchmarkError: If the disk is full.
    """
    kept = {f"weights.{name}": value for name, value in parts.state_dict().items()}
    kept = {k: v.detach().cpu().contiguous() for k, v in kept.items() if k.startswith((_ENCODER, _HEADING))}
    encoder = parts["encoder"]
    assert isinstance(encoder, Encoder)
    write(path, save(kept, {"architecture": encoder.architecture.name}))


def read_trained(path: Path, architecture: Architecture | None = None) -> Trained:
    """Read what `write_trained` or a pretraining wrote.

    Args:
        path: A safetensors file.
        architecture: What it must be; None takes the one that the file names.

    Raises:
        BenchmarkError: If the file is missing, damaged or of another architecture.
    """
    try:
        with safe_open(path, "pt") as file:
            named = str((file.metadata() or {}).get("architecture", "unknown"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no mapping)
    except (OSError, SafetensorError) as error:
        msg = f"weights {path} cannot be read: {error}"
        raise BenchmarkError(msg) from error
    found = architecture_of(named)
    if found is None or (architecture is not None and named != architecture.name):
        wanted = architecture.name if architecture is not None else "resnet-gn-<size>px-w<width>-g<groups>"
        msg = f"weights {path} are of architecture '{named}', not '{wanted}'"
        raise BenchmarkError(msg)
    try:
        encoder = Encoder(found)
        encoder.load_state_dict(_below(_ENCODER, tensors))
        head = _below(_HEADING, tensors)
        heading = None
        if head:
            heading = nn.Linear(found.middle_channels * CELLS**2, BINS)
            heading.load_state_dict(head)
    except (RuntimeError, ValueError) as error:
        msg = f"weights {path} do not fit '{named}': {error}"
        raise BenchmarkError(msg) from error
    return Trained(encoder.eval(), heading)


def architecture_of(name: str) -> Architecture | None:
    """Inverse of `Architecture.name`; None for another kind of network."""
    match = _NAME.fullmatch(name)
    return Architecture(*(int(part or 0) for part in match.groups())) if match else None


def _below(prefix: str, tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}
