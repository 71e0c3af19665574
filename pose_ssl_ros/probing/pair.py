"""The pair probe: by how much an object has turned between two views of it.

Two readers, added as log-probabilities.  One gives each view a distribution over a circle of its own and
correlates the two round the circle: turning both views changes nothing, and where the circle's zero lies is
never asked, so labels of turns are enough.  The other reads [z1, z2, z1 - z2, z1 * z2] of principal
components through one hidden layer, for what is seen in both views only together.

The probe is asked in both orders: a turn back is a turn forward with the other sign, by construction.

Measured on renders read by the start model's middle layer, turns of any size, new instances (240 instances of six
categories to fit; 40 of two categories that the encoder never saw): within 30 degrees .70 and .37 by the second
reader alone, .78 and .42 by the first alone, .78 and .50 by both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS
from pose_ssl_ros.probing.calibration import TurnTemperature, fit_turn_temperature
from pose_ssl_ros.probing.heading_head import soft_targets
from pose_ssl_ros.probing.held_out import parts
from pose_ssl_ros.probing.prediction import (
    FINE_BINS,
    Labelled,
    ProbeError,
    azimuth_of,
    bin_of,
    checked,
    wrapped,
)
from pose_ssl_ros.probing.projection import Projection, fit_projection
from pose_ssl_ros.probing.small_network import hidden_layer, linear_layer


@dataclass(frozen=True)
class PairSettings:
    """How the pair probe is fitted.

    Attributes:
        components: Principal components of each view.
        hidden: Width of the hidden layers.
        whitening: See `projection.fit_projection`.
        steps: Most steps of Adam.
        batch: Pairs a step.
        rate: Highest learning rate of a one-cycle schedule.
        decay: Weight decay (decoupled).
        dropout: Share of hidden units silenced in training.
        noise: Standard deviation of the noise added in training to components whose mean square is one.
        bins: Turns told apart.
    """

    components: int = 160
    hidden: int = 256
    whitening: float = 0.25
    steps: int = 400
    batch: int = 256
    rate: float = 4e-3
    decay: float = 0.3
    dropout: float = 0.2
    noise: float = 0.7
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

    def __init__(self, projection: Projection, network: nn.Module, temperature: TurnTemperature | None = None) -> None:
        self._projection = projection
        self._network = network
        self.temperature = temperature or TurnTemperature()

    def logits(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Logits (N, bins) of turns from features (N, F) to features (N, F)."""
        a = torch.from_numpy(self._projection.apply(first))
        b = torch.from_numpy(self._projection.apply(second))
        self._network.eval()
        with torch.no_grad():
            views = list(zip(a.split(4096), b.split(4096), strict=True))
            forth = torch.cat([self._network(x, y) for x, y in views])
            back = torch.cat([self._network(y, x) for x, y in views])
        # Bin centres lie symmetric about 0, so reversing the order of bins changes the sign of the turn.
        return np.asarray(((forth + back.flip(1)) / 2).numpy(), np.float64)

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
        logits = self.logits(a, b)
        probability = self.temperature.apply(logits)
        turn = azimuth_of(replace(self.temperature, axis=max(1.0, self.temperature.axis)).apply(logits))
        probability[~known] = 1 / probability.shape[1]
        return TurnPrediction(np.where(known, turn, np.nan), probability)


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
        probe.temperature = fit_turn_temperature(np.concatenate(logits), np.concatenate(bins))
    return probe


def _fit(train: Labelled, settings: PairSettings, most_turn: float, seed: int) -> PairProbe:
    first, second = draw_pairs(train.instance, settings.steps * settings.batch, seed, train.azimuth, most_turn)
    if not len(first):
        msg = "no instance has two views whose azimuths are known"
        raise ProbeError(msg)
    projection = fit_projection(train.features, settings.components, settings.whitening)
    z = torch.from_numpy(projection.apply(train.features))
    turn = soft_targets(wrapped(train.azimuth[second] - train.azimuth[first]), settings.bins, SHARPNESS)
    targets = torch.from_numpy(turn)
    # A generator of its own: the global one belongs to whoever trains an encoder meanwhile.
    generator = torch.Generator().manual_seed(seed)
    network = _Turns(z.shape[1], settings, generator)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.rate, total_steps=settings.steps)
    with torch.enable_grad():
        for step in range(settings.steps):
            begin = (step * settings.batch) % len(first)
            rows = slice(begin, begin + settings.batch)
            views = torch.stack([z[first[rows]], z[second[rows]]])
            views = views + settings.noise * torch.randn(views.shape, generator=generator)
            keep = torch.rand(3, views.shape[1], settings.hidden, generator=generator) >= settings.dropout
            logits = network(views[0], views[1], keep / (1 - settings.dropout))
            loss = -(targets[rows] * torch.log_softmax(logits, 1)).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return PairProbe(projection, network)


class _Turns(nn.Module):
    def __init__(self, inputs: int, settings: PairSettings, generator: torch.Generator) -> None:
        super().__init__()
        self.bins = settings.bins
        self.hidden = hidden_layer(inputs, settings.hidden, generator)
        self.deep = linear_layer(settings.hidden, settings.bins, generator)
        self.plain = linear_layer(inputs, settings.bins, generator)
        self.both_hidden = hidden_layer(4 * inputs, settings.hidden, generator)
        self.both = linear_layer(settings.hidden, settings.bins, generator)

    def forward(self, a: torch.Tensor, b: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Logits (N, B) of turns; `keep` (3, N, hidden) scales hidden units of each view and of both (dropout)."""
        keep = torch.ones(3, 1, 1) if keep is None else keep
        together = torch.cat([a, b, a - b, a * b], 1)
        circles = correlated(self._circle(a, keep[0]), self._circle(b, keep[1]))
        return torch.log(circles + 1e-6) + self.both(self.both_hidden(together) * keep[2])

    def _circle(self, view: torch.Tensor, keep: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.deep(self.hidden(view) * keep) + self.plain(view), 1)


def correlated(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """Distribution (N, B) of turns between angles distributed as p and q (N, B), at `bin_centres`.

    Correlation gives turns by whole bins; those by half bins, where the centres lie, are means of two.
    """
    if not len(p):
        return torch.zeros_like(p)  # some builds of torch cannot transform nothing
    whole = torch.fft.irfft(torch.fft.rfft(q) * torch.fft.rfft(p).conj(), n=p.shape[1]).clamp_min(0)
    return (whole + whole.roll(-1, 1)) / 2
