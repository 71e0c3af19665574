"""The pair probe: by how much an object has turned between two views of it.

Reads [z1, z2, z1 - z2, z1 * z2] of half-whitened principal components through one hidden layer into a
softmax over turns.  It is asked in both orders and the two answers are multiplied: a turn back is a turn
forward with the other sign, by construction.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS
from pose_ssl_ros.probing.calibration import fit_temperature
from pose_ssl_ros.probing.heading_head import soft_targets
from pose_ssl_ros.probing.held_out import parts
from pose_ssl_ros.probing.prediction import (
    FINE_BINS,
    Labelled,
    ProbeError,
    azimuth_of,
    bin_of,
    checked,
    softmax,
    wrapped,
)
from pose_ssl_ros.probing.projection import Projection, fit_projection
from pose_ssl_ros.probing.small_network import hidden_layer, linear_layer


@dataclass(frozen=True)
class PairSettings:
    """How the pair probe is fitted.

    Attributes:
        components: Principal components of each view.
        hidden: Width of the hidden layer.
        steps: Most steps of Adam.
        batch: Pairs a step.
        rate: Highest learning rate of a one-cycle schedule.
        decay: Weight decay (decoupled).
        dropout: Share of hidden units silenced in training.
        noise: Standard deviation of the noise added in training to components whose mean square is one.
        bins: Turns told apart.
    """

    components: int = 96
    hidden: int = 256
    steps: int = 500
    batch: int = 512
    rate: float = 4e-3
    decay: float = 1e-2
    dropout: float = 0.2
    noise: float = 0.3
    bins: int = FINE_BINS


@dataclass(frozen=True)
class TurnPrediction:
    """Answers for N pairs.

    Attributes:
        turn: (N,) azimuth of the second view less that of the first, radians in [-pi, pi); NaN where
            a feature is not finite.
        probability: (N, bins) calibrated, rows sum to 1; bins as `heading_head.bin_centres`.
    """

    turn: np.ndarray
    probability: np.ndarray


class PairProbe:
    """A fitted pair probe."""

    def __init__(self, projection: Projection, network: nn.Module, temperature: float = 1.0) -> None:
        self._projection = projection
        self._network = network
        self.temperature = temperature

    def logits(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Logits (N, bins) of turns from features (N, F) to features (N, F)."""
        a = torch.from_numpy(self._projection.apply(first))
        b = torch.from_numpy(self._projection.apply(second))
        self._network.eval()
        with torch.no_grad():
            forth = [self._network(_joined(x, y)) for x, y in zip(a.split(4096), b.split(4096), strict=True)]
            back = [self._network(_joined(y, x)) for x, y in zip(a.split(4096), b.split(4096), strict=True)]
        # Bin centres lie symmetric about 0, so reversing the order of bins changes the sign of the turn.
        return np.asarray(((torch.cat(forth) + torch.cat(back).flip(1)) / 2).numpy(), np.float64)

    def predict(self, first: np.ndarray, second: np.ndarray) -> TurnPrediction:
        """Turns from the first views (N, F) to the second (N, F) of the same objects.

        Raises:
            ProbeError: If the features have another length than those that were fitted or the numbers differ.
        """
        a, known_a = checked(first, len(self._projection.centre))
        b, known_b = checked(second, len(self._projection.centre))
        if len(a) != len(b):
            msg = f"{len(a)} first views, but {len(b)} second ones"
            raise ProbeError(msg)
        known = known_a & known_b
        probability = softmax(self.logits(a, b) / self.temperature)
        probability[~known] = 1 / probability.shape[1]
        return TurnPrediction(np.where(known, azimuth_of(probability), np.nan), probability)


