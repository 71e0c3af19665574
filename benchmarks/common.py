"""Starts the whole loop as a user would, watches its processes and reads its summary."""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
MIB = 1 << 20


@dataclass
class Loop:
    """What was measured of one run of the loop."""

    started: float  # Unix seconds at which the command was typed
    summary: dict[str, Any] = field(default_factory=dict)
    memory: list[tuple[float, float]] = field(default_factory=list)  # (seconds, MiB of all processes)
    by_process: dict[str, float] = field(default_factory=dict)  # MiB at the peak
    processes: int = 0
    exit_code: int | None = None
    seconds_to_stop: float | None = None


def parser(description: str | None, seconds: float) -> argparse.ArgumentParser:
    """The options that all benchmarks of the loop share."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--seconds", type=float, default=seconds, help="robot time to run (default %(default)g)")
    made.add_argument("--scenario", default="street", choices=("street", "orbit", "mixed"))
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--keep", type=Path, help="folder for the run's files; a temporary one by default")
    return made


def machine() -> dict[str, Any]:
    """Where the figures were taken."""
    return {
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
    }


def resident(process: psutil.Process) -> float:
    """Memory of a process in MiB, shared pages divided among their users where the kernel tells (PSS)."""
    try:
        full = process.memory_full_info()
        return float(getattr(full, "pss", 0) or full.rss) / MIB
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return 0.0


def role(process: psutil.Process) -> str:
    """A short name of one of our processes."""
    try:
        words = process.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return "gone"
    found = [w for w in words if w.startswith(("pose_ssl_ros.", "pose_ssl_sim."))]
    if found:
        return found[0].removeprefix("pose_ssl_ros.").removeprefix("nodes.")
    return " ".join([Path(words[0]).name, *words[1:2]])[:60] if words else "unknown"


def _free_domain() -> str:
    """A domain that depends on this process, so that two benchmarks side by side do not hear each other."""
    return str(1 + os.getpid() % 100)


def run_loop(options: argparse.Namespace, *, sample_period: float = 2.0, extra: tuple[str, ...] = ()) -> Loop:
    """Run `demo.launch.yaml` for some robot time.

    Raises:
        SystemExit: If the loop ends without a summary; its last words are printed.
    """
    with tempfile.TemporaryDirectory(prefix="pose_ssl_benchmark_") as temporary:
        folder = options.keep or Path(temporary) / "run"
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            *(sys.executable, "-m", "pose_ssl_ros.cli.main", "launch", "demo.launch.yaml"),
            *(f"scenario:={options.scenario}", f"seed:={options.seed}", f"duration:={float(options.seconds)}"),
            *(f"output:={folder}", "panel:=plain", f"learner_directory:={Path(temporary) / 'learner'}", *extra),
        ]
        environment = dict(os.environ)
        environment.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
        environment.setdefault("ROS_DOMAIN_ID", _free_domain())
        loop = Loop(time.time())
        with (folder / "launch.log").open("w", encoding="utf-8") as log:
            child = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
            try:
                _watch(child, loop, options.seconds, sample_period)
            finally:
                _stop(child, loop)
        loop.exit_code = child.returncode
        summary = folder / "summary.json"
        if not summary.is_file():
            sys.stderr.write("".join((folder / "launch.log").read_text(encoding="utf-8").splitlines(True)[-30:]))
            msg = f"the loop ended with {child.returncode} and left no summary"
            raise SystemExit(msg)
        loop.summary = json.loads(summary.read_text(encoding="utf-8"))
    return loop


def _watch(child: subprocess.Popen[bytes], loop: Loop, seconds: float, period: float) -> None:
    # A machine that is too slow for real time must end the benchmark too.
    limit = time.monotonic() + 4 * seconds + 120
    root = psutil.Process(child.pid)
    begun = time.monotonic()
    while child.poll() is None and time.monotonic() < limit:
        try:
            family = [root, *root.children(recursive=True)]
        except psutil.NoSuchProcess:
            break
        sizes = [(role(p), resident(p)) for p in family]
        loop.memory.append((time.monotonic() - begun, sum(size for _, size in sizes)))
        loop.processes = max(loop.processes, len(family))
        if loop.memory[-1][1] >= max(total for _, total in loop.memory):
            loop.by_process = {}
            for name, size in sizes:
                loop.by_process[name] = round(loop.by_process.get(name, 0.0) + size, 1)
        time.sleep(period)


def _stop(child: subprocess.Popen[bytes], loop: Loop) -> None:
    if child.poll() is not None:
        return
    asked = time.monotonic()
    child.send_signal(signal.SIGINT)
    try:
        child.wait(15)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    loop.seconds_to_stop = round(time.monotonic() - asked, 2)


def report(name: str, figures: dict[str, Any], budget: dict[str, float], before: dict[str, Any]) -> int:
    """Print the JSON of a benchmark.

    Args:
        name: Its name.
        figures: What was measured; None for what could not be.
        budget: Greatest allowed value by the figure's name.
        before: `machine()` taken before the run.

    Returns:
        Exit code: 1 if a budget is exceeded or its figure is missing.
    """
    verdicts = {key: figures.get(key) is not None and figures[key] <= limit for key, limit in budget.items()}
    result = {"benchmark": name, **figures, "budget": budget, "within_budget": verdicts, "machine": before}
    print(json.dumps(result, indent=1))
    return 0 if all(verdicts.values()) else 1
