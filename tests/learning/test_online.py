"""The online learner without threads and ROS: steps, models, restart, guards."""

from __future__ import annotations

import dataclasses
import logging
import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from learner_factory import CONFIG, stream, trained

from pose_ssl_ros.interfaces import Box, Triplet, ViewSteps
from pose_ssl_ros.learning.checkpoint import CheckpointError
from pose_ssl_ros.learning.collapse import effective_rank, embedding_std
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.replay import ReplayError
from pose_ssl_ros.learning.start import check, start_learner
from pose_ssl_ros.modelfile import read_version, weights_sha256
from pose_ssl_ros.parameters import ParameterError, from_values, specs
from pose_ssl_ros.triplets.buffer import turn


def test_from_triplets_to_a_model_that_reads_headings(tmp_path: Path) -> None:
    learner = trained(tmp_path, 60)
    data = learner.export()
    card = read_version(data)
    assert card.version == 1 and card.sha256 == weights_sha256(data)
    assert card.heading_ready and card.identity_ready and card.training["steps"] == 60
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    others = stream(seed=5)
    heading = session.run(["heading"], {"crops": np.stack([t.crops[1] for t in others])})[0]
    truth = np.array([np.argmax(t.teacher.scores) for t in others])
    assert (heading.argmax(1) == truth).mean() > 0.5  # chance is 0.25, and unknown counts as wrong
    assert {"loss", "semantic", "trajectory", "embedding_rank", "heading_ready"} <= set(learner.status())


def test_nothing_to_learn_from_makes_no_step(tmp_path: Path) -> None:
    learner = OnlineLearner(CONFIG, tmp_path)
    assert learner.step() is None
    with pytest.raises(ReplayError, match="nothing to export"):
        learner.export()
    learner.add(stream(1))
    assert learner.step() is None


def test_a_robot_that_stands_still_stops_training(tmp_path: Path) -> None:
    learner = OnlineLearner(dataclasses.replace(CONFIG, replays=2.0), tmp_path)
    learner.add(stream(4, 6))
    steps = 0
    while learner.step() is not None:
        steps += 1
    assert steps == math.ceil(2 * 24 / CONFIG.batch)


def test_without_a_teacher_there_are_models_but_no_headings(tmp_path: Path) -> None:
    learner = OnlineLearner(CONFIG, tmp_path)
    learner.add(stream(taught=False))
    learner.step()
    card = read_version(learner.export())
    assert not card.heading_ready and card.identity_ready


def test_versions_rise_over_export_reset_and_restart(tmp_path: Path) -> None:
    learner = trained(tmp_path, 2)
    cards = [read_version(learner.export()), read_version(learner.export())]
    learner.reset()
    assert len(learner.buffer) == 0 and learner.trainer.steps == 0
    learner.add(stream())
    cards.append(read_version(learner.export()))
    again = OnlineLearner(CONFIG, tmp_path)  # killed without a checkpoint
    again.add(stream())
    cards.append(read_version(again.export()))
    assert [c.version for c in cards] == [1, 2, 3, 4]
    assert cards[1].parent == 1


def test_reset_gives_new_weights(tmp_path: Path) -> None:
    learner = trained(tmp_path, 1)
    start = OnlineLearner(CONFIG, tmp_path).trainer.encoder.stem.weight
    learner.reset()
    assert not torch.equal(learner.trainer.encoder.stem.weight, start)


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    learner = trained(tmp_path)
    learner.export()
    learner.save()
    again = OnlineLearner(CONFIG, tmp_path)
    assert again.load()
    assert again.trainer.steps == 25 and again.version == 1 and again.buffer.added == learner.buffer.added
    for name, value in learner.trainer.tensors().items():
        assert torch.equal(value, again.trainer.tensors()[name]), name
    for mine, theirs in zip(learner.buffer.entries, again.buffer.entries, strict=True):
        assert (mine.track, mine.azimuth, mine.serial) == (theirs.track, theirs.azimuth, theirs.serial)
        assert (mine.crops == theirs.crops).all()
    assert again.step() is not None
    # Track ids start again with the triplet node; they must not mix with those of before.
    again.add(stream(1))
    assert len({e.track for e in again.buffer.entries}) == len({e.track for e in learner.buffer.entries}) + 1


