"""Nearest neighbours by cosine: category by vote, azimuth by a vote of von Mises bumps over bins.

The vote of a neighbour of cosine s counts exp((s - s_nearest) / 0.07), as Wu et al. 2018
(instance discrimination) weight theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from pose_ssl_ros.probing.azimuth_probe import SHARPNESS, AzimuthProbe, fit_azimuth_probe
from pose_ssl_ros.probing.calibration import fit_temperature
from pose_ssl_ros.probing.heading_head import soft_targets, softmax
from pose_ssl_ros.probing.held_out import Reader, parts
from pose_ssl_ros.probing.prediction import FINE_BINS, IdentityPrediction, Labelled, ProbeError, checked

#: Neighbours that vote.
NEIGHBOURS = 20
#: Scale of the similarity weights.
SCALE = 0.07
#: Share of the vote that is spread over all answers: no neighbour is not no chance.
SPREAD = 1e-2
#: Most held-out rows that calibrate a vote (a vote costs a pass over all training rows).
_CALIBRATE = 2000
_BLOCK = 2048


@dataclass(frozen=True)
class Neighbours:
    """An index of features.

    Attributes:
        centre: (F,) taken away from every feature before the cosine (zeros for the plain cosine).
        rows: (N, F) unit float32.
    """

    centre: np.ndarray
    rows: np.ndarray

    def search(self, features: np.ndarray, k: int = NEIGHBOURS) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest rows of each feature (M, F), all of them if there are fewer.

        Returns:
            Indices (M, k) into the fitted rows, nearest first, and cosines (M, k).  Of equal cosines
            the row with the lower index comes first among those returned.

        Raises:
            ProbeError: If k is less than 1 or the features have another length.
        """
        if k < 1:
            msg = f"at least one neighbour must vote, got k={k}"
            raise ProbeError(msg)
        x, _ = checked(features, self.rows.shape[1])
        k = min(k, len(self.rows))
        bank = torch.from_numpy(self.rows)
        queries = torch.from_numpy(_unit(x - self.centre))
        indices, cosines = [np.zeros((0, k), np.int64)], [np.zeros((0, k), np.float32)]
        for start in range(0, len(queries), _BLOCK):
            near, index = torch.topk(queries[start : start + _BLOCK] @ bank.T, k, dim=1)
            values, places = near.numpy(), index.numpy()
            order = np.lexsort((places, -values))
            indices.append(np.take_along_axis(places, order, 1))
            cosines.append(np.take_along_axis(values, order, 1))
        return np.concatenate(indices), np.concatenate(cosines)


@dataclass(frozen=True)
class KnnIdentity:
    """A category by its neighbours' votes.

    Attributes:
        neighbours: The index; row i is the i-th fitted row with a category.
        label: (N,) place in `classes` of each row.
        classes: (C,) labels, ascending.
        k: Neighbours that vote.
        weighted: Votes by similarity; otherwise one each (majority).
        temperature: Divides the logarithm of the votes' shares.
    """

    neighbours: Neighbours
    label: np.ndarray
    classes: np.ndarray
    k: int
    weighted: bool
    temperature: float = 1.0

    def votes(self, features: np.ndarray) -> np.ndarray:
        """Shares (N, C) of the vote, rows sum to 1."""
        indices, cosines = self.neighbours.search(features, self.k)
        weights = _weights(cosines) if self.weighted else np.ones_like(cosines)
        share = np.zeros((len(indices), len(self.classes)))
        np.add.at(share, (np.arange(len(indices))[:, None], self.label[indices]), weights)
        return share / np.maximum(share.sum(1, keepdims=True), 1e-12)

    def predict(self, features: np.ndarray) -> IdentityPrediction:
        """Categories of features (N, F).

        Raises:
            ProbeError: If the features have another length than those that were fitted.
        """
        _, finite = checked(features, self.neighbours.rows.shape[1])
        share = self.votes(features)
        # Rounded, so that equal votes are equal whatever the order of their sum.
        category = self.classes[np.argmax(np.round(share, 9), axis=1)]
        probability = softmax(_log_share(share) / self.temperature)
        probability[~finite] = 1 / len(self.classes)
        return IdentityPrediction(np.where(finite, category, -1), probability, self.classes)


