"""`pose-ssl evaluate` on tiny bags: exit statuses, metrics.json, truth from each source, assertions."""

import json
import math
import signal
import subprocess
import sys
import time

import harness
import pytest
from bag_factory import Drive, box, empty, make
from model_factory import make_model

from pose_ssl_ros.cli.main import main

SIZE = (160, 120)
DRIVE = Drive(frames=25, width=SIZE[0], height=SIZE[1], detections=True)
SET = ("--set", "triplet.detector=true", "--set", "judge.min_side=5", "--no-video")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A bag with an external detector, the same without truth, and a model."""
    place = tmp_path_factory.mktemp("evaluate")
    make(place / "drive", DRIVE)
    (place / "model.onnx").write_bytes(make_model())
    return place


def evaluate(folder, out, *words, bags=("drive",)):
    """Exit status and metrics.json, None if there is none."""
    names = [str(folder / bag) for bag in bags]
    status = main(["evaluate", *names, "--model", str(folder / "model.onnx"), "--out", str(out), *SET, *words])
    file = out / "metrics.json"
    return status, json.loads(file.read_text()) if file.exists() else None


def timeless(metrics):
    """What must not differ between two runs."""
    model = dict(metrics["models"]["model"])
    return {k: v for k, v in model.items() if k not in ("latency_ms", "wall_seconds")}


def test_one_bag_two_models_and_assertions_that_hold(folder, tmp_path, capsys):
    words = ("--model", "cold=none", "--assert", "coverage>=0.5", "--assert", "cold:answers.unknown_rate==1")
    status, found = evaluate(folder, tmp_path / "a", *words, "--save-bag")
    assert status == 0
    assert found["judged"] == "model"
    assert list(found["models"]) == ["model", "cold"]
    assert [a["passed"] for a in found["assertions"]] == [True, True]
    model = found["models"]["model"]
    assert (model["ground_truth"], model["frames"], model["frames_labelled"]) == (True, 25, 25)
    assert model["about"]["file_sha256"]
    assert found["models"]["cold"]["heading"]["unknown_rate"]["value"] == 1.0
    assert found["left_out"] == []
    told = capsys.readouterr().out
    assert "holds: coverage>=0.5" in told
    assert "true objects detected" in told
    page = (tmp_path / "a/report.html").read_text()
    assert "cold" in page
    assert sorted(p.name for p in (tmp_path / "a/bags").iterdir()) == ["cold", "model"]
    status, again = evaluate(folder, tmp_path / "b")
    assert status == 0
    assert timeless(again) == timeless(found)


def test_an_assertion_that_fails_is_told_and_sets_the_status(folder, tmp_path, capsys):
    words = ("--assert", "coverage>=0.5", "--assert", "heading.four_way_accuracy>1", "--truth", "none")
    status, found = evaluate(folder, tmp_path / "a", *words)
    assert status == 2
    err = capsys.readouterr().err
    assert "FAILS: coverage>=0.5 (not measured: " in err
    assert "FAILS: heading.four_way_accuracy>1" in err
    assert found["models"]["model"]["ground_truth"] is False
    assert found["truth"] == ""


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--assert", "nope>=1"), "no figure 'nope'"),
        (("--assert", "coverage=1"), "is no assertion"),
        (("--assert", "other:coverage>=1"), "no model 'other'; models are model"),
        (("--model", "model=none"), "two models are named 'model'"),
        (("--set", "judge.iou=7"), "iou"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(folder, tmp_path, capsys, words, part):
    status, found = evaluate(folder, tmp_path / "a", *words)
    assert (status, found) == (2, None)
    assert part in capsys.readouterr().err
    assert not (tmp_path / "a").exists()


def test_damage_is_named_counted_and_the_rest_used(folder, tmp_path, capsys):
    make(folder / "damaged", Drive(**{**DRIVE.__dict__, "spoiled": frozenset({5, 6}), "pictures": "jpeg"}))
    empty(folder / "empty")
    status, found = evaluate(folder, tmp_path / "a", bags=("empty", "damaged"))
    assert status == 3
    assert found["models"]["model"]["frames"] == 23
    assert {x["bag"] for x in found["left_out"]} >= {"empty", "damaged"}
    assert "left out: empty" in capsys.readouterr().out
    status, found = evaluate(folder, tmp_path / "b", bags=("empty",))
    assert (status, found) == (1, None)
    assert "empty" in capsys.readouterr().err
    assert main(["evaluate", str(folder / "nowhere")]) == 1


def test_truth_of_a_table_and_of_labels_gives_the_figures_of_the_topic(folder, tmp_path):
    table, labels = folder / "labels.csv", folder / "0000.txt"
    rows = ["path,x,y,w,h,category,instance,azimuth_deg,elevation_deg,sequence,frame,split"]
    lines = []
    _, by_topic = evaluate(folder, tmp_path / "topic")
    for number in range(DRIVE.frames):
        x, y, w, h = box(number, *SIZE)
        # The factory's car points along the camera's x axis: a quarter turn to the right, less the bearing.
        azimuth = -math.pi / 2 - math.atan2((x + w / 2 - SIZE[0] / 2) / SIZE[0] * 5, 5.0)
        rows.append(f",{x},{y},{w},{h},car,one,{math.degrees(azimuth)!r},,drive,{number},")
        alpha = azimuth + math.pi / 2
        lines.append(f"{number} 1 Car 0 0 {alpha!r} {x} {y} {x + w} {y + h} -1 -1 -1 -1000 -1000 -1000 -10")
    table.write_text("\n".join(rows) + "\n")
    labels.write_text("\n".join(lines) + "\n")
    _, by_table = evaluate(folder, tmp_path / "table", "--truth", str(table))
    _, by_labels = evaluate(folder, tmp_path / "labels", "--truth", str(labels))
    expected = by_topic["models"]["model"]
    assert expected["heading"]["confusion"]["counts"][3] == [23, 0, 0, 0, 0]  # the model says toward, the truth right
    for found in (by_table, by_labels):
        model = found["models"]["model"]
        assert model["coverage"] == expected["coverage"]
        assert model["heading"]["confusion"] == expected["heading"]["confusion"]
        for name in ("azimuth_median_error_deg", "axis_median_error_deg", "four_way_accuracy"):
            assert model["heading"][name] == pytest.approx(expected["heading"][name], abs=1e-3), name
    status, found = evaluate(folder, tmp_path / "none", "--truth", "gone.csv")
    assert (status, found) == (1, None)


def test_interrupt_leaves_whole_files_of_what_was_judged(tmp_path):
    bag = harness.shared("golden/bags/street_mcap")
    command = [sys.executable, "-m", "pose_ssl_ros.cli.main", "evaluate", str(bag), "--out", str(tmp_path / "out")]
    words = ("--image", "/camera/image_raw/compressed", "--save-bag", "--no-video", "--model", "none")
    process = subprocess.Popen([*command, *words], cwd=harness.CHECKOUT, stdout=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while not list((tmp_path / "out").glob(".bag.*/bag/*.mcap")) and time.monotonic() < until:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, out
    found = json.loads((tmp_path / "out/metrics.json").read_text())
    assert found["interrupted"] is True
    assert found["models"]["none"]["frames"] < 200
    assert (tmp_path / "out/bag/metadata.yaml").exists()
    assert not list((tmp_path / "out").glob(".bag.*"))
    assert "</html>" in (tmp_path / "out/report.html").read_text()
