"""One started process: its own session, its output line by line, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from pose_ssl_ros.embedded.launch.description import ProcessSpec
from pose_ssl_ros.embedded.launch.errors import LaunchError

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _die_with_parent() -> None:
    """In the child: be told to end when the launcher is killed, so that no orphan stays."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A running process. Start it from the main thread: the kernel ties the death signal to the starting thread."""

    def __init__(
        self,
        spec: ProcessSpec,
        command: list[str],
        environment: dict[str, str],
        label: str,
        write: Callable[[str, str], None] | None,
    ) -> None:
        """Start the process.

        Args:
            spec: What to start.
            command: Its command line.
            environment: Its whole environment.
            label: Name shown before its lines, such as `triplet-2`.
            write: Receives (label, line) from a thread; None lends the terminal itself.

        Raises:
            LaunchError: If it cannot be started.
        """
        self.spec = spec
        self.label = label
        self.signalled: list[tuple[float, int]] = []
        self._write = write
        try:
            self._process = subprocess.Popen(
                command,
                env=environment,
                cwd=spec.cwd,
                stdin=subprocess.DEVNULL,
                stdout=None if write is None else subprocess.PIPE,
                stderr=None if write is None else subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        except OSError as error:
            msg = f"{spec.name} cannot be started: {error}"
            raise LaunchError(msg) from error
        self._reader: threading.Thread | None = None
        if write is not None:
            self._reader = threading.Thread(target=self._read, name=f"output of {label}", daemon=True)
            self._reader.start()

    @property
    def pid(self) -> int:
        """Process id, which is also its group's."""
        return self._process.pid

    def poll(self) -> int | None:
        """Exit code once it has ended (negative: the signal that ended it)."""
        return self._process.poll()

    def send(self, number: int) -> None:
        """Send a signal to the whole group; a group that is gone is no error."""
        self.signalled.append((time.monotonic(), number))
        self._send(number)

    def _send(self, number: int) -> None:
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):  # already gone
            return

    def close(self) -> None:
        """After the end: end what the process left behind in its group and print its last lines."""
        self._send(signal.SIGKILL)
        self._process.wait()
        if self._reader is not None:
            self._reader.join(timeout=0.5)

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None and self._write is not None  # noqa: S101
        for raw in stream:
            self._write(self.label, raw.decode("utf-8", errors="replace").rstrip("\n"))
