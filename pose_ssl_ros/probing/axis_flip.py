"""Axis first, then the flip: where an object's axis lies, and which of its two ends is the front.

The axis is a softmax over half a turn, that is, over the angle 2 phi.  The flip is one classifier whose
weights depend on the axis: the logit that azimuth a is right and a + pi wrong is

    s(z, a) = g(z)^T h(a),   h(a) = (cos a, cos 3a, sin a, sin 3a)

With odd harmonics only s(z, a + pi) = -s(z, a) holds by itself, so naming the other end first changes
nothing and there is no seam at the half turn.  The distribution over the whole turn is
p(a) = p_axis(a mod pi) * sigmoid(s(z, a)).  (FACTS: fit the axis as (sin 2 phi, cos 2 phi) and the flip as a
separate classifier; front against back is the hard part.)

Axis logits and g are read by a linear layer plus one hidden layer, fitted together to the whole distribution with
noise added to the components.  Chosen on instances held out of renders read by the start model's middle layer
(240 instances of six categories, and 40 of two categories that the encoder never saw, front or back right / within
30 degrees): convex and linear .919 / .81 and .70 / .61; hidden layer .923 / .82 and .72 / .60; hidden layer
with noise of one standard deviation .929 / .85 and .79 / .69; noise of two .909 / .82 and .74 / .66; one harmonic
instead of two .924 / .84 and .76 / .68.  So it is the noise that makes the flip hold for instances never seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS, AzimuthProbe, fit_azimuth_probe
from pose_ssl_ros.probing.heading_head import bin_centres, soft_targets
from pose_ssl_ros.probing.held_out import Reader
from pose_ssl_ros.probing.prediction import FINE_BINS, Labelled, ProbeError
from pose_ssl_ros.probing.projection import fit_projection
from pose_ssl_ros.probing.small_network import hidden_layer, linear_layer


@dataclass(frozen=True)
class AxisFlipSettings:
    """How axis and flip are fitted.

    Attributes:
        components: Principal components that are read.
        whitening: See `projection.fit_projection`.
        hidden: Width of the hidden layer.
        harmonics: How many odd harmonics of the axis the flip's weights follow.
        noise: Standard deviation of the noise added in training to components whose mean square is one.
        dropout: Share of hidden units silenced in training.
        steps: Steps of AdamW.
        batch: Rows a step.
        rate: Highest learning rate of a one-cycle schedule.
        decay: Weight decay (decoupled).
        bins: Bins of the whole turn, a multiple of 8.
    """

    components: int = 256
    whitening: float = 0.25
    hidden: int = 256
    harmonics: int = 2
    noise: float = 1.0
    dropout: float = 0.3
    steps: int = 400
    batch: int = 256
    rate: float = 4e-3
    decay: float = 0.5
    bins: int = FINE_BINS


def fit_axis_flip(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    options: Sequence[AxisFlipSettings] = (AxisFlipSettings(),),
    seed: int = 0,
) -> AzimuthProbe:
    """Fit axis and flip.

    Args:
        train: Rows; those without azimuth are left out.
        validation: Rows of other instances for the choice and the calibration; None holds out instances of `train`.
        options: Settings that held-out instances choose from.
        seed: Of the weights, the noise and the hold-out.

    Raises:
        ProbeError: If no row has an azimuth or a number of bins is not a multiple of 8.
    """
    for option in options:
        if option.bins % 8 or option.bins < 8:
            msg = f"the number of azimuth bins must be a multiple of 8, got {option.bins}"
            raise ProbeError(msg)

    def fit(rows: Labelled, some: Sequence[AxisFlipSettings]) -> list[Reader]:
        return [_fit(rows, settings, seed) for settings in some]

    def describe(s: AxisFlipSettings) -> dict[str, float]:
        return {"noise": s.noise, "harmonics": float(s.harmonics), "hidden": float(s.hidden)}

    return fit_azimuth_probe(train, validation, fit, options, describe, seed, rounds=2)


def odd_harmonics(azimuth: np.ndarray, count: int) -> np.ndarray:
    """Cosines and sines of the first `count` odd multiples of azimuths (N,), shape (N, 2 count)."""
    angles = azimuth[:, None] * np.arange(1, 2 * count, 2)[None]
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def combined(axis: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    """Log-probabilities (N, B) of the whole turn from axis logits (N, B / 2) and flip logits (N, B).

    Bin b and bin b + B / 2 are the two ends of axis b; their flip logits are opposite.
    """
    return torch.log_softmax(axis, 1).repeat(1, 2) + functional.logsigmoid(flip)


class _AxisFlip(nn.Module):
    def __init__(self, inputs: int, settings: AxisFlipSettings, generator: torch.Generator) -> None:
        super().__init__()
        axis, flip = settings.bins // 2, 2 * settings.harmonics
        self.axes = axis
        self.hidden = hidden_layer(inputs, settings.hidden, generator)
        self.deep = linear_layer(settings.hidden, axis + flip, generator)
        self.plain = linear_layer(inputs, axis + flip, None)
        harmonics = torch.from_numpy(odd_harmonics(bin_centres(settings.bins), settings.harmonics))
        self.register_buffer("harmonics", harmonics.T.contiguous())

    def forward(self, z: torch.Tensor, keep: torch.Tensor | None = None) -> torch.Tensor:
        """Log-probabilities (N, B) of components (N, P); `keep` (N, hidden) scales hidden units (dropout)."""
        hidden = self.hidden(z)
        found = self.deep(hidden if keep is None else hidden * keep) + self.plain(z)
        turns: torch.Tensor = self.harmonics  # type: ignore[assignment]
        return combined(found[:, : self.axes], found[:, self.axes :] @ turns)


def _fit(rows: Labelled, settings: AxisFlipSettings, seed: int) -> Reader:
    projection = fit_projection(rows.features, settings.components, settings.whitening)
    z = torch.from_numpy(projection.apply(rows.features))
    targets = torch.from_numpy(soft_targets(rows.azimuth, settings.bins, SHARPNESS))
    # A generator of its own: the global one belongs to whoever trains an encoder meanwhile.
    generator = torch.Generator().manual_seed(seed)
    network = _AxisFlip(z.shape[1], settings, generator)
    optimiser = torch.optim.AdamW(network.parameters(), lr=settings.rate, weight_decay=settings.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, settings.rate, total_steps=settings.steps)
    with torch.enable_grad():
        for _ in range(settings.steps):
            drawn = torch.randint(len(z), (settings.batch,), generator=generator)
            x = z[drawn] + settings.noise * torch.randn(settings.batch, z.shape[1], generator=generator)
            keep = torch.rand(settings.batch, settings.hidden, generator=generator) >= settings.dropout
            loss = -(targets[drawn] * network(x, keep / (1 - settings.dropout))).sum(1).mean()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()

    def read(features: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(projection.apply(features))).numpy(), np.float64)

    return read
