"""Renders a plan into a dataset folder: shards in parallel, kept over a kill, with progress."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimError
from pose_ssl_sim.dataset.plan import Plan, Trajectory
from pose_ssl_sim.dataset.profiles import VIEWS
from pose_ssl_sim.processes import end_with

from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.datasets.table import CropRow
from pose_ssl_ros.datasets.writing import ShardWriter

#: Raised when the same plan gives other pixels: shards of two versions are never mixed.
VERSION = 1
_SPARE = 64 << 20  # bytes that stay free beside the shards


def render(plan: Plan, folder: Path, jobs: int = 1, tell: Callable[[str], None] = print) -> dict[str, Any]:
    """Render what is missing of a dataset.

    Args:
        plan: What to render.
        folder: Where to; whole shards of the same plan are kept.
        jobs: Processes, each with a renderer of its own; the result does not depend on it.
        tell: Takes a line now and then.

    Returns:
        The manifest.

    Raises:
        DatasetError: If the folder holds another dataset or the disk is full; whole shards are kept.
        SimError: If the renderer does not work or a process was killed.
    """
    if jobs < 1:
        msg = f"jobs must be 1 or more, got {jobs}"
        raise SimError(msg)
    writer = shard_writer(plan, folder)
    held = writer.begin()
    todo = [n for n in range(len(plan.shards)) if n not in held]
    crops = [len(shard) * VIEWS for shard in plan.shards]
    if held:
        kept = sum(crops[n] for n in held if n < len(crops))
        tell(f"{kept:,} of {plan.crops:,} crops are there and whole; {len(todo)} of {len(crops)} shards to render")
    if todo:
        _require_room(plan, folder, sum(crops[n] for n in todo))
        progress = _Progress(sum(crops[n] for n in todo), tell)
        try:
            for number in _rendered(plan, writer, todo, min(jobs, len(todo))):
                progress.add(crops[number])
        except BrokenProcessPool as error:
            msg = "a rendering process was killed (out of memory?); the same command goes on, with fewer --jobs maybe"
            raise SimError(msg) from error
    return writer.finish(len(plan.shards))


def shard_writer(plan: Plan, folder: Path) -> ShardWriter:
    """The writer of a plan's folder: all that decides its pixels is in the key."""
    settings = {
        "profile": plan.profile.name,
        "size": plan.size,
        "plan": plan.digest(),
        "catalogue": catalogue_fingerprint(plan),
        "renderer": VERSION,
    }
    return ShardWriter(folder, plan.command, plan.seed, settings)


def catalogue_fingerprint(plan: Plan) -> str:
    """Hash of one instance of each category: another catalogue makes another dataset."""
    digest = hashlib.sha256()
    for category in plan.profile.in_domain + plan.profile.out_of_domain:
        mesh = catalogue.sample(category, np.random.default_rng(0)).mesh
        digest.update(np.round(mesh.vertices(), 4).astype(np.float32).tobytes())
    return digest.hexdigest()


def render_shard(plan: Plan, number: int, writer: ShardWriter) -> int:
    """Render and write one shard; returns its number."""
    crops: list[np.ndarray] = []
    rows: list[CropRow] = []
    studio = plan.studio(number)
    try:
        subject = None
        for i, trajectory in enumerate(plan.shards[number]):
            if subject is None:
                subject = studio.enter(trajectory)
            pictures, boxes = studio.shoot(subject, trajectory)
            crops.append(pictures)
            rows += rows_of(trajectory, boxes)
            following = plan.shards[number][i + 1 : i + 2]
            if not following or following[0].subject != trajectory.subject:
                studio.leave(subject)
                subject = None
    finally:
        studio.close()
    writer.write(number, np.concatenate(crops), rows)
    return number


def rows_of(trajectory: Trajectory, boxes: np.ndarray) -> list[CropRow]:
    """The table's rows of a trajectory's views; boxes (views, 4)."""
    subject, path = trajectory.subject, trajectory.path
    return [
        CropRow(
            subject.category,
            subject.number,
            subject.split,
            trajectory.domain,
            azimuth=float(path.azimuth[step]),
            elevation=float(path.elevation[step]),
            roll=float(path.roll[step]),
            trajectory=trajectory.number,
            step=step,
            box=tuple(round(float(v), 2) for v in boxes[step]),  # type: ignore[arg-type]
            bearing=float(trajectory.bearing[step]),
            motion=float(trajectory.motion[step]),
        )
        for step in range(VIEWS)
    ]


def _rendered(plan: Plan, writer: ShardWriter, todo: list[int], jobs: int) -> Iterator[int]:
    """Numbers of shards as they are done."""
    context = get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, _begin_worker, (os.getpid(), plan, writer))
    waiting: set[Future[int]] = set()
    try:
        waiting = {pool.submit(_work, number) for number in todo}
        while waiting:
            done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_worker: tuple[Plan, ShardWriter] | None = None


def _begin_worker(parent: int, plan: Plan, writer: ShardWriter) -> None:
    global _worker
    _worker = (plan, writer)
    cv2.setNumThreads(1)
    end_with(parent)


def _work(number: int) -> int:
    if _worker is None:
        msg = "a rendering process was not set up"
        raise SimError(msg)
    return render_shard(_worker[0], number, _worker[1])


def _require_room(plan: Plan, folder: Path, crops: int) -> None:
    needed = crops * plan.size**2 * 3 + _SPARE
    free = shutil.disk_usage(folder).free
    if free < needed:
        msg = f"{folder} has {free >> 20} MB free, rendering needs {needed >> 20} MB"
        raise DatasetError(msg)


class _Progress:
    """Says how far it has come, how fast, and how long it still takes."""

    def __init__(self, total: int, tell: Callable[[str], None]) -> None:
        self._total, self._tell = total, tell
        self._done = 0
        self._begin = time.monotonic()

    def add(self, crops: int) -> None:
        self._done += crops
        spent = max(1e-3, time.monotonic() - self._begin)
        left = spent / self._done * (self._total - self._done)
        rest = f"{left / 60:.0f} min" if left > 90 else f"{left:.0f} s"
        self._tell(f"{self._done:,} of {self._total:,} crops, {self._done / spent:.0f} crops/s, {rest} left")
