"""Triplets of recorded drives on disk: what a start model is trained on.

One safetensors file per drive holds crops, what the motion teacher said, and track ids; written once,
so that an interrupted collection goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.checkpoint import write_atomic


class DriveError(ValueError):
    """A file of triplets cannot be read; the text names it."""


def write_drive(path: Path, triplets: Sequence[Triplet]) -> None:
    """Write the triplets of one drive.

    Raises:
        DriveError: If there are none.
        CheckpointError: If the file cannot be written.
    """
    if not triplets:
        msg = f"{path}: a drive without triplets is not worth a file"
        raise DriveError(msg)
    tensors = {
        "crops": torch.from_numpy(np.stack([t.crops for t in triplets])),
        "teacher": torch.tensor([t.teacher.scores if t.teacher else (0.0,) * 4 for t in triplets]),
        "stamp_ns": torch.tensor([t.stamp_ns for t in triplets], dtype=torch.int64),
    }
    write_atomic(path, save(tensors, {"tracks": json.dumps([t.track_id for t in triplets])}))


def read_drive(path: Path) -> Iterator[Triplet]:
    """The triplets of one drive in order of time; boxes are not kept.

    Raises:
        DriveError: If the file is damaged or of another kind.
    """
    try:
        with safe_open(path, "pt") as file:
            crops, teacher = file.get_tensor("crops").numpy(), file.get_tensor("teacher").tolist()
            stamps, tracks = file.get_tensor("stamp_ns").tolist(), json.loads(file.metadata()["tracks"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        msg = f"{path} is not a file of triplets: {error}"
        raise DriveError(msg) from error
    for crop, scores, stamp, track in zip(crops, teacher, stamps, tracks, strict=True):
        evidence = TeacherEvidence(tuple(scores)) if any(scores) else None
        yield Triplet(str(track), int(stamp), crop, Box(0, 0, 0, 0), evidence)
