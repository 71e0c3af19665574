"""The whole launch: simulation and recorded footage, from the camera to the report, and its end."""

import json
import math
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import harness
import psutil
import pytest

ROOT = Path(__file__).parents[1]
pytest.importorskip("pybullet")


class Launched:
    """A `pose-ssl` command whose output is collected."""

    def __init__(self, *words):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pose_ssl_ros.cli.main", *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.text += line

    def wait_for(self, pattern, seconds):
        end = time.monotonic() + seconds * harness.PATIENCE
        while not (found := re.search(pattern, self.text)):
            assert time.monotonic() < end and self.process.poll() is None, f"no {pattern!r} in\n{self.text[-4000:]}"
            time.sleep(0.1)
        return found

    def wait(self, seconds):
        code = self.process.wait(seconds)
        self._reader.join(5)
        return code

    def pids(self):
        return [int(pid) for pid in re.findall(r"started with pid (\d+)", self.text)]

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self._reader.join(5)
        self.process.stdout.close()


def running(pids):
    return [p for p in pids if psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demonstration of 30 s of robot time: (folder, command)."""
    out = tmp_path_factory.mktemp("runs") / "one"
    with harness.private_domain():
        launched = Launched("demo", "--seconds", "30", "--seed", "3", "--no-panel", "--out", str(out))
        try:
            launched.wait(240)
            yield out, launched
        finally:
            launched.close()


@pytest.fixture(scope="module")
def summary(demo):
    return json.loads((demo[0] / "summary.json").read_text())


def test_the_demonstration_ends_well_and_leaves_nothing_running(demo):
    _, launched = demo
    assert launched.process.returncode == 0, launched.text[-4000:]
    assert len(launched.pids()) == 6  # none died and was started again
    assert running(launched.pids()) == []
    assert "Traceback" not in launched.text
    assert "error:" not in launched.text


def test_the_summary_makes_sense(summary):
    assert (summary["seed"], summary["scenario"]) == (3, "street")
    assert 29 <= summary["robot_seconds"] <= 40
    assert summary["wall_seconds"] > 5
    assert 200 <= summary["frames"] <= 420  # 10 Hz
    assert 0 <= summary["frames_dropped"] <= summary["frames"]
    assert summary["triplets"] > 10
    assert summary["learner_steps"] > 0
    assert summary["triplets_per_second"] == pytest.approx(summary["triplets"] / summary["robot_seconds"], rel=0.2)
    assert isinstance(summary["collisions"], int)
    assert math.isfinite(summary["learner"]["loss"])
    assert summary["learner"]["embedding_rank"] is None or summary["learner"]["embedding_rank"] >= 1


def test_models_were_handed_over_in_order(summary):
    versions = summary["model_versions"]
    numbers = [version["version"] for version in versions]
    assert len(numbers) >= 1
    assert numbers == sorted(set(numbers))
    for version in versions:
        assert re.fullmatch(r"[0-9a-f]{64}", version["sha256"])


def test_headings_and_identities_were_compared_with_the_truth(summary):
    heading, identity = summary["heading"], summary["identity"]
    assert heading["n"] > 50
    for key in ("toward_away_accuracy", "four_way_accuracy", "unknown_rate"):
        assert 0 <= heading[key] <= 1
    # Unknown counts as wrong, so what is known bounds what can be right.
    assert heading["four_way_accuracy"] <= 1 - heading["unknown_rate"] + 1e-6
    assert heading["azimuth_median_error_deg"] is None or 0 <= heading["azimuth_median_error_deg"] <= 180
    assert heading["curve"]
    assert sum(point["n"] for point in heading["curve"]) == heading["n"]
    assert identity["n"] > 50
    assert 0 <= identity["accuracy"] <= 1


def test_latency_is_ordered_and_positive(summary):
    latency = summary["latency_ms"]
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]


def test_the_report_stands_alone(demo):
    text = (demo[0] / "report.html").read_text()
    assert text.lstrip().lower().startswith("<!doctype html")
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?:https?:)?//""", text)
    assert "data:image" in text or "<svg" in text


def test_the_video_is_one_that_browsers_play(demo):
    with av.open(str(demo[0] / "annotated.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        pictures = sum(1 for _ in container.decode(stream))
    assert pictures > 50


def test_what_was_learned_is_on_disk_and_nothing_is_half_written(demo):
    files = [path for path in demo[0].rglob("*") if path.is_file()]
    assert any(path.suffix == ".safetensors" for path in files)
    assert not [path for path in files if path.suffix in (".tmp", ".part", ".partial") or path.stat().st_size == 0]


def test_a_killed_learner_comes_back_and_ctrl_c_ends_everything_in_five_seconds(tmp_path, domain):
    launched = Launched("launch", "sim.launch.yaml", "seed:=4", f"learner_directory:={tmp_path}/learner")
    try:
        pid = int(launched.wait_for(r"learner-2 started with pid (\d+)", 20).group(1))
        launched.wait_for(r"\[learner-2\].*learning from", 40)
        psutil.Process(pid).kill()
        launched.wait_for(r"learner-2 was ended by signal 9", 5)
        launched.wait_for(r"learner-[3-9] started with pid", 10)
        launched.wait_for(r"\[learner-[3-9]\].*learning from", 40)
        start = time.monotonic()
        launched.process.send_signal(signal.SIGINT)
        launched.wait(10)
        assert time.monotonic() - start < 5.0, launched.text[-2000:]
        assert running(launched.pids()) == []
        # A learner in the middle of a step may have been killed; even then no file is half written.
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert not [path for path in files if path.suffix in (".tmp", ".part") or path.stat().st_size == 0]
    finally:
        launched.close()


def test_the_loop_runs_on_recorded_footage(tmp_path, domain):
    bag = harness.shared("golden/bags/street_mcap")
    launched = Launched(
        "launch", "source.launch.yaml", f"input:={bag}", "evaluate:=true", f"output:={tmp_path}/run",
        f"learner_directory:={tmp_path}/learner",
    )  # fmt: skip
    try:
        assert launched.wait(180) == 0, launched.text[-4000:]
    finally:
        launched.close()
    assert running(launched.pids()) == []
    result = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert 150 <= result["frames"] <= 210
    assert result["triplets"] > 0
    assert result["heading"]["n"] > 50
