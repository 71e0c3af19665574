"""One optimiser step on a batch of triplets, with a way back when it goes wrong."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import nn
from torch.nn import functional

from pose_ssl_ros.learning.augment import Augmentation
from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.learning.objectives.combined import TEACHER_SMOOTHING, Combined
from pose_ssl_ros.learning.objectives.terms import Batch, Terms
from pose_ssl_ros.learning.replay_entry import Entry
from pose_ssl_ros.learning.slow import Slow
from pose_ssl_ros.probing.features import CELLS, spatial_pattern
from pose_ssl_ros.probing.heading_head import soft_targets

_log = logging.getLogger(__name__)

#: Steps between two copies of the weights that a bad step rolls back to.
SNAPSHOT_STEPS = 20
#: Longest gradient; VICReg's weights make it ten times longer than usual.
MAX_GRADIENT = 100.0
#: Length of the features by which the replay buffer compares entries.
_SKETCH = 64


@dataclass(frozen=True)
class StepReport:
    """What a step did: its number, the parts of the loss, and whether and why it was rolled back."""

    step: int
    losses: dict[str, float] = field(default_factory=dict)
    rolled_back: bool = False
    reason: str = ""  # why it was rolled back


def pick_device(name: str) -> torch.device:
    """The torch device of a parameter: `auto` takes CUDA if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def rate_of(config: LearnerConfig) -> float:
    """The learning rate: a start model is adapted more slowly than random weights are trained."""
    return config.adaptation_rate if config.start else config.learning_rate


class InterruptedWork(Exception):
    """Somebody asked for an end while features were being computed."""


class StartError(ValueError):
    """The start weights cannot be used; the text says which file and why."""


def terms_of(config: LearnerConfig) -> Terms:
    """The terms of the online learner; its teacher term reads batches of its own, see `Trainer.step`."""
    return Terms(
        objective=config.objective,
        projector=config.projector,
        trajectory_weight=config.trajectory_weight,
        trajectory_layer=config.trajectory_layer,
        equivariance_weight=config.equivariance_weight,
    )


def load_start(parts: nn.ModuleDict, path: Path, architecture: str) -> None:
    """Load the weights of a start model.

    The encoder must be there wholly.  What was trained beside it with another objective (projector, predictor)
    and does not fit is left as it is: an objective other than the start model's begins with its own.

    Raises:
        StartError: If the file is missing, damaged or of another architecture.
    """
    try:
        with safe_open(path, "pt") as file:
            found = (file.metadata() or {}).get("architecture", "unknown")
            if found != architecture:
                msg = f"start weights {path} are for '{found}', not for '{architecture}'"
                raise StartError(msg)
            names = list(file.keys())
            for part, module in parts.items():
                prefix = f"weights.{part}."
                own = {name[len(prefix) :]: file.get_tensor(name) for name in names if name.startswith(prefix)}
                if part == "encoder" or _fits(module, own):
                    module.load_state_dict(own)
                else:
                    _log.info("start weights %s bring no fitting '%s': it begins anew", path, part)
    except (OSError, SafetensorError, RuntimeError) as error:
        msg = f"start weights {path} cannot be used: {error}"
        raise StartError(msg) from error


def _fits(module: nn.Module, tensors: dict[str, torch.Tensor]) -> bool:
    """Whether names and shapes are those of the module."""
    return {k: v.shape for k, v in module.state_dict().items()} == {k: v.shape for k, v in tensors.items()}


