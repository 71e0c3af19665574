"""One optimiser step on a batch of triplets, with a way back when it goes wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from pose_ssl_ros.learning.augment import Augmentation
from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Architecture, Encoder
from pose_ssl_ros.learning.objectives.combined import Projector, combined
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.probing.features import CELLS, spatial_pattern
from pose_ssl_ros.probing.heading_head import BINS, soft_targets

#: Steps between two copies of the weights that a bad step rolls back to.
SNAPSHOT_STEPS = 20


@dataclass(frozen=True)
class StepReport:
    """What a step did: its number, the parts of the loss, and whether it was rolled back."""

    step: int
    losses: dict[str, float] = field(default_factory=dict)
    rolled_back: bool = False


def pick_device(name: str) -> torch.device:
    """The torch device of a parameter: `auto` takes CUDA if there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


class Trainer:
    """Encoder, projector, teacher head and optimiser; not thread safe, use it from one thread."""

    def __init__(self, config: LearnerConfig) -> None:
        self.config = config
        self.device = pick_device(config.device)
        architecture = Architecture(config.size, config.width)
        self.objective = combined(config.objective, config.trajectory_weight, config.trajectory_layer)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            encoder = Encoder(architecture)
            self.parts = nn.ModuleDict(
                {
                    "encoder": encoder,
                    "projector": Projector(architecture.dimension, config.projector),
                    "teacher": nn.Linear(architecture.middle_channels * CELLS**2, BINS),
                }
            )
        self.parts.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.encoder = encoder
        self.optimizer = torch.optim.AdamW(
            self.parts.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.random = torch.Generator().manual_seed(config.seed)
        self.augmentation = Augmentation()
        self.steps = 0
        self.rollbacks = 0
        self._good: dict[str, Any] = {}
        self._snapshot()

    def reconfigure(self, config: LearnerConfig) -> None:
        """Take live changes: rates and weights of the terms."""
        self.config = config
        self.objective = combined(config.objective, config.trajectory_weight, config.trajectory_layer)
        for group in self.optimizer.param_groups:
            group["lr"], group["weight_decay"] = config.learning_rate, config.weight_decay

    def step(self, batch: Sequence[Entry]) -> StepReport:
        """Make one step; a loss or gradient that is not finite rolls back to the last good weights."""
        self.parts.train()
        crops = torch.from_numpy(np.stack([entry.crops for entry in batch])).to(self.device)
        views = crops.permute(0, 1, 4, 2, 3).float()
        parts = self.objective(self.encoder, self.parts["projector"], views, self._augment)
        loss = parts["loss"]
        if self.config.teacher_weight > 0:
            taught = self._teacher_loss(views[:, 1], batch)
            if taught is not None:
                parts["teacher"] = taught
                loss = loss + self.config.teacher_weight * taught
        parts["loss"] = loss
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.parts.parameters(), 10.0)
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(float(norm.detach()))):
            self._roll_back()
            return StepReport(self.steps, {"loss": value}, rolled_back=True)
        self.optimizer.step()
        self.steps += 1
        feature = parts.pop("feature")
        losses = {name: float(part.detach()) for name, part in parts.items()}
        if self.steps % SNAPSHOT_STEPS == 0:
            self._snapshot()
            losses["embedding_std"] = embedding_std(feature)
            losses["embedding_rank"] = effective_rank(feature)
        return StepReport(self.steps, losses)

    @torch.no_grad()
    def features(self, crops: np.ndarray, chunk: int = 64) -> tuple[np.ndarray, np.ndarray]:
        """Last features (N, D) and pose features (N, F) of crops (N, S, S, 3) uint8."""
        self.parts.eval()
        last, pose = [], []
        for start in range(0, len(crops), chunk):
            pixels = torch.from_numpy(np.ascontiguousarray(crops[start : start + chunk])).to(self.device)
            feature, middle = self.encoder(pixels.permute(0, 3, 1, 2).float())
            last.append(feature.cpu().numpy())
            pose.append(spatial_pattern(middle).cpu().numpy())
        if not last:
            a = self.encoder.architecture
            return np.zeros((0, a.dimension), np.float32), np.zeros((0, a.middle_channels * CELLS**2), np.float32)
        return np.concatenate(last), np.concatenate(pose)

    def tensors(self) -> dict[str, torch.Tensor]:
        """Weights and optimiser state by name, for a checkpoint."""
        found = {f"weights.{name}": value for name, value in self.parts.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            found.update({f"optimizer.{index}.{name}": torch.as_tensor(value) for name, value in state.items()})
        return {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}

    def restore(self, tensors: dict[str, torch.Tensor], steps: int) -> None:
        """Inverse of `tensors`.

        Raises:
            RuntimeError: If names or shapes do not fit.
        """
        prefix = "weights."
        self.parts.load_state_dict({k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)})
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

    def _augment(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.augmentation(pixels, self.random).contiguous(memory_format=torch.channels_last)

    def _teacher_loss(self, centre: torch.Tensor, batch: Sequence[Entry]) -> torch.Tensor | None:
        """Cross entropy of the taught headings, on mildly changed crops and, for half, their mirror images."""
        rows = [i for i, entry in enumerate(batch) if entry.weight >= self.config.min_teacher]
        if not rows:
            return None
        azimuths = np.array([batch[i].azimuth for i in rows])
        weights = torch.tensor([batch[i].weight for i in rows], device=self.device)
        flip = torch.rand(len(rows), generator=self.random) < 0.5
        pixels = self._augment(centre[rows])
        pixels = torch.where(flip.view(-1, 1, 1, 1).to(self.device), pixels.flip(3), pixels)
        azimuths = np.where(flip.numpy(), -azimuths, azimuths)
        targets = torch.from_numpy(soft_targets(azimuths)).to(self.device)
        feature = spatial_pattern(self.encoder.middle(pixels))
        # The pattern's norm is at most one, far too small for a linear layer to start from.
        logits = self.parts["teacher"](feature * CELLS**2)
        loss = functional.cross_entropy(logits, targets, reduction="none", label_smoothing=0.1)
        return (loss * weights).sum() / len(rows)

    def _snapshot(self) -> None:
        self._good = {"tensors": self.tensors(), "steps": self.steps}

    def _roll_back(self) -> None:
        self.rollbacks += 1
        self.restore(self._good["tensors"], self._good["steps"])
