"""What the start model's labels alone would answer, as a second opinion on what they and the site's say together.

A site's labels of kinds that are hard to read make the one probe less certain of all kinds: after 15 minutes on a
yard of machines never seen, fewer cars were answered, though those that were answered were right more often.  Where
an object looks familiar to the start model and both opinions agree, the probe may answer with less certainty: just
so much less that it answers as large a part of the start model's exemplars as their own probe does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pose_ssl_ros.probing.heading_head import SecondOpinion, along, resultants, softmax, unit
from pose_ssl_ros.probing.heading_thresholds import certainty, familiarity, temperature_of
from pose_ssl_ros.probing.softmax_regression import fit_softmax

#: Least lengths of an answer that both opinions share: candidates, besides the least length of any other.
SHARED_LENGTHS = np.arange(0.3, 0.85, 0.05)
#: Part of the held-out exemplars that may look unfamiliar.
_UNFAMILIAR = 0.02


class Rows(NamedTuple):
    """What both are fitted to, and who judges.

    Attributes:
        z: (N, P) projected features.
        azimuths: (N,) the labels, radians.
        targets: (N, B) the labels over azimuth bins, rows sum to 1.
        weights: (N,).
        start: (N,) bool, rows of the start model.
        fold: (N,) part of the hold-out that a row's track belongs to.
        judged: (N,) bool, rows that judge.
    """

    z: np.ndarray
    azimuths: np.ndarray
    targets: np.ndarray
    weights: np.ndarray
    start: np.ndarray
    fold: np.ndarray
    judged: np.ndarray


def second_opinion(
    rows: Rows,
    answers: np.ndarray,
    min_length: float,
    l2: float,
    most_reversed: float,
    most_anchors: int,
    seed: int = 0,
) -> SecondOpinion | None:
    """Fit to the start model's rows alone, held out over the same tracks as the probe.

    Args:
        rows: Labelled features.
        answers: (N, 2) held-out mean resultant vectors of the probe.
        min_length: Least length of an answer that the second opinion does not share.
        l2: Penalty of the softmax regression.
        most_reversed: Greatest share of answers that may point the wrong way round.
        most_anchors: Most rows that are kept for the familiarity.
        seed: Of the anchors.

    Returns:
        None where nothing would be gained: no row of the start model judges, there are no others, or the probe
        answers as many of the start model's rows as they alone would.
    """
    z, azimuths, targets, weights, start, fold, judged = rows
    asked = judged & start
    if not asked.any() or start.all():
        return None
    matrix, bias = fit_softmax(z[start], targets[start], weights[start], l2)
    logits = z @ matrix + bias
    for part in np.unique(fold[start]):
        rest = start & (fold != part)
        if rest.any():
            without, offset = fit_softmax(z[rest], targets[rest], weights[rest], l2)
            logits[fold == part] = z[fold == part] @ without + offset
    temperature = temperature_of(logits[asked], targets[asked], weights[asked])
    chances = softmax(logits / temperature)
    least = certainty(chances[asked], azimuths[asked], weights[asked], most_reversed)
    looks = unit(z[start])
    anchors = np.random.default_rng(seed).choice(len(looks), min(most_anchors, len(looks)), replace=False)
    threshold, sharpness = familiarity(looks, looks, anchors, fold[start], asked[start], _UNFAMILIAR)
    shared = shared_length(
        answers[judged],
        resultants(chances[judged]),
        azimuths[judged],
        weights[judged],
        start[judged],
        min_length,
        least,
        most_reversed,
    )
    if shared >= min_length:
        return None
    return SecondOpinion(
        matrix=(matrix / temperature).astype(np.float32),
        bias=(bias / temperature).astype(np.float32),
        anchors=np.ascontiguousarray(looks[anchors].T, np.float32),
        threshold=threshold,
        sharpness=sharpness,
        least=least,
        most_relief=min_length - shared,
    )


def shared_length(
    first: np.ndarray,
    second: np.ndarray,
    azimuths: np.ndarray,
    weights: np.ndarray,
    start: np.ndarray,
    min_length: float,
    start_length: float,
    most_reversed: float,
) -> float:
    """Least length of an answer that both opinions share.

    Args:
        first: (N, 2) held-out mean resultant vectors of the probe.
        second: (N, 2) the same of the second opinion.
        azimuths: (N,) the labels, radians.
        weights: (N,) of the rows.
        start: (N,) bool, rows of the start model.
        min_length: Least length of an answer that they do not share.
        start_length: Least length of an answer of the second opinion.
        most_reversed: Greatest share of answers that may point the wrong way round.

    Returns:
        The greatest length that leaves no more of the start model's rows without an answer than the second opinion
        does by itself, or the least at which no more than `most_reversed` of all answers are reversed.
    """
    length = np.sqrt((first * first).sum(1))
    shared = along(first, second) >= start_length
    wrong = (first * np.stack([np.cos(azimuths), np.sin(azimuths)], axis=1)).sum(1) < 0
    wanted = float(weights[start & (np.sqrt((second * second).sum(1)) >= start_length)].sum())
    found, given = min_length, length >= min_length
    for least in SHARED_LENGTHS[min_length - 1e-6 > SHARED_LENGTHS][::-1]:
        if weights[given & start].sum() >= wanted:
            break
        more = (length >= min_length) | (shared & (length >= least))
        if weights[more & wrong].sum() > most_reversed * weights[more].sum():
            break
        found, given = float(least), more
    return found
