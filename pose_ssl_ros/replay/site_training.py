"""The training of a site model: a plan, a place in it, and a learner that can be killed at any time."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.replay.site_config import SiteConfig
from pose_ssl_ros.replay.triplet_store import Drive, TripletStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SiteProgress:
    """How far the training is."""

    done: int  # triplets gone through, all passes together
    total: int
    steps: int
    steps_per_second: float
    left_s: float
    losses: dict[str, float]


class Plan:
    """Which triplet comes when; the same for the same seed.

    Args:
        counts: Triplets of each recording.
        config: Order and passes.
    """

    def __init__(self, counts: Sequence[int], config: SiteConfig) -> None:
        self._rows = [(bag, row) for bag, count in enumerate(counts) for row in range(count)]
        self._config = config
        self._pass = -1
        self._order = np.arange(0)

    def __len__(self) -> int:
        return len(self._rows) * self._config.passes

    def __getitem__(self, position: int) -> tuple[int, int]:
        """Recording and row of the triplet at a position."""
        number, index = divmod(position, len(self._rows))
        if number != self._pass:
            self._pass = number
            self._order = np.arange(len(self._rows))
            if self._config.order == "shuffled":
                np.random.default_rng([self._config.learner.seed, number]).shuffle(self._order)
        return self._rows[int(self._order[index])]


def train(
    learner: OnlineLearner,
    store: TripletStore,
    drives: Sequence[Drive],
    config: SiteConfig,
    tell: Callable[[SiteProgress], None] | None = None,
) -> float:
    """Learn from all triplets, going on from where the learner's checkpoint was written.

    The steps are those that `replays` allows, after each triplet; nothing depends on the clock.  A checkpoint is
    written every `save_steps` and at the end, so a run that was killed and started again ends with the weights
    of one that was not.

    Args:
        learner: Fresh, or loaded from a checkpoint that this function wrote.
        store: Where the triplets are.
        drives: What the recordings gave, in their order.
        config: Order, passes and period of checkpoints.
        tell: Called after each triplet.

    Returns:
        Seconds of training, those before a kill (up to its last checkpoint) included.

    Raises:
        ReplayError: If triplets on disk are damaged.
        CheckpointError: If a checkpoint cannot be written; the last one stays.
    """
    plan = Plan([drive.triplets for drive in drives], config)
    position, before_s = int(learner.notes.get("position", 0)), float(learner.notes.get("seconds", 0.0))
    begin, first_position, first_step = time.monotonic(), position, learner.trainer.steps
    saved = learner.trainer.steps
    losses: dict[str, float] = {}
    while position < len(plan):
        bag, row = plan[position]
        triplet = store.triplet(bag, row)
        # Track names are the same in every pass: which tracks judge depends on them.
        learner.session = bag + 1
        if not learner.buffer.again(f"{learner.session}/{triplet.track_id}", triplet.stamp_ns):
            learner.add([triplet])
        while (report := learner.step()) is not None and not report.rolled_back:
            losses = report.losses
        position += 1
        passed = time.monotonic() - begin
        if learner.trainer.steps - saved >= config.save_steps:
            learner.save({"position": position, "seconds": before_s + passed})
            saved = learner.trainer.steps
        if tell is not None:
            done = position - first_position
            rate = (learner.trainer.steps - first_step) / max(passed, 1e-6)
            left = passed / done * (len(plan) - position)
            tell(SiteProgress(position, len(plan), learner.trainer.steps, rate, left, losses))
    seconds = before_s + time.monotonic() - begin
    if position > first_position:
        learner.save({"position": position, "seconds": seconds})
    return seconds
