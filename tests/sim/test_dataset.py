"""Rendered datasets: what the plan promises, equal bits however they are made, and nothing lost over a kill."""

import importlib.util
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset import photo, poses, preview, scene
from pose_ssl_sim.dataset.plan import MOTION_ERROR, STANDING, make_plan
from pose_ssl_sim.dataset.profiles import PROFILES, VIEWS, Profile, Share

from pose_ssl_ros.cli import dataset as command
from pose_ssl_ros.cli.main import main
from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.datasets.reading import load

needs_pybullet = pytest.mark.skipif(importlib.util.find_spec("pybullet") is None, reason="renders with PyBullet")
#: 112 crops in four shards.
SMALL = Profile(
    "small", train=Share(2, 2), val=Share(1, 1), test=Share(1, 1), test_unseen_pose=1, probe=Share(1, 1),
    unseen=Share(1, 1), places=1, shard_crops=28, categories=("pedestrian", "chair", "airplane"),
)  # fmt: skip


@pytest.fixture(scope="module")
def standard():
    plan = make_plan("standard", seed=3)
    return [way for shard in plan.shards for way in shard]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """The small dataset, made by two processes."""
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    from pose_ssl_sim.dataset.render import render

    folder = tmp_path_factory.mktemp("two") / "dataset"
    lines = []
    render(make_plan(SMALL, size=32), folder, jobs=2, tell=lines.append)
    return folder, lines


def in_degrees(ways, name):
    return np.degrees(np.stack([getattr(way.path, name) for way in ways]))


def in_gap(azimuth, slack=1e-6):
    return ((azimuth > 40 + slack) & (azimuth < 60 - slack)) | ((azimuth > -140 + slack) & (azimuth < -120 - slack))


# The plan


def test_a_plan_is_the_same_for_the_same_seed_only():
    assert make_plan("tiny", 5).digest() == make_plan("tiny", 5).digest()
    assert make_plan("tiny", 5).digest() != make_plan("tiny", 6).digest()


