"""The online learner: triplets in, steps, model files out.  No threads and no ROS here."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from pose_ssl_ros.interfaces import ModelVersion, Triplet
from pose_ssl_ros.learning import reporting
from pose_ssl_ros.learning.checkpoint import CheckpointError, CheckpointStore, write_atomic
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Encoder
from pose_ssl_ros.learning.exemplars import read_exemplars
from pose_ssl_ros.learning.export import export
from pose_ssl_ros.learning.guards import LossWatch
from pose_ssl_ros.learning.names import NAMES, NamesFile
from pose_ssl_ros.learning.readout import Readout, fit_readout
from pose_ssl_ros.learning.released import Released
from pose_ssl_ros.learning.replay import ReplayBuffer, ReplayError
from pose_ssl_ros.learning.replay_store import pack, pack_features, unpack_features, unpack_looks
from pose_ssl_ros.learning.replay_store import unpack as _unpack
from pose_ssl_ros.learning.slow import Slow
from pose_ssl_ros.learning.taught import TaughtSampler
from pose_ssl_ros.learning.trainer import StepReport, Trainer
from pose_ssl_ros.probing.gallery import read_gallery
from pose_ssl_ros.probing.identity_probe import IdentityProbe

_log = logging.getLogger(__name__)
#: Features of the replay buffer that are computed anew in a step.
_REFRESHED = 8
#: Steps rolled back in a row after which the weights before them are not trusted either.
_FAILURES = 3


class OnlineLearner:
    """Learns from a stream of triplets; use it from one thread.

    Args:
        config: See `LearnerConfig`.
        directory: Folder of checkpoints; each architecture has a folder of its own in it.

    Raises:
        ObjectiveError: If the objective does not exist.
        StartError, ExemplarError: If the start model cannot be used.
        ValueError: If a size does not fit.
    """

    def __init__(self, config: LearnerConfig, directory: Path) -> None:
        self.config = config
        self.trainer = Trainer(config)
        self._start_buffer()
        self.identity = IdentityProbe()
        self.exemplars = read_exemplars(Path(config.start).expanduser().parent, config.size) if config.start else []
        self.gallery = read_gallery(Path(config.gallery).expanduser(), config.size) if config.gallery else None
        name = self.trainer.encoder.architecture.name
        self.store = CheckpointStore(directory / name, name)
        self._version_file = directory / "version"
        self._version_noted = True
        self.version = self._last_version()
        self.refused = 0
        self.readout: Readout | None = None
        self.names = NamesFile(directory / NAMES)
        self.names.refresh()
        self.session = self.names.next_session()  # track ids start again with every run of the triplet node
        #: What whoever drives the learner had written beside its checkpoint; set by `load`.
        self.notes: dict[str, Any] = {}
        self._losses: dict[str, float] = {}
        self._buffer_saved_at = -1
        self._failures = 0  # steps rolled back in a row

    def add(self, triplets: Sequence[Triplet]) -> int:
        """Take triplets; returns how many were taken, those that do not fit are counted as refused."""
        taken = 0
        for triplet in triplets:
            try:
                self.buffer.add(dataclasses.replace(triplet, track_id=f"{self.session}/{triplet.track_id}"))
                taken += 1
            except ReplayError as error:
                if not self.refused:
                    _log.warning("triplet refused (said once): %s", error)
                self.refused += 1
        return taken

    def step(self) -> StepReport | None:
        """Make one step, or return None when there is too little (new) to learn from."""
        c = self.config
        trained = self.trainer.steps * c.batch
        if not self.buffer.trainable or len(self.buffer) < c.min_triplets or trained >= c.replays * self.buffer.worth:
            return None
        self.buffer.refresh(_REFRESHED)
        taught = self.taught.batch(c.batch)
        report = self.trainer.step(self.buffer.batch(c.batch, c.new_ratio), taught)
        if c.teacher_weight > 0 and not report.rolled_back and taught:
            for _ in range(c.teacher_steps):
                if not self.trainer.teach(self.taught.batch(c.batch)):
                    why = "the teacher's loss was not finite"
                    report = dataclasses.replace(report, step=self.trainer.steps, rolled_back=True, reason=why)
                    break
        report = self._watched(report)
        if report.rolled_back:
            _log.error("%s (%s): rolled back to step %d", report.reason, report.losses, report.step)
        else:
            self._losses.update(report.losses)
        return report

    def _watched(self, report: StepReport) -> StepReport:
        """Go back to the released weights when steps fail in a row or the loss runs away."""
        if report.rolled_back:
            self._failures += 1
            if self._failures >= _FAILURES and self.released.fall_back(self.trainer):
                self._failures = 0
            return report
        self._failures = 0
        if not self._watch.runs_away(report.losses["loss"]):
            return report
        self._watch.restart()
        if self.config.guard and self.released.fall_back(self.trainer):
            return dataclasses.replace(report, rolled_back=True, reason="the loss ran away")
        return report

    def export(self) -> bytes:
        """Fit the probes to the buffer with the encoder of now and return both as an ONNX file.

        Raises:
            ReplayError: If there is nothing in the buffer and no start model yet.
        """
        if not len(self.buffer) and not self.exemplars:
            msg = "nothing to export: the replay buffer is empty"
            raise ReplayError(msg)
        self.names.refresh()
        self.readout, slow = self._passed()
        self.taught.believe(self.readout.trust)
        version = ModelVersion(
            version=self.version + 1,
            parent=self.version,
            objective=reporting.objective(self.config),
            training=reporting.training(self.trainer, self.buffer, self._losses, self.readout),
        )
        encoder: Encoder = slow["encoder"]  # type: ignore[assignment]
        data = export(encoder, self.readout.heading, self.readout.identity, version)
        self.version += 1
        self._note_version()
        return data

    def _passed(self) -> tuple[Readout, Slow]:
        """The probes to be exported with the encoder they are fitted to: the slow one if it passes the guards.

        Else the released encoder is exported again, with probes that know the newest labels and names.
        """
        c, released = self.config, self.released
        alarm = not self.trainer.healthy()
        if alarm:
            released.reason = "weights were not finite"
        else:
            readout = self._fit(None)
            if not c.guard:
                released.take(self.trainer, readout.heading)
                return readout, self.trainer.slow
            verdict = released.judge(self.trainer, readout.heading, self.buffer, c.guard_triplets, c.min_teacher)
            if verdict.ok or released.slow is None:
                released.take(self.trainer, readout.heading)
                return readout, self.trainer.slow
            alarm = verdict.alarm
        if released.refuse() or alarm:
            released.fall_back(self.trainer)
            _log.error("%s: back to the weights that were exported last", released.reason)
        else:
            _log.warning("new weights are withheld: %s", released.reason)
        slow = released.slow or self.trainer.slow
        readout = self._fit(slow)
        if released.better_head(self.trainer, readout.heading, self.buffer, c.guard_triplets, c.min_teacher):
            released.keep_head(readout.heading)
        elif released.head is not None:
            readout = dataclasses.replace(readout, heading=released.head)
        return readout, slow

    def _fit(self, slow: Slow | None) -> Readout:
        """Fit the probes to a slow encoder, that of now without one."""
        c = self.config
        # The fit is deterministic in its inputs, so folds keep the learner's seed.
        return fit_readout(
            lambda crops: self.trainer.features(crops, slow=slow),
            self.buffer.entries,
            self.gallery,
            self.identity,
            c.max_labelled,
            c.min_teacher,
            c.teacher_weight > 0,
            c.seed,
            self.exemplars,
            self.trainer.known_directions(slow),
            self.names.names,
        )

    @property
    def exported(self) -> Slow:
        """The encoder of the last export with the heading head beside it; before it, the slow one of now."""
        return self.released.slow or self.trainer.slow

    @property
    def exported_encoder(self) -> Encoder:
        """The encoder of the last export."""
        found: Encoder = self.exported["encoder"]  # type: ignore[assignment]
        return found

    def exported_features(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Last and pose features as `Trainer.features`, by the encoder of the last export."""
        return self.trainer.features(crops, slow=self.exported)

    def exported_weights(self) -> dict[str, torch.Tensor]:
        """What a start model's file holds: the exported encoder and head, and what was trained beside them."""
        tensors = self.released.tensors or self.trainer.tensors()
        found = {name: value for name, value in tensors.items() if name.startswith("weights.")}
        slow = {name.replace("slow.", "weights.", 1): v for name, v in tensors.items() if name.startswith("slow.")}
        return found | slow

    def save(self, notes: Mapping[str, Any] | None = None) -> None:
        """Write a checkpoint; on failure the last one stays on disk.

        A learner that is given the same triplets makes the same steps whether it went on or was killed and
        loaded, provided that it saved at the same steps: saving refreshes what would else be lost.

        Args:
            notes: JSON values to be found in `notes` after `load`.

        Raises:
            CheckpointError: If it cannot be written.
        """
        self.trainer.mark_good()
        good, guard = self.released.state()
        facts = {
            "draws": {
                "buffer": self.buffer.state(),
                "taught": self.taught.state(),
                "torch": self.trainer.random.get_state().numpy().tobytes().hex(),
            },
            "losses": dict(self._losses),
            "notes": dict(notes or {}),
            "steps": self.trainer.steps,
            "watch": self._watch.state(),
            "failures": self._failures,
            "guard": guard,
            "added": self.buffer.added,
            "version": self.version,
            "session": self.session,
            "objective": reporting.objective(self.config),
            "identity": self.identity.state(),
            "names": self.names.revision,
            "config": {k: v for k, v in dataclasses.asdict(self.config).items() if k not in ("directory", "gallery")},
        }
        buffer = None
        if self.buffer.added != self._buffer_saved_at:
            buffer = pack(self.buffer)
        self.store.save(facts, self.trainer.tensors() | good | pack_features(self.buffer), buffer)
        self._buffer_saved_at = self.buffer.added

    def load(self) -> bool:
        """Go on from the checkpoint in the folder; returns whether there was one.

        Raises:
            CheckpointError: If there is one but it cannot be used; nothing on disk is changed.
        """
        found = self.store.load()
        if found is None:
            return False
        manifest, weights, buffer, warnings = found
        for warning in warnings:
            _log.error("%s", warning)
        try:
            self.trainer.restore(weights, int(manifest["steps"]))
            entries = _unpack(*buffer) if buffer is not None else []
            looks = unpack_looks(buffer[0]) if buffer is not None else None
            self.buffer.restore(entries, int(manifest["added"]), looks)
            self.identity.restore(manifest.get("identity", {}))
            self.released.restore(weights, manifest.get("guard", {}), self.trainer)
            if "watch" in manifest:
                self._watch.resume(manifest["watch"])
            self._failures = int(manifest.get("failures", 0))
            if "draws" in manifest and not warnings:
                self._resume_draws(manifest["draws"], unpack_features(weights))
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            msg = f"the checkpoint in {self.store.directory} does not fit: {error}"
            raise CheckpointError(msg) from error
        self.version = max(self.version, int(manifest["version"]))
        self.session = int(manifest.get("session", 0)) + 1
        self._buffer_saved_at = -1 if warnings else self.buffer.added
        self._losses = {str(name): float(value) for name, value in manifest.get("losses", {}).items()}
        self.notes = dict(manifest.get("notes", {}))
        return True

    def _resume_draws(self, draws: Mapping[str, Any], features: Mapping[int, np.ndarray]) -> None:
        self.buffer.resume(draws["buffer"], features)
        self.taught.resume(draws["taught"])
        state = np.frombuffer(bytes.fromhex(draws["torch"]), np.uint8)
        self.trainer.random.set_state(torch.from_numpy(state.copy()))

    def set_aside(self, why: str) -> Path | None:
        """Move the checkpoint folder out of the way, so that saving does not overwrite it.

        Args:
            why: Goes into the new name.

        Returns:
            The new folder, or None when there was no checkpoint.
        """
        folder = self.store.directory
        if not folder.exists():
            return None
        number = 1
        while (target := folder.with_name(f"{folder.name}.{why}-{number}")).exists():
            number += 1
        folder.rename(target)
        return target

    def reset(self) -> None:
        """The start model's or new random weights and an empty buffer; the version goes on rising."""
        # Another seed: the same weights again would not be new.
        self.config = dataclasses.replace(self.config, seed=(self.config.seed + 1) % 2**31)
        self.trainer = Trainer(self.config)
        self._start_buffer()
        self.identity.reset()
        self.readout = None
        self._losses.clear()
        self._buffer_saved_at = -1

    def _start_buffer(self) -> None:
        c = self.config
        self.buffer = ReplayBuffer(
            c.size, c.replay_mib, c.track_quota, c.seed, c.place_quota, c.recent_share, self.trainer.embed
        )
        self.taught = TaughtSampler(self.buffer, c.min_teacher, c.seed)
        self.released = Released()
        self._watch = LossWatch()
        self._failures = 0

    def reconfigure(self, config: LearnerConfig) -> None:
        """Take live changes of parameters."""
        self.config = dataclasses.replace(config, seed=self.config.seed)
        self.trainer.reconfigure(self.config)

    def status(self) -> dict[str, float | str]:
        """Numbers for diagnostics."""
        found = reporting.numbers(self.config, self.trainer, self.buffer, self.released, self.readout)
        return found | {
            "refused": self.refused,
            "version": self.version,
            "objective": reporting.objective(self.config),
            "names": len(self.names.names.names),
            "names_problem": self.names.problem,
            **self._losses,
        }

    def renamed(self) -> bool:
        """Whether a person changed the names since the last model: the next one is due at once."""
        return self.readout is not None and self.names.changed()

    def _last_version(self) -> int:
        try:
            return int(self._version_file.read_text())
        except (OSError, ValueError):
            return 0

    def _note_version(self) -> None:
        """Write the version down at once: after a kill it must go on rising, checkpoint or not."""
        try:
            write_atomic(self._version_file, str(self.version).encode())
            self._version_noted = True
        except CheckpointError as error:
            if self._version_noted:
                _log.warning("%s; after a restart versions may repeat", error)
            self._version_noted = False
