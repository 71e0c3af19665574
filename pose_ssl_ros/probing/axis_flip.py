"""Axis first, then the flip: where an object's axis lies, and which of its two ends is the front.

The axis is a softmax over half a turn, that is, over the angle 2 phi.  The flip is one linear classifier
whose weights depend on the axis: the logit that azimuth a is right and a + pi wrong is

    s(z, a) = [z, 1]^T W h(a),   h(a) = (cos a, sin a, cos 3a, sin 3a, ...)

With odd harmonics only s(z, a + pi) = -s(z, a) holds by itself, so naming the other end first changes
nothing and there is no seam at the half turn.  The distribution over the whole turn is
p(a) = p_axis(a mod pi) * sigmoid(s(z, a)).  (FACTS: fit the axis as (sin 2 phi, cos 2 phi) and the flip as a
separate classifier; front against back is the hard part.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS, AzimuthProbe, fit_azimuth_probe
from pose_ssl_ros.probing.heading_head import bin_centres, soft_targets
from pose_ssl_ros.probing.held_out import Reader
from pose_ssl_ros.probing.prediction import FINE_BINS, Labelled
from pose_ssl_ros.probing.projection import fit_projection
from pose_ssl_ros.probing.softmax_regression import fit_softmax

#: Principal components that are read.
COMPONENTS = 256


@dataclass(frozen=True)
class Strength:
    """One choice of penalties.

    Attributes:
        axis: Penalty of the axis softmax.
        flip: Penalty of the flip classifier.
        harmonics: How many odd harmonics of the axis the flip's weights follow.
    """

    axis: float
    flip: float
    harmonics: int


#: What held-out instances choose from.
STRENGTHS = tuple(Strength(axis, flip, h) for axis, flip in ((3e-3, 3e-3), (3e-3, 3e-2), (3e-2, 3e-2)) for h in (1, 2))


def fit_axis_flip(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    bins: int = FINE_BINS,
    strengths: Sequence[Strength] = STRENGTHS,
    components: int = COMPONENTS,
    iterations: int = 60,
    seed: int = 0,
) -> AzimuthProbe:
    """Fit axis and flip.

    Args:
        train: Rows; those without azimuth are left out.
        validation: Rows of other instances for strengths and calibration; None holds out instances of `train`.
        bins: Bins of the whole turn, a multiple of 8.
        strengths: What may be chosen.
        components: Principal components that are read.
        iterations: Most steps of L-BFGS.
        seed: Of the hold-out.

    Raises:
        ProbeError: If no row has an azimuth.
    """

    def fit(rows: Labelled, some: Sequence[Strength]) -> list[Reader]:
        projection = fit_projection(rows.features, components)
        z = projection.apply(rows.features)
        # Bins of 2 phi over a whole turn are bins of phi over half a turn.
        targets = soft_targets(2 * rows.azimuth, bins // 2, SHARPNESS / 4)
        axes = {l2: fit_softmax(z, targets, np.ones(len(z)), l2, iterations) for l2 in {s.axis for s in some}}
        flips = {
            (s.flip, s.harmonics): fit_flip(z, rows.azimuth, s.flip, s.harmonics, iterations)
            for s in dict.fromkeys(some)
        }

        def reader(strength: Strength) -> Reader:
            matrix, bias = axes[strength.axis]
            weights = flips[strength.flip, strength.harmonics]

            def read(features: np.ndarray) -> np.ndarray:
                read_z = projection.apply(features)
                return combined(read_z @ matrix + bias, flip_logits(read_z, weights, bins))

            return read

        return [reader(strength) for strength in some]

    def describe(s: Strength) -> dict[str, float]:
        return {"axis_penalty": s.axis, "flip_penalty": s.flip, "harmonics": float(s.harmonics)}

    return fit_azimuth_probe(train, validation, fit, strengths, describe, seed)


def odd_harmonics(azimuth: np.ndarray, count: int) -> np.ndarray:
    """Cosines and sines of the first `count` odd multiples of azimuths (N,), shape (N, 2 count)."""
    angles = azimuth[:, None] * np.arange(1, 2 * count, 2)[None]
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def fit_flip(z: np.ndarray, azimuth: np.ndarray, l2: float, harmonics: int, iterations: int = 60) -> np.ndarray:
    """Weights (P + 1, 2 harmonics) of the flip's logit, by logistic regression.

    Minimises mean softplus(-s(z, azimuth)) + l2 |W|^2 / 2; the reversed examples are the same by antisymmetry.

    Args:
        z: (N, P) float32.
        azimuth: (N,) radians.
        l2: Strength of the penalty.
        harmonics: See `odd_harmonics`.
        iterations: Most steps of L-BFGS.
    """
    x = torch.from_numpy(_with_one(z))
    h = torch.from_numpy(odd_harmonics(azimuth, harmonics))
    weights = torch.zeros(x.shape[1], h.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights], max_iter=iterations, history_size=10, line_search_fn="strong_wolfe", tolerance_change=1e-6
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        score = ((x @ weights) * h).sum(1)
        loss = torch.nn.functional.softplus(-score).mean() + 0.5 * l2 * weights.pow(2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    with torch.enable_grad():
        optimiser.step(closure)
    return weights.detach().numpy().copy()


def flip_logits(z: np.ndarray, weights: np.ndarray, bins: int) -> np.ndarray:
    """Logits (N, bins) that a bin's azimuth is right and the opposite one wrong."""
    return np.asarray(_with_one(z) @ (weights @ odd_harmonics(bin_centres(bins), weights.shape[1] // 2).T))


def combined(axis: np.ndarray, flip: np.ndarray) -> np.ndarray:
    """Log-probabilities (N, B) from axis logits (N, B / 2) and flip logits (N, B)."""
    log_axis = axis - np.logaddexp.reduce(axis, axis=1, keepdims=True)
    return np.asarray(np.tile(log_axis, (1, 2)) - np.logaddexp(0, -flip))


def _with_one(z: np.ndarray) -> np.ndarray:
    return np.concatenate([z, np.ones((len(z), 1), np.float32)], axis=1)
