"""Prototypes on synthetic features: they grow, keep their number, take names and admit not knowing."""

from __future__ import annotations

import numpy as np
import pytest

from pose_ssl_ros.probing.identity_names import IdentityNames
from pose_ssl_ros.probing.identity_probe import IdentityProbe, IdentitySettings
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


def test_what_varies_within_tracks_is_divided_out() -> None:
    # Pose moves every object along the first axis twenty times farther than its kind along another.
    random = np.random.default_rng(0)
    rows, tracks, truth = [], [], []
    for track in range(24):
        kind = track % 4
        for _ in range(6):
            x = 0.3 * random.normal(size=DIMENSION)
            x[0] += 20 * random.normal()
            x[1 + kind] += 3
            rows.append(x)
            tracks.append(f"t{track}")
            truth.append(kind)
    features, names = np.array(rows, np.float32), np.array(tracks)
    head = IdentityProbe().fit(features, names)
    found = answers(head, features)
    best = sum(max(np.sum(found[np.array(truth) == k] == c) for c in set(found)) for k in range(4)) / len(found)
    assert best > 0.9
    unprojected = head.embed(features) @ head.embed(features).T
    np.testing.assert_allclose(np.diag(unprojected), 1, atol=1e-5)


def test_two_prototypes_that_grow_alike_become_one_and_it_is_told() -> None:
    features, names, _ = kinds([0, 1])
    probe = IdentityProbe()
    probe.fit(features, names)
    assert set(probe.groups.values()) == {"1", "2"}
    alike, alike_names, _ = kinds([0, 0, 3], tracks=4, seed=2)
    relabelled = np.array([f"{i // 24 if i < 48 else 3}-{n.split('-')[1]}" for i, n in enumerate(alike_names)])
    head = probe.fit(alike, relabelled)  # the tracks of kind 1 look like those of kind 0 by now
    assert head.merged == {"2": "1"} and "2" not in probe.groups.values()
    again = IdentityProbe()
    again.restore(probe.state())
    assert (again.groups, again.merged, again.merged_into("2")) == (probe.groups, probe.merged, "1")


def test_there_is_room_for_a_new_kind_when_all_prototypes_are_taken() -> None:
    probe = IdentityProbe(IdentitySettings(most=3))
    features, names, _ = kinds([0, 1, 2])
    probe.fit(features, names)
    more, more_names, truth = kinds([0, 1, 2, 5], seed=1)
    more[truth == 1] += 3 * np.eye(DIMENSION, dtype=np.float32)[0]  # 0 and 1 are the closest pair
    probe.fit(more, more_names)
    assert len(set(probe.groups.values())) == 3
    assert probe.groups["0-0"] == probe.groups["1-0"] and probe.groups["5-0"] == "4"


def test_numbers_are_never_given_again() -> None:
    probe = IdentityProbe()
    features, names, _ = kinds([0, 1, 2])
    probe.fit(features, names)
    probe.reset()
    head = probe.fit(features, np.array([f"later/{n}" for n in names]))
    assert head.classes[:-1] == ("object_4", "object_5", "object_6")
    old = IdentityProbe()
    old.restore({"a": 2, "": 3})  # as written before numbers were texts
    assert old.groups == {"a": "2"}
    with pytest.raises(ValueError, match="no number"):
        old.restore({"a": "../x"})


def test_tracks_that_were_not_looked_at_keep_their_group() -> None:
    features, names, _ = kinds([0, 1, 2])
    probe = IdentityProbe()
    probe.fit(features, names)
    before = dict(probe.groups)
    some = np.isin(names, ["0-0", "1-0", "2-0"])
    probe.fit(features[some], names[some], alive=set(names) - {"2-3"})
    assert probe.groups == {track: number for track, number in before.items() if track != "2-3"}


def test_a_person_names_ignores_merges_and_splits() -> None:
    features, tracks, truth = kinds([0, 1, 2, 3])
    probe = IdentityProbe()
    probe.fit(features, tracks)
    number = {kind: probe.groups[f"{kind}-0"] for kind in range(4)}
    names = IdentityNames(
        names={number[0]: "Kran / 起重机", number[1]: "cart"},
        merged={number[2]: number[1]},
        ignored=frozenset({number[3]}),
    )
    head = probe.fit(features, tracks, names=names)
    found = answers(head, features)
    for kind, name in ((0, "Kran / 起重机"), (1, "cart"), (2, "cart"), (3, UNKNOWN)):
        assert set(found[truth == kind]) == {name}
    assert head.classes == ("Kran / 起重机", "cart", UNKNOWN)
    assert dict(zip(head.ids, head.titles, strict=False))[number[2]] == "cart"
    # Two kinds in one prototype are told apart by hand and stay apart, although they look alike.
    close, close_tracks, _ = kinds([0, 0], seed=4)
    close_tracks = np.array([f"{'ab'[i // 24]}-{n}" for i, n in enumerate(close_tracks)])
    other = IdentityProbe(IdentitySettings(min_tracks=1))
    other.fit(np.concatenate([close, features]), np.concatenate([close_tracks, tracks]))
    mine = other.groups["a-0-0"]
    split = IdentityNames(pins={f"a-0-{i}": f"{mine}.1" for i in range(4)})
    head = other.fit(np.concatenate([close, features]), np.concatenate([close_tracks, tracks]), names=split)
    assert {other.groups[f"a-0-{i}"] for i in range(4)} == {f"{mine}.1"}
    assert f"object_{mine}.1" in head.classes and f"object_{mine}" in head.classes


def test_what_a_person_named_does_not_vanish_with_its_tracks() -> None:
    features, tracks, truth = kinds([0, 1, 2])
    probe = IdentityProbe()
    probe.fit(features, tracks)
    number = probe.groups["1-0"]
    names = IdentityNames(names={number: "cart"}, examples={number: (b"", b"")})
    left = truth != 1
    kept, _, _ = kinds([1], tracks=1, crops=2, seed=9)
    examples = np.array([f"names/{number}/0", f"names/{number}/1"])
    head = probe.fit(np.concatenate([features[left], kept]), np.concatenate([tracks[left], examples]), names=names)
    assert set(answers(head, features[truth == 1])) == {"cart"}
    # And one that the learner had merged away before its name came is found by what it became.
    merged = IdentityProbe()
    merged.restore({"0-0": "1", "merged:7": "1", "": 8})
    head = merged.fit(features, tracks, names=IdentityNames(names={"7": "van"}))
    assert "van" in set(answers(head, features[truth == 0]))
