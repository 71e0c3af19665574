"""Triplets of recordings on disk: found once, learned from in any order, not lost by a kill.

One folder holds, for each recording, shards of triplets (safetensors) and a record that is written last; a
recording without its record is gone through anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.checkpoint import write_atomic
from pose_ssl_ros.replay.errors import ReplayError
from pose_ssl_ros.replay.results import FrameResult

#: Triplets in a shard, 9 MiB of 64 px crops.
SHARD = 256
#: A longer pause between two stamps is no recorded time.
_LONGEST_PAUSE_NS = 10_000_000_000


class Source(Protocol):
    """A recording, seen as what the triplet pipeline makes of it."""

    name: str  # for a person
    fingerprint: str  # another one means another content
    damaged: bool  # after `results`: something could not be used

    def results(self) -> Iterator[FrameResult]:
        """Each answered frame, in order; the same at every call."""

    def problems(self) -> list[str]:
        """What was left out and why, one line each; after `results` came to its end."""


@dataclass(frozen=True)
class Drive:
    """What one recording gave."""

    name: str
    fingerprint: str
    frames: int
    seconds: float
    triplets: int
    taught: int
    problems: tuple[str, ...] = ()
    damaged: bool = False


class TripletStore:
    """Triplets by recording and row.

    Args:
        folder: Where they are kept; made when needed.
        key: Settings that the triplets depend on; other settings mean other triplets.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder = folder
        self._key = key
        self._open = lru_cache(maxsize=16)(self._read_shard)

    def harvest(self, number: int, source: Source, tell: Callable[[int, int], None] | None = None) -> Drive:
        """Go through a recording and keep its triplets, unless that was done before.

        Args:
            number: Of the recording, from 0.
            source: The recording.
            tell: Called with frames and triplets so far, after each frame.

        Raises:
            CheckpointError: If the disk is full.
        """
        known = self._record(number)
        if known is not None and known.fingerprint == source.fingerprint:
            return known
        self._open.cache_clear()
        waiting: list[Triplet] = []
        shards = frames = triplets = taught = passed_ns = 0
        last_ns: int | None = None
        for result in source.results():
            frames += 1
            if last_ns is not None and 0 < result.stamp_ns - last_ns <= _LONGEST_PAUSE_NS:
                passed_ns += result.stamp_ns - last_ns
            last_ns = result.stamp_ns
            waiting.extend(result.triplets)
            triplets += len(result.triplets)
            taught += sum(t.teacher is not None for t in result.triplets)
            while len(waiting) >= SHARD:
                self._write_shard(number, shards, waiting[:SHARD])
                del waiting[:SHARD]
                shards += 1
            if tell is not None:
                tell(frames, triplets)
        if waiting:
            self._write_shard(number, shards, waiting)
        problems = tuple(source.problems())
        seconds = passed_ns * 1e-9
        drive = Drive(source.name, source.fingerprint, frames, seconds, triplets, taught, problems, source.damaged)
        write_atomic(self._path(number), json.dumps({"key": self._key, **asdict(drive)}).encode())
        return drive

    def triplet(self, number: int, row: int) -> Triplet:
        """A triplet of a recording that was gone through; box and view steps are not kept.

        Raises:
            ReplayError: If its shard is missing or damaged.
        """
        shard, tracks, teachers = self._open(number, row // SHARD)
        place = row % SHARD
        crops = np.array(shard.get_slice("crops")[place])
        stamp = int(shard.get_slice("stamp_ns")[place])
        scores = teachers[place]
        teacher = None
        if np.isfinite(scores).all():
            toward, left, away, right = map(float, scores)
            teacher = TeacherEvidence((toward, left, away, right))
        return Triplet(tracks[place], stamp, crops, Box(0.0, 0.0, 0.0, 0.0), teacher)

    def tracks_and_scores(self, number: int, rows: int) -> Iterator[tuple[str, np.ndarray]]:
        """Track and teacher's scores (4,), NaN where there is no evidence, of each triplet; no crop is read.

        Raises:
            ReplayError: If a shard is missing or damaged.
        """
        for row in range(rows):
            _, tracks, teachers = self._open(number, row // SHARD)
            yield tracks[row % SHARD], teachers[row % SHARD]

    def _record(self, number: int) -> Drive | None:
        try:
            found = json.loads(self._path(number).read_bytes())
            if found.pop("key") != self._key:
                return None
            return Drive(**{**found, "problems": tuple(found["problems"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None  # not there or damaged: the recording is still there

    def _path(self, number: int) -> Path:
        return self.folder / f"bag-{number:04d}.json"

    def _shard_path(self, number: int, shard: int) -> Path:
        return self.folder / f"bag-{number:04d}-{shard:06d}.safetensors"

    def _write_shard(self, number: int, shard: int, triplets: Sequence[Triplet]) -> None:
        nothing = (np.nan,) * 4
        tensors = {
            "crops": np.stack([t.crops for t in triplets]),
            "stamp_ns": np.array([t.stamp_ns for t in triplets], np.int64),
            "teacher": np.array([nothing if t.teacher is None else t.teacher.scores for t in triplets], np.float64),
        }
        data = save(tensors, {"tracks": json.dumps([t.track_id for t in triplets])})
        write_atomic(self._shard_path(number, shard), data)

    def _read_shard(self, number: int, shard: int) -> tuple[safe_open, list[str], np.ndarray]:
        path = self._shard_path(number, shard)
        try:
            file = safe_open(path, "np")
            return file, json.loads(file.metadata()["tracks"]), file.get_tensor("teacher")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            msg = f"'{path}' is damaged ({error}); begin anew with --fresh"
            raise ReplayError(msg) from error
