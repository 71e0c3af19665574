"""Hybrids: what is cut, what is put where, and which kinds they are made of."""

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.dataset.plan import make_plan
from pose_ssl_sim.dataset.profiles import Profile, Share
from pose_ssl_sim.hybrids import clipped, hybrid
from pose_ssl_sim.meshes import Mesh

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)
PLAIN = Profile(
    "plain", train=Share(3, 2), val=Share(1, 1), test=Share(1, 1), test_unseen_pose=1, probe=Share(1, 1),
    unseen=Share(1, 1), categories=("sedan", "chair", "sofa"),
)  # fmt: skip


def block(size, colour):
    mesh = Mesh()
    mesh.box((0, 0, size[2] / 2), size, colour)
    return mesh


def area(mesh):
    a, b, c = mesh.triangles().transpose(1, 0, 2)
    return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2


def of_colour(mesh, colour):
    return np.concatenate([points for points, own in mesh.polygons() if own == colour])


def test_a_box_is_clipped_where_it_is_asked():
    mesh = block((4.0, 2.0, 1.0), RED)
    ahead, behind = clipped(mesh, 0, 1.0, 1), clipped(mesh, 0, 1.0, -1)
    np.testing.assert_allclose(ahead.bounds(), [(1, -1, 0), (2, 1, 1)])
    np.testing.assert_allclose(behind.bounds(), [(-2, -1, 0), (1, 1, 1)])
    # The cut stays open: one end of 2 m2 and four sides of one metre's length; 3 m for the other.
    assert area(ahead) == pytest.approx(2 + 1 * (2 + 2 + 1 + 1))
    assert area(behind) == pytest.approx(2 + 3 * (2 + 2 + 1 + 1))
    assert len(clipped(mesh, 2, 5.0, 1)) == 0 and area(clipped(mesh, 2, 5.0, -1)) == pytest.approx(area(mesh))


def test_the_cut_goes_through_slanted_faces_where_they_cross_it():
    mesh = Mesh()
    mesh.face([(0, 0, 0), (4, 0, 0), (0, 0, 4)], RED)
    corner = clipped(mesh, 0, 2.0, 1)
    assert sorted(map(tuple, corner.vertices().tolist())) == [(2, 0, 0), (2, 0, 2), (4, 0, 0)]


def test_the_first_is_ahead_or_below_and_the_second_behind_or_above():
    kinds = set()
    for seed in range(40):
        donors = iter((block((4.0, 2.0, 1.5), RED), block((1.0, 0.6, 0.9), BLUE)))
        mesh = hybrid(np.random.default_rng(seed), lambda donors=donors: next(donors))
        assert mesh.bounds()[0][2] == pytest.approx(0.0, abs=1e-9)
        colours = {colour for _, colour in mesh.polygons()}
        if BLUE not in colours:
            kinds.add("stretched")
            continue
        red, blue = of_colour(mesh, RED), of_colour(mesh, BLUE)
        if red[:, 0].min() >= blue[:, 0].max() - 1e-9:
            kinds.add("ends")
            for points in (red, blue):  # both stand on the ground and in the middle
                assert points[:, 2].min() == pytest.approx(0.0) and points[:, 1].mean() == pytest.approx(0.0, abs=1e-9)
        else:
            kinds.add("stacked")
            assert red[:, 2].max() <= blue[:, 2].min() + 1e-9
    assert kinds == {"stretched", "ends", "stacked"}


def test_only_kinds_that_are_trained_on_and_move_are_taken(monkeypatch):
    assert set(catalogue.DONORS) == set(catalogue.IN_DOMAIN) - {"chair"}
    seen = set()

    def watched(name, maker):
        def make(*arguments):
            seen.add(name)
            return maker(*arguments)

        return make

    monkeypatch.setattr(catalogue, "_MAKERS", {name: watched(name, m) for name, m in catalogue._MAKERS.items()})
    for seed in range(120):
        spec = catalogue.sample(catalogue.HYBRID, np.random.default_rng(seed))
        assert np.isfinite(spec.mesh.vertices()).all() and 0.1 < max(spec.size) < 25
    assert seen == set(catalogue.DONORS)


def test_hybrids_are_for_training_and_change_nothing_else():
    plain = make_plan(PLAIN)
    plan = make_plan(PLAIN._replace(hybrids=Share(40, 2), hybrids_val=Share(5, 1)))
    before = [way for shard in plain.shards for way in shard]
    ways = [way for shard in plan.shards for way in shard]
    for old, new in zip(before, ways, strict=False):
        assert (old.number, old.subject, old.domain) == (new.number, new.subject, new.domain)
        np.testing.assert_array_equal(old.motion, new.motion)
    added = ways[len(before) :]
    assert {(way.subject.category, way.domain) for way in added} == {("hybrid", "hybrid")}
    assert [way.subject.split for way in added] == ["train"] * 80 + ["val"] * 5
    assert {way.domain for way in before} == {"in_domain", "unseen_pose", "unseen_category"}
    taught = np.array([np.isfinite(way.motion).all() for way in added])
    assert 0.3 < taught.mean() < 0.7
