"""A site model from recordings: its files, its use as a start model, and what a kill leaves."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.replay.errors import ReplayError
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.replay.site_config import SiteConfig
from pose_ssl_ros.replay.site_files import Origin
from pose_ssl_ros.replay.site_model import Listener, Parent, learn_site, read_parent, set_aside
from pose_ssl_ros.replay.site_training import Plan
from pose_ssl_ros.replay.triplet_store import SHARD, Drive, TripletStore
from pose_ssl_ros.viewpoint import scores_from_azimuth

SIZE = 32
VALUES = {
    "learner.batch": 8, "learner.min_triplets": 8, "learner.replays": 2.0, "learner.replay_mib": 2.0,
    "learner.track_quota": 12, "learner.adaptation_rate": 3e-3, "save_steps": 10, "exemplars": 80,
}  # fmt: skip


class Street:
    """A recording of boxes with a lamp in front: eight triplets of each track, three in four taught."""

    def __init__(self, seed: int, tracks: int = 12, fault: str = "") -> None:
        self.name, self.fingerprint = f"street-{seed}", f"{seed}/{tracks}"
        self._seed, self._tracks, self._fault = seed, tracks, fault
        self.runs, self.damaged = 0, bool(fault)

    def results(self) -> Iterator[FrameResult]:
        self.runs += 1
        random = np.random.default_rng(self._seed)
        for number in range(8 * self._tracks):
            track = number % self._tracks
            yield FrameResult(0, number, number * 100_000_000, 0, "camera", 320, 240, triplets=(
                triplet(track, number, random),))  # fmt: skip

    def problems(self) -> list[str]:
        return [self._fault] if self._fault else []


def triplet(track: int, number: int, random: np.random.Generator) -> Triplet:
    azimuth = track % 4 * np.pi / 2 + random.uniform(-0.3, 0.3)
    crops = np.clip(random.normal(120, 6, (3, SIZE, SIZE, 3)), 0, 255).astype(np.uint8)
    column, row = int(16 - 9 * np.sin(azimuth)), 12 if np.cos(azimuth) > 0 else 23
    crops[:, 8:28, 4:28] = 60 + 10 * (track % 5)
    crops[:, row - 3 : row + 3, column - 3 : column + 3] = 250
    taught = TeacherEvidence(scores_from_azimuth(azimuth, 0.9)) if track % 4 or track % 8 == 0 else None
    return Triplet(f"q{track}", number, crops, Box(0, 0, 9, 9), taught)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A start model with the files that `learn` reads."""
    folder = tmp_path_factory.mktemp("models") / "base"
    folder.mkdir()
    config = LearnerConfig(size=SIZE, width=8, depth=1, projector=32, batch=8, min_triplets=8)
    learner = OnlineLearner(config, folder / "none")
    random = np.random.default_rng(0)
    learner.add([triplet(i % 12, i, random) for i in range(60)])
    for _ in range(5):
        learner.step()
    (folder / "encoder.onnx").write_bytes(learner.export())
    weights = {k: v for k, v in learner.trainer.tensors().items() if k.startswith("weights.")}
    save_file(weights, folder / "encoder.safetensors", {"architecture": learner.trainer.encoder.architecture.name})
    (folder / "manifest.json").write_text(json.dumps({"terms": {"projector": 32}, "objective": "vicreg"}))
    return folder


def learn(start: Path, out: Path, sources: list[Street] | None = None, **values: object) -> dict:
    parent, config = read_parent(start, from_values(SiteConfig, {**VALUES, **values}))
    return learn_site(sources or [Street(1), Street(2)], out, parent, config, Origin("learn", "CC-BY", config))


