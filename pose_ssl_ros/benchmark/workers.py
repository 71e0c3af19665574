"""Jobs in parallel processes, each with its own few threads; one that dies takes nothing but its job with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from pose_ssl_ros.benchmark.job import Job, run
from pose_ssl_ros.benchmark.telling import say

#: Before torch is imported: spinning pools of many threads take the cores from each other.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Setting:
    """What every job of a benchmark needs; sent once to each process.

    Attributes:
        source: Folder or CSV of the dataset.
        size: Side of the crops that are cut from a CSV's images.
        root: Folder of the cache.
        device: Name of the torch device.
        threads: Of each process.
    """

    source: Path
    size: int
    root: Path
    device: str
    threads: int


def run_all(jobs: Sequence[Job], setting: Setting, processes: int) -> dict[str, str]:
    """Do all jobs.

    Args:
        jobs: In the order in which they are begun.
        setting: See `Setting`.
        processes: Jobs at a time; 1 does them in this process.

    Returns:
        Titles of the jobs that failed, with the reason.
    """
    began = time.monotonic()
    failed: dict[str, str] = {}
    done = [0]

    def finished(job: Job, error: str | None, seconds: float) -> None:
        done[0] += 1
        if error is not None:
            failed[job.title] = error
        left = (time.monotonic() - began) / done[0] * (len(jobs) - done[0])
        outcome = f"failed: {error}" if error is not None else "done"
        say(f"run {done[0]} of {len(jobs)}: {job.title} {outcome} in {seconds:.0f} s; about {left / 60:.1f} min left")

    if processes <= 1 or len(jobs) <= 1:
        work = worker(setting)
        for job in jobs:
            start = time.monotonic()
            finished(job, work(job), time.monotonic() - start)
    else:
        _in_parallel(jobs, setting, min(processes, len(jobs)), finished)
    return failed


def worker(setting: Setting) -> Callable[[Job], str | None]:
    """A function that does a job and returns why it failed, or None."""
    import torch

    from pose_ssl_ros.benchmark.data import read
    from pose_ssl_ros.benchmark.parts import Parts, choose
    from pose_ssl_ros.learning.trainer import pick_device

    torch.set_num_threads(setting.threads)
    dataset = read(setting.source, setting.size, setting.root, lambda _: None)  # the parent has said it all
    device = pick_device(setting.device)
    chosen: dict[Any, Parts] = {}

    def work(job: Job) -> str | None:
        try:
            if job.budget not in chosen:
                chosen[job.budget] = choose(dataset, job.budget)
            run(job, dataset, chosen[job.budget], setting.root, device)
        except Exception as error:  # one method that fails must not stop the others; the reader is told
            if not type(error).__module__.startswith("pose_ssl_ros"):
                traceback.print_exc()
            return f"{type(error).__name__}: {error}" if not str(error) else str(error)
        return None

    return work


def _serve(setting: Setting, pipe: Connection) -> None:
    """The life of a process: jobs come in, results go out, None ends it."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the parent's business, it ends us
    work = worker(setting)
    while True:
        try:
            job = pipe.recv()
        except EOFError:  # the parent was killed
            return
        if job is None:
            return
        pipe.send(work(job))


def _end_with_parent() -> None:
    """A run that is measuring for minutes does not look at its pipe."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # it was killed: nobody would ever end this process


class _Process:
    """A process and the job that it is at."""

    def __init__(self, setting: Setting) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=_serve, args=(setting, there), daemon=True)
        before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(setting.threads)))
        try:
            self.process.start()
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
        there.close()
        self.job: Job | None = None
        self.began = 0.0

    def give(self, job: Job) -> None:
        """Begin a job."""
        self.job, self.began = job, time.monotonic()
        self.pipe.send(job)

    def result(self) -> str | None:
        """Why the job failed, or None; waits for it."""
        try:
            error: str | None = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(5)
            return f"its process ended with code {self.process.exitcode} (out of memory?)"
        return error

    def end(self) -> None:
        """End it, whatever it is at."""
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(5)
        self.pipe.close()


def _in_parallel(
    jobs: Sequence[Job], setting: Setting, processes: int, finished: Callable[[Job, str | None, float], None]
) -> None:
    waiting = list(jobs)
    busy: dict[Any, _Process] = {}
    try:
        for _ in range(processes):
            _begin(_Process(setting), waiting, busy)
        while busy:
            for pipe in wait(list(busy)):
                process = busy.pop(pipe)
                assert process.job is not None
                error = process.result()
                finished(process.job, error, time.monotonic() - process.began)
                if not waiting:
                    process.end()
                    continue
                if not process.process.is_alive():
                    process.end()
                    process = _Process(setting)
                _begin(process, waiting, busy)
    finally:
        for process in busy.values():
            process.end()


def _begin(process: _Process, waiting: list[Job], busy: dict[Any, _Process]) -> None:
    busy[process.pipe] = process
    process.give(waiting.pop(0))
