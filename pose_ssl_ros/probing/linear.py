"""Linear probes: a softmax over categories, a softmax over azimuth bins with soft circular targets.

Both read half-whitened principal components and are convex, so a seed changes the hold-out only.
The strength of the penalty is chosen on held-out instances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS, AzimuthProbe, fit_azimuth_probe
from pose_ssl_ros.probing.calibration import fit_temperature
from pose_ssl_ros.probing.heading_head import soft_targets, softmax
from pose_ssl_ros.probing.held_out import Reader, calibrated_loss, parts
from pose_ssl_ros.probing.prediction import FINE_BINS, IdentityPrediction, Labelled, checked
from pose_ssl_ros.probing.projection import Projection, fit_projection
from pose_ssl_ros.probing.softmax_regression import fit_softmax

#: Penalties to choose from, weak to strong.
PENALTIES = (3e-4, 3e-3, 3e-2, 3e-1)
#: Principal components that are read.
COMPONENTS = 256


@dataclass(frozen=True)
class LinearIdentity:
    """A softmax over categories.

    Attributes:
        projection: What is read of a feature.
        matrix, bias: (P, C), (C,), the temperature folded in.
        classes: (C,) labels, ascending.
        chosen: What held-out instances chose, for reports.
    """

    projection: Projection
    matrix: np.ndarray
    bias: np.ndarray
    classes: np.ndarray
    chosen: dict[str, float]

    def predict(self, features: np.ndarray) -> IdentityPrediction:
        """Categories of features (N, F).

        Raises:
            ProbeError: If the features have another length than those that were fitted.
        """
        x, finite = checked(features, len(self.projection.centre))
        probability = softmax(self.projection.apply(x) @ self.matrix + self.bias)
        probability[~finite] = 1 / len(self.classes)
        return IdentityPrediction(np.where(finite, self.classes[probability.argmax(1)], -1), probability, self.classes)


def fit_linear_identity(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    penalties: Sequence[float] = PENALTIES,
    components: int = COMPONENTS,
    iterations: int = 60,
    seed: int = 0,
) -> LinearIdentity:
    """Fit the softmax over categories.

    Args:
        train: Rows; those without category are left out.
        validation: Rows of other instances for penalty and temperature; None holds out instances of `train`.
        penalties: Strengths to choose from, weak to strong.
        components: Principal components that are read.
        iterations: Most steps of L-BFGS.
        seed: Of the hold-out.

    Raises:
        ProbeError: If no row has a category.
    """
    train = train.named()
    classes = np.unique(train.category)
    if validation is not None:
        validation = validation.where(np.isin(validation.category, classes))

    def fit(rows: Labelled, some: Sequence[float]) -> tuple[Projection, list[tuple[np.ndarray, np.ndarray]]]:
        projection = fit_projection(rows.features, components)
        z, targets = projection.apply(rows.features), np.eye(len(classes))[np.searchsorted(classes, rows.category)]
        return projection, [fit_softmax(z, targets, np.ones(len(z)), l2, iterations) for l2 in some]

    rounds = parts(train, validation, seed)
    scores: list[list[np.ndarray]] = [[] for _ in penalties]
    for rows, held in rounds:
        projection, fits = fit(rows, penalties)
        for slot, (matrix, bias) in zip(scores, fits, strict=True):
            slot.append(projection.apply(held.features) @ matrix + bias)
    best, temperature = len(penalties) // 2, 1.0
    if rounds:
        label = np.searchsorted(classes, np.concatenate([held.category for _, held in rounds]))
        together = [np.concatenate(slot) for slot in scores]
        best = int(np.argmin([calibrated_loss(logits, label) for logits in together]))
        temperature = fit_temperature(together[best], label)
    projection, [(matrix, bias)] = fit(train, [penalties[best]])
    if rounds and validation is not None and len(validation):
        temperature = fit_temperature(projection.apply(rounds[0][1].features) @ matrix + bias, label)
    chosen = {"penalty": float(penalties[best]), "temperature": temperature}
    return LinearIdentity(projection, matrix / temperature, bias / temperature, classes, chosen)


def fit_linear_azimuth(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    bins: int = FINE_BINS,
    penalties: Sequence[float] = PENALTIES,
    components: int = COMPONENTS,
    iterations: int = 60,
    seed: int = 0,
) -> AzimuthProbe:
    """Fit the softmax over azimuth bins; arguments and errors as `fit_linear_identity`."""

    def fit(rows: Labelled, some: Sequence[float]) -> list[Reader]:
        projection = fit_projection(rows.features, components)
        z, targets = projection.apply(rows.features), soft_targets(rows.azimuth, bins, SHARPNESS)
        return [_reader(projection, *fit_softmax(z, targets, np.ones(len(z)), l2, iterations)) for l2 in some]

    return fit_azimuth_probe(train, validation, fit, penalties, lambda l2: {"penalty": float(l2)}, seed)


def _reader(projection: Projection, matrix: np.ndarray, bias: np.ndarray) -> Reader:
    return lambda features: np.asarray(projection.apply(features) @ matrix + bias)