def draw_pairs(
    instance: np.ndarray, count: int, seed: int, azimuth: np.ndarray | None = None, most_turn: float = math.pi
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different rows of one instance, evenly over the instances that have two rows.

    Args:
        instance: (N,) integers.
        count: Pairs wanted; drawn with replacement.
        seed: Of the draw.
        azimuth: (N,) radians; pairs that turn by more than `most_turn` are left out, as are unknown azimuths.
        most_turn: Largest turn between the two views, radians.

    Returns:
        Indices of first and second rows, at most `count` each; fewer only where `most_turn` leaves few.
    """
    random = np.random.default_rng(seed)
    rows = np.arange(len(instance)) if azimuth is None else np.flatnonzero(np.isfinite(azimuth))
    order = rows[np.argsort(instance[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(instance[order], prepend=np.nan) != 0)
    sizes = np.diff(np.append(starts, len(order)))
    starts, sizes = starts[sizes > 1], sizes[sizes > 1]
    empty = np.zeros(0, np.int64)
    if not len(sizes) or count < 1:
        return empty, empty
    firsts, seconds, found = [], [], 0
    for _ in range(64):
        own = random.integers(len(sizes), size=count)
        place = random.integers(sizes[own])
        other = (place + random.integers(1, sizes[own])) % sizes[own]
        a, b = order[starts[own] + place], order[starts[own] + other]
        if azimuth is not None and most_turn < math.pi:
            near = np.abs(wrapped(azimuth[b] - azimuth[a])) <= most_turn
            a, b = a[near], b[near]
        firsts.append(a)
        seconds.append(b)
        found += len(a)
        if found >= count:
            break
    return np.concatenate(firsts)[:count], np.concatenate(seconds)[:count]


def fit_pair(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    settings: PairSettings | None = None,
    most_turn: float = math.pi,
    seed: int = 0,
) -> PairProbe:
    """Fit the pair probe to pairs of views of the same instance.

    Args:
        train: Rows; those without azimuth are left out.
        validation: Rows of other instances for the temperature; None holds out one part of `train`'s instances
            while the temperature is taken, and then fits to all.
        settings: See `PairSettings`.
        most_turn: Largest turn in training, radians.
        seed: Of weights, pairs and hold-out.

    Raises:
        ProbeError: If no instance has two views with azimuth.
    """
    settings = settings or PairSettings()
    train = train.posed()
    if validation is not None:
        validation = validation.where(np.isfinite(validation.azimuth))
    probe = _fit(train, settings, most_turn, seed)
    given = validation is not None and len(validation) > 0
    logits, bins = [], []
    for rows, held in parts(train, validation, seed)[:1]:
        a, b = draw_pairs(held.instance, 3000, seed + 1, held.azimuth, most_turn)
        if not len(a):
            continue
        if not given and not len(draw_pairs(rows.instance, 1, seed, rows.azimuth, most_turn)[0]):
            continue
        judge = probe if given else _fit(rows, settings, most_turn, seed)
        logits.append(judge.logits(held.features[a], held.features[b]))
        bins.append(bin_of(held.azimuth[b] - held.azimuth[a], settings.bins))
    if logits:
        probe.temperature = fit_temperature(np.concatenate(logits), np.concatenate(bins))
    return probe


def _fit(train: Labelled, settings: PairSettings, most_turn: float, seed: int) -> PairProbe:
    first, second = draw_pairs(train.instance, settings.steps * settings.batch, seed, train.azimuth, most_turn)
    if not len(first):
        msg = "no instance has two views whose azimuths are known"
        raise ProbeError(msg)
    projection = fit_projection(train.features, settings.components)
    z = torch.from_numpy(projection.apply(train.features))
    turn = soft_targets(wrapped(train.azimuth[second] - train.azimuth[first]), settings.bins, SHARPNESS)
    targets = torch.from_numpy(turn)
    # A generator of its own: the global one belongs to whoever trains an encoder meanwhile.
    generator = torch.Generator().manual_seed(seed)
    hidden = hidden_layer(4 * z.shape[1], settings.hidden, generator)
    network = nn.Sequential(hidden, linear_layer(settings.hidden, settings.bins, generator))
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.rate, total_steps=settings.steps)
    with torch.enable_grad():
        for step in range(settings.steps):
            rows = slice((step * settings.batch) % len(first), (step * settings.batch) % len(first) + settings.batch)
            views = torch.stack([z[first[rows]], z[second[rows]]])
            views = views + settings.noise * torch.randn(views.shape, generator=generator)
            found = hidden(_joined(views[0], views[1]))
            keep = torch.rand(found.shape, generator=generator) >= settings.dropout
            logits = network[1](found * keep / (1 - settings.dropout))
            loss = -(targets[rows] * torch.log_softmax(logits, 1)).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return PairProbe(projection, network)


def _joined(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.cat([a, b, a - b, a * b], 1)
