"""What makes a reader of azimuths honest: a temperature, and when to say `unknown`.

Both come from instances that the reader was not fitted to.  `unknown` has two causes:
the feature looks like none that was ever labelled, or what is read is spread over
headings so widely that the answer is wrong more often than right.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from pose_ssl_ros.probing.calibration import TurnTemperature, fit_turn_temperature
from pose_ssl_ros.probing.held_out import MOST_ROWS, Reader, cross_entropy, parts, thinned
from pose_ssl_ros.probing.prediction import (
    AzimuthPrediction,
    Labelled,
    azimuth_of,
    bin_of,
    checked,
    decide,
    heading_from,
    mass_within,
    wrapped,
)
from pose_ssl_ros.probing.projection import Projection, fit_projection

#: Sharpness of von Mises targets over bins (standard deviation about 14 degrees).
SHARPNESS = 16.0
#: Share of held-out features that may be called unfamiliar, and of held-out answers that may be called too vague.
UNFAMILIAR, VAGUE = 0.01, 0.1
#: Half width of the sector that must hold most of the probability.
SECTOR = math.pi / 4
_ANCHORS = 3000
_BLOCK = 4096

Option = TypeVar("Option")


@dataclass(frozen=True)
class Familiarity:
    """Nearest cosine with fitted features, against what held-out instances reach.

    Attributes:
        projection: The space in which cosines are taken.
        anchors: (M, P) unit rows.
        threshold: The cosine that is half familiar.
        slope: Of the sigmoid around it.
    """

    projection: Projection
    anchors: np.ndarray
    threshold: float
    slope: float

    def __call__(self, features: np.ndarray) -> np.ndarray:
        """Probability (N,) that a feature (N, F) is of the fitted kind."""
        return _sigmoid(self.slope * (nearest_cosine(self.projection.apply(features), self.anchors) - self.threshold))


@dataclass(frozen=True)
class AzimuthProbe:
    """A fitted probe.

    Attributes:
        reader: Logits (N, B) of features (N, F), before the temperature.
        length: F.
        temperature: Of the axis and of the flip.
        familiarity: Which features it may answer for.
        vague: Probability within 45 degrees of the azimuth below which an answer is vague.
        chosen: What held-out instances chose (penalties, figures), for reports.
    """

    reader: Reader
    length: int
    temperature: TurnTemperature
    familiarity: Familiarity
    vague: float
    chosen: dict[str, float]

    def predict(self, features: np.ndarray) -> AzimuthPrediction:
        """Answers for features (N, F); a row that is not finite gets `unknown` and no azimuth.

        Raises:
            ProbeError: If the features have another length than those that were fitted.
        """
        x, finite = checked(features, self.length)
        if not len(x):
            bins = self.reader(np.zeros((1, self.length), np.float32)).shape[1]
            return AzimuthPrediction(np.zeros(0), np.zeros((0, bins)), np.zeros((0, 5), np.float32), np.zeros(0, int))
        logits = self.reader(x)
        probability = self.temperature.apply(logits)
        # A temperature below one leaves a single bin: the mean over bins is finer without it.
        azimuth = azimuth_of(replace(self.temperature, axis=max(1.0, self.temperature.axis)).apply(logits))
        clear = _sigmoid(24.0 * (mass_within(probability, azimuth, SECTOR) - self.vague))
        known = self.familiarity(x) * clear * finite
        heading = heading_from(probability, known)
        probability[~finite] = 1 / probability.shape[1]
        return AzimuthPrediction(np.where(finite, azimuth, np.nan), probability, heading, decide(heading))


def fit_azimuth_probe(
    train: Labelled,
    validation: Labelled | None,
    fit: Callable[[Labelled, Sequence[Option]], list[Reader]],
    options: Sequence[Option],
    describe: Callable[[Option], dict[str, float]],
    seed: int,
    most: int = MOST_ROWS,
    rounds: int | None = None,
) -> AzimuthProbe:
    """Choose an option on held-out instances, fit it to all, calibrate it on held-out instances.

    Args:
        train: Rows to fit; those without azimuth are left out.
        validation: Rows of other instances to choose and calibrate by; None holds out instances of `train`
            (a few-shot probe must not see more labels than it says).  With one instance only nothing
            is chosen: the middle option, temperature 1, thresholds that let everything pass.
        fit: Fits all given options to the same rows; readers in the order of the options.
        options: What may be chosen, from weak to strong.
        describe: What an option is called in a report.
        seed: Of the hold-out and of the anchors.
        most: Most rows that choosing reads on either side.
        rounds: Most rounds of holding out; None for as many as there are.

    Raises:
        ProbeError: If no row has an azimuth, or validation features have another length.
    """
    train = train.posed()
    if validation is not None:
        validation = validation.where(np.isfinite(validation.azimuth))
        checked(validation.features, train.features.shape[1])
    given = validation is not None and len(validation) > 0
    halves = parts(train, validation, seed, most)[:rounds]
    best, loss, logits = len(options) // 2, math.nan, np.zeros((0, 1))
    azimuth = np.concatenate([held.azimuth for _, held in halves]) if halves else np.zeros(0)
    # With one option and a validation part there is nothing to choose: the reader of all rows is judged itself.
    if halves and not (given and len(options) == 1):
        scores: list[list[np.ndarray]] = [[] for _ in options]
        for fitted, held in halves:
            for slot, candidate in zip(scores, fit(fitted, options), strict=True):
                slot.append(candidate(held.features))
        together = [np.concatenate(slot) for slot in scores]
        best = int(np.argmin([_judged(rows, bin_of(azimuth, rows.shape[1]))[1] for rows in together]))
        logits = together[best]
    (reader,) = fit(train, [options[best]])
    temperature, vague = TurnTemperature(), 0.0
    if halves:
        if given:
            logits = reader(halves[0][1].features)
        temperature, loss = _judged(logits, bin_of(azimuth, logits.shape[1]))
        vague = vague_below(temperature.apply(logits), azimuth)
    chosen = {
        **describe(options[best]),
        "held_out_loss": loss,
        "axis_temperature": temperature.axis,
        "flip_temperature": temperature.flip,
        "vague": vague,
    }
    familiarity = fit_familiarity(train, halves, seed)
    return AzimuthProbe(reader, train.features.shape[1], temperature, familiarity, vague, chosen)


def _judged(logits: np.ndarray, label: np.ndarray) -> tuple[TurnTemperature, float]:
    """The temperatures of held-out logits and the cross entropy that they leave."""
    temperature = fit_turn_temperature(logits, label)
    return temperature, cross_entropy(temperature.apply(logits), label)


def vague_below(probability: np.ndarray, azimuth: np.ndarray, most: float = VAGUE) -> float:
    """Confidence below which held-out answers are wrong more often than right.

    Confidence is the probability within 45 degrees of the answered azimuth.

    Args:
        probability: (N, B) calibrated, of held-out instances.
        azimuth: (N,) their true azimuths, radians.
        most: Share of the answers that may be called vague.
    """
    answered = azimuth_of(probability)
    confidence = mass_within(probability, answered, SECTOR)
    right = np.abs(wrapped(answered - azimuth)) <= SECTOR
    order = np.argsort(confidence, kind="stable")
    # More wrong than right among the least confident c: the largest such c, so that one hit does not end it.
    balance = np.cumsum(np.where(right[order], 1, -1))
    losing = np.flatnonzero(balance < 0)
    count = min(int(losing[-1]) + 1 if len(losing) else 0, int(most * len(order)))
    return float(confidence[order[count]]) if count else 0.0


def fit_familiarity(train: Labelled, rounds: Sequence[tuple[Labelled, Labelled]], seed: int) -> Familiarity:
    """Threshold that `UNFAMILIAR` of the held-out features fall below, with a sigmoid that passes the usual ones.

    Args:
        train: What was fitted.
        rounds: Fitted and held-out rows; without any, everything is familiar.
        seed: Of the anchors.
    """
    projection = fit_projection(train.features, 64, whitening=0.5)

    def drawn(rows: Labelled) -> np.ndarray:
        return _unit(projection.apply(thinned(rows, seed, _ANCHORS).features))

    anchors = drawn(train)
    if not rounds:
        return Familiarity(projection, anchors, -2.0, 20.0)
    nearest = np.concatenate([nearest_cosine(projection.apply(b.features), drawn(a)) for a, b in rounds])
    threshold, median = float(np.quantile(nearest, UNFAMILIAR)), float(np.median(nearest))
    return Familiarity(projection, anchors, threshold, 6 / max(median - threshold, 0.01))


def nearest_cosine(z: np.ndarray, anchors: np.ndarray) -> np.ndarray:
    """Greatest cosine (N,) of rows (N, P) with unit anchors (M, P)."""
    unit = _unit(z)
    blocks = [(unit[i : i + _BLOCK] @ anchors.T).max(1) for i in range(0, len(unit), _BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def _unit(x: np.ndarray) -> np.ndarray:
    return np.asarray(x / np.sqrt((x * x).sum(1, keepdims=True) + 1e-12), np.float32)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -60, 60))))
