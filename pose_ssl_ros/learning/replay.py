"""Replay buffer of whole triplets: bounded in MiB, fair to tracks, deterministic by seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.viewpoint import azimuth_from_scores


class ReplayError(ValueError):
    """The buffer or a triplet does not fit; the text says why."""


@dataclass
class Entry:
    """A triplet as it is kept.

    Attributes:
        track: Track id.
        crops: (3, S, S, 3) uint8 in the order L, C, R.
        azimuth: The teacher's azimuth in radians; meaningless when `weight` is 0.
        weight: The teacher's weight in 0..1; 0 means no evidence.
        stamp_ns: Of the centre view.
        serial: Running number of arrival.
    """

    track: str
    crops: np.ndarray
    azimuth: float
    weight: float
    stamp_ns: int
    serial: int


class ReplayBuffer:
    """Newest triplets and a fair sample of the old ones.

    When the budget is full, the track with the most triplets gives one up at
    random (so a parked car cannot fill the buffer and no track is lost while
    a bigger one exists).  A single track never holds more than `quota`.

    Args:
        size: Side of a crop in pixels.
        budget_mib: Memory for crops.
        quota: Greatest number of triplets of one track.
        seed: Of evictions and batches.

    Raises:
        ReplayError: If the budget does not hold two triplets.
    """

    def __init__(self, size: int, budget_mib: float, quota: int, seed: int = 0) -> None:
        self.size = size
        self.capacity = int(budget_mib * 2**20 // (9 * size * size))
        if self.capacity < 2:
            msg = f"a replay budget of {budget_mib} MiB holds no two triplets of {size} px crops"
            raise ReplayError(msg)
        self.quota = quota
        self.added = 0
        self._random = np.random.default_rng(seed)
        self._entries: dict[int, Entry] = {}
        self._tracks: dict[str, list[int]] = defaultdict(list)
        self._fresh: list[int] = []  # serials not yet drawn as new

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> list[Entry]:
        """All entries from oldest to newest."""
        return list(self._entries.values())

    @property
    def fresh(self) -> int:
        """How many entries no batch has held as new yet."""
        return len(self._fresh)

    @property
    def tracks(self) -> int:
        """How many tracks have entries."""
        return len(self._tracks)

    def add(self, triplet: Triplet) -> None:
        """Take a triplet.

        Raises:
            ReplayError: If the crops have another size or type.
        """
        crops = np.asarray(triplet.crops)
        shape = (3, self.size, self.size, 3)
        if crops.shape != shape or crops.dtype != np.uint8:
            msg = f"triplet crops must be uint8 of shape {shape}, got {crops.dtype} of shape {crops.shape}"
            raise ReplayError(msg)
        azimuth, weight = 0.0, 0.0
        if triplet.teacher is not None and np.all(np.isfinite(triplet.teacher.scores)):
            azimuth, weight = azimuth_from_scores(triplet.teacher.scores)
        self._insert(Entry(triplet.track_id, crops.copy(), azimuth, weight, triplet.stamp_ns, self.added))

    def again(self, track: str, stamp_ns: int) -> bool:
        """Count a triplet that arrives once more; False if it is not held any more and has to be added.

        A second pass over a recording must not fill the buffer with copies.
        """
        for serial in self._tracks.get(track, ()):
            if self._entries[serial].stamp_ns == stamp_ns:
                self.added += 1
                if serial not in self._fresh:
                    self._fresh.append(serial)
                return True
        return False

    def state(self) -> dict[str, Any]:
        """What decides the next draws and evictions beside the entries, as JSON."""
        return {"random": self._random.bit_generator.state, "tracks": list(self._tracks), "fresh": list(self._fresh)}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take the draws up where `state` left them, after `restore` of the entries of that moment.

        Raises:
            KeyError, TypeError, ValueError: If it is no such state.
        """
        self._random.bit_generator.state = state["random"]
        members = self._tracks
        self._tracks = defaultdict(list, {name: members[name] for name in state["tracks"] if name in members})
        self._tracks.update({name: rows for name, rows in members.items() if name not in self._tracks})
        self._fresh = [int(serial) for serial in state["fresh"] if int(serial) in self._entries]

    def restore(self, entries: Iterable[Entry], added: int) -> None:
        """Replace the content by saved entries; they count as seen.

        Raises:
            ReplayError: If a crop has another size.
        """
        self.clear()
        for entry in entries:
            if entry.crops.shape != (3, self.size, self.size, 3):
                msg = f"saved crops have shape {entry.crops.shape}, not a side of {self.size}"
                raise ReplayError(msg)
            self._insert(entry)
        self._fresh.clear()
        self.added = max(added, self.added)

    def clear(self) -> None:
        """Forget everything except how many were ever added."""
        self._entries.clear()
        self._tracks.clear()
        self._fresh.clear()

    def batch(self, count: int, new_ratio: float) -> list[Entry]:
        """Draw a batch: up to `new_ratio` of it new, newest first, the rest replayed track by track.

        Args:
            count: Size of the batch; it may repeat entries of a small buffer.
            new_ratio: Greatest part that has not been drawn before, 0..1.

        Raises:
            ReplayError: If the buffer is empty.
        """
        if not self._entries:
            msg = "the replay buffer is empty"
            raise ReplayError(msg)
        take = min(len(self._fresh), round(count * new_ratio))
        chosen = [self._fresh.pop() for _ in range(take)]
        names = list(self._tracks)
        # Half over tracks, half over entries: short tracks are seen, long ones not starved.
        serials = list(self._entries)
        for index in range(count - take):
            if index % 2:
                members = self._tracks[names[int(self._random.integers(len(names)))]]
                chosen.append(members[int(self._random.integers(len(members)))])
            else:
                chosen.append(serials[int(self._random.integers(len(serials)))])
        return [self._entries[serial] for serial in chosen]

    def _insert(self, entry: Entry) -> None:
        members = self._tracks[entry.track]
        if len(members) >= self.quota:
            self._evict(entry.track)
        elif len(self._entries) >= self.capacity:
            self._evict(max(self._tracks, key=lambda name: len(self._tracks[name])))
        self._entries[entry.serial] = entry
        self._tracks[entry.track].append(entry.serial)
        self._fresh.append(entry.serial)
        if len(self._fresh) > 4096:
            del self._fresh[:2048]
        self.added = max(self.added, entry.serial + 1)

    def _evict(self, track: str) -> None:
        members = self._tracks[track]
        serial = members.pop(int(self._random.integers(len(members))))
        del self._entries[serial]
        if serial in self._fresh:
            self._fresh.remove(serial)
        if not members:
            del self._tracks[track]
