"""One method, one seed: the same encoder, budget and schedule for every method.

A step's randomness follows from the seed and the step's number, and the sampler's state is part of the checkpoint: a
training that was killed goes on to the same weights as one that was not.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pose_ssl_ros.benchmark.batches import Sampler, Teacher, make_batch
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.resume import read_state, write_state
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.learning.augment import Augmentation
from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.objectives.terms import Terms

WEIGHT_DECAY = 1e-4
WARM_UP = 0.05  # share of the steps
#: Longest gradient; VICReg's weights make it ten times longer than usual.
MAX_GRADIENT = 100.0
#: Steps in a row with a loss or gradient that is not finite after which a training is given up.
MAX_BAD_STEPS = 10
#: Points of the loss curve that are kept.
CURVE_POINTS = 100
CHECKPOINT_PERIOD = 60.0  # seconds
#: Steps with taught crops as they are, and no others: augmented from the start, front and back are learned several
#: times later.
PLAIN_STEPS = 1000
#: How they are changed afterwards, so that a long training does not learn its crops by heart.
_TAUGHT = Augmentation(min_scale=0.8, brightness=0.3, contrast=0.3, hue=0.15, grey=0.1, occlusion=0.3, occluded=0.35)


@dataclass(frozen=True)
class Training:
    """What trained weights depend on, beside the dataset.

    Attributes:
        terms, architecture: What is minimised, and over what.
        steps, batch: Length of the training, and triplets in a step.
        learning_rate: Peak of AdamW's.
        seed: Of weights and batches.
        half_precision: Convolve in bfloat16; see `Combined`.
    """

    terms: Terms
    architecture: Architecture
    steps: int
    batch: int
    learning_rate: float
    seed: int
    half_precision: bool = False

    def facts(self) -> dict[str, Any]:
        """JSON values."""
        constants = {"weight_decay": WEIGHT_DECAY, "warm_up": WARM_UP, "max_gradient": MAX_GRADIENT}
        return {**asdict(self), **constants}


@dataclass(frozen=True)
class Progress:
    """Told after each step: how many are done, how many there are, and the last known parts of the loss."""

    step: int
    steps: int
    losses: dict[str, float]


def rate(training: Training, step: int) -> float:
    """Learning rate of a step (from 0): linear warm-up times a cosine to zero."""
    done = (step + 1) / training.steps
    return training.learning_rate * min(1.0, done / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / training.steps))


def seed_of(seed: int, step: int) -> int:
    """Seed of one step's randomness; step -1 is for the weights."""
    return int(np.random.SeedSequence([seed, step + 1]).generate_state(1)[0])


def untrained(training: Training, categories: int) -> Combined:
    """The networks as a seed draws them.

    Raises:
        ObjectiveError: If the terms do not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(training.seed, -1))
        return Combined(training.architecture, training.terms, categories, training.half_precision)


def train(
    dataset: Dataset,
    sampler: Sampler,
    training: Training,
    device: torch.device,
    checkpoint: Path,
    tell: Callable[[Progress], None] = lambda _: None,
    checkpoint_period: float = CHECKPOINT_PERIOD,
) -> tuple[Combined, list[dict[str, float]]]:
    """Train, going on from the checkpoint if it is of this training.

    Args:
        dataset: What is trained on.
        sampler: Fresh, of the training's seed; its state is part of the checkpoint.
        training: See `Training`.
        device: Where.
        checkpoint: File that is written about every minute and removed by nobody here.
        tell: Called after each step.
        checkpoint_period: Seconds between two checkpoints.

    Returns:
        The networks in evaluation mode, and the loss curve.

    Raises:
        BenchmarkError: If the loss stays not finite or the disk is full.
    """
    model = untrained(training, len(dataset.categories)).to(device)
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    model.train()
    trainable = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=training.learning_rate, weight_decay=WEIGHT_DECAY)
    teacher = Teacher(dataset, training.terms)
    start, curve = read_state(checkpoint, training.facts(), model, optimizer, sampler)
    every = max(1, training.steps // CURVE_POINTS)
    saved, bad = time.monotonic(), 0
    losses: dict[str, float] = {}
    for step in range(start, training.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(training, step)
        parts = _step(model, optimizer, dataset, sampler, teacher, training, step, device)
        bad = bad + 1 if parts is None else 0
        if bad >= MAX_BAD_STEPS:
            msg = f"the loss was not finite for {bad} steps up to step {step + 1}; a lower learning rate may help"
            raise BenchmarkError(msg)
        if parts is not None and (step % every == 0 or step + 1 == training.steps):
            losses = _figures(parts)
            curve.append({"step": float(step + 1), **losses})
        if step + 1 < training.steps and time.monotonic() - saved > checkpoint_period:
            write_state(checkpoint, training.facts(), model, optimizer, sampler, step + 1, curve)
            saved = time.monotonic()
        tell(Progress(step + 1, training.steps, losses))
    return model.eval(), curve


def _step(
    model: Combined,
    optimizer: torch.optim.Optimizer,
    dataset: Dataset,
    sampler: Sampler,
    teacher: Teacher,
    training: Training,
    step: int,
    device: torch.device,
) -> dict[str, torch.Tensor] | None:
    """One step; None if loss or gradient was not finite and the weights were left as they were."""
    triplets, wide = sampler.batch(training.batch)
    seed = seed_of(training.seed, step)
    generator = torch.Generator().manual_seed(seed)
    batch = make_batch(dataset, triplets, wide, training.terms, teacher, seed).mirrored(generator).to(device)
    if step < PLAIN_STEPS:
        # The centres are taught as the semantic term sees them: changed a lot.
        batch = replace(batch, centre_azimuth=None)
    elif batch.taught is not None:
        batch = replace(batch, taught=_TAUGHT(batch.taught, generator))
    augmentation = Augmentation()

    def augment(crops: torch.Tensor) -> torch.Tensor:
        return augmentation(crops, generator).contiguous(memory_format=torch.channels_last)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        parts: dict[str, torch.Tensor] = model(batch, augment)
    optimizer.zero_grad(set_to_none=True)
    loss = parts["loss"]
    if not math.isfinite(float(loss.detach())):
        return None
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(model.parameters(), MAX_GRADIENT)
    if not math.isfinite(float(norm)):
        return None
    optimizer.step()
    model.after_step((step + 1) / training.steps)
    return parts


def _figures(parts: dict[str, torch.Tensor]) -> dict[str, float]:
    """The parts of the loss and what tells of a collapse, as numbers that JSON has."""
    figures = {name: float(value.detach()) for name, value in parts.items() if name != "feature"}
    figures["embedding_std"] = embedding_std(parts["feature"])
    figures["embedding_rank"] = effective_rank(parts["feature"])
    return {name: round(value, 5) for name, value in figures.items() if math.isfinite(value)}
