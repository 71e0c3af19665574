"""The learner of `pose-ssl replay --learn`."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import recording_options
from pose_ssl_ros.cli.errors import CommandError

#: Beginnings of the settings that are the learner's.
SETTINGS = ("learner.", "driver.")


def driver(start: str, seed: int, assignments: Sequence[str], model: Path | None, stack: ExitStack) -> Any:
    """A `LearnerDriver` in a folder of its own, so that an earlier run changes nothing.

    Args:
        start: Folder or file of weights, `none` for random ones, empty for those beside the model.
        seed: Of the learner.
        assignments: NAME=VALUE of parameters, such as `learner.batch=16` or `driver.steps_per_second=1`.
        model: The ONNX file that answers first.
        stack: Removes the folder at the end.

    Raises:
        CommandError: If the weights are not there or do not fit.
    """
    weights = _weights(start, model)  # before the seconds that torch takes
    import torch

    from pose_ssl_ros.learning.config import LearnerConfig
    from pose_ssl_ros.learning.online import OnlineLearner
    from pose_ssl_ros.replay.driver_config import DriverConfig
    from pose_ssl_ros.replay.learning import LearnerDriver

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pose_ssl_replay_")))
    learner, drive = (
        recording_options.settings([w.removeprefix(p) for w in assignments if w.startswith(p)], kind)
        for p, kind in zip(SETTINGS, (LearnerConfig, DriverConfig), strict=True)
    )
    torch.set_num_threads(drive.threads)
    try:
        learner = dataclasses.replace(learner, start=weights, seed=seed)
        return LearnerDriver(OnlineLearner(learner, folder), drive)
    except (ValueError, RuntimeError) as error:  # of weights or exemplars that do not fit
        raise CommandError(str(error), 1) from error


def _weights(start: str, model: Path | None) -> str:
    """The file that the learner starts from; empty: random weights.

    Raises:
        CommandError: If there is no such file.
    """
    if start == "none" or (not start and model is None):
        return ""
    folder = Path(start).expanduser() if start or model is None else model.parent
    found = folder if folder.is_file() else folder / "encoder.safetensors"
    if not found.is_file():
        msg = f"there are no weights '{found}' to learn from; give --from FOLDER or --from none"
        raise CommandError(msg, 1)
    return str(found)


def finish(driver: Any, out: Path) -> dict[str, Any]:
    """Write the last model as `model.onnx`; returns what the learner says of itself."""
    from pose_ssl_ros.evaluation.files import write_atomic
    from pose_ssl_ros.learning.replay import ReplayError as NothingToExport

    try:
        write_atomic(out / "model.onnx", driver.finish())
    except NothingToExport as error:
        print(f"pose-ssl: no model is written: {error}", file=sys.stderr)
    return dict(driver.learner.status())
