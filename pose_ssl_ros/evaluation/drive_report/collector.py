"""Keeps what the report shows while the frames of a drive stream by, in bounded memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.evaluation.drive_report.answers import Scene, decided, motion_of, scene
from pose_ssl_ros.evaluation.drive_report.clock import DriveClock
from pose_ssl_ros.evaluation.drive_report.material import FRAME_ROW, ROW, Collected
from pose_ssl_ros.evaluation.drive_report.moments import MomentKeeper
from pose_ssl_ros.evaluation.drive_report.prototypes import PrototypeKeeper
from pose_ssl_ros.evaluation.records import MISSED, UNKNOWN_INDEX, Names, Table, TruthObject
from pose_ssl_ros.interfaces import Frame
from pose_ssl_ros.parameters import parameter
from pose_ssl_ros.replay.results import FrameResult


@dataclass(frozen=True)
class ReportConfig:
    """What the report of a drive keeps and shows."""

    iou: float = parameter(
        0.3, "Least overlap at which a detection answers for a true object.", minimum=0.01, maximum=1.0
    )
    min_visible: float = parameter(
        0.3, "True objects that show less of themselves are not counted.", minimum=0.0, maximum=1.0
    )
    min_side: float = parameter(
        12.0, "True objects with a shorter side are not counted.", minimum=0.0, maximum=1000.0, unit="px"
    )
    moments: int = parameter(10, "Worst moments that the report shows.", minimum=0, maximum=50)
    prototypes: int = parameter(40, "Identities that the report shows crops of.", minimum=0, maximum=500)
    examples: int = parameter(8, "Crops of each identity.", minimum=1, maximum=30)
    rows: int = parameter(
        200000, "Answers kept for curves; beyond, every second one is dropped.", minimum=1000, maximum=5000000
    )


class Collector:
    """What one model said over all bags, thinned, with the pictures that the report needs.

    Args:
        config: Limits.

    Example:
        >>> Collector().finish().moments
        ()
    """

    def __init__(self, config: ReportConfig | None = None) -> None:
        """Start empty."""
        self.config = config or ReportConfig()
        self._clock = DriveClock()
        self._rows = Table(ROW, self.config.rows)
        self._frames = Table(FRAME_ROW, self.config.rows)
        self._tracks, self._objects, self._categories, self._identities = Names(), Names(), Names(), Names()
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
            iou=self.config.iou,
            min_visible=self.config.min_visible,
            min_side=self.config.min_side,
        )
        self._note(seen)
        if self.config.prototypes:
            self._prototypes.add(frame.image, seen)
        if self._moments is not None:
            self._moments.add(frame.image, seen)

    def _note(self, seen: Scene) -> None:
        result = seen.result
        true = {j: i for i, j in seen.pairs}
        unknown = 0
        for number, answer in enumerate(seen.answers):
            index, sure = decided(answer)
            unknown += index == UNKNOWN_INDEX
            place = true.get(number)
            item = seen.truth[place] if seen.truth and place is not None and seen.counted[place] else None
            motion, _ = motion_of(result.evidence.get(answer.id))
            self._rows.add(
                (
                    seen.drive,
                    result.bag,
                    result.index,
                    self._tracks.index(f"{result.bag}/{answer.id}"),
                    -1 if item is None else self._objects.index(f"{result.bag}/{item.id}"),
                    -1 if item is None else self._categories.index(item.category),
                    -1 if answer.identity is None else self._identities.index(answer.identity),
                    np.nan if item is None else item.azimuth,
                    np.nan if answer.azimuth is None else answer.azimuth,
                    index,
                    motion,
                    sure,
                )
            )
        answered = {i for i, _ in seen.pairs}
        for i, item in enumerate(seen.truth or ()):
            if seen.counted[i] and i not in answered:
                key, category = self._objects.index(f"{result.bag}/{item.id}"), self._categories.index(item.category)
                self._rows.add(
                    (
                        seen.drive, result.bag, result.index, -1, key, category, -1,
                        item.azimuth, np.nan, MISSED, -1, 0.0,
                    )
                )  # fmt: skip
        self._frames.add(
            (
                seen.drive,
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
            self._rows.rows.copy(),
            self._frames.rows.copy(),
            tuple(self._tracks.names),
            tuple(self._objects.names),
            tuple(self._categories.names),
            tuple(self._identities.names),
            self._moments.finish() if self._moments is not None else (),
            self._prototypes.finish(),
            self._rows.stride,
        )
