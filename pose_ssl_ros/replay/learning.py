"""The learner's decisions by recorded time and counts: when to step, to hand a model over and to save.

`learning.service` takes the same decisions by the wall clock, on a thread that competes with others for the
machine.  Here they depend on nothing but the triplets and their stamps, so that a replay is the same each time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.checkpoint import CheckpointError
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.service import EARLY_LABELS
from pose_ssl_ros.learning.trainer import StepReport
from pose_ssl_ros.replay.driver_config import DriverConfig

_log = logging.getLogger(__name__)
#: A longer pause between two stamps is a gap in the recording, or a clock that was set; it counts as this much.
_LONGEST_PAUSE_NS = 10_000_000_000
_SECOND_NS = 1_000_000_000


class LearnerDriver:
    """Drives an `OnlineLearner` over a recording; two runs give equal models to the bit.

    Rates and periods are the learner's own (`export_period`, `export_steps`), read as recorded seconds.

    Args:
        learner: Fresh, or just loaded from a checkpoint.
        config: See `DriverConfig`.
        on_step: Called after each step, for progress.
    """

    def __init__(
        self,
        learner: OnlineLearner,
        config: DriverConfig | None = None,
        on_step: Callable[[StepReport], None] | None = None,
    ) -> None:
        self.learner = learner
        self.config = config or DriverConfig()
        self._on_step = on_step
        self._last_ns: int | None = None
        self._robot_ns = 0  # recorded time so far; rises whatever the stamps do
        self._credit_ns = 0  # recorded time not yet spent on steps
        # When (recorded time), at which step and with how many triplets a model was last handed over.
        self._exported: tuple[int, int, int] | None = None
        self._saved_step = learner.trainer.steps
        self._save_failed = False

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """Take the triplets that a frame completed, and learn as much as is due.

        Call it for every frame, with or without triplets: time passes by its stamps.

        Args:
            triplets: In the order of the triplet pipeline.
            stamp_ns: Of the frame.

        Returns:
            A new model as an ONNX file, or None.
        """
        self._advance(stamp_ns)
        if triplets:
            self.learner.add(triplets)
        self._steps()
        if self.config.save_steps and self.learner.trainer.steps - self._saved_step >= self.config.save_steps:
            self._save()
        return self._export() if self.config.export and self._export_due() else None

    def finish(self) -> bytes:
        """The model after all that was learned; saves, if checkpoints are asked for.

        Raises:
            learning.replay.ReplayError: If nothing was ever seen and there is no start model.
        """
        data = self._export()
        if self.config.save_steps:
            self._save()
        return data

    def _advance(self, stamp_ns: int) -> None:
        passed = 0 if self._last_ns is None else stamp_ns - self._last_ns
        self._last_ns = stamp_ns
        passed = min(max(passed, 0), _LONGEST_PAUSE_NS)
        self._robot_ns += passed
        # Time in which there was nothing to learn from is gone, as on a robot.
        self._credit_ns = min(self._credit_ns + passed, max(_SECOND_NS, self._cost_ns))

    @property
    def _cost_ns(self) -> int:
        """Recorded time of a step."""
        rate = self.config.steps_per_second
        return round(_SECOND_NS / rate) if rate > 0 else 0

    def _steps(self) -> None:
        while self._credit_ns >= self._cost_ns:
            report = self.learner.step()
            if report is None:
                return
            self._credit_ns -= self._cost_ns
            if self._on_step is not None:
                self._on_step(report)
            if report.rolled_back:
                return  # the count of steps went back: without an end of the turn this could go on for ever

    def _export_due(self) -> bool:
        learner, c = self.learner, self.learner.config
        if self._exported is None and learner.exemplars:
            return True  # pretrained, it answers at once
        if len(learner.buffer) < c.min_triplets:
            return False
        if self._exported is None:
            return True
        when, step, added = self._exported
        if self._robot_ns - when < c.export_period * _SECOND_NS:
            return False
        steps, triplets = learner.trainer.steps - step, learner.buffer.added - added
        return steps >= c.export_steps or triplets >= EARLY_LABELS

    def _export(self) -> bytes:
        data = self.learner.export()
        self._exported = (self._robot_ns, self.learner.trainer.steps, self.learner.buffer.added)
        return data

    def _save(self) -> None:
        """A full disk must not end a replay; what could not be written is said once."""
        self._saved_step = self.learner.trainer.steps
        try:
            self.learner.save()
            self._save_failed = False
        except CheckpointError as error:
            if not self._save_failed:
                _log.error("%s", error)
            self._save_failed = True