def test_a_checkpoint_cut_in_half_is_said_and_the_previous_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    learner = trained(tmp_path, 3)
    learner.save()
    learner.step()
    learner.save()
    newest = max(learner.store.directory.glob("weights-*"))
    newest.write_bytes(newest.read_bytes()[: newest.stat().st_size // 2])
    with caplog.at_level(logging.ERROR):
        again = start_learner(CONFIG, tmp_path)
    assert again.trainer.steps == 3 and newest.name in caplog.text and "damaged" in caplog.text


def test_a_checkpoint_that_cannot_be_used_is_kept_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learner = trained(tmp_path, 3)
    learner.save()
    manifest = learner.store.directory / "manifest.json"
    manifest.write_text(manifest.read_text().replace(learner.store.architecture, "another"))
    with caplog.at_level(logging.ERROR):
        again = start_learner(CONFIG, tmp_path)
    assert again.trainer.steps == 0 and "'another'" in caplog.text
    again.add(stream())
    again.save()
    kept = [p for p in tmp_path.iterdir() if "refused" in p.name]
    assert len(kept) == 1 and list(kept[0].glob("weights-*"))


def test_not_resuming_keeps_the_old_one_aside(tmp_path: Path) -> None:
    trained(tmp_path, 3).save()
    fresh = start_learner(dataclasses.replace(CONFIG, resume=False), tmp_path)
    assert fresh.trainer.steps == 0
    assert [p for p in tmp_path.iterdir() if ".old-1" in p.name]


def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learner = trained(tmp_path, 3)
    learner.save()
    learner.step()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(CheckpointError, match="No space left"):
            learner.save()
        assert read_version(learner.export()).version == 1  # models go on
    again = OnlineLearner(CONFIG, tmp_path)
    assert again.load() and again.trainer.steps == 3
    learner.save()
    assert OnlineLearner(CONFIG, tmp_path).load()


@pytest.mark.parametrize("where", ["weights", "optimizer"])
def test_a_loss_that_is_not_finite_is_rolled_back(tmp_path: Path, where: str) -> None:
    learner = trained(tmp_path, 21)  # a copy of the weights is taken at step 20
    if where == "weights":
        with torch.no_grad():
            learner.trainer.encoder.stem.weight.fill_(float("nan"))
    else:
        for state in learner.trainer.optimizer.state.values():
            state["exp_avg"].fill_(float("nan"))
        learner.trainer.teach(learner.taught.batch(4))  # the weights become nan
    report = learner.step()
    assert report is not None and report.rolled_back and report.step == 20
    assert all(torch.isfinite(v).all() for v in learner.trainer.tensors().values())
    report = learner.step()
    assert report is not None and not report.rolled_back and math.isfinite(report.losses["loss"])
    assert learner.status()["rollbacks"] == 1


def test_triplets_that_do_not_fit_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    learner = OnlineLearner(CONFIG, tmp_path)
    wrong = Triplet("a", 0, np.zeros((3, 64, 64, 3), np.uint8), Box(0, 0, 1, 1))
    assert learner.add([wrong, *stream(1, 2), wrong]) == 2
    assert learner.refused == 2 and caplog.text.count("said once") == 1


def test_same_seed_same_weights(tmp_path: Path) -> None:
    first, second = (trained(tmp_path / str(i), 4).trainer.tensors() for i in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_collapse_measures() -> None:
    even = torch.cat([torch.eye(8), -torch.eye(8)])
    assert embedding_std(even) == pytest.approx(1, abs=0.05) and effective_rank(even) == pytest.approx(8, rel=1e-3)
    line = torch.linspace(-1, 1, 16)[:, None] * torch.ones(1, 8)
    assert effective_rank(line) == pytest.approx(1, abs=1e-2)
    assert embedding_std(torch.ones(16, 8)) == pytest.approx(0, abs=1e-6) and effective_rank(torch.ones(16, 8)) == 0


def test_parameters_are_declared_and_checked() -> None:
    assert from_values(LearnerConfig, {"batch": 16}).batch == 16
    assert all(spec.description for spec in specs(LearnerConfig).values())
    check(LearnerConfig())
    for values, words in [
        ({"objective": "best"}, "one of .*'byol'.*'vicreg'"),
        ({"size": 48}, "32, 64, 96 or 128"),
        ({"width": 20}, "multiple of groups 8"),
        ({"device": "toaster"}, "device"),
    ]:
        with pytest.raises(ParameterError, match=words):
            check(from_values(LearnerConfig, values))


def test_a_damaged_buffer_file_costs_the_buffer_and_not_the_weights(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    learner = trained(tmp_path, 3)
    learner.export()
    learner.save()
    path = next(learner.store.directory.glob("buffer-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    with caplog.at_level(logging.ERROR):
        again = start_learner(CONFIG, tmp_path)
    assert again.trainer.steps == 3 and len(again.buffer) == 0 and "starts empty" in caplog.text
    again.add(stream(4))
    assert again.buffer.added > learner.buffer.added and again.step() is not None
    again.save()
    assert start_learner(CONFIG, tmp_path).trainer.steps == 4


def test_the_slow_weights_follow_and_are_what_is_exported(tmp_path: Path) -> None:
    learner = trained(tmp_path, 5)
    fast, slow = learner.trainer.encoder.stem.weight, learner.trainer.slow_encoder.stem.weight
    start = OnlineLearner(CONFIG, tmp_path / "start").trainer.encoder.stem.weight
    assert 0 < (fast - slow).norm() < (fast - start).norm()
    model = onnx.load_from_string(learner.export())
    exported = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}["stem.weight"]
    assert np.array_equal(exported, slow.detach().numpy())
    weights = learner.exported_weights()
    assert torch.equal(weights["weights.encoder.stem.weight"], slow)
    assert set(weights) == {name for name in learner.trainer.tensors() if name.startswith("weights.")}


def test_turns_of_the_camera_can_shape_the_heading_head(tmp_path: Path) -> None:
    steps = ViewSteps(turn(0.1), turn(0.1))
    learner = OnlineLearner(dataclasses.replace(CONFIG, equivariance_weight=1.0), tmp_path)
    known = [dataclasses.replace(t, view_steps=steps) for t in stream()]
    learner.add([*known[:100], *stream(4, seed=3)])  # of some, odometry told nothing
    before = learner.trainer.combined.heading.weight.detach().clone()
    report = learner.step()
    assert report is not None and math.isfinite(report.losses["equivariance"])
    assert not torch.equal(before, learner.trainer.combined.heading.weight)
