"""annotated.mp4 of a drive: every answer drawn, on the time line of the report."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np

from pose_ssl_ros.evaluation.draw import annotate
from pose_ssl_ros.evaluation.drive_report.answers import answer_of
from pose_ssl_ros.evaluation.drive_report.clock import DriveClock
from pose_ssl_ros.evaluation.drive_report.svg import clock
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.video import VideoError, VideoWriter
from pose_ssl_ros.interfaces import CameraModel, Frame
from pose_ssl_ros.replay.results import FrameResult

log = logging.getLogger(__name__)


class Film:
    """Writes the film while the frames of a drive stream by; bags follow each other.

    A film that fails is given up and named in `problem`; figures and report go on without it.

    Args:
        path: Final name, ending in .mp4.
        names: Of the bags, for the caption.
        rate: Most frames per second of the drive.
        width: Of the film in pixels.
    """

    def __init__(self, path: Path, names: tuple[str, ...] = (), rate: float = 10.0, width: int = 640) -> None:
        """Nothing is written until the first frame."""
        self._writer: VideoWriter | None = VideoWriter(path, rate)
        self._names, self._step, self._width = names, 1.0 / rate, width
        self._clock = DriveClock()
        self._next = 0.0
        self._size: tuple[int, int] | None = None
        self.problem = ""

    def add(
        self, frame: Frame, result: FrameResult, truth: list[TruthObject] | None, camera: CameraModel | None = None
    ) -> None:
        """Draw a frame if it is due."""
        drive = self._clock.at(result.bag, result.recorded_ns)
        if self._writer is None or drive < self._next - 1e-6:
            return
        self._next = max(self._next + self._step, drive + self._step / 2)
        bag = self._names[result.bag] if result.bag < len(self._names) else ""
        image = annotate(
            frame.image,
            [answer_of(item) for item in result.objects],
            truth or [],
            camera=camera,
            danger=result.danger,
            caption=f"{clock(drive)}  limit {result.speed_limit:.0f} %  model {result.version}  {bag}".rstrip(),
            width=self._width,
        )
        image = self._fitted(image)
        try:
            self._writer.add(image, drive)
        except VideoError as error:
            self._give_up(error)

    def _fitted(self, image: np.ndarray) -> np.ndarray:
        """The picture in the size of the first one, black at the edges: films have one size."""
        if self._size is None:
            self._size = image.shape[:2]
        height, width = self._size
        if image.shape[:2] == (height, width):
            return image
        scale = min(width / image.shape[1], height / image.shape[0])
        small = cv2.resize(
            image,
            (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))),
            interpolation=cv2.INTER_AREA,
        )
        canvas = np.zeros((height, width, 3), np.uint8)
        y, x = (height - small.shape[0]) // 2, (width - small.shape[1]) // 2
        canvas[y : y + small.shape[0], x : x + small.shape[1]] = small
        return canvas

    def _give_up(self, error: VideoError) -> None:
        self.problem = str(error)
        self._writer = None
        log.warning("the film is given up: %s", error)

    def close(self) -> Path | None:
        """Finish the film.

        Returns:
            Its path, or None if there is none.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return None
        try:
            return writer.close()
        except VideoError as error:
            self._give_up(error)
            return None