class Trainer:
    """Encoder, projector, teacher head and optimiser; not thread safe, use it from one thread.

    Attributes:
        combined: Networks and loss.
        parts: The same networks under the names that they have in checkpoints.
        slow: Moving averages of encoder and heading head, which are probed and exported.
    """

    def __init__(self, config: LearnerConfig) -> None:
        self.config = config
        self.device = pick_device(config.device)
        architecture = Architecture(config.size, config.width, depth=config.depth)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.combined = Combined(architecture, terms_of(config))
        self.parts = self.combined.parts()
        if config.start:
            load_start(self.parts, Path(config.start).expanduser(), architecture.name)
            self.combined.reset_target()
        self.combined.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.encoder = self.combined.encoder
        self.slow = Slow(self.encoder, self.combined.heading)
        self.optimizer = torch.optim.AdamW(self._trained(), lr=rate_of(config), weight_decay=config.weight_decay)
        self.random = torch.Generator().manual_seed(config.seed)
        # Random directions keep distances (Johnson and Lindenstrauss); fixed, or old and new would not compare.
        length = architecture.middle_channels * CELLS**2
        sketch = torch.randn(length, _SKETCH, generator=torch.Generator().manual_seed(length))
        self._sketch = sketch.to(self.device)
        self.augmentation = Augmentation()
        self.steps = 0
        self.rollbacks = 0
        #: Set by whoever wants the thread to end: a refit takes seconds on a busy machine.
        self.interrupt = threading.Event()
        self._good: dict[str, Any] = {}
        self._snapshot()

    def reconfigure(self, config: LearnerConfig) -> None:
        """Take live changes: rates and weights of the terms."""
        self.config = config
        self.combined.terms = terms_of(config)
        for group in self.optimizer.param_groups:
            group["lr"], group["weight_decay"] = rate_of(config), config.weight_decay

    def step(self, batch: Sequence[Entry], taught: Sequence[Entry] = ()) -> StepReport:
        """Make one step; a loss or gradient that is not finite rolls back to the last good weights.

        Args:
            batch: Triplets for L_sem and L_traj.
            taught: Entries with a teacher's azimuth, for the teacher term; may be empty.
        """
        self.combined.train()
        crops = torch.from_numpy(np.stack([entry.crops for entry in batch])).to(self.device)
        views = crops.permute(0, 1, 4, 2, 3).float()
        parts = self.combined(self._batch(views, batch), self._augment)
        if self.config.teacher_weight > 0 and taught:
            parts["teacher"] = self._teacher_loss(taught)
            parts["loss"] = parts["loss"] + self.config.teacher_weight * parts["teacher"]
        feature = parts.pop("feature")
        if not self._descend(parts["loss"]):
            return StepReport(self.steps, {"loss": float(parts["loss"].detach())}, True, "the loss was not finite")
        self.combined.after_step(0.0)  # a stream has no end to be under way to
        self.steps += 1
        self.slow.follow(self.encoder, self.combined.heading, self.config.slow_decay, self.steps)
        losses = {name: float(part.detach()) for name, part in parts.items()}
        if self.steps % SNAPSHOT_STEPS == 0:
            if not self.healthy():
                self._roll_back()
                return StepReport(self.steps, losses, True, "weights were not finite")
            self._snapshot()
            losses["embedding_std"] = embedding_std(feature)
            losses["embedding_rank"] = effective_rank(feature)
        return StepReport(self.steps, losses)

    def teach(self, taught: Sequence[Entry]) -> bool:
        """Make a step of the teacher term alone, several times cheaper than `step`; False if it was rolled back."""
        self.combined.train()
        return self._descend(self.config.teacher_weight * self._teacher_loss(taught))

    @torch.no_grad()
    def features(self, crops: np.ndarray, chunk: int = 64, slow: Slow | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Last features (N, D) and pose features (N, F) of crops (N, S, S, 3) uint8.

        Args:
            crops: Any number of them.
            chunk: How many at a time.
            slow: Whose encoder; the slow one of now without it.

        Raises:
            InterruptedWork: If `interrupt` is set.
        """
        encoder = (slow or self.slow)["encoder"]
        last, pose = [], []
        for start in range(0, len(crops), chunk):
            if self.interrupt.is_set():
                raise InterruptedWork
            feature, middle = encoder(self._pixels(crops[start : start + chunk]))
            last.append(feature.cpu().numpy())
            pose.append(spatial_pattern(middle).cpu().numpy())
        if not last:
            a = self.encoder.architecture
            return np.zeros((0, a.dimension), np.float32), np.zeros((0, a.middle_channels * CELLS**2), np.float32)
        return np.concatenate(last), np.concatenate(pose)

    @torch.no_grad()
    def embed(self, crops: np.ndarray, chunk: int = 64) -> np.ndarray:
        """Short features (N, 64) of crops (N, S, S, 3) uint8 whose distances are nearly those of the pose features."""
        found = []
        for start in range(0, len(crops), chunk):
            pattern = spatial_pattern(self.slow_encoder.middle(self._pixels(crops[start : start + chunk])))
            found.append((pattern @ self._sketch).cpu().numpy())
        return np.concatenate(found)

    @property
    def slow_encoder(self) -> Encoder:
        """The encoder that is probed and exported."""
        found: Encoder = self.slow["encoder"]  # type: ignore[assignment]
        return found

    def known_directions(self, slow: Slow | None = None) -> np.ndarray | None:
        """Directions (F, K) of the pose features that the start model's head, or a taught one, reads heading from.

        None where no heading ever shaped that head: then it is as good as random.

        Args:
            slow: Whose head; the slow one of now without it.
        """
        if not self.config.start and self.config.teacher_weight <= 0:
            return None
        weight: torch.Tensor = (slow or self.slow)["teacher"].weight  # type: ignore[assignment]
        return np.asarray(weight.detach().cpu().numpy().T)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Weights and optimiser state by name, for a checkpoint."""
        found = {f"weights.{name}": value for name, value in self.parts.state_dict().items()}
        found.update({f"slow.{name}": value for name, value in self.slow.state_dict().items()})
        for index, state in self.optimizer.state_dict()["state"].items():
            found.update({f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()})
        return {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}

    def restore(self, tensors: dict[str, torch.Tensor], steps: int) -> None:
        """Inverse of `tensors`.

        Raises:
            RuntimeError: If names or shapes do not fit; nothing is changed then.
        """
        prefix = "weights."
        weights = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
        if not _fits(self.parts, weights):
            ours, theirs = ({k: v.shape for k, v in x.items()} for x in (self.parts.state_dict(), weights))
            odd = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
            msg = (
                f"its weights are of another objective or projector than '{self.config.objective}' of width "
                f"{self.config.projector} ({len(odd)} tensors differ, the first is '{odd[0]}')"
            )
            raise RuntimeError(msg)
        self.parts.load_state_dict(weights)
        slow = {k[len("slow.") :]: v for k, v in tensors.items() if k.startswith("slow.")}
        if _fits(self.slow, slow):
            self.slow.load_state_dict(slow)
        else:
            self.slow.copy_from(self.encoder, self.combined.heading)  # written before there was a slow copy
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, index, key = name.split(".", 2)
                state.setdefault(int(index), {})[key] = value
        full = self.optimizer.state_dict()
        full["state"] = state
        self.optimizer.load_state_dict(full)
        self.steps = steps
        self._snapshot()

    def fall_back(self, tensors: dict[str, torch.Tensor]) -> None:
        """Go back to weights of `tensors` without its optimiser: whatever led away from them is forgotten.

        The count of steps stays, or the same triplets would be trained on again at once.

        Raises:
            RuntimeError: If names or shapes do not fit; nothing is changed then.
        """
        self.rollbacks += 1
        self.restore({k: v for k, v in tensors.items() if not k.startswith("optimizer.")}, self.steps)

    def mark_good(self) -> None:
        """Make the weights of now what a bad step rolls back to: those that are being written to disk.

        Weights that are not finite are rolled back instead.
        """
        if self.healthy():
            self._snapshot()
        else:
            self._roll_back()

    def healthy(self) -> bool:
        """Whether all weights are finite."""
        found = [*self.parts.parameters(), *self.slow.parameters()]
        return bool(torch.stack([torch.isfinite(value.detach()).all() for value in found]).all())

    def _trained(self) -> list[nn.Parameter]:
        """What the optimiser moves: all but the objective's moving copy."""
        return [parameter for parameter in self.parts.parameters() if parameter.requires_grad]

    def _pixels(self, crops: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(crops)).to(self.device).permute(0, 3, 1, 2).float()

    def _batch(self, views: torch.Tensor, entries: Sequence[Entry]) -> Batch:
        """The views (N, 3, 3, S, S) with, where the equivariance term reads it, one neighbour and its turn."""
        if self.config.equivariance_weight <= 0:
            return Batch(views)
        turns = torch.tensor([(-entry.turns[0], entry.turns[1]) for entry in entries], dtype=torch.float32)
        side = torch.randint(2, (len(entries),), generator=self.random)
        rows = torch.arange(len(entries))
        wide = views[rows, 2 * side]  # L or R
        return Batch(views, wide=wide, turn=turns[rows, side].to(self.device)).mirrored(self.random)

    def _augment(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.augmentation(pixels, self.random).contiguous(memory_format=torch.channels_last)

    def _descend(self, loss: torch.Tensor) -> bool:
        """Step the optimiser if loss and gradient are finite, else roll back."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self._trained(), MAX_GRADIENT)
        if not (math.isfinite(float(loss.detach())) and math.isfinite(float(norm.detach()))):
            self._roll_back()
            return False
        self.optimizer.step()
        return True

    def _teacher_loss(self, taught: Sequence[Entry]) -> torch.Tensor:
        """Cross entropy of the taught headings, on any of the three views and, for half, its mirror image."""
        count = len(taught)
        view = torch.randint(3, (count,), generator=self.random).tolist()
        crops = np.stack([entry.crops[v] for entry, v in zip(taught, view, strict=True)])
        pixels = torch.from_numpy(crops).to(self.device).permute(0, 3, 1, 2).float()
        flip = torch.rand(count, generator=self.random) < 0.5
        pixels = torch.where(flip.view(-1, 1, 1, 1).to(self.device), pixels.flip(3), pixels)
        pixels = self._augment(pixels)
        azimuths = np.array([entry.azimuth for entry in taught])
        targets = torch.from_numpy(soft_targets(np.where(flip.numpy(), -azimuths, azimuths))).to(self.device)
        weights = torch.tensor([entry.weight for entry in taught], device=self.device)
        logits = self.combined.heading_logits(self.encoder.middle(pixels))
        loss = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=TEACHER_SMOOTHING)
        return (loss * weights).sum() / weights.sum()

    def _snapshot(self) -> None:
        self._good = {"tensors": self.tensors(), "steps": self.steps}

    def _roll_back(self) -> None:
        self.rollbacks += 1
        self.restore(self._good["tensors"], self._good["steps"])
