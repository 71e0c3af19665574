"""The learning experiments, small: drives are kept, runs are kept, and what is measured is what was asked for."""

import json
from dataclasses import replace

import pytest

from pose_ssl_ros.bags.events import BoxesEvent, EgoEvent, ImageEvent, TruthEvent
from pose_ssl_ros.cli.main import main
from pose_ssl_ros.experiments import learning_runs, stream
from pose_ssl_ros.experiments.drives import DriveSpec, recorded
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.learning_runs import LearningExperiment, run_all
from pose_ssl_ros.experiments.profiles import PROFILES
from pose_ssl_ros.experiments.rows import KEYS
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.engine import Replayer


@pytest.fixture(scope="module")
def drives(tmp_path_factory):
    return tmp_path_factory.mktemp("drives")


@pytest.fixture(scope="module")
def drive(drives):
    return recorded(DriveSpec("street", 5, 3.0), drives)


def test_a_drive_holds_pictures_odometry_boxes_and_truth(drive):
    events = list(drive.events())
    images = [e for e in events if isinstance(e, ImageEvent)]
    assert len(images) == drive.frames == 15
    assert images[0].frame.image.shape == (240, 320, 3)
    stamps = [e.recorded_ns for e in events]
    assert stamps == sorted(stamps)
    assert sum(isinstance(e, EgoEvent) for e in events) == 60  # 20 Hz
    for kind in (BoxesEvent, TruthEvent):
        assert [e.stamp_ns for e in events if isinstance(e, kind)] == [i.frame.stamp_ns for i in images]
    assert any(e.objects for e in events if isinstance(e, TruthEvent))


def test_a_drive_is_recorded_once_and_a_damaged_one_is_named(drive, drives):
    again = recorded(drive.spec, drives)
    assert again == drive
    part = drive.folder / "part-0000.safetensors"
    whole, when = part.read_bytes(), part.stat().st_mtime_ns
    assert recorded(drive.spec, drives) and part.stat().st_mtime_ns == when
    part.write_bytes(whole[:5000])
    try:
        with pytest.raises(ExperimentError, match="part-0000.safetensors' is damaged"):
            list(again.events())
    finally:
        part.write_bytes(whole)


def test_kept_boxes_give_the_tracks_that_the_products_own_proposals_give(drive):
    def tracks(config):
        with Replayer(config) as replayer:
            return [result.tracks for _, result in replayer.run(drive.events())]

    kept, own = tracks(stream.CONFIG), tracks(ReplayConfig())
    assert kept == own
    assert any(kept)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Drives that are rendered once for all tests lie in it."""
    return tmp_path_factory.mktemp("online")


def smoke(out, start, name="online", **changes):
    profile = replace(PROFILES["smoke"], seconds=4.0, hold_out=3.0, times=(0.0, 4.0), window=2.0, **changes)
    sites = ("street",) if name == "online" else ("street", "yard")
    return LearningExperiment(name, start, out, profile, ("frozen",), sites, {"held_out": "street"})


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A start model's folder; the model is the shipped one."""
    from pose_ssl_ros.cli.share import find_share

    return find_share() / "models" / "base"


def test_a_run_that_was_done_is_read_and_other_settings_are_another_run(out, start, monkeypatch):
    what = smoke(out, start)
    first = run_all(what, lambda _: None)
    result = first["frozen"][1]
    assert set(result["places"]) == {"stream", "held_out"}
    assert list(result["places"]["stream"]) == ["2", "4"]
    assert result["places"]["held_out"]["0"] == result["places"]["held_out"]["4"]  # nothing learned
    assert result["triplets"] >= result["taught"] >= 0

    runs = []
    monkeypatch.setattr(learning_runs, "run_one", lambda *_: runs.append(1) or result)
    told = []
    again = run_all(what, told.append)
    assert runs == []
    known, new = (r["frozen"][1]["places"]["held_out"]["4"]["coverage"] for r in (again, first))
    assert known == pytest.approx(new, abs=1e-6)
    assert told == ["1 of 1 runs were done before"]
    run_all(replace(what, profile=replace(what.profile, window=4.0)), lambda _: None)
    assert runs == [1]


def test_runs_side_by_side_say_how_far_they_are_and_find_what_one_finds(out, start, capfd):
    what = smoke(out, start, seeds=(1, 2))
    together = run_all(replace(what, fresh=True, jobs=2), print)
    said = capfd.readouterr().out
    assert "frozen, seed 1: begins" in said and "frozen, seed 2: begins" in said and "2 of 2 runs done" in said
    alone = learning_runs.run_one(replace(what, digest=learning_runs.model_digest(start)), "frozen", 2)
    assert json.dumps(together["frozen"][2]["places"]) == json.dumps(alone["places"])  # NaN equals NaN there


def test_a_start_model_that_changes_under_way_is_noticed(out, start):
    what = smoke(out, start)
    with pytest.raises(ExperimentError, match="changed while it was used"):
        learning_runs.run_one(replace(what, digest="another"), "frozen", 1)


def test_the_command_writes_rows_page_and_plots(out, capsys):
    words = ["experiment", "online", "--profile", "smoke", "--out", str(out), "--site", "street", "--seconds", "4"]
    words += ["--variants", "random weights", "frozen"]  # the start model's exports would cost most of the time
    assert main(words) == 0
    rows = json.loads((out / "experiment.json").read_text())
    assert all(tuple(row) == KEYS for row in rows)
    assert {"random weights", "frozen"} == {row["variant"] for row in rows}
    found = {(r["variant"], r["metric"], r["robot_seconds"]) for r in rows}
    assert ("random weights", "held_out/coverage", 4.0) in found and ("frozen", "stream/unknown", 3.0) in found
    assert all(0 <= r["mean"] <= 1 for r in rows)
    page = (out / "report.html").read_text()
    assert "data:image/png;base64," in page and "src='plots" not in page
    assert (out / "plots" / "toward_away.png").read_bytes().startswith(b"\x89PNG")
    assert "at most 2 points lost on the old site" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--variants", "nobody"], "there is no variant 'nobody'; there are ours, "),
        (["--seeds", "1", "1"], "seeds must be different"),
        (["--seconds", "0"], "--seconds is 0"),
        (["--jobs", "0"], "--jobs is 0"),
        (["--start", "/nowhere"], "is no start model"),
    ],
)
def test_what_makes_no_sense_is_said_in_one_line(words, said, tmp_path, capsys):
    assert main(["experiment", "online", "--profile", "smoke", "--out", str(tmp_path), *words]) in (1, 2)
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
