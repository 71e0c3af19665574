"""Prototypes on synthetic features: they grow, keep their number, take names and admit not knowing."""

from __future__ import annotations

import numpy as np

from pose_ssl_ros.probing.identity_probe import IdentityProbe
from pose_ssl_ros.viewpoint import UNKNOWN

DIMENSION = 24


def kinds(
    numbers: list[int], tracks: int = 4, crops: int = 6, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, tracks and true kinds; each kind is a direction of its own."""
    random = np.random.default_rng(seed)
    features, names, truth = [], [], []
    for kind in numbers:
        for track in range(tracks):
            for _ in range(crops):
                features.append(4 * np.eye(DIMENSION)[kind] + 0.4 * random.normal(size=DIMENSION) + 1.0)
                names.append(f"{kind}-{track}")
                truth.append(kind)
    return np.array(features, np.float32), np.array(names), np.array(truth)


def answers(head, features: np.ndarray) -> np.ndarray:
    return np.array(head.classes)[head.apply(features).argmax(1)]


def test_one_prototype_per_kind_with_names_of_its_own() -> None:
    features, names, truth = kinds([0, 1, 2, 3])
    head = IdentityProbe().fit(features, names)
    assert head.ready and head.classes[-1] == UNKNOWN
    found = answers(head, features)
    assert len({(kind, name) for kind, name in zip(truth, found, strict=True)}) == 4
    assert set(head.classes[:-1]) == {"object_1", "object_2", "object_3", "object_4"}
    np.testing.assert_allclose(head.apply(features).sum(1), 1, atol=1e-5)


def test_numbers_stay_when_the_encoder_changes_and_kinds_come() -> None:
    probe = IdentityProbe()
    features, names, truth = kinds([0, 1, 2])
    before = answers(probe.fit(features, names), features)
    turn, _ = np.linalg.qr(np.random.default_rng(3).normal(size=(DIMENSION, DIMENSION)))
    more, more_names, more_truth = kinds([0, 1, 2, 5], seed=1)
    head = probe.fit((more @ turn).astype(np.float32), more_names)
    after = answers(head, (more @ turn).astype(np.float32))
    for kind in (0, 1, 2):
        assert set(before[truth == kind]) == set(after[more_truth == kind])
    assert set(after[more_truth == 5]) == {"object_4"}


def test_far_from_all_is_unknown() -> None:
    features, names, _ = kinds([0, 1, 2])
    head = IdentityProbe().fit(features, names)
    strange, _, _ = kinds([9], seed=4)
    assert set(answers(head, strange)) == {UNKNOWN}


def test_a_gallery_names_prototypes() -> None:
    features, names, truth = kinds([0, 1, 2])
    gallery, _, _ = kinds([1], seed=7)
    head = IdentityProbe().fit(features, names, {"forklift": gallery})
    found = answers(head, features)
    assert set(found[truth == 1]) == {"forklift"}
    assert not {"forklift"} & set(found[truth != 1])


def test_too_little_is_unknown() -> None:
    features, names, _ = kinds([0], tracks=1)
    head = IdentityProbe().fit(features, names)
    assert not head.ready and head.classes == (UNKNOWN,)
    assert (head.apply(features) == 1).all()
    assert not IdentityProbe().fit(features[:0], names[:0]).ready


def test_the_grouping_survives_a_restart() -> None:
    features, names, _ = kinds([0, 1, 2])
    first, second = IdentityProbe(), IdentityProbe()
    expected = answers(first.fit(features, names), features)
    second.restore(first.state())
    assert (answers(second.fit(features, names), features) == expected).all()
