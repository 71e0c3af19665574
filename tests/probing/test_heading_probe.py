"""The heading probe on synthetic features whose geometry is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.probing.heading_head import (
    BINS,
    HeadingHead,
    bin_centres,
    bins_to_headings,
    placeholder,
    soft_targets,
)
from pose_ssl_ros.probing.heading_probe import HeadingReport, fit_heading, heading_class
from pose_ssl_ros.viewpoint import HEADINGS, UNKNOWN, heading_of

LENGTH = 40


def stream(
    tracks: int = 40,
    crops: int = 12,
    sectors: tuple[float, ...] = (0.0, math.pi / 2, math.pi, -math.pi / 2),
    wrong: float = 0.0,
    signal: float = 1.0,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Features, true azimuths, taught azimuths and tracks.

    The first coordinates are harmonics of the azimuth, the others are the looks of the track and noise.
    """
    random = np.random.default_rng(seed)
    features, azimuths, taught, names = [], [], [], []
    for track in range(tracks):
        middle = sectors[track % len(sectors)] + random.uniform(-0.5, 0.5)
        looks = random.normal(size=LENGTH - 4)
        turned = math.pi if random.uniform() < wrong else 0.0
        for _ in range(crops):
            azimuth = middle + random.uniform(-0.25, 0.25)
            harmonics = [f(k * azimuth) for k in (1, 2) for f in (math.cos, math.sin)]
            noise = random.normal(size=LENGTH) * 0.15
            features.append(np.concatenate([2.0 * signal * np.array(harmonics), 0.5 * looks]) + noise)
            azimuths.append(azimuth)
            taught.append(azimuth + turned)
            names.append(f"{seed}/{track}")
    return np.array(features, np.float32), np.array(azimuths), np.array(taught), np.array(names)


def fit(features: np.ndarray, taught: np.ndarray, names: np.ndarray) -> tuple[HeadingHead, HeadingReport]:
    return fit_heading(features, taught, np.ones(len(taught)), names, np.zeros(len(taught), bool))


def test_bins_and_classes_agree_with_viewpoint() -> None:
    matrix = bins_to_headings()
    assert matrix.sum(0).tolist() == [4, 4, 4, 4] and matrix.sum() == BINS
    for row, centre in enumerate(bin_centres()):
        assert HEADINGS[int(matrix[row].argmax())] == heading_of(float(centre))
    azimuths = np.linspace(-3.1, 3.1, 41)
    targets = soft_targets(azimuths)
    np.testing.assert_allclose(targets.sum(1), 1, atol=1e-5)
    mean = np.arctan2(targets @ np.sin(bin_centres()), targets @ np.cos(bin_centres()))
    assert np.abs(np.angle(np.exp(1j * (mean - azimuths)))).max() < 0.02


def test_it_answers_for_objects_never_seen() -> None:
    features, _, taught, names = stream()
    head, report = fit(features, taught, names)
    assert report.ready and report.accuracy > 0.95 and report.toward_away > 0.95
    other, azimuths, _, _ = stream(seed=9)
    heading, resultant = head.apply(other)
    np.testing.assert_allclose(heading.sum(1), 1, atol=1e-5)
    assert (heading.argmax(1) == heading_class(azimuths)).mean() > 0.95
    error = np.angle(np.exp(1j * (np.arctan2(resultant[:, 1], resultant[:, 0]) - azimuths)))
    assert np.median(np.abs(error)) < math.radians(10)
    assert (np.linalg.norm(resultant, axis=1) <= 1 + 1e-5).all()


def test_one_teacher_in_ten_may_be_wrong() -> None:
    features, azimuths, taught, names = stream(tracks=80, wrong=0.12, seed=5)
    turned = np.abs(np.angle(np.exp(1j * (taught - azimuths)))) > 1
    assert 0.05 < turned.mean() < 0.2
    head, report = fit(features, taught, names)
    assert report.ready and report.contradicted == pytest.approx(turned.mean(), abs=0.07)
    other, truth, _, _ = stream(seed=9)
    assert (head.apply(other)[0].argmax(1) == heading_class(truth)).mean() > 0.95


def test_a_sector_never_seen_is_unknown() -> None:
    features, _, taught, names = stream(sectors=(0.0, math.pi / 2, -math.pi / 2))
    head, report = fit(features, taught, names)
    assert report.ready
    other, azimuths, _, _ = stream(tracks=80, seed=9)
    answer = head.apply(other)[0].argmax(1)
    away = np.abs(np.cos(azimuths) + 1) < 0.1
    assert (answer[away] == HEADINGS.index("away")).sum() == 0
    assert (answer[away] == 4).mean() > 0.9  # UNKNOWN is the last
    seen = np.cos(azimuths) > -0.3
    assert (answer[seen] == heading_class(azimuths)[seen]).mean() > 0.8
    assert UNKNOWN not in HEADINGS


