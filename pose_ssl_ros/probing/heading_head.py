"""The heading head as arrays: what the exported graph computes, and the same in numpy.

Everything is a matrix product, a softmax or a maximum, so that it fits into
the ONNX file beside the encoder that it belongs to.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.viewpoint import HEADING_CENTRES, HEADINGS

#: Azimuth bins; a multiple of 4 with bin edges on the edges of the heading classes.
BINS = 16


def bin_centres(bins: int = BINS) -> np.ndarray:
    """Centres of the azimuth bins in radians, (bins,); class edges fall on bin edges."""
    return (np.arange(bins) + 0.5) * (2 * math.pi / bins)


def bins_to_headings(bins: int = BINS) -> np.ndarray:
    """0/1 matrix (bins, 4) that sums bins into the classes of `viewpoint.HEADINGS`."""
    matrix = np.zeros((bins, len(HEADINGS)), np.float32)
    for row, centre in enumerate(bin_centres(bins)):
        gaps = [abs(math.remainder(centre - middle, 2 * math.pi)) for middle in HEADING_CENTRES]
        matrix[row, int(np.argmin(gaps))] = 1.0
    return matrix


def soft_targets(azimuths: np.ndarray, bins: int = BINS, concentration: float = 8.0) -> np.ndarray:
    """Von Mises weights of azimuths (N,) in radians over the bins, rows sum to 1, (N, bins)."""
    weights = np.exp(concentration * (np.cos(azimuths[:, None] - bin_centres(bins)[None]) - 1))
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)


@dataclass(frozen=True)
class SecondOpinion:
    """Another reading of the same projected features; where it agrees, an answer may be less certain.

    Attributes:
        matrix, bias: (P, B), (B,) softmax over azimuth bins, temperature folded in.
        anchors: (P, M) what it was fitted to, unit columns.
        threshold, sharpness: Of familiarity, as `HeadingHead` has them.
        least: It agrees from this length of its resultant along the answer's direction on.
        most_relief: How much shorter an answer may be that it fully agrees with.
    """

    matrix: np.ndarray
    bias: np.ndarray
    anchors: np.ndarray
    threshold: float
    sharpness: float
    least: float
    most_relief: float

    def relief(self, z: np.ndarray, answer: np.ndarray, slope: float) -> np.ndarray:
        """How much shorter answers may be, (N,), for projected features (N, P) and resultants (N, 2)."""
        other = resultants(softmax(z @ self.matrix + self.bias))
        familiar = _sigmoid(self.sharpness * ((unit(z) @ self.anchors).max(1) - self.threshold))
        return np.asarray(self.most_relief * _sigmoid(slope * (familiar * along(answer, other) - self.least)))


@dataclass(frozen=True)
class HeadingHead:
    """Arrays of the heading head for features of length F, P projected, B bins, M anchors.

    Attributes:
        centre: (F,) mean of the labelled features.
        projection: (F, P).
        matrix, bias: (P, B), (B,) softmax over azimuth bins, temperature folded in.
        anchors: (P, M) labelled features, unit columns.
        covered: (B,) 0/1, whether the bin's heading was ever labelled; what falls elsewhere is unknown.
        readings: (B, M) what the matrix reads from labelled features, unit columns: a heading never
            seen reads like none of them, however familiar the object looks.
        threshold, sharpness: A feature whose greatest cosine with an anchor lies at the
            threshold is half familiar; sharpness is the slope of that sigmoid.
        reading_threshold, reading_sharpness: The same for readings.
        min_length, length_slope: The same for the length of the mean resultant vector.
        gate: 0 answers `unknown` always (not ready), 1 answers.
        second: What may vouch for a shorter answer, or None.
    """

    centre: np.ndarray
    projection: np.ndarray
    matrix: np.ndarray
    bias: np.ndarray
    anchors: np.ndarray
    covered: np.ndarray
    readings: np.ndarray
    threshold: float
    sharpness: float
    reading_threshold: float
    reading_sharpness: float
    min_length: float = 0.2
    length_slope: float = 20.0
    gate: float = 1.0
    second: SecondOpinion | None = None

    def apply(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Heading probabilities (N, 5) and mean resultant vectors (N, 2) of features (N, F)."""
        z = (features - self.centre) @ self.projection
        reading = z @ self.matrix
        p = softmax(reading + self.bias)
        resultant = resultants(p)
        familiar = _sigmoid(self.sharpness * ((unit(z) @ self.anchors).max(1) - self.threshold))
        nearest = (unit(reading) @ self.readings).max(1)
        familiar *= _sigmoid(self.reading_sharpness * (nearest - self.reading_threshold))
        length = np.sqrt((resultant * resultant).sum(1) + 1e-12)
        least: float | np.ndarray = self.min_length
        if self.second is not None:
            least = least - self.second.relief(z, resultant, self.length_slope)
        known = self.gate * familiar * _sigmoid(self.length_slope * (length - least))
        classes = (p * self.covered) @ bins_to_headings(self.matrix.shape[1]) * known[:, None]
        heading = np.concatenate([classes, 1 - classes.sum(1, keepdims=True)], axis=1)
        return heading.astype(np.float32), (self.gate * resultant).astype(np.float32)


def placeholder(features: int) -> HeadingHead:
    """A head that answers `unknown` to everything."""
    return HeadingHead(
        centre=np.zeros(features, np.float32),
        projection=np.eye(features, 1, dtype=np.float32),
        matrix=np.zeros((1, BINS), np.float32),
        bias=np.zeros(BINS, np.float32),
        anchors=np.ones((1, 1), np.float32),
        covered=np.zeros(BINS, np.float32),
        readings=np.ones((BINS, 1), np.float32),
        threshold=2.0,
        sharpness=10.0,
        reading_threshold=2.0,
        reading_sharpness=10.0,
        gate=0.0,
    )


def softmax(logits: np.ndarray) -> np.ndarray:
    """Rows (N, B) of probabilities."""
    p = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(p / p.sum(1, keepdims=True))


def resultants(chances: np.ndarray) -> np.ndarray:
    """Mean resultant vectors (N, 2) of distributions over azimuth bins (N, B)."""
    centres = bin_centres(chances.shape[1])
    return np.asarray(chances @ np.stack([np.cos(centres), np.sin(centres)], axis=1))


def along(answer: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Length of other resultants (N, 2) along the direction of the answers' (N, 2): negative where they oppose."""
    return np.asarray((answer * other).sum(1) / np.sqrt((answer * answer).sum(1) + 1e-12))


def unit(x: np.ndarray) -> np.ndarray:
    """Rows of unit length; a zero row stays zero."""
    return np.asarray(x / np.sqrt((x * x).sum(1, keepdims=True) + 1e-12))


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(x, -60, 60)))
