"""The learner driven by recorded time: the same each time, and exactly resumable."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.replay import ReplayError
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.replay.learning import DriverConfig, LearnerDriver
from pose_ssl_ros.viewpoint import scores_from_azimuth

SIZE = 32
CONFIG = LearnerConfig(
    size=SIZE, width=8, depth=0, batch=8, min_triplets=8, replay_mib=0.4, projector=32, track_quota=6, replays=8.0,
    teacher_weight=1.0, teacher_steps=1, export_period=3.0, export_steps=2,
)  # fmt: skip
SECOND = 1_000_000_000


def triplet(number: int) -> Triplet:
    random = np.random.default_rng(number)
    crops = random.integers(0, 255, (3, SIZE, SIZE, 3), dtype=np.uint8)
    teacher = TeacherEvidence(scores_from_azimuth(number % 4 * 1.57, 0.9)) if number % 3 else None
    return Triplet(str(number // 7), number, crops, Box(0, 0, 9, 9), teacher)


def drive(driver: LearnerDriver, frames: range, start_ns: int = SECOND) -> list[tuple[int, bytes]]:
    """Two triplets in every second frame, ten frames a second; the models with the frame they came after."""
    models = []
    for frame in frames:
        new = [triplet(frame), triplet(frame + 1000)] if frame % 2 == 0 else []
        model = driver.take(new, start_ns + frame * SECOND // 10)
        if model is not None:
            models.append((frame, model))
    return models


def weights(learner: OnlineLearner) -> dict[str, torch.Tensor]:
    return learner.trainer.tensors()


def test_two_runs_are_equal_to_the_bit(tmp_path: Path) -> None:
    runs = []
    for name in ("a", "b"):
        driver = LearnerDriver(OnlineLearner(CONFIG, tmp_path / name))
        runs.append((drive(driver, range(50)), driver.finish()))
    assert runs[0] == runs[1]
    models, last = runs[0]
    assert models[0][0] == 6  # the eighth triplet comes with frame 6: a first model at once
    assert [read_version(data).version for _, data in models] == list(range(1, len(models) + 1))
    assert len(models) >= 2 and read_version(last).training["steps"] >= 7


def test_steps_follow_recorded_time_not_the_wall_clock(tmp_path: Path) -> None:
    slow = LearnerDriver(OnlineLearner(CONFIG, tmp_path / "slow"), DriverConfig(steps_per_second=1.0))
    drive(slow, range(41))
    assert slow.learner.trainer.steps == 4  # a step at the end of each second
    free = LearnerDriver(OnlineLearner(CONFIG, tmp_path / "free"), DriverConfig(steps_per_second=0.0))
    drive(free, range(41))
    # 42 triplets, each trained on 8 times in batches of 8.
    assert free.learner.trainer.steps == 42


@pytest.mark.parametrize("jump_s", [3600, -3600])
def test_a_clock_that_jumps_buys_no_steps(tmp_path: Path, jump_s: int) -> None:
    driver = LearnerDriver(OnlineLearner(CONFIG, tmp_path), DriverConfig(steps_per_second=1.0))
    drive(driver, range(41), start_ns=5000 * SECOND)
    before = driver.learner.trainer.steps
    drive(driver, range(41, 52), start_ns=(5000 + jump_s) * SECOND)
    assert 1 <= driver.learner.trainer.steps - before <= 2


def test_without_exports_only_the_end_gives_a_model(tmp_path: Path) -> None:
    driver = LearnerDriver(OnlineLearner(CONFIG, tmp_path), DriverConfig(export=False))
    assert not drive(driver, range(60))
    assert read_version(driver.finish()).version == 1
    with pytest.raises(ReplayError, match="nothing to export"):
        LearnerDriver(OnlineLearner(CONFIG, tmp_path / "empty")).finish()


@pytest.mark.parametrize("objective", ["vicreg", "moco"])
def test_a_learner_that_was_killed_makes_the_steps_that_it_would_have_made(tmp_path: Path, objective: str) -> None:
    config = dataclasses.replace(CONFIG, objective=objective)

    def run(folder: Path, kill: bool) -> OnlineLearner:
        learner = OnlineLearner(config, folder)
        for number in range(30):
            learner.add([triplet(number)])
            while learner.step() is not None:
                pass
            if number == 18:
                learner.save({"next": number + 1})
                if kill:
                    learner.step()
                    learner = OnlineLearner(config, folder)
                    assert learner.load() and learner.notes == {"next": 19}
                    learner.session -= 1  # the same recording goes on
        return learner

    whole, killed = run(tmp_path / "whole", False), run(tmp_path / "killed", True)
    assert whole.trainer.steps == killed.trainer.steps == 30
    assert [e.serial for e in whole.buffer.entries] == [e.serial for e in killed.buffer.entries]
    mine, theirs = weights(whole), weights(killed)
    assert mine.keys() == theirs.keys() and all(torch.equal(mine[name], theirs[name]) for name in mine)
    assert whole.export() == killed.export()


def test_what_arrives_again_is_counted_and_not_copied(tmp_path: Path) -> None:
    learner = OnlineLearner(CONFIG, tmp_path)
    learner.add([triplet(0), triplet(1)])
    assert learner.buffer.again("1/0", 1)
    assert len(learner.buffer) == 2 and learner.buffer.added == 3
    assert not learner.buffer.again("1/0", 99) and not learner.buffer.again("1/9", 1)
    learner.add([triplet(2)])
    assert [e.serial for e in learner.buffer.entries] == [0, 1, 3]
