"""What a person sees while a run is going on: a live panel, or a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TextIO

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel as Frame
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pose_ssl_ros.evaluation.metrics import heading_metrics
from pose_ssl_ros.evaluation.records import MISSED
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.evaluation.summary import learner_steps

#: Seconds between two plain lines, and between two pictures of the live panel.
LINE_PERIOD, LIVE_PERIOD = 5.0, 0.5
#: The accuracy shown is over the last this many sightings.
RECENT = 600


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _figure(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else format(value, form)


def state(session: Session) -> dict[str, str]:
    """What is worth showing now, as short words by name, in the order to show it."""
    with session.lock:
        rows = session.sightings.rows[-RECENT:].copy()
        counts, version, danger = session.counts, session.version, session.danger
        ego, seconds, tracks = session.ego, session.robot_seconds, session.tracks
        truth = session.truth_seen
    matched = rows[rows["answer"] != MISSED]
    recent = heading_metrics(
        matched["truth_azimuth"], matched["answer"], matched["azimuth"], session.config.toward_width
    )
    left = max(0.0, session.config.duration - seconds) if session.config.duration else None
    steps = learner_steps(session)
    loss, collisions = session.number("learner", "loss"), session.number("sim", "collisions")
    unknown = recent["unknown_rate"]
    if not truth and counts.answers:
        unknown = counts.by_heading[4] / counts.answers
    return {
        "robot time": f"{seconds:.0f} s" + (f" ({left:.0f} s left)" if left is not None else ""),
        "frames": f"{_figure(session.frames_per_second, '.1f')} per s, {counts.answered} of {counts.images} answered",
        "tracks": str(tracks),
        "triplets": str(counts.triplets),
        "learner": f"{steps} steps, loss {_figure(loss)}" + _words(session.message("learner")),
        "model": f"version {version}" if version else "none yet: all headings unknown",
        "toward/away": _share(recent["toward_away_accuracy"]) if truth else "no ground truth",
        "unknown": _share(unknown),
        "danger": _figure(danger),
        "speed": "-" if ego is None else f"{ego.speed:.2f} m/s",
        "collisions": "-" if collisions is None else f"{collisions:.0f}",
    }


def _words(message: str) -> str:
    return f" ({message[:60]})" if message else ""


def line(session: Session) -> str:
    """The state in one line of plain text."""
    now = state(session)
    return "  ".join(f"{name} {words}" for name, words in now.items())


class TerminalPanel:
    """Shows a session; `tick` is called often and draws when it is time.

    Args:
        session: What to show.
        mode: auto, rich, plain or off.
        out: Where to; standard output by default.
    """

    def __init__(self, session: Session, mode: str = "auto", out: TextIO | None = None) -> None:
        """Choose the form; a file or pipe gets lines."""
        self._session = session
        self._out = out or sys.stdout
        if mode == "auto":
            mode = "rich" if self._out.isatty() else "plain"
        self.mode = mode
        self._due = 0.0
        self._live: Live | None = None

    def tick(self) -> None:
        """Draw if it is time."""
        now = time.monotonic()
        if self.mode == "off" or now < self._due:
            return
        self._due = now + (LIVE_PERIOD if self.mode == "rich" else LINE_PERIOD)
        if self.mode == "plain":
            print(line(self._session), file=self._out, flush=True)
            return
        if self._live is None:
            # Drawn by our own ticks only: rich's refresh thread would redraw for nothing.
            self._live = Live(console=Console(file=self._out), auto_refresh=False, transient=False)
            self._live.start()
        self._live.update(self._picture(), refresh=True)

    def say(self, words: str) -> None:
        """Print words of their own."""
        if self.mode == "off":
            return
        self.close()
        print(words, file=self._out, flush=True)

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()
            self._live = None
            self._due = float("inf")

    def _picture(self) -> Frame:
        session = self._session
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", justify="right")
        grid.add_column()
        for name, words in state(session).items():
            style = ""
            if name == "danger" and session.danger is not None:
                style = "bold red" if session.danger > 0.3 else "yellow" if session.danger > 0.12 else "green"
            if name == "toward/away":
                style = "bold"
            grid.add_row(name, Text(words, style=style))
        parts: list[Table | ProgressBar | Text] = [grid]
        if session.config.duration:
            done = float(np.clip(session.robot_seconds, 0, session.config.duration))
            parts.append(ProgressBar(total=session.config.duration, completed=done, width=50))
        title = f"pose_ssl_ros  {session.config.scenario or 'run'}  seed {session.config.seed}"
        return Frame(Group(*parts), title=title, subtitle="Ctrl-C ends and writes the report", expand=False)
