"""Fits the heading head to features that a teacher (motion or a gallery) has labelled.

A linear softmax over azimuth bins.  Tracks, not crops, are held out: to answer
for an object never seen is what the probe is for.  The held-out answers give
the temperature, the readiness, the threshold of the unfamiliar, and how far
each label is believed (about one teacher in ten is wrong).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from pose_ssl_ros.probing.heading_head import (
    HeadingHead,
    bins_to_headings,
    placeholder,
    resultants,
    soft_targets,
    softmax,
    unit,
)
from pose_ssl_ros.probing.heading_thresholds import certainty, familiarity, temperature_of
from pose_ssl_ros.probing.label_trust import label_trust, opposed
from pose_ssl_ros.probing.second_opinion import Rows, second_opinion
from pose_ssl_ros.probing.softmax_regression import fit_softmax
from pose_ssl_ros.viewpoint import HEADING_CENTRES

#: Eighths of a turn: the sectors over which labels are balanced and coverage is counted.
SECTORS = 8
#: How much larger than a principal component a known direction is made: the penalty on its weight falls by the square.
KNOWN_SCALE = 3.0


@dataclass(frozen=True)
class ProbeSettings:
    """How the heading probe is fitted.

    Attributes:
        components: Principal components of the features that are kept.
        l2: Penalty of the softmax regression.
        folds: Parts for the hold-out over tracks.
        min_labels: Fewest labelled crops for an answer.
        min_judges: Fewest tracks that judge.
        margin: How far held-out balanced accuracy must lie above chance.
        anchors: Most labelled features kept for the unfamiliarity measure.
        min_class: Fewest labels (mirror images included) for a heading to be answered at all.
        rounds: How often the labels are weighed anew by what the held-out answers say of them.
        most_reversed: Greatest share of held-out answers that may point the wrong way round; what is less
            certain than that allows is unknown.
    """

    components: int = 192
    l2: float = 2e-2
    folds: int = 4
    min_labels: int = 60
    min_judges: int = 4
    margin: float = 0.1
    anchors: int = 256
    min_class: int = 8
    rounds: int = 2
    most_reversed: float = 0.05


@dataclass(frozen=True)
class HeadingReport:
    """What a fit found.

    Attributes:
        ready: Whether held-out accuracy clearly beats chance.
        reason: Why it is not ready, or empty.
        labels, tracks: How many labelled crops and tracks there were.
        accuracy: Held-out four-way accuracy, balanced over the classes that have labels (nan if unknown).
        toward_away: Held-out accuracy on labels within 45 degrees of toward or away (nan if none).
        flip: Part of those labels for which toward against away alone is right (nan if none).
        contradicted: Part of the labels that all others contradict: that count less than half.
        sectors: How many eighths of a turn have labels.
        trust: (labels,) how far each label is believed (see `label_trust`), without mirror images; None where there
            were too few to judge.
    """

    ready: bool
    reason: str
    labels: int
    tracks: int
    accuracy: float = math.nan
    toward_away: float = math.nan
    flip: float = math.nan
    contradicted: float = 0.0
    sectors: int = 0
    trust: np.ndarray | None = field(default=None, repr=False, compare=False)


def heading_class(azimuths: np.ndarray) -> np.ndarray:
    """Index into `viewpoint.HEADINGS` of azimuths (N,) in radians."""
    return np.asarray(np.argmax(np.cos(azimuths[:, None] - np.array(HEADING_CENTRES)[None]), axis=1))


def sector_of(azimuths: np.ndarray) -> np.ndarray:
    """Eighth of a turn, centred on the class centres, of azimuths (N,) in radians."""
    return np.asarray(np.round(azimuths / (2 * math.pi / SECTORS)).astype(int) % SECTORS)


def fit_heading(
    features: np.ndarray,
    azimuths: np.ndarray,
    weights: np.ndarray,
    tracks: np.ndarray,
    mirrored: np.ndarray,
    judges: np.ndarray | None = None,
    settings: ProbeSettings | None = None,
    seed: int = 0,
    known: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> tuple[HeadingHead, HeadingReport]:
    """Fit the head.

    Args:
        features: (N, F) float32; crops and their mirror images.
        azimuths: (N,) radians, the sign already changed for mirror images.
        weights: (N,) the teacher's confidence, 0..1.
        tracks: (N,) track of each crop; a mirror image has the track of its crop.
        mirrored: (N,) bool, True for mirror images: they teach, but do not count as labels.
        judges: (N,) bool, crops whose labels did not shape the features: only they say how good the
            answers are.  None: none of the labels did.
        settings: See `ProbeSettings`.
        seed: Of the folds and anchors.
        known: (F, K) directions that a start model's head reads heading from; they are offered to the fit
            beside the principal components, at a lower price, and used as far as the labels agree.
        start: (N,) bool, labels that a start model brought along: what they alone would answer is a second opinion.

    Returns:
        The head (a placeholder when not ready) and what was found.
    """
    settings = settings or ProbeSettings()
    own = ~mirrored
    labels, names = int(own.sum()), np.unique(tracks)
    classes = heading_class(azimuths)
    asked = own if judges is None else own & judges
    present, asked_tracks = np.unique(classes[asked]), np.unique(tracks[asked])
    sectors = len(np.unique(sector_of(azimuths[own]))) if labels else 0
    report = HeadingReport(False, "", labels, len(names), sectors=sectors)
    empty = placeholder(features.shape[1])
    if labels < settings.min_labels:
        return empty, replace(report, reason=f"{labels} of {settings.min_labels} labelled crops")
    if len(present) < 2 or len(asked_tracks) < settings.min_judges:
        words = f"{len(present)} headings from {len(asked_tracks)} held-out tracks are too few to judge"
        return empty, replace(report, reason=words)
    centre, projection = _principal(features, settings.components)
    if known is not None:
        projection = np.concatenate([projection, _scaled(features - centre, known)], axis=1)
    z = (features - centre) @ projection
    random = np.random.default_rng(seed)
    fold = random.permutation(len(names))[np.searchsorted(names, tracks)] % settings.folds
    targets = soft_targets(azimuths)
    balanced = np.maximum(weights * _balance(azimuths, weights), 1e-6)
    trust = np.ones(len(z))
    # A wrong label does not make a view unfamiliar, so anchors are drawn from all, rare sectors first.
    most = min(settings.anchors, len(z))
    anchors = random.choice(len(z), most, replace=False, p=balanced / balanced.sum())
    sectors_of = sector_of(azimuths)
    for _ in range(settings.rounds):
        logits, reading = _held_out(z, targets, balanced * trust, fold, settings)
        p = softmax(logits) @ bins_to_headings(targets.shape[1])
        judged = asked & ~opposed(p, classes, sectors_of, tracks)
        temperature = temperature_of(logits[judged], targets[judged], (balanced * trust)[judged])
        trust = label_trust(softmax(logits / temperature), azimuths, sectors_of, tracks)
    report = replace(report, contradicted=float((trust[own] < 0.5).mean()), trust=trust[own])
    p = softmax(logits / temperature) @ bins_to_headings(targets.shape[1])
    hits = (p.argmax(1) == classes)[asked]
    recalls = [float(hits[classes[asked] == c].mean()) for c in present]
    accuracy = float(np.mean(recalls))
    axial = (np.abs(np.cos(azimuths)) >= math.sqrt(0.5))[asked]
    if axial.any():
        right = ((p[:, 0] > p[:, 2]) == (np.cos(azimuths) > 0))[asked][axial]
        report = replace(report, toward_away=float(hits[axial].mean()), flip=float(right.mean()))
    report = replace(report, accuracy=accuracy)
    # Crops of one track err together, so the error bar counts tracks.
    error = math.sqrt(max(accuracy * (1 - accuracy), 0.02) / len(asked_tracks))
    chance = 1 / len(present)
    if accuracy - error < chance + settings.margin:
        reason = f"held-out accuracy {accuracy:.2f} does not clearly beat chance {chance:.2f}"
        return empty, replace(report, reason=reason)
    # The axis may be read long before front and back are; a guessed flip is worse than no answer.
    # 0.75 / sqrt(n) is one and a half standard errors of a coin.
    flip_tracks = len(np.unique(tracks[asked][axial]))
    if {0, 2} <= set(present.tolist()) and report.flip - 0.75 / math.sqrt(flip_tracks) < 0.5:
        reason = f"held-out front or back is right for {report.flip:.2f} of {flip_tracks} tracks' crops, near chance"
        return empty, replace(report, reason=reason)
    matrix, bias = fit_softmax(z, targets, balanced * trust, settings.l2)
    chances = softmax(logits / temperature)
    min_length = certainty(chances[judged], azimuths[judged], balanced[judged], settings.most_reversed)
    second = None
    if start is not None:
        rows = Rows(z, azimuths, targets, balanced, start, fold, judged)
        limits = (min_length, settings.l2, settings.most_reversed, settings.anchors)
        second = second_opinion(rows, resultants(chances), *limits, seed)
    covered = _covered(classes, settings.min_class)
    # With a heading never seen, be quicker to call a view unfamiliar.
    part = 0.02 if covered.all() else 0.06
    looks, readings = unit(z), unit(z @ matrix)
    threshold, sharpness = familiarity(looks, looks, anchors, fold, asked, part)
    reading_threshold, reading_sharpness = familiarity(unit(reading), readings, anchors, fold, asked, part)
    head = HeadingHead(
        centre=centre.astype(np.float32),
        projection=projection.astype(np.float32),
        matrix=(matrix / temperature).astype(np.float32),
        bias=(bias / temperature).astype(np.float32),
        anchors=np.ascontiguousarray(looks[anchors].T, np.float32),
        covered=covered,
        readings=np.ascontiguousarray(readings[anchors].T, np.float32),
        threshold=threshold,
        sharpness=sharpness,
        reading_threshold=reading_threshold,
        reading_sharpness=reading_sharpness,
        min_length=min_length,
        second=second,
    )
    return head, replace(report, ready=True)


def _principal(features: np.ndarray, components: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean (F,) and projection (F, P), scaled so that projected features have unit mean square."""
    centre = features.mean(0)
    centred = (features - centre).astype(np.float32)
    count, length = centred.shape
    if count < length:  # the smaller of the two Gram matrices has the same spectrum
        values, vectors = np.linalg.eigh(centred @ centred.T)
        keep = _largest(values, components)
        basis = centred.T @ (vectors[:, keep] / np.sqrt(values[keep]))
    else:
        values, vectors = np.linalg.eigh(centred.T @ centred)
        keep = _largest(values, components)
        basis = vectors[:, keep]
    # Half whitened: small directions (front or back) gain, noise does not take over.
    scale = (values[keep] / count) ** -0.25
    projection = basis * scale
    projection *= math.sqrt(len(keep) / max(float(((centred @ projection) ** 2).sum(1).mean()), 1e-12))
    return centre, projection