def test_the_axis_without_front_and_back_is_not_ready() -> None:
    features, _, taught, names = stream(tracks=48)
    features[:, :2] = features[:, :2].mean(0)  # only the second harmonic is left: mod 180 degrees
    head, report = fit(features, taught, names)
    assert not report.ready and "front or back" in report.reason and 0.3 < report.flip < 0.7
    np.testing.assert_allclose(head.apply(features)[0][:, 4], 1, atol=1e-6)


def test_only_judges_decide() -> None:
    features, azimuths, taught, names = stream(tracks=40)
    judges = np.isin(names, np.unique(names)[:10])
    features[judges] = np.random.default_rng(0).normal(size=features[judges].shape)  # for them it says nothing
    own = np.zeros(len(names), bool)
    _, report = fit_heading(features, taught, np.ones(len(names)), names, own, judges)
    assert not report.ready
    _, trusting = fit_heading(features, taught, np.ones(len(names)), names, own)
    assert trusting.accuracy > report.accuracy + 0.2


def test_features_that_say_nothing_do_not_make_it_ready() -> None:
    features, _, taught, names = stream(signal=0.0)
    head, report = fit(features, taught, names)
    assert not report.ready and "chance" in report.reason
    heading, resultant = head.apply(features)
    np.testing.assert_allclose(heading[:, 4], 1, atol=1e-6)
    np.testing.assert_allclose(resultant, 0)


@pytest.mark.parametrize(
    ("tracks", "sectors", "reason"),
    [(4, (0.0, math.pi), "of 60 labelled"), (20, (0.0,), "1 headings from 20"), (0, (0.0,), "0 of 60")],
)
def test_too_few_labels_say_why(tracks: int, sectors: tuple[float, ...], reason: str) -> None:
    features, _, taught, names = stream(tracks=max(tracks, 1), sectors=sectors, seed=1)
    keep = slice(None) if tracks else slice(0)
    if tracks == 20:  # one heading only, however many labels
        taught = np.clip(taught, -0.6, 0.6)
    _, report = fit(features[keep], taught[keep], names[keep])
    assert not report.ready and reason in report.reason


def test_mirror_images_teach_but_do_not_count() -> None:
    features, _, taught, names = stream(tracks=4)
    flags = np.zeros(2 * len(taught), bool)
    flags[len(taught) :] = True
    both = np.concatenate([features, features]), np.concatenate([taught, -taught])
    _, report = fit_heading(both[0], both[1], np.ones(len(flags)), np.tile(names, 2), flags)
    assert report.labels == len(taught)


def test_the_placeholder_is_always_unknown() -> None:
    heading, _ = placeholder(7).apply(np.random.default_rng(0).normal(size=(5, 7)))
    np.testing.assert_allclose(heading, np.tile([0, 0, 0, 0, 1], (5, 1)))


@pytest.mark.parametrize(("tracks", "signal"), [(24, 0.7), (16, 1.0)])
def test_known_directions_help(tracks: int, signal: float) -> None:
    features, _, taught, names = stream(tracks=tracks, signal=signal, seed=5)
    test, azimuths, _, _ = stream(tracks=40, signal=signal, seed=6)

    def median_error(known: np.ndarray | None) -> float:
        nobody = np.zeros(len(taught), bool)
        head, report = fit_heading(features, taught, np.ones(len(taught)), names, nobody, known=known)
        assert report.ready, report.reason
        resultant = head.apply(test)[1]
        read = np.arctan2(resultant[:, 1], resultant[:, 0])
        return float(np.median(np.abs(np.angle(np.exp(1j * (read - azimuths))))))

    alone = median_error(None)
    assert median_error(np.eye(LENGTH, 4)) < 0.7 * alone
    # Directions that mean nothing cost something: they are for heads that heading has shaped.
    assert median_error(np.random.default_rng(0).normal(size=(LENGTH, 4))) < 2 * alone


def test_known_directions_answer_when_labels_alone_are_too_few() -> None:
    features, _, taught, names = stream(tracks=12, signal=0.3, seed=5)
    nobody = np.zeros(len(taught), bool)
    alone = fit_heading(features, taught, np.ones(len(taught)), names, nobody)[1]
    helped = fit_heading(features, taught, np.ones(len(taught)), names, nobody, known=np.eye(LENGTH, 4))[1]
    assert not alone.ready and helped.ready
