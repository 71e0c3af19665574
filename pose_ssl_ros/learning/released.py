"""The weights that were exported last and were found good: what new ones are judged by, and what to go back to."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch

from pose_ssl_ros.learning.encoder import Encoder
from pose_ssl_ros.learning.guards import Figures, Verdict, compare, head_from, head_state, measure, spread
from pose_ssl_ros.learning.replay import ReplayBuffer
from pose_ssl_ros.learning.slow import Slow
from pose_ssl_ros.learning.trainer import Trainer
from pose_ssl_ros.probing.heading_head import HeadingHead

#: Versions in a row that may be refused before training goes back to the released weights too.
PATIENCE = 6
#: Steps after which weights that began at random are taken for learned; in a yard the rank had settled after 100.
SETTLED_STEPS = 200
#: Entries by which collapse is seen.
_SAMPLE = 64
_TENSORS, _HEAD = "good.", "good_head."


class Released:
    """What was exported last.

    Attributes:
        withheld: Versions refused in a row.
        alarms: How often training went back to the released weights.
        refused: Whether the last version was refused.
        reason: Why the last version was refused, or what could not be judged; empty if it was released.
        changes: See `guards.Verdict`.
    """

    def __init__(self) -> None:
        self.withheld = self.alarms = 0
        self.refused = False
        self.reason = ""
        self.changes: dict[str, float] = {}
        self._tensors: dict[str, torch.Tensor] = {}
        self._head: HeadingHead | None = None
        self._slow: Slow | None = None
        self._steps = 0  # of training, when they were released

    @property
    def head(self) -> HeadingHead | None:
        """The heading head that belongs to the released encoder."""
        return self._head

    @property
    def slow(self) -> Slow | None:
        """The released encoder with the heading head it was trained beside; None before the first version."""
        return self._slow

    @property
    def tensors(self) -> dict[str, torch.Tensor]:
        """Its weights as `Trainer.tensors` names them; empty before the first version."""
        return self._tensors

    def judge(self, trainer: Trainer, head: HeadingHead, buffer: ReplayBuffer, most: int, min_weight: float) -> Verdict:
        """Judge the trainer's slow weights with the head that was fitted to them."""
        new = self._measure(trainer, trainer.slow, head, buffer, most, min_weight)
        old = None
        if self._slow is not None:
            old = self._measure(trainer, self._slow, self._head, buffer, most, min_weight)
        settled = bool(trainer.config.start) or self._steps >= SETTLED_STEPS
        verdict = compare(new, old, settled)
        self.reason, self.changes = verdict.reason, verdict.changes
        return verdict

    def better_head(self, trainer: Trainer, head: HeadingHead, buffer: ReplayBuffer, most: int, least: float) -> bool:
        """Whether a head newly fitted to the released encoder is not worse than the one before it."""
        if self._head is None or self._head.gate <= 0 or self._slow is None:
            return True
        new, old = (self._measure(trainer, self._slow, h, buffer, most, least) for h in (head, self._head))
        return compare(new, old).ok

    def take(self, trainer: Trainer, head: HeadingHead) -> None:
        """The trainer's weights of now are released."""
        self._tensors = {k: v for k, v in trainer.tensors().items() if not k.startswith("optimizer.")}
        self._slow = copy.deepcopy(trainer.slow)
        self._head = head
        self._steps = trainer.steps
        self.withheld, self.refused = 0, False

    def keep_head(self, head: HeadingHead) -> None:
        """The released encoder has a new head."""
        self._head = head

    def refuse(self) -> bool:
        """Count a refused version; True when it is time to go back."""
        self.refused = True
        self.withheld += 1
        return self.withheld >= PATIENCE

    def fall_back(self, trainer: Trainer) -> bool:
        """Train on from the released weights; False if there are none."""
        if not self._tensors:
            return False
        trainer.fall_back(self._tensors)
        self.alarms += 1
        self.withheld = 0
        return True

    def state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """Tensors and JSON values for a checkpoint."""
        facts: dict[str, Any] = {"withheld": self.withheld, "alarms": self.alarms, "steps": self._steps}
        tensors = {_TENSORS + name: value for name, value in self._tensors.items()}
        if self._head is not None:
            arrays, facts["head"] = head_state(self._head)
            tensors.update({_HEAD + name: value for name, value in arrays.items()})
        return tensors, facts

    def restore(self, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any], trainer: Trainer) -> None:
        """Inverse of `state`; nothing where an earlier version wrote none.

        Raises:
            KeyError, RuntimeError, TypeError: If it is something else.
        """
        self.withheld, self.alarms = int(facts.get("withheld", 0)), int(facts.get("alarms", 0))
        self._steps = int(facts.get("steps", SETTLED_STEPS))  # versions before this one did not note it
        self._tensors = {k[len(_TENSORS) :]: v for k, v in tensors.items() if k.startswith(_TENSORS)}
        self._slow = self._head = None
        if not self._tensors:
            return
        self._slow = copy.deepcopy(trainer.slow)
        prefix = "slow."
        self._slow.load_state_dict({k[len(prefix) :]: v for k, v in self._tensors.items() if k.startswith(prefix)})
        if "head" in facts:
            arrays = {k[len(_HEAD) :]: v for k, v in tensors.items() if k.startswith(_HEAD)}
            self._head = head_from(arrays, facts["head"])

    def _measure(
        self,
        trainer: Trainer,
        slow: Slow,
        head: HeadingHead | None,
        buffer: ReplayBuffer,
        most: int,
        min_weight: float,
    ) -> Figures:
        encoder: Encoder = slow["encoder"]  # type: ignore[assignment]
        sample = spread(buffer.entries, _SAMPLE)
        return measure(encoder, head, spread(buffer.held, most), sample, min_weight, trainer.device)
