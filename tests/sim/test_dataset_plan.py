"""Plans of rendered datasets: splits, poses, odometry and motion are what they promise."""

import math

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset import poses
from pose_ssl_sim.dataset.plan import MOTION_ERROR, STANDING, make_plan
from pose_ssl_sim.dataset.profiles import PROFILES, VIEWS

from pose_ssl_ros.cli import dataset as command


@pytest.fixture(scope="module")
def standard():
    plan = make_plan("standard", seed=3)
    return [way for shard in plan.shards for way in shard]


def in_degrees(ways, name):
    return np.degrees(np.stack([getattr(way.path, name) for way in ways]))


def in_gap(azimuth, slack=1e-6):
    return ((azimuth > 40 + slack) & (azimuth < 60 - slack)) | ((azimuth > -140 + slack) & (azimuth < -120 - slack))


def test_a_plan_is_the_same_for_the_same_seed_only():
    assert make_plan("tiny", 5).digest() == make_plan("tiny", 5).digest()
    assert make_plan("tiny", 5).digest() != make_plan("tiny", 6).digest()


def test_profiles_hold_about_what_they_say():
    assert tuple(PROFILES) == command.PROFILES
    inside, outside = len(PROFILES["full"].in_domain), len(PROFILES["full"].out_of_domain)
    crops_of = {"quick": 20_076, "clean": 20_076, "standard": 64_190, "base": 114_240, "full": 251_370}
    for name, crops in crops_of.items():
        p = PROFILES[name]
        ways = inside * (
            p.train.instances * p.train.trajectories
            + p.val.instances * p.val.trajectories
            + p.test.instances * (p.test.trajectories + p.test_unseen_pose)
        ) + outside * (p.probe.instances * p.probe.trajectories + p.unseen.instances * p.unseen.trajectories)
        if inside + outside == 24:
            assert ways * VIEWS == pytest.approx(crops, rel=0.03)
        if name == "quick":
            plan = make_plan(name)
            assert plan.crops == ways * VIEWS
            assert max(len(shard) * VIEWS for shard in plan.shards) <= 4096
    assert 900 < make_plan("tiny").crops < 1300


def test_instances_are_disjoint_between_splits_and_numbered_once(standard):
    subjects = {way.subject for way in standard}
    assert len({s.number for s in subjects}) == len(subjects)
    assert len({way.number for way in standard}) == len(standard)
    shapes = {(s.category, s.split, s.index): s.generator(3).random() for s in subjects}
    assert len(set(shapes.values())) == len(shapes)
    tested = {way.subject for way in standard if way.domain == "unseen_pose"}
    assert tested == {s for s in subjects if s.split == "test" and s.category in catalogue.IN_DOMAIN}


def test_a_shape_does_not_depend_on_the_profile(standard):
    quick = {way.subject for shard in make_plan("quick", 3).shards for way in shard}
    first = {(s.category, s.split, s.index): s for s in (way.subject for way in standard)}
    for subject in quick:
        other = first[subject.category, subject.split, subject.index]
        assert subject.generator(3).random() == other.generator(3).random() and subject.crewed == other.crewed


def test_poses_of_training_keep_out_of_gaps_and_high_places(standard):
    ways = [w for w in standard if w.domain != "unseen_pose"]
    assert not in_gap(in_degrees(ways, "azimuth")).any()
    elevation = in_degrees(ways, "elevation")
    assert elevation.min() >= 2 - 1e-9 and elevation.max() <= 22 + 1e-9
    assert np.abs(in_degrees(ways, "roll")).max() <= 5 + 1e-9
    steps = np.degrees(poses.wrap_all(np.diff(np.stack([w.path.azimuth for w in ways]), axis=1)))
    assert (np.sign(steps) == np.sign(steps[:, :1])).all()  # one way round, and never across a gap
    size = np.abs(steps)
    assert size.min() >= 8 * 0.8 - 1e-9 and size.max() <= 22 * 1.2 + 1e-9
    assert (size.max(axis=1) / size.min(axis=1)).max() <= 1.5 + 1e-9


def test_azimuths_of_training_are_balanced(standard):
    azimuth = in_degrees([w for w in standard if w.domain == "in_domain"], "azimuth")
    counts = np.histogram(azimuth, bins=np.arange(-180, 181, 20))[0]
    gaps = np.histogram(np.array([-130, 50]), bins=np.arange(-180, 181, 20))[0] > 0
    assert counts[gaps].sum() == 0
    assert counts[~gaps].max() < 3 * counts[~gaps].min()


def test_unseen_poses_were_never_trained_on(standard):
    ways = [w for w in standard if w.domain == "unseen_pose"]
    inside = in_gap(in_degrees(ways, "azimuth"), -1e-6).all(axis=1)
    high = (in_degrees(ways, "elevation") >= 28 - 1e-9).all(axis=1)
    assert (inside | high).all()
    assert 0.4 < high.mean() < 0.6
    assert in_degrees(ways, "elevation").max() <= 45 + 1e-9
    steps = np.degrees(np.abs(poses.wrap_all(np.diff(np.radians(in_degrees(ways, "azimuth")), axis=1))))
    assert steps[~high].max() < 4


def test_changes_of_bearing_are_changes_of_azimuth_within_the_error(standard):
    for name in ("in_domain", "unseen_pose"):
        ways = [w for w in standard if w.domain == name]
        azimuth, bearing = np.stack([w.path.azimuth for w in ways]), np.stack([w.bearing for w in ways])
        error = np.degrees(poses.wrap_all(np.diff(bearing, axis=1) - np.diff(azimuth, axis=1)))
        assert error.std() == pytest.approx(1.0, rel=0.1) and abs(error.mean()) < 0.1
        offset = poses.wrap_all(bearing[:, 0] - azimuth[:, 0])
        assert abs(np.exp(1j * offset).mean()) < 0.2  # the frame is the trajectory's own


def test_motion_is_told_only_of_what_moves_and_never_in_a_test(standard):
    told = [w for w in standard if not np.isnan(w.motion).any()]
    assert sum(np.isnan(w.motion).all() for w in standard) == len(standard) - len(told)
    assert {(w.subject.split, w.domain) for w in told} == {("train", "in_domain"), ("val", "in_domain")}
    assert not any(w.subject.category in STANDING for w in told)
    assert all(w.subject.crewed for w in told if w.subject.category in catalogue.CREWED + catalogue.OPENING)
    movers = [
        w
        for w in standard
        if w.subject.split != "test" and w.domain == "in_domain" and w.subject.category not in STANDING
    ]
    assert len(told) / len(movers) == pytest.approx(0.5, abs=0.05)
    error = poses.wrap_all(np.stack([w.motion - w.path.azimuth for w in told]))
    assert np.ptp(np.abs(error), axis=1).max() < 1e-9  # one error for all views
    wrong = np.abs(error[:, 0]) > math.pi / 2
    assert wrong.mean() == pytest.approx(0.04, abs=0.02)
    assert error[~wrong, 0].std() == pytest.approx(MOTION_ERROR, rel=0.15)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("huge",), "no profile 'huge'.*tiny, quick, clean, standard, base, full"),
        (("tiny", -1), "seed must be"),
        (("tiny", 0, 8), "size 16 to 512"),
        ((PROFILES["tiny"]._replace(categories=("unicorn",)),), "none of the categories of profile 'tiny'"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(arguments, text):
    with pytest.raises(SimError, match=text):
        make_plan(*arguments)
