"""Wrong teachers: how far the fit of the heading probe is led astray, and which labels it stops believing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.probing.heading_probe import HeadingReport, fit_heading, heading_class, sector_of
from pose_ssl_ros.probing.label_trust import WRONG_SHARE, label_trust, opposed
from tests.probing.test_heading_probe import stream

BINS = 16


def hit_share(taught: np.ndarray, seed: int = 5, tracks: int = 80) -> tuple[float, HeadingReport]:
    """Four-way accuracy on other objects of a probe that was fitted to these labels, and its report."""
    features, _, _, names = stream(tracks=tracks, seed=seed)
    head, report = fit_heading(features, taught, np.ones(len(taught)), names, np.zeros(len(taught), bool))
    assert report.ready, report.reason
    other, truth, _, _ = stream(seed=9)
    return float((head.apply(other)[0].argmax(1) == heading_class(truth)).mean()), report


def mistaught(azimuths: np.ndarray, names: np.ndarray, how: str, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which some tracks' are wrong, and which rows those are."""
    random, taught = np.random.default_rng(3), azimuths.copy()
    tracks = np.unique(names)
    if how == "all that recede":  # odometry that stands still sends everything towards us
        tracks = np.array([t for t in tracks if np.cos(azimuths[names == t]).mean() < -0.7])
    wrong = np.isin(names, random.permutation(tracks)[: round(share * len(tracks))])
    for track in np.unique(names[wrong]):
        rows = names == track
        if how in ("reversing", "all that recede"):
            taught[rows] += math.pi
        elif how == "skidding":
            taught[rows] += math.pi / 2 * random.choice([-1, 1])
        else:  # on a trailer, facing anywhere
            taught[rows] += random.uniform(math.pi / 3, 5 * math.pi / 3)
    return taught, wrong


@pytest.mark.parametrize(
    ("how", "share", "least"),
    [
        ("reversing", 0.0, 0.97),
        ("reversing", 0.1, 0.97),
        ("skidding", 0.1, 0.95),
        ("all that recede", 0.35, 0.95),
        # One in five: some answers become unknown, few become wrong.
        ("reversing", 0.2, 0.8),
        ("carried", 0.2, 0.8),
    ],
)
def test_wrong_teachers_hardly_harm_and_are_found(how: str, share: float, least: float) -> None:
    _, azimuths, _, names = stream(tracks=80, seed=5)
    taught, wrong = mistaught(azimuths, names, how, share)
    accuracy, report = hit_share(taught)
    assert accuracy >= least
    assert report.trust is not None and report.trust.shape == azimuths.shape
    assert report.trust[~wrong].mean() > 0.9
    if share:
        assert report.trust[wrong].mean() < 0.4
    assert report.contradicted == pytest.approx(wrong.mean(), abs=0.08)


def test_a_heading_that_is_mostly_taught_wrong_is_not_unlearned_from_nothing() -> None:
    """Where most teachers of a heading are wrong, looks cannot know better: the limit of the method, written down."""
    _, azimuths, _, names = stream(tracks=80, seed=5)
    taught, wrong = mistaught(azimuths, names, "all that recede", 1.0)
    features = stream(tracks=80, seed=5)[0]
    head, _ = fit_heading(features, taught, np.ones(len(taught)), names, np.zeros(len(taught), bool))
    answer = head.apply(features[wrong])[0].argmax(1)
    assert (answer == 2).mean() == 0.0  # nobody said `away`, so it is never said


def chances(azimuths: np.ndarray, certainty: float) -> np.ndarray:
    """A probe's answers (N, 16): `certainty` on the bin of the azimuth, the rest spread evenly."""
    found = np.full((len(azimuths), BINS), (1 - certainty) / BINS)
    found[np.arange(len(azimuths)), np.floor(azimuths / (2 * math.pi) * BINS).astype(int) % BINS] += certainty
    return found


def trust_of(labels: np.ndarray, looks: np.ndarray, certainty: float, tracks: list[str]) -> np.ndarray:
    return label_trust(chances(looks, certainty), labels, sector_of(labels), np.array(tracks))


def test_a_probe_that_knows_nothing_leaves_every_label_as_it_is() -> None:
    labels = np.linspace(0, 6, 40)
    trust = trust_of(labels, labels + math.pi, 0.0, [str(i // 4) for i in range(40)])
    np.testing.assert_allclose(trust, 1 - WRONG_SHARE, atol=1e-3)


def test_the_surer_the_looks_the_less_a_reversed_label_is_worth() -> None:
    labels = np.full(40, 0.2)
    tracks = [str(i // 4) for i in range(40)]
    looks = labels.copy()
    looks[:4] += math.pi
    found = [trust_of(labels, looks, certainty, tracks)[0] for certainty in (0.05, 0.3, 0.9)]
    assert 0.9 > found[0] > found[1] > found[2] and found[2] < 0.05
    assert trust_of(labels, looks, 0.9, tracks)[4:].min() > 0.98


def test_more_crops_of_a_track_say_more_but_not_without_end() -> None:
    def reversed_track(crops: int) -> float:
        labels = np.full(40 + crops, 0.2)
        looks = np.concatenate([np.full(crops, 0.2 + math.pi), np.full(40, 0.2)])
        return float(trust_of(labels, looks, 0.15, ["odd"] * crops + [str(i // 4) for i in range(40)])[0])

    one, four, hundred = (reversed_track(n) for n in (1, 4, 100))
    assert one > four > hundred > 0.05


def test_what_drives_off_forwards_after_reversing_is_wrong_only_while_it_reverses() -> None:
    others = [str(i // 4) for i in range(64)]
    labels = np.concatenate([np.full(4, math.pi), np.full(4, 0.1), np.full(32, 0.1), np.full(32, math.pi)])
    looks = labels.copy()
    looks[:4] = 0.1  # it comes out of its place backwards: moves away, faces us
    trust = trust_of(labels, looks, 0.8, ["out"] * 8 + others)
    assert trust[:4].max() < 0.1 and trust[4:8].min() > 0.9


def test_the_first_to_teach_a_heading_are_not_contradicted_by_those_who_never_saw_it() -> None:
    labels = np.concatenate([np.zeros(40), np.full(4, math.pi)])
    tracks = [str(i // 4) for i in range(40)] + ["first"] * 4
    trust = trust_of(labels, np.zeros(44), 0.9, tracks)
    assert trust[40:].min() >= 1 - WRONG_SHARE


def test_opposed_are_labels_against_clear_looks() -> None:
    p = np.tile([0.8, 0.1, 0.05, 0.05], (16, 1))
    classes = np.zeros(16, int)
    classes[:4] = 2
    tracks = np.array([str(i // 4) for i in range(16)])
    # Only one track teaches `away`: nobody else knows that sector, so it is not judged.
    assert not opposed(p, classes, classes * 2, tracks).any()
    assert opposed(p, classes, np.zeros(16, int), tracks).tolist() == [True] * 4 + [False] * 12
