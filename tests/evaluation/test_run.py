import json
import time

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.run import Run

from .conftest import play


def make(tmp_path, **settings):
    said = []
    values = {"output": str(tmp_path / "out"), "panel": "off", "video_width": 320, **settings}
    return Run(EvaluatorConfig(**values), lambda m: m, said.append), said


def test_a_run_leaves_summary_film_and_report_and_nothing_else(tmp_path):
    run, said = make(tmp_path)
    play(run.session, run.recorder)
    summary = run.finish()
    assert sorted(p.name for p in run.folder.iterdir()) == ["annotated.mp4", "report.html", "summary.json"]
    written = json.loads((run.folder / "summary.json").read_text())
    assert written["finished"] is True
    assert written["heading"]["n"] == summary["heading"]["n"] == 120
    assert written["video"]["frames"] > 0
    assert set(written["events"]) >= {"started", "first_image", "first_detections"}
    assert said == []


def test_nothing_came_at_all(tmp_path):
    run, said = make(tmp_path)
    run.finish()
    assert sorted(p.name for p in run.folder.iterdir()) == ["report.html", "summary.json"]
    assert any("no image came" in s for s in said)


def test_the_summary_is_there_before_the_end(tmp_path):
    run, _ = make(tmp_path, summary_period=0.5)
    play(run.session)
    time.sleep(0.6)
    run.turn()
    written = json.loads((run.folder / "summary.json").read_text())
    assert written["finished"] is False
    assert written["heading"]["n"] == 120
    run.finish()


def test_a_model_that_cannot_be_read_is_said_and_skipped(tmp_path):
    run, said = make(tmp_path)
    run.model(b"not a model")
    run.turn()
    assert any("cannot be read" in s for s in said)
    assert run.finish()["model_versions"] == []


def test_duration(tmp_path):
    run, _ = make(tmp_path, duration=3.0)
    play(run.session, frames=20)
    assert not run.over
    play(run.session, frames=20, start=20)
    assert run.over
    run.finish()


def test_a_full_disk_ends_nothing(tmp_path, monkeypatch):
    run, said = make(tmp_path)
    play(run.session)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pose_ssl_ros.evaluation.files.os.fsync", full)
    run.finish()
    assert any("summary.json" in s and "No space left" in s for s in said)
