"""A run from its first record to the written report; the evaluator node without ROS."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.files import run_folder, write_atomic, write_json
from pose_ssl_ros.evaluation.panel import TerminalPanel
from pose_ssl_ros.evaluation.recorder import Recorder
from pose_ssl_ros.evaluation.samples import Embedded, SampleBank
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.evaluation.summary import summarize
from pose_ssl_ros.parameters import to_values

log = logging.getLogger(__name__)

#: Seconds for everything after Ctrl-C, and after the duration is over.
HASTE, LEISURE = 3.2, 60.0
#: Models that wait to be read; the newest stay.
MOST_MODELS = 8


class Run:
    """Owns the folder, the session, the film, the panel and the end.

    Args:
        config: Settings.
        decode: Turns an image message into RGB.
        say: Told of problems, for the node's log.
    """

    def __init__(
        self,
        config: EvaluatorConfig,
        decode: Callable[[Any], np.ndarray],
        say: Callable[[str], None] = log.warning,
    ) -> None:
        """Make the folder and start.

        Raises:
            OSError: If the folder cannot be made.
        """
        self.config = config
        self.folder = run_folder(config.output)
        self.session = Session(config)
        self.bank = SampleBank(config.samples)
        self.recorder = Recorder(self.folder, config, decode, self.bank)
        self.panel = TerminalPanel(self.session, config.panel)
        self._say = say
        self._models: deque[bytes] = deque(maxlen=MOST_MODELS)
        self._newest_model: bytes | None = None
        self._written_at = time.monotonic()
        self._warm = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
        self._warm.start()

    @property
    def over(self) -> bool:
        """Whether the wanted duration has passed."""
        return bool(self.config.duration) and self.session.robot_seconds >= self.config.duration

    def model(self, data: bytes) -> None:
        """A model was published; it is read at the next `turn`."""
        self._models.append(data)

    def turn(self) -> None:
        """What is to be done now and then; call it several times a second from one thread."""
        self._read_models()
        self.panel.tick()
        if time.monotonic() - self._written_at >= self.config.summary_period:
            self._written_at = time.monotonic()
            self._write_summary(finished=False)

    def _read_models(self) -> None:
        from pose_ssl_ros.modelfile import ModelFileError, read_version  # onnx takes a while to import

        while self._models:
            data = self._models.popleft()
            try:
                card = read_version(data)
            except ModelFileError as error:
                self._say(f"a published model cannot be read: {error}")
                continue
            self._newest_model = data
            self.bank.size = card.input_size
            self.session.model(card)

    def _extras(self) -> dict[str, Any]:
        recorder = self.recorder
        return {
            "video": {
                "frames": recorder.frames,
                "dropped": recorder.dropped,
                "failures": recorder.failures,
                "problem": recorder.problem,
            },
            "events": dict(self.session.events),
        }

    def _write_summary(self, *, finished: bool) -> dict[str, Any]:
        summary = summarize(self.session, finished=finished, extras=self._extras())
        try:
            write_json(self.folder / "summary.json", summary)
        except OSError as error:
            self._say(f"cannot write summary.json: {error}")
        return summary

    def finish(self) -> dict[str, Any]:
        """Write summary, film and report, weightiest first.

        Returns:
            The summary.
        """
        deadline = time.monotonic() + (LEISURE if self.over else HASTE)
        try:
            self._read_models()
        except Exception as error:  # nothing may keep the summary from being written
            self._say(f"the newest model was not read: {error}")
        self._write_summary(finished=True)
        self.recorder.close(timeout=max(0.5, min(5.0, deadline - time.monotonic() - 2.0)))
        summary = self._write_summary(finished=True)
        try:
            self._write_report(summary, deadline)
        except Exception as error:
            log.exception("no report")
            self._say(f"the report could not be written: {error}")
        if self.recorder.problem and self.config.video:
            self._say(f"annotated.mp4: {self.recorder.problem}")
        self.panel.say(f"results: {self.folder}")
        return summary

    def _embed(self, deadline: float) -> tuple[Embedded | None, str]:
        if self._newest_model is None:
            return None, "No model was published, so there is no embedding to show."
        if time.monotonic() > deadline - 1.0:
            return None, "There was no time left to run the model on the crops."
        try:
            embedded = self.bank.embed(self._newest_model)
        except (ValueError, ImportError) as error:
            return None, f"The newest model could not be run: {error}"
        if embedded is None:
            few = "Too few crops were matched to ground truth to show the embedding."
            return None, few if self.session.truth_seen else "Without ground truth there are no labelled crops to show."
        return embedded, ""

    def _write_report(self, summary: dict[str, Any], deadline: float) -> None:
        self._warm.join(max(0.0, deadline - time.monotonic()))
        from pose_ssl_ros.evaluation import report  # matplotlib was imported by the warm-up

        embedded, note = self._embed(deadline)
        with self.session.lock:
            timeline = self.session.timeline.rows.copy()
            latency = self.session.latency.rows["ms"].copy()
        material = report.Material(timeline, latency, embedded, note, to_values(self.config))
        page = report.build(summary, material, deadline - 0.3)
        write_atomic(self.folder / "report.html", page)


def _warm_up() -> None:
    """Import what the end needs, so that the end is quick."""
    try:
        import pose_ssl_ros.evaluation.report  # noqa: F401
    except ImportError as error:
        log.warning("there will be no report: %s", error)
