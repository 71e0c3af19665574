"""The processes that runs of an experiment are spread over."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

from pose_ssl_sim.processes import end_with


@contextmanager
def workers(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """So many processes; what has not begun when the block ends, or fails, is not begun any more."""
    pool = ProcessPoolExecutor(jobs, get_context("spawn"), end_with, (os.getpid(),))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