def test_profiles_hold_about_what_they_say():
    assert tuple(PROFILES) == command.PROFILES
    inside, outside = len(PROFILES["full"].in_domain), len(PROFILES["full"].out_of_domain)
    for name, crops in (("quick", 20_076), ("standard", 64_190), ("full", 251_370)):
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
        (("huge",), "no profile 'huge'.*tiny, quick, standard, base, full"),
        (("tiny", -1), "seed must be"),
        (("tiny", 0, 8), "size 16 to 512"),
        ((SMALL._replace(categories=("unicorn",)),), "none of the categories of profile 'small'"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(arguments, text):
    with pytest.raises(SimError, match=text):
        make_plan(*arguments)


# Geometry


BOX = np.array([(x, y, z) for x in (-2.0, 2.0) for y in (-0.9, 0.9) for z in (0.0, 1.5)])


def a_scene(seed):
    rng = np.random.default_rng(seed)
    return scene.make_scene(BOX, math.hypot(2.0, 0.9), poses.seen_path(rng), rng), rng


def test_the_camera_stands_where_azimuth_and_elevation_say():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        path = poses.seen_path(rng)
        made = scene.make_scene(BOX, math.hypot(2.0, 0.9), path, rng)
        for k, view in enumerate(made.views):
            x, y, z = view.pose.position - [made.place.x, made.place.y, 0.0]
            assert poses.wrap_all(math.atan2(y, x) - made.place.yaw) == pytest.approx(path.azimuth[k])
            assert math.atan2(z, math.hypot(x, y)) == pytest.approx(path.elevation[k])
            assert math.hypot(x, y) > made.radius + 1.0
        heights = [view.pose.position[2] for view in made.views]
        assert np.ptp(heights) < 1e-9


def test_a_camera_turned_clockwise_sees_the_picture_turned_back():
    pose = CameraPose(0.0, 0.0, 1.0, 0.0, 0.0)
    above = np.array([[10.0, 0.0, 2.0]])
    assert scene.seen(pose, 0.0, above)[0] == pytest.approx([0.0, -0.1])
    turned = scene.seen(pose, 0.1, above)[0]
    assert turned == pytest.approx([-0.1 * math.sin(0.1), -0.1 * math.cos(0.1)])  # to the left


def test_boxes_lie_in_the_crop_as_a_tracker_would_cut_it():
    sides = []
    for seed in range(60):
        for view in a_scene(seed)[0].views:
            x, y, w, h = view.box
            sides.append(max(w, h))
            assert x > -0.08 and y > -0.08 and x + w < 1.08 and y + h < 1.08
    assert 0.74 < np.mean(sides) < 0.92


def test_neighbours_never_come_between_camera_and_object():
    held = 0
    for seed in range(60):
        made, rng = a_scene(seed)
        place = scene.behind(made, 0.7, 0.3, 9.0, rng)
        if place is None:
            continue
        held += 1
        for direction in made.directions:
            dx, dy = place.x - made.place.x, place.y - made.place.y
            along = dx * math.cos(direction) + dy * math.sin(direction)
            across = -dx * math.sin(direction) + dy * math.cos(direction)
            assert along < 0 or abs(across) > made.radius + 0.7
    assert held > 40


def test_what_stands_before_hides_a_part_and_never_more():
    post = np.array([(x, y, z) for x in (-0.3, 0.3) for y in (-0.3, 0.3) for z in (0.0, 1.2)])
    shares = []
    for seed in range(60):
        made, rng = a_scene(seed)
        found = scene.before(made, post, np.zeros(VIEWS), rng)
        if found is None:
            continue
        place, told = found
        c, s = math.cos(place.yaw), math.sin(place.yaw)
        world = post @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + [place.x, place.y, 0.0]
        assert told == pytest.approx([scene.hidden(view, world) for view in made.views])
        second = scene.before(made, post, told, rng)
        shares += [told, told + second[1]] if second else [told]
    shares = np.array(shares)
    assert len(shares) > 30
    assert shares.max() <= scene.MOST_HIDDEN + 1e-6 and shares.max(axis=1).min() > 0.05
    assert np.ptp(shares, axis=1).max() > 0.1  # from elsewhere it hides something else


def test_hidden_share_of_two_squares_by_hand():
    def square(x):
        return np.array([(10.0, -x - a, 2.0 + b) for a in (0, 1) for b in (0, 1)])

    pose = CameraPose(0.0, 0.0, 1.0, 0.0, 0.0)
    view = scene.View(pose, 0.0, scene.hull(scene.seen(pose, 0.0, square(0.0))), scene.Square(0, 0, 1), (0, 0, 1, 1))
    assert scene.hidden(view, square(0.75)) == pytest.approx(0.25, abs=1e-4)
    assert scene.hidden(view, square(3.0)) == pytest.approx(0.0, abs=1e-6)


# Photographs


def test_a_perfect_camera_changes_nothing_and_a_far_one_has_few_pixels():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    perfect = photo.Camera(300.0, 0.0, 0.0, 0.0, (1.0, 1.0, 1.0), 1.0, 0.0, 0.0)
    assert np.array_equal(photo.take(picture, perfect, 32.0, 32, rng), picture)
    assert perfect.pixels(0.2, 64) == (60, pytest.approx(60.0))
    assert perfect.pixels(0.001, 64)[0] == photo.FEWEST
    assert perfect.pixels(2.0, 64) == (64, pytest.approx(600.0))
    assert photo.take(picture, perfect, 32.0, 64, rng).shape == (64, 64, 3)


def test_noise_blur_and_exposure_do_what_they_say():
    rng = np.random.default_rng(0)
    grey = np.full((64, 64, 3), 100, np.uint8)
    camera = photo.Camera(300.0, 0.0, 0.0, 0.0, (1.2, 1.0, 0.8), 1.0, 4.0, 0.0)
    seen = photo.take(grey, camera, 64.0, 64, rng).astype(float)
    assert seen.mean(axis=(0, 1)) == pytest.approx([120, 100, 80], abs=0.5)
    assert seen[:, :, 1].std() == pytest.approx(4 * math.sqrt(0.5 + 100 / 255), rel=0.1)
    edge = grey.copy()
    edge[:, 32:] = 200
    for blurred in ({"defocus": 1.2}, {"drag": 4.0}):
        fields = {**vars(camera), "gain": (1.0, 1.0, 1.0), "noise": 0.0, **blurred}
        row = photo.take(edge, photo.Camera(**fields), 64.0, 64, rng)[32, :, 0].astype(int)
        assert (np.diff(row) >= 0).all() and 2 <= ((row > 101) & (row < 199)).sum() <= 8


# Rendering


def shard_bytes(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@needs_pybullet
def test_one_process_and_two_make_the_same_bytes(rendered, tmp_path):
    from pose_ssl_sim.dataset.render import render

    folder, lines = rendered
    render(make_plan(SMALL, size=32), tmp_path, jobs=1, tell=lambda _: None)
    assert shard_bytes(tmp_path) == shard_bytes(folder)
    assert any("crops/s" in line and "left" in line for line in lines)


@needs_pybullet
def test_what_is_read_is_what_was_planned(rendered):
    dataset = load(rendered[0])
    plan = make_plan(SMALL, size=32)
    ways = {way.number: way for shard in plan.shards for way in shard}
    assert len(dataset) == plan.crops == len(ways) * VIEWS
    assert [len(run) for run in dataset.sequences()] == [VIEWS] * len(ways)
    expected = np.concatenate([ways[k].path.azimuth for k in sorted(ways)])
    assert dataset.azimuth == pytest.approx(expected, abs=1e-6)
    motion = np.concatenate([ways[k].motion for k in sorted(ways)])
    assert dataset.motion == pytest.approx(motion, abs=1e-6, nan_ok=True)
    assert len(dataset.part("test", "unseen_pose")) == len(dataset.part("test", "in_domain")) == 2 * VIEWS
    assert set(dataset.part("train", "in_domain").instance).isdisjoint(dataset.part("test", "in_domain").instance)
    crops = dataset.crops(np.arange(len(dataset)))
    assert crops.shape == (plan.crops, 32, 32, 3) and crops.std(axis=(1, 2, 3)).min() > 3


@needs_pybullet
def test_a_corrupt_shard_and_a_lost_one_are_rendered_again(rendered, tmp_path):
    from pose_ssl_sim.dataset.render import render

    for name, data in (whole := shard_bytes(rendered[0])).items():
        (tmp_path / name).write_bytes(data)
    damaged = bytearray(whole["crops_00001.npy"])
    damaged[-100] ^= 1
    (tmp_path / "crops_00001.npy").write_bytes(damaged)
    (tmp_path / "crops_00002.npy").write_bytes(whole["crops_00002.npy"][:5000])
    (tmp_path / ".crops_00003.npy.1.tmp").write_bytes(b"half")
    lines = []
    render(make_plan(SMALL, size=32), tmp_path, tell=lines.append)
    assert shard_bytes(tmp_path) == whole
    assert "2 of 4 shards to render" in lines[0] and len(lines) == 3
    with pytest.raises(DatasetError, match="another seed or other settings"):
        render(make_plan(SMALL, seed=1, size=32), tmp_path)
    assert shard_bytes(tmp_path) == whole


@needs_pybullet
def test_a_killed_run_goes_on_and_leaves_no_process(rendered, tmp_path):
    """The parent is killed outright; its workers notice, and the next run keeps what they finished."""
    from pose_ssl_sim.dataset import render as rendering

    folder = tmp_path / "dataset"
    script = tmp_path / "run.py"
    script.write_text(
        "import os, signal, sys; from pathlib import Path; import test_dataset as t\n"
        "from pose_ssl_sim.dataset.render import render\n"
        "def kill(line): os.kill(os.getpid(), signal.SIGKILL)\n"  # as soon as a shard is done
        "if __name__ == '__main__': render(t.make_plan(t.SMALL, size=32), Path(sys.argv[1]), jobs=1, tell=kill)\n"
    )
    here = str(Path(__file__).parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, str(script), str(folder)], env=environment, capture_output=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    time.sleep(1.8)  # the worker looks every second
    held = {p.name for p in folder.glob("crops_*.json")}
    assert held and not (folder / "manifest.json").exists()
    time.sleep(0.5)
    assert {p.name for p in folder.glob("crops_*.json")} == held
    lines = []
    rendering.render(make_plan(SMALL, size=32), folder, tell=lines.append)
    assert "are there and whole" in lines[0]
    assert shard_bytes(folder) == shard_bytes(rendered[0])


@needs_pybullet
def test_a_full_disk_is_said_before_and_during(tmp_path, monkeypatch):
    from pose_ssl_sim.dataset import render as rendering

    plan = make_plan(SMALL, size=32)
    usage = rendering.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(rendering.shutil, "disk_usage", lambda _: usage._replace(free=10 << 20))
    with pytest.raises(DatasetError, match="10 MB free, rendering needs 64 MB"):
        rendering.render(plan, tmp_path)
    monkeypatch.undo()

    def full(_):
        raise OSError(28, "No space left on device")

    writer = rendering.shard_writer(plan, tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DatasetError, match="crops_00000.npy: No space left on device"):
        rendering.render_shard(plan, 0, writer)
    assert not list(tmp_path.iterdir())


def test_a_run_without_processes_is_refused(tmp_path):
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    from pose_ssl_sim.dataset.render import render

    with pytest.raises(SimError, match="jobs must be 1 or more"):
        render(make_plan(SMALL), tmp_path, jobs=0)


# The command


@needs_pybullet
def test_info_and_preview(rendered, tmp_path, capsys):
    assert main(["dataset", "info", str(rendered[0])]) == 0
    said = capsys.readouterr().out
    assert "112 crops, 3 categories" in said and "unseen_pose" in said and "airplane" in said
    assert main(["dataset", "preview", str(rendered[0]), "--out", str(tmp_path / "new")]) == 0
    names = {"poses.png", "test_in_domain.png", "test_unseen_pose.png", "test_unseen_category.png"}
    assert {p.name for p in (tmp_path / "new").iterdir()} == names
    sheet = preview.contact_sheet(load(rendered[0]).part("test", "in_domain"), tile=64)
    assert sheet.shape == (2 * (64 + 18), 150 + 7 * 64, 3)
    with pytest.raises(DatasetError, match="no trajectory"):
        preview.contact_sheet(load(rendered[0]).part("val", "unseen_pose"))


def test_bad_input_of_the_command_gets_a_sentence(tmp_path, capsys):
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    (tmp_path / "file").write_text("")
    for arguments in (
        ["info", str(tmp_path)],
        ["preview", str(tmp_path / "nothing")],
        ["render", "--out", str(tmp_path / "file"), "--profile", "tiny"],
        ["render", "--out", str(tmp_path), "--size", "4"],
    ):
        assert main(["dataset", *arguments]) == 2
        assert capsys.readouterr().err.startswith("pose-ssl: error: ")


@needs_pybullet
def test_the_manifest_says_how_to_make_it_again(rendered):
    manifest = json.loads((rendered[0] / "manifest.json").read_text())
    assert manifest["command"] == "pose-ssl dataset render --out DIR --profile small --seed 0 --size 32"
    assert manifest["counts"]["domain"] == {"in_domain": 84, "unseen_category": 14, "unseen_pose": 14}