@dataclass(frozen=True)
class KnnAzimuth(AzimuthProbe):
    """An azimuth by its neighbours' votes; `neighbours` for panels, row i is the i-th fitted row with an azimuth."""

    neighbours: Neighbours


def fit_neighbours(features: np.ndarray, centred: bool = True) -> Neighbours:
    """An index over features (N, F); `centred` takes their mean away first.

    A mean that all features share makes every cosine alike; without it cosines tell differences.
    """
    centre = features.mean(0, dtype=np.float64).astype(np.float32) if centred else np.zeros(features.shape[1])
    return Neighbours(centre.astype(np.float32), _unit(features - centre))


def fit_knn_identity(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    k: int = NEIGHBOURS,
    weighted: bool = True,
    centred: bool = True,
    seed: int = 0,
) -> KnnIdentity:
    """Fit the vote on categories.

    Args:
        train: Rows; those without category are left out.
        validation: Rows of other instances for the temperature; None holds out instances of `train`.
        k: Neighbours that vote.
        weighted: See `KnnIdentity`.
        centred: See `fit_neighbours`.
        seed: Of the hold-out.

    Raises:
        ProbeError: If no row has a category or k is less than 1.
    """
    train = train.named()
    classes = np.unique(train.category)
    if validation is not None:
        validation = validation.where(np.isin(validation.category, classes))

    def fitted(rows: Labelled) -> KnnIdentity:
        places = np.searchsorted(classes, rows.category)
        return KnnIdentity(fit_neighbours(rows.features, centred), places, classes, k, weighted)

    logits, label = [], []
    for rows, held in parts(train, validation, seed, _CALIBRATE):
        index = fitted(train if validation is not None and len(validation) else rows)
        logits.append(_log_share(index.votes(held.features)))
        label.append(np.searchsorted(classes, held.category))
    whole = fitted(train)
    temperature = fit_temperature(np.concatenate(logits), np.concatenate(label)) if logits else 1.0
    return KnnIdentity(whole.neighbours, whole.label, classes, k, weighted, temperature)


def fit_knn_azimuth(
    train: Labelled,
    validation: Labelled | None = None,
    *,
    k: int = NEIGHBOURS,
    bins: int = FINE_BINS,
    centred: bool = True,
    seed: int = 0,
) -> KnnAzimuth:
    """Fit the vote on azimuths; arguments and errors as `fit_knn_identity` and `azimuth_probe.fit_azimuth_probe`."""
    train = train.posed()
    indices: dict[int, Neighbours] = {}

    def fit(rows: Labelled, options: Sequence[int]) -> list[Reader]:
        index = fit_neighbours(rows.features, centred)
        if rows is train:
            indices[0] = index
        bumps = soft_targets(rows.azimuth, bins, SHARPNESS)

        def reader(features: np.ndarray) -> np.ndarray:
            places, cosines = index.search(features, k)
            weights = _weights(cosines)
            weights /= weights.sum(1, keepdims=True)
            # One neighbour at a time: (N, k, B) at once would be large.
            share = sum(weights[:, [j]] * bumps[places[:, j]] for j in range(places.shape[1]))
            return _log_share(np.asarray(share))

        return [reader]

    probe = fit_azimuth_probe(train, validation, fit, [k], lambda option: {"k": float(option)}, seed, _CALIBRATE)
    return KnnAzimuth(**vars(probe), neighbours=indices[0])


def _weights(cosines: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp((cosines - cosines[:, :1]) / SCALE), np.float64)


def _log_share(share: np.ndarray) -> np.ndarray:
    return np.asarray(np.log((1 - SPREAD) * share + SPREAD / share.shape[1]))


def _unit(x: np.ndarray) -> np.ndarray:
    norm = np.sqrt(np.einsum("ij,ij->i", x, x))[:, None]
    return np.ascontiguousarray(x / np.maximum(norm, 1e-12), np.float32)
