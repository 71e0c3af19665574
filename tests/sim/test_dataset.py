"""Rendered datasets: equal bits however they are made, and nothing lost over a kill."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset import preview
from pose_ssl_sim.dataset.plan import make_plan
from pose_ssl_sim.dataset.profiles import VIEWS, Profile, Share

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
def rendered(tmp_path_factory):
    """The small dataset, made by two processes."""
    pytest.importorskip("pybullet", reason="renders with PyBullet")
    from pose_ssl_sim.dataset.render import render

    folder = tmp_path_factory.mktemp("two") / "dataset"
    lines = []
    render(make_plan(SMALL, size=32), folder, jobs=2, tell=lines.append)
    return folder, lines


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