def _scaled(centred: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Directions (F, K) scaled so that projected features have a mean square of `KNOWN_SCALE` squared each."""
    spread = np.sqrt(np.maximum(((centred @ directions) ** 2).mean(0), 1e-12))
    return np.asarray(directions * (KNOWN_SCALE / spread))


def _largest(values: np.ndarray, components: int) -> np.ndarray:
    keep = np.argsort(values)[::-1][:components]
    return np.asarray(keep[values[keep] > 1e-6 * max(float(values.max()), 1e-12)])


def _balance(azimuths: np.ndarray, weights: np.ndarray, most: float = 4.0) -> np.ndarray:
    """Factor (N,) that takes a sector's total weight to its square root, at most `most` times the smallest factor.

    Full balance would answer sideways for half of a street's cars, where one in ten is seen from the side.
    """
    sectors = sector_of(azimuths)
    mass = np.array([weights[sectors == s].sum() for s in range(SECTORS)])
    factor = 1 / np.sqrt(np.maximum(mass, 1e-6))
    factor = np.minimum(factor, most * factor[mass > 0].min())
    return np.asarray(factor[sectors] / factor[sectors].mean())


def _held_out(
    z: np.ndarray, targets: np.ndarray, weights: np.ndarray, fold: np.ndarray, settings: ProbeSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Logits with and without bias, (N, B) each, of each crop by a fit to the tracks of the other folds."""
    logits, readings = np.zeros_like(targets), np.zeros_like(targets)
    for part in range(settings.folds):
        out, rest = fold == part, fold != part
        if out.any() and weights[rest].sum() > 0:
            matrix, bias = fit_softmax(z[rest], targets[rest], weights[rest], settings.l2)
            readings[out] = z[out] @ matrix
            logits[out] = readings[out] + bias
    return logits, readings


def _covered(classes: np.ndarray, fewest: int) -> np.ndarray:
    """Bins (B,) whose heading has at least `fewest` labels."""
    counts = np.bincount(classes, minlength=len(HEADING_CENTRES))
    return np.asarray(bins_to_headings() @ (counts >= fewest), np.float32)
