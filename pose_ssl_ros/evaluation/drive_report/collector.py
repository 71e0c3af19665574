"""Keeps what the report shows while the frames of a drive stream by, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.evaluation.drive_report.answers import Scene, decided, scene
from pose_ssl_ros.evaluation.drive_report.clock import DriveClock
from pose_ssl_ros.evaluation.drive_report.material import FRAME_ROW, Collected
from pose_ssl_ros.evaluation.drive_report.moments import MomentKeeper
from pose_ssl_ros.evaluation.drive_report.prototypes import PrototypeKeeper
from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.records import UNKNOWN_INDEX, Table, TruthObject
from pose_ssl_ros.interfaces import Frame
from pose_ssl_ros.parameters import parameter
from pose_ssl_ros.replay.results import FrameResult


@dataclass(frozen=True)
class ReportConfig:
    """What the report of a drive keeps and shows."""

    moments: int = parameter(10, "Worst moments that the report shows.", minimum=0, maximum=50)
    prototypes: int = parameter(40, "Identities that the report shows crops of.", minimum=0, maximum=500)
    examples: int = parameter(8, "Crops of each identity.", minimum=1, maximum=30)
    frames: int = parameter(
        200000, "Frames kept for the curves; beyond, every second one is dropped.", minimum=1000, maximum=5000000
    )


class Collector:
    """What one model said over all bags, thinned, with the pictures that the report needs.

    Args:
        config: Limits.
        judge: How the judge matches answers with truth.

    Example:
        >>> Collector().finish().moments
        ()
    """

    def __init__(self, config: ReportConfig | None = None, judge: JudgeConfig | None = None) -> None:
        """Start empty."""
        self.config = config or ReportConfig()
        self._judge = judge or JudgeConfig()
        self._clock = DriveClock()
        self._frames = Table(FRAME_ROW, self.config.frames)
        self._moments = MomentKeeper(self.config.moments) if self.config.moments else None
        self._prototypes = PrototypeKeeper(self.config.prototypes, self.config.examples)

    def add(self, frame: Frame, result: FrameResult, truth: list[TruthObject] | None) -> None:
        """Take one answered frame.

        Args:
            frame: The picture.
            result: What was said of it.
            truth: What is true, None if nobody knows; an empty list says that nothing is there.
        """
        drive = self._clock.at(result.bag, result.recorded_ns)
        seen = scene(
            drive,
            result,
            truth,
            iou=self._judge.iou,
            min_visible=self._judge.min_visible,
            min_side=self._judge.min_side,
        )
        self._note(drive, result, seen)
        if self.config.prototypes:
            self._prototypes.add(frame.image, seen)
        if self._moments is not None:
            self._moments.add(frame.image, seen)

    def _note(self, drive: float, result: FrameResult, seen: Scene) -> None:
        unknown = sum(decided(answer)[0] == UNKNOWN_INDEX for answer in seen.answers)
        self._frames.add(
            (
                drive,
                result.bag,
                result.danger,
                result.speed_limit,
                len(seen.answers),
                unknown,
                result.version,
                result.work_ms,
            )
        )

    def finish(self) -> Collected:
        """All that was kept; call once, at the end."""
        return Collected(
            self._frames.rows.copy(),
            self._moments.finish() if self._moments is not None else (),
            self._prototypes.finish(),
        )
