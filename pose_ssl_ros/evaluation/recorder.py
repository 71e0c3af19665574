"""The thread that draws, films and keeps crops, so that callbacks stay short."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.draw import annotate
from pose_ssl_ros.evaluation.samples import SampleBank
from pose_ssl_ros.evaluation.session import Scored
from pose_ssl_ros.evaluation.video import VideoError, VideoWriter
from pose_ssl_ros.interfaces import CameraModel

log = logging.getLogger(__name__)

#: Image messages that wait for their answers; a VGA one has 0.9 MB.
MOST_IMAGES = 8
#: Frames drawn later than this are dropped instead.
MOST_QUEUED = 4
#: A frame without an answer is filmed when it is this old, robot seconds.
PATIENCE = 0.5
NICENESS = 10


@dataclass(frozen=True)
class _Job:
    message: Any
    time: float
    scored: Scored | None
    danger: float | None
    caption: str


class Recorder:
    """Films a run at a low rate and fills the bank of crops.

    Args:
        folder: Where annotated.mp4 goes.
        config: Settings.
        decode: Turns an image message into (H, W, 3) uint8 RGB; may raise ValueError.
        bank: Gets the crops.
    """

    def __init__(
        self, folder: Path, config: EvaluatorConfig, decode: Callable[[Any], np.ndarray], bank: SampleBank
    ) -> None:
        """Start the thread."""
        self.bank = bank
        self.camera: CameraModel | None = None
        self.dropped = 0
        self.failures = 0
        self.problem = ""  # why there is no film, if so
        self._config = config
        self._decode = decode
        self._writer = VideoWriter(folder / "annotated.mp4", config.video_rate) if config.video else None
        self._images: OrderedDict[int, tuple[float, Any]] = OrderedDict()
        self._filmed_at = -1e9
        self._size: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="recorder", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Frames in the film so far."""
        return self._writer.frames if self._writer is not None else 0

    def image(self, stamp_ns: int, seconds: float, message: Any, caption: str = "") -> None:
        """A frame came; it is filmed when its answers come, or without them when they do not."""
        with self._lock:
            self._images[stamp_ns] = (seconds, message)
            oldest_ns, (oldest, unanswered) = next(iter(self._images.items()))
            late = seconds - oldest > PATIENCE
            if late or len(self._images) > MOST_IMAGES:
                del self._images[oldest_ns]
            due = late and oldest - self._filmed_at >= 2 / self._config.video_rate
        if due:
            self._put(_Job(unanswered, oldest, None, None, caption))

    def scored(self, scored: Scored, caption: str = "") -> None:
        """A frame was answered."""
        with self._lock:
            seconds, message = self._images.pop(scored.stamp_ns, (0.0, None))
            # Half a frame of slack, or 10 Hz filmed at 5 Hz would skip one now and then.
            due = scored.time - self._filmed_at >= 0.9 / self._config.video_rate
        if message is not None and due:
            self._put(_Job(message, scored.time, scored, scored.danger, caption))

    def _put(self, job: _Job) -> None:
        if self._jobs.qsize() >= MOST_QUEUED:
            self.dropped += 1
            return
        self._filmed_at = max(self._filmed_at, job.time)
        self._jobs.put(job)

    def close(self, timeout: float = 2.0) -> Path | None:
        """End the thread and finish the film.

        Returns:
            The film, or None if there is none (`problem` says why).
        """
        self._hurry.set()
        self._jobs.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            self.problem = "the film was still being drawn when time was up"
            return None
        if self._writer is None:
            return None
        try:
            path = self._writer.close()
        except VideoError as error:
            self.problem = str(error)
            return None
        if path is None and not self.problem:
            self.problem = "no image came"
        return path

    def _loop(self) -> None:
        try:
            # On Linux niceness is per thread: drawing must not slow the callbacks' thread.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        except (AttributeError, OSError) as error:
            log.debug("the recorder keeps its priority: %s", error)
        while (job := self._jobs.get()) is not None:
            if self._hurry.is_set() and self._jobs.qsize() > 1:
                self.dropped += 1
                continue
            try:
                self._film(job)
            except VideoError as error:
                self.problem = str(error)
                self._writer = None
                log.warning("%s; the run goes on without a film", error)
            except Exception as error:  # a bad frame must not end the film
                self.failures += 1
                log.debug("a frame was left out of the film: %s", error)

    def _film(self, job: _Job) -> None:
        rgb = self._decode(job.message)
        if job.scored is not None:
            self.bank.add(rgb, job.scored)
        if self._writer is None:
            return
        picture = annotate(
            rgb,
            job.scored.answers if job.scored else [],
            job.scored.truth if job.scored else [],
            camera=self.camera,
            danger=job.danger,
            caption=f"{job.time:.1f} s  {job.caption}",
            width=self._config.video_width,
        )
        if self._size is None:
            self._size = picture.shape[:2]
        if picture.shape[:2] != self._size:
            self.failures += 1  # another camera: one film has one size
            return
        self._writer.add(picture, job.time)
