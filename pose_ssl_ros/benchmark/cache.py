"""Results by what made them: a run that is there is not made again.

A run's folder is named by a hash of everything that its training depends on; what was measured of it lies
inside under a hash of everything that the probes depend on. So another set of probes does not train again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.measures import Measure
from pose_ssl_ros.learning.checkpoint import CheckpointError, write_atomic

#: Raised whenever code changes what a training or the probes give; old results are then made again.
TRAINING_VERSION = 3
TASKS_VERSION = 3


def key(facts: Mapping[str, Any]) -> str:
    """Hash of JSON values, 16 hexadecimal digits, whatever the order of the names."""
    text = json.dumps(facts, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class RunCache:
    """The folder of one run.

    Args:
        root: Folder of all runs.
        training: What the trained weights depend on, JSON values.
        tasks: What the measures depend on beside that.
    """

    def __init__(self, root: Path, training: Mapping[str, Any], tasks: Mapping[str, Any]) -> None:
        self._training = {**training, "version": TRAINING_VERSION}
        self._tasks = {**tasks, "version": TASKS_VERSION}
        self.folder = root / key(self._training)
        self._file = self.folder / f"measures-{key(self._tasks)}.json"

    @property
    def weights(self) -> Path:
        """Where the trained encoder lies."""
        return self.folder / "encoder.safetensors"

    @property
    def illustration(self) -> Path:
        """Where the neighbours and projections of this run lie."""
        return self.folder / f"illustration-{key(self._tasks)}.npz"

    def read(self) -> list[Measure] | None:
        """What was measured; None if nothing was, or if the file is damaged (it is then made again)."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return [Measure(**measure) for measure in found["measures"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, measures: Sequence[Measure], facts: Mapping[str, Any]) -> None:
        """Keep what was measured, with the facts that made it, for a person who looks.

        Raises:
            BenchmarkError: If the disk is full or the folder cannot be written.
        """
        content = {
            "training": self._training,
            "tasks": self._tasks,
            "facts": dict(facts),
            "measures": [measure.as_dict() for measure in measures],
        }
        write(self._file, json.dumps(content, indent=1, allow_nan=False) + "\n")


def write(path: Path, content: str | bytes) -> None:
    """Write a file atomically.

    Raises:
        BenchmarkError: If the disk is full or the folder cannot be written; what was there stays.
    """
    try:
        write_atomic(path, content.encode() if isinstance(content, str) else content)
    except CheckpointError as error:
        raise BenchmarkError(str(error)) from error
