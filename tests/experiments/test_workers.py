"""Workers of an experiment end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live_processes import alive, wait_for

SCRIPT = """
import os, sys, time
from pathlib import Path
from pose_ssl_ros.experiments.workers import workers

def work(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(600)

if __name__ == "__main__":
    with workers(2) as pool:
        for future in [pool.submit(work, sys.argv[1]) for _ in range(6)]:
            future.result()
"""


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_do_not_outlive_a_killed_experiment(tmp_path: Path, signal_number: int) -> None:
    script, folder = tmp_path / "script.py", tmp_path / "pids"
    folder.mkdir()
    script.write_text(SCRIPT)
    process = subprocess.Popen([sys.executable, str(script), str(folder)], start_new_session=True)
    try:
        wait_for(lambda: len(list(folder.iterdir())) == 2)
        pids = [int(path.name) for path in folder.iterdir()]
        assert all(alive(pid) for pid in pids)
        os.kill(process.pid, signal_number)
        process.wait(60)
        wait_for(lambda: not any(alive(pid) for pid in pids))
        assert len(list(folder.iterdir())) == 2, "none of the waiting runs was begun"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
