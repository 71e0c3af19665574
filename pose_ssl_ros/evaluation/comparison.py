"""Runs one model over recordings and judges it: the loop behind `pose-ssl evaluate`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import Truth
from pose_ssl_ros.evaluation.truth_join import TruthJoin
from pose_ssl_ros.interfaces import CameraModel, Frame, ModelVersion
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.engine import Replayer
from pose_ssl_ros.replay.results import FrameResult


class Seen(NamedTuple):
    """A judged frame."""

    frame: Frame
    result: FrameResult
    truth: list[TruthObject] | None
    card: ModelVersion | None  # of the model that answered
    camera: CameraModel | None


#: Takes each judged frame.
Sink = Callable[[Seen], None]


@dataclass(frozen=True)
class Drive:
    """A recording to be judged on.

    Attributes:
        path: Where it is.
        open: Opens it (`bags.reading.open_recording` with the topics bound).
        truth: Where its truth comes from; None for its own topic.
    """

    path: Path
    open: Callable[[], Any]
    truth: Truth | None = None


@dataclass
class Left:
    """Something of a recording that is odd or could not be used."""

    bag: str
    kind: str
    count: int
    words: str
    lost: bool = True  # False: odd, but nothing was lost


@dataclass
class Judged:
    """One model's run."""

    judge: Judge
    left: list[Left] = field(default_factory=list)
    infos: list[tuple[Drive, Any, int]] = field(default_factory=list)  # drive, RecordingInfo, frames
    truth_messages: int = 0
    seconds: float = 0.0  # wall time

    @property
    def damaged(self) -> bool:
        """Whether something that was recorded could not be used."""
        return any(left.lost for left in self.left)


def judge_model(
    model: bytes | None,
    drives: Sequence[Drive],
    replay: ReplayConfig,
    config: JudgeConfig,
    *,
    sinks: Sequence[Sink] = (),
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[Any], None] = lambda _: None,
) -> Judged:
    """Answer all recordings with a model and judge it.

    Args:
        model: ONNX file; None answers cold.
        drives: The recordings; one that cannot be used is named in `left` and passed over.
        replay: Parameters of the nodes.
        config: Of the judge.
        sinks: Take each judged frame.
        stopped: Ends the run early; what was judged so far counts.
        tell: Told the progress after each frame.

    Raises:
        EvaluationError: If no picture of any recording could be answered.
        ReplayError: If the model is refused.
    """
    from pose_ssl_ros.replay import playing

    done = Judged(Judge(config, replay.inference))
    with Replayer(replay, model) as replayer:
        for number, drive in enumerate(drives):
            try:
                with drive.open() as recording:
                    replayer.progress.total_s += max(0.0, recording.info.seconds)
                    done.judge.begin(number)
                    join = TruthJoin(drive.truth, done.judge.odometry, done.judge.intrinsics)
                    before = done.judge.frames
                    events = join.without_truth(playing.until(recording.events(), stopped))
                    for frame, result, truth in join.with_truth(replayer.run(events, number)):
                        done.judge.add(result, truth)
                        card = None if replayer.model is None else replayer.model.version
                        for sink in sinks:
                            sink(Seen(frame, result, truth, card, join.camera))
                        tell(replayer.progress)
                    done.truth_messages += join.messages
                    done.infos.append((drive, recording.info, done.judge.frames - before))
                    name = drive.path.name
                    done.left += [Left(name, p.kind, p.count, p.words, p.lost) for p in recording.problems]
            except BagError as error:
                done.left.append(Left(drive.path.name, "unusable", 1, str(error)))
            if stopped():
                break
        done.left += [Left("", "replay", 1, words, replayer.damaged) for words in replayer.skipped()]
        done.seconds = replayer.progress.wall_s
    if not done.judge.frames and not stopped():
        words = "; ".join(left.words for left in done.left) or "there is none"
        msg = f"no picture of {', '.join(d.path.name for d in drives)} could be answered: {words}"
        raise EvaluationError(msg)
    return done
