"""What a learner says of itself: numbers for diagnostics and for a model's identity card."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.readout import Readout
from pose_ssl_ros.learning.released import Released
from pose_ssl_ros.learning.replay import ReplayBuffer
from pose_ssl_ros.learning.trainer import Trainer


def objective(config: LearnerConfig) -> str:
    """The terms of the loss in short."""
    text = f"{config.objective}+{config.trajectory_weight:g}*traj@{config.trajectory_layer}"
    text += f"+{config.equivariance_weight:g}*equi" if config.equivariance_weight else ""
    return text + (f"+{config.teacher_weight:g}*teacher" if config.teacher_weight else "")


def numbers(
    config: LearnerConfig, trainer: Trainer, buffer: ReplayBuffer, released: Released, readout: Readout | None
) -> dict[str, float | str]:
    """State of training, buffer, guards and probes."""
    found: dict[str, float | str] = {
        "steps": trainer.steps,
        "triplets": buffer.added,
        "buffer": len(buffer),
        "buffer_capacity": buffer.capacity,
        "buffer_tracks": buffer.tracks,
        "buffer_labelled": sum(entry.weight >= config.min_teacher for entry in buffer.entries),
        "buffer_mib": buffer.nbytes / 2**20,
        "buffer_recent": buffer.recent,
        "buffer_places": buffer.places,
        "buffer_held_back": len(buffer) - buffer.trainable,
        "guard": released.reason,
        "guard_refused": str(released.refused).lower(),
        "guard_withheld": released.withheld,
        "guard_alarms": released.alarms,
        **{f"guard_{name}_change": value for name, value in released.changes.items()},
        "rollbacks": trainer.rollbacks,
        "device": str(trainer.device),
    }
    if readout is not None:
        report = readout.report
        found |= {
            "heading_ready": str(report.ready).lower(),
            "heading_reason": report.reason,
            "heading_labels": report.labels,
            "heading_holdout_accuracy": report.accuracy,
            "heading_holdout_flip": report.flip,
            "heading_contradicted": report.contradicted,
            "identity_classes": len(readout.identity.classes) - 1,
        }
    return found


def training(
    trainer: Trainer, buffer: ReplayBuffer, losses: Mapping[str, float], readout: Readout | None
) -> dict[str, float]:
    """Statistics that travel in the model file; finite ones only."""
    found: dict[str, float] = {"steps": float(trainer.steps), "triplets": float(buffer.added), **losses}
    if readout is not None:
        report = readout.report
        found["heading_labels"] = float(report.labels)
        found["heading_tracks"] = float(report.tracks)
        found["heading_holdout_accuracy"] = report.accuracy
        found["heading_holdout_toward_away"] = report.toward_away
        found["heading_holdout_flip"] = report.flip
    return {name: value for name, value in found.items() if math.isfinite(value)}
