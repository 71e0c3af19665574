"""Runs the processes of a launch description until they end, one required one ends, or Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TextIO

from pose_ssl_ros.embedded.launch.child import Child
from pose_ssl_ros.embedded.launch.description import LaunchDescription, ProcessSpec
from pose_ssl_ros.embedded.launch.errors import LaunchError

POLL_S = 0.05
# What a process may answer to our own signals and still have ended well.
_ENDED_BY_US = {0, -signal.SIGINT, -signal.SIGTERM, 128 + signal.SIGINT, 128 + signal.SIGTERM}

Command = Callable[[ProcessSpec], tuple[list[str], dict[str, str]]]


class Runner:
    """Starts, watches, respawns and ends processes.

    A child gets SIGINT first, then SIGTERM, then SIGKILL after its own timeouts; each further Ctrl-C hurries this on.
    """

    def __init__(
        self,
        description: LaunchDescription,
        command: Command,
        *,
        stream: TextIO | None = None,
        log_file: Path | None = None,
        lend_terminal: bool = False,
    ) -> None:
        """Prepare.

        Args:
            description: What to run.
            command: Maps a process to its command line and its whole environment.
            stream: Where prefixed output goes; standard output when not given.
            log_file: Receives every line too, if given.
            lend_terminal: Give the terminal itself to the process with `emulate_tty`; others then go to the log only.
        """
        self._specs = description.processes
        self._command = command
        self._stream = stream or sys.stdout
        self._lock = threading.Lock()
        self._log: TextIO | None = None
        self._log_file = log_file
        self._lend = lend_terminal and any(spec.emulate_tty for spec in self._specs)
        self._children: list[Child] = []
        self._pending: list[tuple[float, ProcessSpec]] = []
        self._started = 0
        self._interrupts = 0
        self._stopping = False
        self.exit_code = 0
        self.failures: list[str] = []

    def run(self) -> int:
        """Run to the end.

        Returns:
            0 when all went well; the required process's code, or 1 if another one failed.
        """
        handlers = {number: signal.signal(number, self._on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            if self._log_file is not None:
                self._log_file.parent.mkdir(parents=True, exist_ok=True)
                self._log = self._log_file.open("w", encoding="utf-8")
            for spec in self._specs:
                if not self._stopping:
                    self._start(spec)
            while self._children or (self._pending and not self._stopping):
                self._step()
                time.sleep(POLL_S)
        except LaunchError as error:
            self._say("launch", f"error: {error}")
            self.exit_code = 1
        finally:
            self._end_all()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            if self._log is not None:
                self._log.close()
        return self.exit_code

    def stop(self) -> None:
        """Ask everything to end; may be called from a signal handler or another thread."""
        self._interrupts = max(self._interrupts, 1)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._interrupts += 1

    def _start(self, spec: ProcessSpec) -> None:
        self._started += 1
        label = f"{spec.name}-{self._started}"
        command, environment = self._command(spec)
        owns_terminal = self._lend and spec.emulate_tty
        child = Child(spec, command, environment, label, None if owns_terminal else self._line)
        self._children.append(child)
        self._say("launch", f"{label} started with pid {child.pid}")

    def _step(self) -> None:
        if self._interrupts and not self._stopping:
            self._say("launch", "stopping")
            self._begin_stop()
        for child in list(self._children):
            code = child.poll()
            if code is not None:
                self._children.remove(child)
                child.close()
                self._ended(child, code)
            elif self._stopping:
                self._escalate(child)
        now = time.monotonic()
        for due, spec in list(self._pending):
            if now >= due and not self._stopping:
                self._pending.remove((due, spec))
                self._start(spec)

    def _begin_stop(self) -> None:
        self._stopping = True
        self._pending.clear()
        for child in self._children:
            child.send(signal.SIGINT)

    def _escalate(self, child: Child) -> None:
        if not child.signalled:
            child.send(signal.SIGINT)
            return
        since, last = child.signalled[-1]
        waited = time.monotonic() - since
        if last == signal.SIGINT and (waited > child.spec.sigterm_timeout or self._interrupts > 1):
            self._say("launch", f"{child.label} did not end on SIGINT; sending SIGTERM")
            child.send(signal.SIGTERM)
        elif last == signal.SIGTERM and (waited > child.spec.sigkill_timeout or self._interrupts > 2):
            self._say("launch", f"{child.label} did not end on SIGTERM; sending SIGKILL")
            child.send(signal.SIGKILL)

    def _ended(self, child: Child, code: int) -> None:
        asked = bool(child.signalled)
        fine = code == 0 or (asked and code in _ENDED_BY_US)
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        self._say("launch", f"{'' if fine else 'error: '}{child.label} {how}")
        if not fine:
            self.failures.append(f"{child.label} {how}")
        if self._stopping:
            self.exit_code = self.exit_code or (0 if fine else 1)
            return
        if child.spec.shutdown_on_exit:
            self.exit_code = code if code >= 0 else 128 - code
            self._begin_stop()
        elif child.spec.respawn:
            self._pending.append((time.monotonic() + child.spec.respawn_delay, child.spec))
        elif not fine:
            self.exit_code = 1

    def _end_all(self) -> None:
        """Whatever happened above, leave no process behind."""
        if self._children and not self._stopping:
            self._begin_stop()
        while self._children:
            self._step()
            time.sleep(POLL_S)

    def _line(self, label: str, line: str) -> None:
        with self._lock:
            if self._log is not None and not self._log.closed:
                self._log.write(f"[{label}] {line}\n")
                self._log.flush()
            if not self._lend:
                self._stream.write(f"[{label}] {line}\n")
                self._stream.flush()

    def _say(self, label: str, line: str) -> None:
        self._line(label, line)


def merged_environment(spec: ProcessSpec, extra: dict[str, str] | None = None) -> dict[str, str]:
    """The launcher's environment with a process's own settings on top; output is not held back in buffers."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **(extra or {}), **spec.environment}
