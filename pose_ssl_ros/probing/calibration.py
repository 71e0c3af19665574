"""Whether a stated probability is the share of right answers: temperature, reliability, coverage.

Guo et al. 2017, "On Calibration of Modern Neural Networks": one temperature fitted on held-out
answers, and the expected calibration error (ECE).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.probing.heading_head import softmax
from pose_ssl_ros.probing.prediction import AzimuthPrediction, ProbeError, mass_within, wrapped

#: An azimuth counts as right within this angle (30 degrees).
RIGHT_WITHIN = math.pi / 6


@dataclass(frozen=True)
class Reliability:
    """Bins of confidence, from low to high; empty bins hold NaN.

    Attributes:
        edges: (B + 1,) from 0 to 1.
        confidence, accuracy: (B,) means over the answers of a bin.
        count: (B,) answers of a bin.
    """

    edges: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray

    @property
    def ece(self) -> float:
        """Mean distance between confidence and accuracy, weighted by count; NaN without answers."""
        total = self.count.sum()
        if not total:
            return math.nan
        filled = self.count > 0
        gaps = np.abs(self.confidence[filled] - self.accuracy[filled])
        return float((gaps * self.count[filled]).sum() / total)


@dataclass(frozen=True)
class Coverage:
    """How accurate the most confident part of the answers is.

    Attributes:
        coverage: (M,) share answered, ascending to 1.
        accuracy: (M,) share of those that are right.
        threshold: (M,) least confidence that is answered.
    """

    coverage: np.ndarray
    accuracy: np.ndarray
    threshold: np.ndarray

    def at(self, coverage: float) -> float:
        """Accuracy when at least this share is answered; NaN without answers."""
        if not len(self.coverage):
            return math.nan
        return float(self.accuracy[min(int(np.searchsorted(self.coverage, coverage - 1e-12)), len(self.coverage) - 1)])


def reliability(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> Reliability:
    """Sort answers into equal bins of confidence.

    Args:
        confidence: (N,) in 0..1.
        correct: (N,) bool.
        bins: Number of bins; a confidence on an edge belongs to the bin below, 0 to the first.

    Raises:
        ProbeError: If the shapes differ or a confidence is not within 0..1.
    """
    confidence, correct = _answers(confidence, correct)
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(place, confidence, minlength=bins) / count
        right = np.bincount(place, correct, minlength=bins) / count
    return Reliability(edges, mean, right, count)


def expected_calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = 15) -> float:
    """ECE of answers; NaN without any.  Arguments and errors as `reliability`."""
    return reliability(confidence, correct, bins).ece


def accuracy_coverage(confidence: np.ndarray, correct: np.ndarray) -> Coverage:
    """Accuracy over coverage; answers of equal confidence come together.

    Raises:
        ProbeError: As `reliability`.
    """
    confidence, correct = _answers(confidence, correct)
    order = np.argsort(-confidence, kind="stable")
    ranked, right = confidence[order], np.cumsum(correct[order])
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)) if len(ranked) else np.zeros(0, int)
    answered = last + 1
    return Coverage(answered / max(1, len(ranked)), right[last] / answered, ranked[last])


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature that divides logits for the least cross entropy.

    Args:
        logits: (N, B).
        targets: (N, B) rows that sum to 1, or (N,) class indices.

    Returns:
        Temperature in [0.05, 20], 1.0 without rows.  Deterministic: a grid, then golden sections.
    """
    logits = np.asarray(logits, float)
    if not len(logits):
        return 1.0
    targets = np.asarray(targets)
    soft = np.eye(logits.shape[1])[targets] if targets.ndim == 1 else targets.astype(float)
    centred = logits - logits.max(1, keepdims=True)
    linear = (soft * centred).sum(1)

    def loss(log_temperature: float) -> float:
        scale = math.exp(-log_temperature)
        return float((np.log(np.exp(centred * scale).sum(1)) - scale * linear).mean())

    # Cross entropy is convex in the inverse temperature, so one minimum in its logarithm.
    grid = np.linspace(math.log(0.05), math.log(20.0), 25)
    best = int(np.argmin([loss(float(t)) for t in grid]))
    low, high = float(grid[max(0, best - 1)]), float(grid[min(len(grid) - 1, best + 1)])
    ratio = (math.sqrt(5) - 1) / 2
    for _ in range(12):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(left) <= loss(right):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


@dataclass(frozen=True)
class TurnTemperature:
    """Temperatures of a distribution over a whole turn: one for the axis, one for which end is the front.

    Where the axis lies is often clear while the flip is a guess.  One temperature for both would
    state the axis too timidly or the flip too boldly.
    """

    axis: float = 1.0
    flip: float = 1.0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Probabilities (N, B) of logits (N, B) over bins of a whole turn, B even; (1, 1) is the plain softmax."""
        axis, flip = _axis_and_flip(logits)
        front = softmax(np.stack([flip, np.zeros_like(flip)], axis=-1).reshape(-1, 2) / self.flip)
        front = front[:, 0].reshape(flip.shape)
        by_axis = softmax(axis / self.axis)
        return np.concatenate([by_axis * front, by_axis * (1 - front)], axis=1)


def fit_turn_temperature(logits: np.ndarray, label: np.ndarray) -> TurnTemperature:
    """The two temperatures with the least cross entropy, which is a sum of one term for each.

    Args:
        logits: (N, B) over bins of a whole turn, B even.
        label: (N,) true bins.
    """
    if not len(logits):
        return TurnTemperature()
    axis, flip = _axis_and_flip(logits)
    half = axis.shape[1]
    at_truth = flip[np.arange(len(flip)), label % half]
    two = np.stack([at_truth, np.zeros_like(at_truth)], axis=1)
    return TurnTemperature(fit_temperature(axis, label % half), fit_temperature(two, label // half))


def _axis_and_flip(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, B / 2) of axes, and (N, B / 2) of the first end against the other."""
    logits = np.asarray(logits, float)
    half = logits.shape[1] // 2
    first, second = logits[:, :half], logits[:, half:]
    return np.logaddexp(first, second), first - second


def azimuth_confidence(prediction: AzimuthPrediction, reach: float = RIGHT_WITHIN) -> np.ndarray:
    """The probability (N,) that a prediction itself gives to being within `reach` of the truth; 0 without azimuth."""
    known = np.isfinite(prediction.azimuth)
    return np.where(known, mass_within(prediction.probability, np.where(known, prediction.azimuth, 0), reach), 0.0)


def azimuth_reliability(
    true: np.ndarray, prediction: AzimuthPrediction, reach: float = RIGHT_WITHIN, bins: int = 15
) -> Reliability:
    """Reliability of 'within `reach` of the truth' for true azimuths (N,) in radians; unknown truths are left out."""
    true = np.asarray(true, float)
    error = np.abs(wrapped(prediction.azimuth - true))
    held = np.isfinite(true)
    return reliability(azimuth_confidence(prediction, reach)[held], (error <= reach)[held], bins)


def _answers(confidence: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    confidence, correct = np.asarray(confidence, float), np.asarray(correct, bool)
    if confidence.ndim != 1 or confidence.shape != correct.shape:
        msg = f"confidence {confidence.shape} and correct {correct.shape} must be vectors of one length"
        raise ProbeError(msg)
    if len(confidence) and not (confidence.min() >= -1e-6 and confidence.max() <= 1 + 1e-6):
        msg = "a confidence lies outside 0..1 or is not a number"
        raise ProbeError(msg)
    return np.clip(confidence, 0, 1), correct
