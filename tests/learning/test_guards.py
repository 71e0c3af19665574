"""Guards: what they measure, what they refuse, and what a learner does then."""

from __future__ import annotations

import dataclasses
import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from learner_factory import CONFIG, SIZE, stream, trained

from pose_ssl_ros.interfaces import Box, Triplet
from pose_ssl_ros.learning.guards import Figures, LossWatch, compare, head_from, head_state, spread
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.released import PATIENCE, SETTLED_STEPS
from pose_ssl_ros.learning.replay import Entry
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.probing.heading_head import SecondOpinion, placeholder

TRACKS = tuple(str(n // 4) for n in range(24))
#: Many tracks, so that some are held back for the guards.
MANY = 70


def figures(**changes: object) -> Figures:
    base = np.random.default_rng(0).normal(1.0, 0.5, 24)
    found = Figures(TRACKS, base, base - 1, np.full(24, np.nan), rank=20.0, std=0.3)
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def encoder_of(data: bytes) -> np.ndarray:
    import onnx
    from onnx import numpy_helper

    arrays = {i.name: numpy_helper.to_array(i) for i in onnx.load_from_string(data).graph.initializer}
    return np.asarray(arrays["stem.weight"])


def test_equal_and_better_weights_pass() -> None:
    old = figures()
    assert compare(old, old).ok and compare(old, None).ok
    assert compare(figures(invariance=old.invariance - 0.5), old).ok
    noisy = figures(invariance=old.invariance + np.random.default_rng(1).normal(0, 0.5, 24))
    assert compare(noisy, old).ok  # half the triplets are worse, half are better


@pytest.mark.parametrize(
    ("changes", "words", "alarm"),
    [
        ({"invariance": figures().invariance + 0.2}, "invariance", False),
        ({"invariance": figures().invariance + 1.0}, "invariance", True),
        ({"trajectory": figures().trajectory + 0.5}, "trajectory", False),
        ({"rank": 3.0}, "rank 3.0, 20.0 before", True),
        ({"std": 0.001}, "spread", True),
        ({"rank": math.nan}, "not finite", True),
        ({"invariance": np.full(24, np.inf)}, "not finite", True),
    ],
)
def test_worse_weights_are_refused_and_far_worse_ones_raise_an_alarm(
    changes: dict[str, object], words: str, alarm: bool
) -> None:
    verdict = compare(figures(**changes), figures())
    assert not verdict.ok and verdict.alarm == alarm and words in verdict.reason


def test_headings_count_where_motion_told_them() -> None:
    heading = np.where(np.arange(24) % 2, 0.2, np.nan)
    assert not compare(figures(heading=heading + 0.3), figures(heading=heading)).ok
    assert compare(figures(heading=np.full(24, np.nan)), figures(heading=heading)).ok


def test_a_single_bad_track_or_too_few_tracks_decide_nothing() -> None:
    old = figures()
    one = old.invariance + np.where(np.array(TRACKS) == "0", 3.0, 0.0)
    assert compare(figures(invariance=one), old).ok
    few = tuple(str(n // 12) for n in range(24))
    verdict = compare(figures(tracks=few, invariance=old.invariance + 9), figures(tracks=few))
    assert verdict.ok and "2 tracks are held back" in verdict.reason


def test_a_loss_that_runs_away_is_noticed_and_one_that_jumps_once_is_not() -> None:
    random, watch = np.random.default_rng(0), LossWatch()
    usual = [float(x) for x in random.normal(10, 1, 200)]
    assert not any(map(watch.runs_away, usual))
    assert not watch.runs_away(500.0) and not watch.runs_away(10.0)
    again = LossWatch()
    again.resume(watch.state())
    found = [again.runs_away(500.0) for _ in range(LossWatch.IN_A_ROW)]
    assert found == [False] * (LossWatch.IN_A_ROW - 1) + [True]


def test_triplets_that_judge_are_taken_from_all_tracks() -> None:
    crops = np.zeros((3, 8, 8, 3), np.uint8)
    entries = [Entry(str(n // 10), crops, 0, 0, 0, n) for n in range(40)]
    assert [entry.serial for entry in spread(entries, 6)] == [39, 29, 19, 9, 38, 28]


def guarded(folder: Path, steps: int = 8) -> OnlineLearner:
    learner = OnlineLearner(CONFIG, folder)
    learner.add(stream(MANY, 2))
    for _ in range(steps):
        assert learner.step() is not None
    assert len({e.track for e in learner.buffer.held}) >= 4
    return learner


def test_weights_that_are_not_finite_never_leave(tmp_path: Path) -> None:
    learner = guarded(tmp_path)
    good = encoder_of(learner.export())
    with torch.no_grad():
        learner.trainer.slow_encoder.stem.weight.fill_(float("nan"))
    data = learner.export()
    assert np.array_equal(encoder_of(data), good) and read_version(data).version == 2
    status = learner.status()
    assert "not finite" in str(status["guard"]) and status["guard_alarms"] == 1 and status["guard_refused"] == "true"
    assert learner.trainer.healthy()
    report = learner.step()
    assert report is not None and not report.rolled_back


def test_weights_that_are_not_finite_are_not_written_to_disk(tmp_path: Path) -> None:
    learner = guarded(tmp_path)
    with torch.no_grad():
        learner.trainer.encoder.stem.weight.fill_(float("nan"))
    learner.save()
    again = OnlineLearner(CONFIG, tmp_path)
    assert again.load() and again.trainer.healthy()


def test_a_collapse_goes_back_to_the_last_good_weights_and_on(tmp_path: Path) -> None:
    learner = guarded(tmp_path)
    good = encoder_of(learner.export())
    with torch.no_grad():  # every feature the same, whatever the crop
        learner.trainer.slow_encoder.stage3.norm2.weight.zero_()
        learner.trainer.slow_encoder.stage3.shortcut.weight.zero_()  # type: ignore[union-attr]
    data = learner.export()
    assert np.array_equal(encoder_of(data), good)
    assert "collapsed" in str(learner.status()["guard"]) and learner.released.alarms == 1
    assert learner.step() is not None
    assert not np.array_equal(encoder_of(learner.export()), good)
    assert learner.status()["guard_refused"] == "false"


def test_a_rank_that_falls_while_random_weights_learn_is_no_collapse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert compare(figures(rank=7.0), figures(rank=30.0), settled=False).ok
    assert compare(figures(rank=1.5), figures(rank=30.0), settled=False).alarm
    learner = guarded(tmp_path)
    learner.export()
    found = itertools.cycle([figures(rank=7.0), figures(rank=30.0)])
    monkeypatch.setattr("pose_ssl_ros.learning.released.measure", lambda *_: next(found))
    learner.step()
    learner.export()
    assert learner.released.alarms == 0 and learner.status()["guard_refused"] == "false"
    learner.trainer.steps = SETTLED_STEPS
    learner.released.take(learner.trainer, learner.released.head)  # type: ignore[arg-type]
    learner.export()
    assert learner.released.alarms == 1 and "rank 7.0, 30.0 before" in str(learner.status()["guard"])


def test_a_poisoned_stream_is_not_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pose_ssl_ros.learning.released.SETTLED_STEPS", 0)  # few steps, but something to lose
    learner = guarded(tmp_path)
    good = encoder_of(learner.export())
    random = np.random.default_rng(0)
    poison = [
        Triplet(f"p{n}", n, random.integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8), Box(0, 0, 9, 9))
        for n in range(16)
    ]
    learner.add(poison)
    learner.reconfigure(dataclasses.replace(CONFIG, learning_rate=0.05, new_ratio=1.0))
    for _ in range(20):
        learner.step()
    poisoned = encoder_of(learner.export())
    assert np.array_equal(poisoned, good), learner.status()
    assert learner.status()["guard_refused"] == "true" and learner.status()["guard"]
    assert learner.released.alarms == 1 and learner.trainer.healthy()


def test_refused_too_often_training_starts_again_from_what_was_released(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = guarded(tmp_path, 2)
    learner.export()
    learner.step()
    released = learner.released.tensors["weights.encoder.stem.weight"]
    monkeypatch.setattr("pose_ssl_ros.learning.guards._MARGINS", {"invariance": -1.0})
    monkeypatch.setattr("pose_ssl_ros.learning.guards._ERRORS", -1e9)
    monkeypatch.setattr("pose_ssl_ros.learning.guards._ALARM", -1e9)
    monkeypatch.setattr(learner, "_fit", lambda slow, first=learner.readout: first)
    for _ in range(PATIENCE - 1):
        learner.export()
        assert not torch.equal(learner.trainer.encoder.stem.weight, released)
    learner.export()
    assert torch.equal(learner.trainer.encoder.stem.weight, released) and learner.released.alarms == 1


def test_a_restart_remembers_what_was_released(tmp_path: Path) -> None:
    learner = guarded(tmp_path)
    good = encoder_of(learner.export())
    learner.step()
    learner.save()
    again = OnlineLearner(CONFIG, tmp_path)
    assert again.load()
    assert again.released.state()[1] == learner.released.state()[1]
    with torch.no_grad():
        again.trainer.slow_encoder.stem.weight.fill_(float("nan"))
    assert np.array_equal(encoder_of(again.export()), good)


def test_without_the_guard_everything_is_exported(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, guard=False, slow_decay=0.0)
    learner = trained(tmp_path, 3, config)
    first = encoder_of(learner.export())
    learner.step()
    second = encoder_of(learner.export())
    assert not np.array_equal(first, second)
    # Nothing stays of the slow weights: the trained ones are exported.
    assert np.array_equal(second, learner.trainer.encoder.stem.weight.detach().numpy())


def test_a_robot_that_stands_for_an_hour_learns_nothing_by_heart(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, replays=4.0, track_quota=12, place_quota=16)
    learner = OnlineLearner(config, tmp_path)
    learner.add(stream(MANY, 2))
    while learner.step() is not None:
        pass
    learner.export()
    steps, size = learner.trainer.steps, learner.buffer.nbytes
    before = learner.released.changes
    random, car = np.random.default_rng(3), stream(1, 1, seed=9)[0].crops
    for number in range(240):
        grain = random.normal(0, 3, car.shape)
        views = np.clip(car + grain, 0, 255).astype(np.uint8)
        # Its track is lost and found again every minute.
        learner.add([Triplet(f"parked {number // 20}", number, views, Box(0, 0, 9, 9))])
        if number % 50 == 0:
            while learner.step() is not None:
                pass
    assert learner.trainer.steps - steps <= math.ceil(4 * 16 / CONFIG.batch)
    parked = [e for e in learner.buffer.entries if "parked" in e.track]
    assert 8 <= len(parked) <= 16 and learner.buffer.nbytes - size < 16 * 12000
    learner.export()
    assert learner.status()["guard_refused"] == "false" and learner.released.changes != before
    assert abs(learner.released.changes["invariance"]) < 0.5


@pytest.mark.parametrize("second", [None, SecondOpinion(*(np.ones((3, 4)) * k for k in (1, 2, 3)), 0.1, 5.0, 0.5, 0.2)])
def test_a_heading_head_comes_back_from_a_checkpoint_as_it_was(second: SecondOpinion | None) -> None:
    head = dataclasses.replace(placeholder(6), min_length=0.45, second=second)
    again = head_from(*head_state(head))
    for mine, theirs in ((again, head), (again.second, head.second)):
        for name, value in vars(theirs).items() if theirs is not None else ():
            if name != "second":
                np.testing.assert_array_equal(vars(mine)[name], value, err_msg=name)
    assert (again.second is None) == (second is None)
