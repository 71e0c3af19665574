"""Processes of a benchmark end with it, whatever they are at."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.live_processes import alive, wait_for

SCRIPT = """
import os, sys, time
from pathlib import Path
from pose_ssl_ros.benchmark.workers import Setting, _Process

class Slow:
    "A dataset that takes ten minutes to be opened."
    def __fspath__(self):
        Path(FOLDER, str(os.getpid())).touch()
        time.sleep(600)

FOLDER = sys.argv[1]
if __name__ == "__main__":
    process = _Process(Setting(Slow(), 64, Path(FOLDER), "cpu", 1))
    time.sleep(600)
"""


def test_a_busy_process_ends_when_its_benchmark_is_killed(tmp_path: Path) -> None:
    script, folder = tmp_path / "script.py", tmp_path / "pids"
    folder.mkdir()
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, str(script), str(folder)], start_new_session=True)
    try:
        wait_for(lambda: list(folder.iterdir()))
        pid = int(next(folder.iterdir()).name)
        assert alive(pid) and pid != process.pid
        process.kill()
        process.wait(60)
        wait_for(lambda: not alive(pid), 10)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
