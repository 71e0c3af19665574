"""Starts a learner from what is on disk, without ever losing that."""

from __future__ import annotations

import logging
from pathlib import Path

from pose_ssl_ros.learning.checkpoint import CheckpointError
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.learning.objectives.registry import ObjectiveError, create
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.trainer import Trainer, pick_device
from pose_ssl_ros.parameters import ParameterError

_log = logging.getLogger(__name__)


def check(config: LearnerConfig) -> None:
    """Check what depends on more than one number or on what is registered.

    Raises:
        ParameterError: If the size, the width, the objective, the device or the start weights do not exist or
            do not fit; the text says what does.
    """
    try:
        create(config.objective, config.projector)
        Encoder(Architecture(config.size, config.width, depth=config.depth))
        pick_device(config.device)
        if config.start:
            Trainer(config)
    except (ObjectiveError, ValueError, RuntimeError) as error:
        raise ParameterError(str(error)) from error


def start_learner(config: LearnerConfig, folder: Path) -> OnlineLearner:
    """Build a learner and, if `config.resume`, go on from the checkpoint in the folder.

    A checkpoint that cannot be used, or that is not wanted, is moved aside, so that the new learner's
    first save does not push it out.

    Args:
        config: See `LearnerConfig`.
        folder: Holds one folder of checkpoints per architecture.
    """
    learner = OnlineLearner(config, folder)
    if not config.resume:
        moved = learner.set_aside("old")
        if moved is not None:
            _log.info("learning from new weights as asked; the old checkpoint is kept in %s", moved)
        return learner
    try:
        found = learner.load()
    except CheckpointError as error:
        moved = learner.set_aside("refused")
        _log.error("%s; it is kept in %s and the learner starts from new weights", error, moved)
        return OnlineLearner(config, folder)
    if found:
        _log.info("resumed at step %d with %d triplets", learner.trainer.steps, len(learner.buffer))
    else:
        origin = config.start or "new weights"
        _log.info("learning from %s: no checkpoint in %s", origin, learner.store.directory)
    return learner
