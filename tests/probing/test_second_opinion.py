"""The second opinion: who agrees, what that is worth, and what it must never do."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.probing.heading_head import BINS, HeadingHead, SecondOpinion, along, unit
from pose_ssl_ros.probing.heading_probe import fit_heading
from pose_ssl_ros.probing.second_opinion import shared_length
from tests.probing.test_heading_probe import stream


def towards(degrees: float, length: float) -> list[float]:
    return [length * math.cos(math.radians(degrees)), length * math.sin(math.radians(degrees))]


def test_along_is_the_part_that_points_the_same_way() -> None:
    answers = np.array([towards(30, 0.4), towards(30, 0.4), towards(30, 0.4), [0.0, 0.0]])
    others = np.array([towards(30, 0.6), towards(90, 0.6), towards(210, 0.6), towards(0, 1.0)])
    np.testing.assert_allclose(along(answers, others), [0.6, 0.3, -0.6, 0.0], atol=1e-6)


def test_relief_needs_a_familiar_look_and_a_certain_opinion_that_agrees() -> None:
    # Four features: two say the azimuth to the second opinion, two say what it looks like.
    matrix = np.zeros((4, BINS), np.float32)
    centres = (np.arange(BINS) + 0.5) * 2 * math.pi / BINS
    matrix[:2] = 10 * np.stack([np.cos(centres), np.sin(centres)])
    anchors = unit(np.array([[0.5, 0.0, 1.0, 0.0], [0.0, 0.5, 1.0, 0.0], [-0.5, 0.0, 1.0, 0.0]])).T
    second = SecondOpinion(matrix, np.zeros(BINS, np.float32), anchors, 0.5, 20.0, 0.5, 0.2)
    z = np.array([[1, 0, 2, 0], [1, 0, 2, 0], [1, 0, 2, 0], [0.02, 0, 2, 0], [1, 0, 0, 4]], float)
    answers = np.array([towards(a, 0.4) for a in (0, 90, 180, 0, 0)])
    full, square, opposite, uncertain, strange = second.relief(z, answers, 20.0)
    assert full == pytest.approx(0.2, abs=0.002)
    assert max(square, opposite, uncertain, strange) < 0.001


def shared(first: list[list[float]], second: list[list[float]], start: list[int], reversed_: float = 0.05) -> float:
    count = len(first)
    return shared_length(
        np.array(first), np.array(second), np.zeros(count), np.ones(count), np.array(start, bool), 0.5, 0.5, reversed_
    )


def test_the_shared_length_answers_what_the_second_opinion_would_and_no_more() -> None:
    certain = towards(0, 0.9)
    # The second opinion answers three of the start model's four; the probe one, at 0.47 two, at 0.38 three.
    first = [towards(0, length) for length in (0.6, 0.47, 0.38, 0.32)]
    assert shared(first, [certain, certain, certain, towards(0, 0.3)], [1, 1, 1, 1]) == pytest.approx(0.35)
    # It answers no more than the probe does: nothing is shared.
    assert shared(first, [certain, *[towards(0, 0.3)] * 3], [1, 1, 1, 1]) == 0.5
    # It says something else: nothing is shared, whatever is wanted.
    assert shared(first, [certain, *[towards(170, 0.9)] * 3], [1, 1, 1, 1]) == pytest.approx(0.3)
    # A site's answer that both give and that is wrong stands in the way at 0.4.
    wrong = towards(180, 0.42)
    assert shared([*first, wrong], [*[certain] * 4, towards(180, 0.9)], [1, 1, 1, 1, 0]) == pytest.approx(0.45)


#: Crops of the start model's tracks and of the site's.
KNOWN, SITE = 40 * 6, 120 * 6


def fitted(start: np.ndarray | None) -> HeadingHead:
    known, _, taught, names = stream(tracks=40, crops=6, signal=0.4, seed=1)
    site, _, site_taught, site_names = stream(tracks=120, crops=6, signal=0.08, seed=2)
    features, labels = np.concatenate([known, site]), np.concatenate([taught, site_taught])
    tracks = np.concatenate([np.char.add("start/", names), np.char.add("site/", site_names)])
    head, report = fit_heading(features, labels, np.ones(len(labels)), tracks, np.zeros(len(labels), bool), start=start)
    assert report.ready, report.reason
    return head


def test_hard_labels_of_a_site_do_not_silence_what_was_known() -> None:
    start = np.repeat([True, False], [KNOWN, SITE])
    test, azimuths, _, _ = stream(tracks=60, crops=6, signal=0.4, seed=3)
    alone, with_second = fitted(None), fitted(start)
    assert alone.second is None and with_second.second is not None
    before, after = alone.apply(test)[0], with_second.apply(test)[0]
    told_before, told_after = (h.argmax(1) < 4 for h in (before, after))
    assert told_after.mean() > told_before.mean() + 0.03
    # Not by guessing: of what is told now and was not, nearly all points the right way.
    resultant = with_second.apply(test)[1]
    right = (resultant * np.stack([np.cos(azimuths), np.sin(azimuths)], axis=1)).sum(1) > 0
    assert right[told_after & ~told_before].mean() > 0.9


def test_without_a_site_or_without_a_start_model_there_is_none() -> None:
    count = KNOWN + SITE
    assert fitted(np.ones(count, bool)).second is None
    assert fitted(np.zeros(count, bool)).second is None
