"""What evaluation probes are given and what they answer.

A probe is fitted to features of labelled crops and asked about features of other
instances.  Nothing here knows a dataset or a file.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.probing.heading_head import bin_centres, bins_to_headings

#: Azimuth bins of the evaluation probes; a multiple of 8, so that class edges fall on bin edges.
FINE_BINS = 32
#: Index of `unknown` in `viewpoint.HEADINGS_AND_UNKNOWN`.
UNKNOWN_INDEX = 4


class ProbeError(ValueError):
    """A probe cannot be fitted or asked; the text says why."""


@dataclass(frozen=True)
class Labelled:
    """Features of labelled crops, all arrays of the same length N.

    Attributes:
        features: (N, F) float32, finite.
        azimuth: (N,) radians, NaN if not known.
        instance: (N,) integers; probes hold out whole instances, never single views.
        category: (N,) integers, -1 if not known.
    """

    features: np.ndarray
    azimuth: np.ndarray
    instance: np.ndarray
    category: np.ndarray

    def __post_init__(self) -> None:
        features = np.ascontiguousarray(self.features, np.float32)
        if features.ndim != 2 or not features.shape[1]:
            msg = f"features must have the shape (N, F), got {features.shape}"
            raise ProbeError(msg)
        for name in ("azimuth", "instance", "category"):
            values = np.asarray(getattr(self, name), np.float64 if name == "azimuth" else np.int64)
            if values.shape != (len(features),):
                msg = f"{len(features)} features, but {name} has the shape {values.shape}"
                raise ProbeError(msg)
            object.__setattr__(self, name, values)
        bad = np.flatnonzero(~np.isfinite(features).all(1))
        if len(bad):
            msg = f"{len(bad)} of {len(features)} features are not finite, the first in row {bad[0]}"
            raise ProbeError(msg)
        object.__setattr__(self, "features", features)

    def __len__(self) -> int:
        return len(self.features)

    def where(self, mask: np.ndarray) -> Labelled:
        """The rows that a mask (N,) or an index array selects."""
        return Labelled(self.features[mask], self.azimuth[mask], self.instance[mask], self.category[mask])

    def posed(self) -> Labelled:
        """The rows whose azimuth is known.

        Raises:
            ProbeError: If there are none.
        """
        return self._known(np.isfinite(self.azimuth), "azimuth")

    def named(self) -> Labelled:
        """The rows whose category is known.

        Raises:
            ProbeError: If there are none.
        """
        return self._known(self.category >= 0, "category")

    def _known(self, known: np.ndarray, what: str) -> Labelled:
        if not known.any():
            msg = f"none of {len(self)} crops has a known {what}, so there is nothing to fit a probe to"
            raise ProbeError(msg)
        return self if known.all() else self.where(known)


@dataclass(frozen=True)
class AzimuthPrediction:
    """Answers for N features.

    Attributes:
        azimuth: (N,) radians in [-pi, pi), also where the answer is `unknown`; NaN for a feature that is not finite.
        probability: (N, bins) calibrated, rows sum to 1; bins as `heading_head.bin_centres(bins)`.
        heading: (N, 5) float32 toward, left, away, right, unknown; rows sum to 1.
        answer: (N,) index of the greatest of `heading`; `unknown` (4) where the greatest is shared.
    """

    azimuth: np.ndarray
    probability: np.ndarray
    heading: np.ndarray
    answer: np.ndarray

    def __len__(self) -> int:
        return len(self.azimuth)


@dataclass(frozen=True)
class IdentityPrediction:
    """Categories of N features.

    Attributes:
        category: (N,) the most probable label, as numbered in the `Labelled` that was fitted; -1 for a feature
            that is not finite.  Of equally probable ones the lowest number.
        probability: (N, C) calibrated, rows sum to 1, aligned with `classes`.
        classes: (C,) the labels, ascending.
    """

    category: np.ndarray
    probability: np.ndarray
    classes: np.ndarray


def wrapped(angle: np.ndarray) -> np.ndarray:
    """Angles in radians wrapped to [-pi, pi)."""
    return (np.asarray(angle, dtype=float) + math.pi) % (2 * math.pi) - math.pi


def bin_of(azimuth: np.ndarray, bins: int) -> np.ndarray:
    """Index (N,) of the bin that an azimuth (N,) in radians falls into; bins as `heading_head.bin_centres`.

    What probabilities are calibrated by: the soft targets that readers are fitted to are wider than the truth.
    """
    return np.floor((np.asarray(azimuth, float) % (2 * math.pi)) * (bins / (2 * math.pi))).astype(np.int64) % bins


def azimuth_of(probability: np.ndarray, reach: float = math.pi / 3) -> np.ndarray:
    """Circular mean around the mode of distributions (N, B) over azimuth bins, (N,) radians in [-pi, pi).

    The mode is the bin whose smoothed probability (1, 2, 1 over neighbours) is greatest, of equal ones
    the first in the order of `bin_centres`.  Front and back are alternatives: a mean over the whole turn of
    half each would name a side that nobody voted for.
    """
    bins = probability.shape[1]
    smooth = 2 * probability + np.roll(probability, 1, axis=1) + np.roll(probability, -1, axis=1)
    # Rounding off makes ties of symmetric distributions ties indeed.
    mode = np.argmax(np.round(smooth, 9), axis=1)
    centres = bin_centres(bins)
    offset = wrapped(centres[None] - centres[mode][:, None])
    weight = probability * (np.abs(offset) <= reach + 1e-9)
    mean = np.arctan2((weight * np.sin(offset)).sum(1), (weight * np.cos(offset)).sum(1))
    return wrapped(centres[mode] + mean)


def mass_within(probability: np.ndarray, azimuth: np.ndarray, reach: float) -> np.ndarray:
    """Probability (N,) that the truth lies within `reach` radians of the azimuth.

    The distribution (N, B) is spread evenly over each bin.
    """
    count, bins = probability.shape
    width = 2 * math.pi / bins
    if reach >= math.pi:
        return np.ones(count)
    # Three turns of the distribution, so that an interval never leaves it.
    total = np.concatenate([np.zeros((count, 1)), np.cumsum(np.tile(probability, (1, 3)), axis=1)], axis=1)
    start = (np.asarray(azimuth, float) % (2 * math.pi)) / width + bins
    rows = np.arange(count)

    def below(place: np.ndarray) -> np.ndarray:
        whole = np.floor(place).astype(int)
        share = place - whole
        return np.asarray(total[rows, whole] * (1 - share) + total[rows, whole + 1] * share)

    return np.clip(below(start + reach / width) - below(start - reach / width), 0.0, 1.0)


def heading_from(probability: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Five probabilities (N, 5) from distributions (N, B) and the probability (N,) that they mean anything."""
    classes = probability @ bins_to_headings(probability.shape[1]) * known[:, None]
    return np.concatenate([classes, np.maximum(0.0, 1 - classes.sum(1, keepdims=True))], axis=1).astype(np.float32)


def decide(heading: np.ndarray) -> np.ndarray:
    """Index (N,) of the greatest of five; `unknown` where it is shared."""
    if not len(heading):
        return np.zeros(0, dtype=np.int64)
    best = heading.max(1, keepdims=True)
    shared = (heading >= best - 1e-7).sum(1) > 1
    return np.where(shared, UNKNOWN_INDEX, heading.argmax(1))


def checked(features: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Features (N, F) as float32 with rows that are not finite set to zero, and which rows are finite (N,).

    Raises:
        ProbeError: If the length is not that of the features that were fitted.
    """
    x = np.asarray(features, np.float32)
    if x.ndim != 2 or x.shape[1] != length:
        msg = f"the probe was fitted to features (N, {length}), asked about {x.shape}"
        raise ProbeError(msg)
    finite = np.asarray(np.isfinite(x).all(1))
    return (x if finite.all() else np.where(finite[:, None], x, 0).astype(np.float32)), finite
