"""A model judged on recordings made by hand: what the loop may see, and which truth meets which frame."""

import contextlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from model_factory import make_model

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, ImageEvent, TruthEvent
from pose_ssl_ros.bags.problems import Problem
from pose_ssl_ros.evaluation.comparison import Drive, judge_model
from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import ByIndex, NoTruth
from pose_ssl_ros.evaluation.truth_join import WAITING, TruthJoin
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame
from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.results import FrameResult

S = 1_000_000_000
DETECTOR = from_values(ReplayConfig, {"triplet.detector": True})
BOX = Box(60, 40, 40, 30)
CAR = TruthObject("1", "sedan", BOX, 0.0, (0.0, 0.5, 8.0))
RED = np.zeros((120, 160, 3), np.uint8)
RED[40:70, 60:100] = (200, 30, 30)


def events(frames=20, truth_lag=0):
    """One red car at 10 Hz; its truth comes `truth_lag` frames after the picture."""
    yield CameraEvent(S, CameraModel(160, 120, 150.0, 150.0, 80.0, 60.0))
    for i in range(frames + truth_lag):
        stamp = S + i * S // 10
        if i < frames:
            yield EgoEvent(stamp, EgoState(stamp, 0.0, 0.0, 0.0))
            yield ImageEvent(stamp, i, Frame(RED, stamp))
            yield BoxesEvent(stamp, stamp, [BOX])
        if i >= truth_lag:
            of = S + (i - truth_lag) * S // 10
            yield TruthEvent(stamp, of, [CAR])


def drive(name, made, truth=None, problems=()):
    @contextlib.contextmanager
    def opened():
        info = SimpleNamespace(seconds=2.0, start_ns=S)
        yield SimpleNamespace(info=info, events=lambda: iter(made), problems=list(problems))

    return Drive(Path(name), opened, truth)


def broken(name):
    def opened():
        msg = f"{name} is empty"
        raise BagError(msg)

    return Drive(Path(name), opened)


def judge(*drives, **options):
    return judge_model(make_model(), drives, DETECTOR, JudgeConfig(), **options)


@pytest.mark.parametrize("lag", [0, 1, 5])
def test_every_frame_meets_the_truth_of_its_own_stamp(lag):
    seen = []
    done = judge(
        drive("a", list(events(truth_lag=lag))), sinks=[lambda s: seen.append((s.result.index, s.truth, s.card))]
    )
    assert [index for index, _, _ in seen] == list(range(20))
    assert all(truth == [CAR] for _, truth, _ in seen)
    assert seen[0][2].classes
    assert done.truth_messages == 20
    found = done.judge.metrics()
    assert found["frames_labelled"] == 20
    assert found["coverage"]["value"] == 0.9  # a track is told from its third frame on
    assert found["robot_seconds"] == pytest.approx(1.9)


def test_the_loop_never_sees_truth():
    join = TruthJoin(None)
    assert not [e for e in join.without_truth(events()) if isinstance(e, TruthEvent)]
    assert join.messages == 20
    ignoring = TruthJoin(NoTruth())
    assert list(ignoring.without_truth(events(3)))
    assert ignoring.messages == 0


def test_few_frames_wait_for_truth_that_does_not_come():
    join = TruthJoin(None)
    taken = []

    def answers():
        for i in range(50):
            taken.append(i)
            yield Frame(RED, i), FrameResult(0, i, i * S, i * S, "camera", 160, 120)

    for given, (_, result, truth) in enumerate(join.with_truth(answers())):
        assert truth is None
        assert result.index == given
        assert len(taken) - given <= WAITING + 1


def test_truth_of_files_replaces_that_of_the_topic():
    done = judge(drive("a", list(events()), ByIndex({3: [CAR], 4: []})))
    assert done.judge.labelled == 2
    assert judge(drive("a", list(events()), NoTruth())).judge.metrics()["ground_truth"] is False


def test_recordings_that_cannot_be_used_are_named_and_the_others_judged():
    problem = Problem("picture", 3, "3 pictures cannot be decoded", lost=True)
    done = judge(broken("first"), drive("second", list(events()), problems=[problem]), drive("third", list(events())))
    assert done.damaged
    assert [(left.bag, left.words) for left in done.left[:2]] == [
        ("first", "first is empty"),
        ("second", "3 pictures cannot be decoded"),
    ]
    assert [(d.path.name, frames) for d, _, frames in done.infos] == [("second", 20), ("third", 20)]
    assert done.judge.metrics()["bags"] == 2
    odd = judge(drive("odd", list(events()), problems=[Problem("size", 1, "one is larger")]))
    assert [left.words for left in odd.left] == ["one is larger"]
    assert not odd.damaged
    with pytest.raises(EvaluationError, match="first is empty"):
        judge(broken("first"))


def test_a_stop_keeps_what_was_judged():
    count = []
    done = judge(
        drive("a", list(events())),
        drive("b", list(events())),
        sinks=[lambda *_: count.append(1)],
        stopped=lambda: len(count) >= 5,
    )
    assert 5 <= done.judge.frames < 20
    assert len(done.infos) == 1


def test_two_runs_give_the_same_figures():
    def figures():
        found = judge(drive("a", list(events()))).judge.metrics()
        return {key: value for key, value in found.items() if key != "latency_ms"}

    assert figures() == figures()