@pytest.fixture(scope="module")
def site(start: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site") / "site"
    learn(start, out)
    return out


def test_the_model_has_all_files_and_a_card_of_what_it_learned(start: Path, site: Path) -> None:
    assert sorted(p.name for p in site.iterdir()) == [
        "MODEL_CARD.md", "encoder.onnx", "encoder.safetensors", "exemplars.jpg", "exemplars.json", "manifest.json",
    ]  # fmt: skip
    manifest = json.loads((site / "manifest.json").read_text())
    data = manifest["data"]
    assert data["frames"] == data["triplets"] == 192 and data["taught_by_motion"] == 176
    assert data["seconds"] == 19.0  # 95 pauses of 0.1 s in each
    assert manifest["steps"] == 48  # 192 triplets, twice each, 8 in a step
    assert manifest["parent"]["version"] == 1 and manifest["ancestors"] == [manifest["parent"]["sha256"]]
    card = (site / "MODEL_CARD.md").read_text()
    for words in ("street-1", "street-2", "**Licence**: CC-BY", manifest["parent"]["sha256"], "48 steps"):
        assert words in card
    version = read_version((site / "encoder.onnx").read_bytes())
    assert (version.version, version.parent) == (2, 1) and version.heading_ready
    held_out = manifest["metrics"]["held_out_tracks"]
    assert held_out["tracks"] >= 5 and held_out["after"]["within_30"] > 0.5
    assert data["exemplars"] == data["exemplars_of_the_site"] > 40  # the parent brought none


def test_it_is_a_start_model_and_a_model_file(site: Path, tmp_path: Path) -> None:
    learner = OnlineLearner(
        LearnerConfig(size=SIZE, width=8, depth=1, projector=32, start=str(site / "encoder.safetensors")), tmp_path
    )
    saved = load_file(site / "encoder.safetensors")
    assert all(torch.equal(saved[k], v) for k, v in learner.trainer.tensors().items() if k.startswith("weights."))
    assert learner.exemplars and read_version(learner.export()).heading_ready
    random = np.random.default_rng(9)
    toward, away = (np.stack([triplet(t, i, random).crops[1] for i in range(20)]) for t in (0, 2))
    engine = Engine((site / "encoder.onnx").read_bytes())
    assert (engine.run(toward).heading.argmax(1) == 0).mean() > 0.6
    assert (engine.run(away).heading.argmax(1) == 2).mean() > 0.6


def test_it_can_be_learned_from_again(site: Path, tmp_path: Path) -> None:
    manifest = learn(site, tmp_path / "next", [Street(3, 4)])
    assert manifest["parent"]["name"] == "site" and manifest["parent"]["version"] == 2
    assert len(manifest["ancestors"]) == 2
    assert manifest["data"]["exemplars_of_the_site"] <= 40 <= manifest["data"]["exemplars"]
    tracks = [c["track"] for c in json.loads((tmp_path / "next" / "exemplars.json").read_text())["crops"]]
    assert any(t.startswith("site/") for t in tracks) and any(t.startswith("next/") for t in tracks)
    assert not any(t.startswith("start/") for t in tracks)


TWICE: dict[str, object] = {"passes": 2, "order": "shuffled", "learner.replays": 1.0, "save_steps": 8}
_KILLED = """
import sys
sys.path[:0] = [{tests!r}, {folder!r}]
import torch
torch.set_num_threads(1)
from pathlib import Path
from test_site_model import TWICE, learn
learn(Path(sys.argv[1]), Path(sys.argv[2]), **TWICE)
"""


def test_a_kill_and_the_same_call_again_give_the_same_model(start: Path, site: Path, tmp_path: Path) -> None:
    whole = learn(start, tmp_path / "whole", **TWICE)
    here = Path(__file__).resolve()
    code = _KILLED.format(tests=str(here.parents[1]), folder=str(here.parent))
    out = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(start), str(out)], cwd=here.parents[2], start_new_session=True
    )
    until = time.monotonic() + 60
    # Kill it once some checkpoint after the first is there: most likely in the middle of a step.
    while not list(out.glob("unfinished/checkpoint/*/manifest.previous.json")):
        assert process.poll() is None and time.monotonic() < until, "it ended before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (out / "encoder.safetensors").exists()
    sources = [Street(1), Street(2)]
    again = learn(start, out, sources, **TWICE)
    assert [s.runs for s in sources] == [0, 0]  # the recordings were not read again
    assert again["sha256"] == whole["sha256"] and again["steps"] == whole["steps"]
    assert again["metrics"] == whole["metrics"]
    assert again["sha256"] != json.loads((site / "manifest.json").read_text())["sha256"]  # of one pass as recorded
    assert not (out / "unfinished").exists()


