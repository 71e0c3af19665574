"""The replay buffer in a checkpoint: entries as tensors and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from pose_ssl_ros.learning.replay import ReplayBuffer
from pose_ssl_ros.learning.replay_entry import Entry

#: Before the names of what changes at every step and is written with the weights.
_FEATURES = "replay."


def pack(buffer: ReplayBuffer) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Entries and places as tensors with text metadata."""
    entries, looks = buffer.entries, buffer.looks()
    kept = [e.pixels if isinstance(e.pixels, bytes) else e.pixels.tobytes() for e in entries]
    tensors = {
        "data": torch.from_numpy(np.frombuffer(bytearray(b"".join(kept)), np.uint8)) if kept else _empty(torch.uint8),
        "length": torch.tensor([len(data) for data in kept], dtype=torch.int64),
        "picture": torch.tensor([isinstance(e.pixels, bytes) for e in entries], dtype=torch.bool),
        "azimuth": torch.tensor([e.azimuth for e in entries], dtype=torch.float64),
        "weight": torch.tensor([e.weight for e in entries], dtype=torch.float64),
        "stamp_ns": torch.tensor([e.stamp_ns for e in entries], dtype=torch.int64),
        "serial": torch.tensor([e.serial for e in entries], dtype=torch.int64),
        "turns": torch.tensor([e.turns for e in entries], dtype=torch.float64).reshape(-1, 2),
        "held": torch.tensor([e.held for e in entries], dtype=torch.bool),
        "place": torch.tensor([e.place for e in entries], dtype=torch.int64),
        "places": torch.tensor(list(looks), dtype=torch.int64),
        "looks": torch.from_numpy(np.stack(list(looks.values()))) if looks else _empty(torch.int8),
    }
    return tensors, {"tracks": json.dumps([e.track for e in entries]), "size": str(buffer.size)}


def unpack(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> list[Entry]:
    """The entries of `pack`, also as earlier versions wrote them.

    Raises:
        KeyError, ValueError, TypeError: If it is something else.
    """
    tracks = json.loads(metadata["tracks"])
    if "crops" in tensors or not tracks:
        return [
            Entry(
                str(tracks[row]),
                tensors["crops"][row].numpy().copy(),
                float(tensors["azimuth"][row]),
                float(tensors["weight"][row]),
                int(tensors["stamp_ns"][row]),
                serial,
            )
            for row, serial in enumerate(tensors["serial"].tolist())
        ]
    size, data = int(metadata["size"]), tensors["data"].numpy().tobytes()
    ends = np.cumsum(tensors["length"].numpy()).tolist()
    found, start = [], 0
    columns = [tensors[name].tolist() for name in ("azimuth", "weight", "stamp_ns", "serial", "turns", "held", "place")]
    pictures = tensors["picture"].tolist()
    for row, (azimuth, weight, stamp_ns, serial, turns, held, place) in enumerate(zip(*columns, strict=True)):
        raw = data[start : ends[row]]
        start = ends[row]
        pixels = raw if pictures[row] else np.frombuffer(raw, np.uint8).reshape(3, size, size, 3)
        found.append(
            Entry(str(tracks[row]), pixels, azimuth, weight, stamp_ns, serial, (turns[0], turns[1]), held, place)
        )
    return found


def unpack_looks(tensors: Mapping[str, torch.Tensor]) -> dict[int, np.ndarray] | None:
    """The look of each place; None where an earlier version wrote none."""
    if "places" not in tensors:
        return None
    looks = tensors["looks"].numpy()
    return {int(place): looks[row] for row, place in enumerate(tensors["places"].tolist())}


def pack_features(buffer: ReplayBuffer) -> dict[str, torch.Tensor]:
    """The features that evictions go by, to be written beside the weights."""
    features = buffer.features()
    if not features:
        return {}
    return {
        f"{_FEATURES}serial": torch.tensor(list(features), dtype=torch.int64),
        f"{_FEATURES}feature": torch.from_numpy(np.stack(list(features.values()))),
    }


def unpack_features(tensors: Mapping[str, torch.Tensor]) -> dict[int, np.ndarray]:
    """Inverse of `pack_features`; empty where there are none."""
    if f"{_FEATURES}serial" not in tensors:
        return {}
    features = tensors[f"{_FEATURES}feature"].numpy()
    return {int(serial): features[row] for row, serial in enumerate(tensors[f"{_FEATURES}serial"].tolist())}


def _empty(kind: torch.dtype) -> torch.Tensor:
    return torch.zeros(0, dtype=kind)