def test_what_would_be_lost_is_refused(start: Path, site: Path, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="already holds a model"):
        learn(start, site)
    parent, config = read_parent(start, from_values(SiteConfig, VALUES))

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        learn_site([Street(1)], out, parent, config, Origin("", "", config), listener=Listener(training=stop))
    with pytest.raises(ReplayError, match="begun with other bags, settings"):
        learn(start, out, [Street(2)], passes=3)
    moved = set_aside(out)
    assert moved is not None and (moved / "unfinished").is_dir() and not out.exists()
    assert learn(start, out, [Street(1, 4)])["data"]["triplets"] == 32


def test_recordings_that_teach_nothing_are_named(start: Path, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="nothing to learn from.*street-7: 0 frames, cut after 3 s"):
        learn(start, tmp_path / "empty", [Street(7, 0, "cut after 3 s")])
    manifest = learn(start, tmp_path / "one", [Street(7, 0, "cut after 3 s"), Street(1, 2)])
    assert "cut after 3 s" in (tmp_path / "one" / "MODEL_CARD.md").read_text()
    assert "held-out tracks" in manifest["metrics"]["held_out_tracks"]["reason"]


@pytest.mark.parametrize("fault", ["missing", "garbage", "foreign"])
def test_a_start_model_that_cannot_be_used_is_named(tmp_path: Path, fault: str) -> None:
    if fault == "garbage":
        (tmp_path / "encoder.safetensors").write_bytes(b"garbage")
    elif fault == "foreign":
        save_file({"x": torch.zeros(1)}, tmp_path / "encoder.safetensors", {"architecture": "vit"})
    with pytest.raises(ReplayError, match="'vit'" if fault == "foreign" else "is no start model"):
        read_parent(tmp_path, SiteConfig())


def test_random_weights_are_a_parent_too(tmp_path: Path) -> None:
    config = from_values(SiteConfig, {**VALUES, "learner.size": 32, "learner.width": 8, "learner.depth": 0})
    manifest = learn_site([Street(1, 4)], tmp_path / "new", Parent(), config, Origin("", "", config))
    assert manifest["parent"] == {"name": "random weights"} and manifest["ancestors"] == []
    assert read_version((tmp_path / "new" / "encoder.onnx").read_bytes()).version == 1


def test_a_judge_measures_before_and_after(start: Path, tmp_path: Path) -> None:
    parent, config = read_parent(start, from_values(SiteConfig, VALUES))
    judged: list[int] = []

    def judge(model: bytes) -> dict:
        judged.append(read_version(model).version)
        return {"coverage": {"value": 0.5 * len(judged), "low": 0.1, "high": 1.0, "n": 9}}

    learn_site([Street(1, 8)], tmp_path / "out", parent, config, Origin("", "", config), judge)
    assert judged == [1, 2]
    assert "| coverage | 0.5 (0.1 to 1) | 1 (0.1 to 1) |" in (tmp_path / "out" / "MODEL_CARD.md").read_text()


def test_a_shuffled_plan_visits_all_once_a_pass_and_differs_by_pass() -> None:
    config = dataclasses.replace(SiteConfig(), order="shuffled", passes=2)
    plan = Plan([5, 0, 7], config)
    passes = [[plan[i] for i in range(begin, begin + 12)] for begin in (0, 12)]
    rows = [(0, r) for r in range(5)] + [(2, r) for r in range(7)]
    assert len(plan) == 24 and sorted(passes[0]) == sorted(passes[1]) == rows
    assert passes[0] != passes[1] and passes[0] != rows
    again = Plan([5, 0, 7], config)
    assert [again[i] for i in range(20, 24)] == passes[1][8:]  # from any place, as after a kill


def test_triplets_come_back_as_they_were(tmp_path: Path) -> None:
    store = TripletStore(tmp_path, "key")
    count = SHARD // 8 + 4  # tracks; two shards
    drive = store.harvest(0, Street(1, count))
    assert isinstance(drive, Drive) and drive.triplets == 8 * count > SHARD
    expected = [t for result in Street(1, count).results() for t in result.triplets]
    for row in (0, SHARD - 1, SHARD, 8 * count - 1):
        found = store.triplet(0, row)
        assert (found.track_id, found.stamp_ns) == (expected[row].track_id, expected[row].stamp_ns)
        assert (found.crops == expected[row].crops).all() and found.teacher == expected[row].teacher
    source = Street(1, count)
    assert TripletStore(tmp_path, "key").harvest(0, source) == drive and source.runs == 0
    assert TripletStore(tmp_path, "other").harvest(0, source) == drive and source.runs == 1
