"""Replay buffer of whole triplets in two tiers: bounded in MiB, diverse, deterministic by seed.

*Recent* is what came last, first in first out.  What leaves it enters *long-term*, which gives up the entry whose
nearest neighbour is closest whenever the budget is full (`redundancy`).  No track and no place (`places`) holds more
than its quota, so that one parked car cannot fill the buffer under however many names.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.learning.places import Places, look_of, whole_numbers
from pose_ssl_ros.learning.redundancy import Redundancy
from pose_ssl_ros.learning.replay_entry import OVERHEAD, Entry, ReplayError, entry_of

__all__ = ["Entry", "Look", "ReplayBuffer", "ReplayError"]

#: Features (N, D) of centre views (N, S, S, 3) uint8, by which entries are compared.
Look = Callable[[np.ndarray], np.ndarray]
#: One track in so many is held back from training for the guards, once there are other tracks enough.
_HELD = 10
_TRACKS_BEFORE_HELD = 8
#: Greatest share of entries that is held back.
_HELD_SHARE = 1 / 8
#: Entries that wait to be drawn as new at most; older ones are replayed only.
_FRESH = 4096


class ReplayBuffer:
    """Recent and long-term triplets.

    Args:
        size: Side of a crop in pixels.
        budget_mib: Memory for entries with their crops.
        quota: Greatest number of triplets of one track.
        seed: Of batches.
        place_quota: Greatest number of triplets of one place; None: as many as there are.
        recent_share: Part of the budget that the newest are safe in.
        embed: Features by which entries are compared; without it, small thumbnails.

    Raises:
        ReplayError: If the budget does not hold two triplets.
    """

    def __init__(
        self,
        size: int,
        budget_mib: float,
        quota: int,
        seed: int = 0,
        place_quota: int | None = None,
        recent_share: float = 0.25,
        embed: Look | None = None,
    ) -> None:
        self.size = size
        self.budget = int(budget_mib * 2**20)
        if self.budget < 2 * (9 * size * size + OVERHEAD):
            msg = f"a replay budget of {budget_mib} MiB holds no two triplets of {size} px crops"
            raise ReplayError(msg)
        self.quota, self.place_quota = quota, place_quota
        #: Triplets that ever came.
        self.added = 0
        #: Those of them that did not just take the place of their like: how much training they are worth.
        self.worth = 0
        self.nbytes = 0
        self._recent_budget = int(self.budget * recent_share)
        self._embed = embed
        self._random = np.random.default_rng(seed)
        self._entries: dict[int, Entry] = {}
        self._recent: dict[int, None] = {}
        self._recent_bytes = 0
        self._tracks: dict[str, list[int]] = defaultdict(list)
        self._trainable: dict[int, None] = {}
        self._open_tracks: dict[str, None] = {}  # those that are not held back
        self._fresh: list[int] = []  # serials not yet drawn as new
        self._places = Places()
        self._redundancy = Redundancy()
        self._cursor = -1  # serial up to which features were refreshed in this round

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def entries(self) -> list[Entry]:
        """All entries from oldest to newest."""
        return list(self._entries.values())

    @property
    def held(self) -> list[Entry]:
        """The entries that are kept from training, oldest first."""
        return [entry for entry in self._entries.values() if entry.held]

    @property
    def trainable(self) -> int:
        """How many entries may be trained on."""
        return len(self._trainable)

    @property
    def fresh(self) -> int:
        """How many entries no batch has held as new yet."""
        return len(self._fresh)

    @property
    def recent(self) -> int:
        """How many entries are in the recent tier."""
        return len(self._recent)

    @property
    def tracks(self) -> int:
        """How many tracks have entries."""
        return len(self._tracks)

    @property
    def places(self) -> int:
        """How many places have entries."""
        return len(self._places)

    @property
    def capacity(self) -> int:
        """How many entries of the mean size so far fit into the budget."""
        mean = self.nbytes / len(self._entries) if self._entries else 9 * self.size * self.size + OVERHEAD
        return int(self.budget // mean)

    def add(self, triplet: Triplet) -> None:
        """Take a triplet.

        Raises:
            ReplayError: If the crops have another size or type.
        """
        entry = entry_of(triplet, self.size, self.added)
        entry.held = self._hold(entry.track)
        entry.place = self._places.find(look_of(triplet.crops[1]))
        self.worth += self._insert(entry)

    def again(self, track: str, stamp_ns: int) -> bool:
        """Count a triplet that arrives once more; False if it is not held any more and has to be added.

        A second pass over a recording must not fill the buffer with copies.
        """
        for serial in self._tracks.get(track, ()):
            if self._entries[serial].stamp_ns == stamp_ns:
                self.added += 1
                self.worth += 1
                if serial not in self._fresh and serial in self._trainable:
                    self._fresh.append(serial)
                return True
        return False

    def refresh(self, count: int) -> None:
        """Compute features of entries that have none yet and, in turn, anew for `count` others."""
        missing = [serial for serial in self._entries if serial not in self._redundancy]
        stale = [serial for serial in self._entries if serial > self._cursor and serial in self._redundancy][:count]
        self._cursor = stale[-1] if stale else -1
        self._compare([*missing, *stale])

    def features(self) -> dict[int, np.ndarray]:
        """The features by serial, for a checkpoint."""
        return {serial: self._redundancy.vector(serial) for serial in self._entries if serial in self._redundancy}

    def looks(self) -> dict[int, np.ndarray]:
        """The look of each place, for a checkpoint."""
        return self._places.looks()

    def state(self) -> dict[str, Any]:
        """What decides the next draws and evictions beside entries, features and looks, as JSON."""
        return {
            "random": self._random.bit_generator.state,
            "tracks": list(self._tracks),
            "open": list(self._open_tracks),
            "fresh": list(self._fresh),
            "recent": list(self._recent),
            "worth": self.worth,
            "cursor": self._cursor,
            "next_place": self._places.next,
        }

    def resume(self, state: Mapping[str, Any], features: Mapping[int, np.ndarray] | None = None) -> None:
        """Take the draws up where `state` left them, after `restore` of the entries of that moment.

        Raises:
            KeyError, TypeError, ValueError: If it is no such state.
        """
        self._random.bit_generator.state = state["random"]
        members = self._tracks
        self._tracks = defaultdict(list, {name: members[name] for name in state["tracks"] if name in members})
        self._tracks.update({name: rows for name, rows in members.items() if name not in self._tracks})
        names = [*state.get("open", state["tracks"]), *self._open_tracks]
        self._open_tracks = dict.fromkeys(name for name in names if name in self._open_tracks)
        self._fresh = [int(serial) for serial in state["fresh"] if int(serial) in self._trainable]
        if "recent" in state:
            self._recent = {int(serial): None for serial in state["recent"] if int(serial) in self._entries}
            self._recent_bytes = sum(self._entries[serial].nbytes for serial in self._recent)
        self.worth = int(state.get("worth", self.worth))
        self._cursor = int(state.get("cursor", -1))
        self._places.next = max(self._places.next, int(state.get("next_place", 0)))
        for serial, vector in (features or {}).items():
            if serial in self._entries:
                self._redundancy.put(serial, vector, serial not in self._recent)

    def restore(self, entries: Iterable[Entry], added: int, looks: Mapping[int, np.ndarray] | None = None) -> None:
        """Replace the content by saved entries; they count as seen.

        Args:
            entries: From oldest to newest.
            added: Triplets that ever came.
            looks: Look of each place, or None: then places are found anew.

        Raises:
            ReplayError: If a crop has another size or cannot be read.
        """
        self.clear()
        self._places.restore(looks or {})
        for entry in entries:
            crops = entry.crops
            if crops.shape != (3, self.size, self.size, 3):
                msg = f"saved crops have shape {crops.shape}, not a side of {self.size}"
                raise ReplayError(msg)
            if looks is None or entry.place not in looks:
                entry.place = self._places.find(look_of(crops[1]))
            self._insert(entry)
        self._fresh.clear()
        self.added = max(added, self.added)
        self.worth = self.added

    def clear(self) -> None:
        """Forget everything except how many were ever added."""
        for store in (self._entries, self._recent, self._tracks, self._trainable, self._open_tracks, self._fresh):
            store.clear()  # type: ignore[attr-defined]
        self._places, self._redundancy = Places(), Redundancy()
        self.nbytes = self._recent_bytes = 0
        self._cursor = -1

    def batch(self, count: int, new_ratio: float) -> list[Entry]:
        """Draw a batch: up to `new_ratio` of it new, newest first, the rest replayed track by track.

        Args:
            count: Size of the batch; it may repeat entries of a small buffer.
            new_ratio: Greatest part that has not been drawn before, 0..1.

        Raises:
            ReplayError: If there is nothing to train on.
        """
        if not self._trainable:
            msg = "the replay buffer is empty"
            raise ReplayError(msg)
        take = min(len(self._fresh), round(count * new_ratio))
        chosen = [self._fresh.pop() for _ in range(take)]
        names = list(self._open_tracks)
        # Half over tracks, half over entries: short tracks are seen, long ones not starved.
        serials = list(self._trainable)
        for index in range(count - take):
            if index % 2:
                members = self._tracks[names[int(self._random.integers(len(names)))]]
                chosen.append(members[int(self._random.integers(len(members)))])
            else:
                chosen.append(serials[int(self._random.integers(len(serials)))])
        return [self._entries[serial] for serial in chosen]

    def _hold(self, track: str) -> bool:
        """Whether a triplet of a track is kept for the guards: all of a track's are, or none."""
        members = self._tracks.get(track)
        if members:
            return self._entries[members[0]].held
        if zlib.crc32(f"held/{track}".encode()) % _HELD or len(self._open_tracks) < _TRACKS_BEFORE_HELD:
            return False
        return len(self._entries) - len(self._trainable) < _HELD_SHARE * len(self._entries)

    def _insert(self, entry: Entry) -> bool:
        """Take an entry and make room for it; False if it replaces one that looks alike."""
        # It joins first: a place whose last entry goes is forgotten.
        self._places.join(entry.place, entry.serial)
        alike = False
        own = self._tracks.get(entry.track, [])
        if len(own) >= self.quota:
            alike = self._evict(self._least(list(own))).place == entry.place
        near = self._places.members(entry.place)[:-1]
        if self.place_quota is not None and len(near) >= self.place_quota:
            self._evict(self._least(near))
            alike = True
        self._entries[entry.serial] = entry
        self._recent[entry.serial] = None
        self._recent_bytes += entry.nbytes
        self.nbytes += entry.nbytes
        self._tracks[entry.track].append(entry.serial)
        if not entry.held:
            self._trainable[entry.serial] = None
            self._open_tracks[entry.track] = None
            self._fresh.append(entry.serial)
            if len(self._fresh) > _FRESH:
                del self._fresh[: _FRESH // 2]
        self.added = max(self.added, entry.serial + 1)
        while self._recent_bytes > self._recent_budget and len(self._recent) > 1:
            self._graduate(next(iter(self._recent)))
        while self.nbytes > self.budget:
            self._evict(self._most_redundant())
        return not alike

    def _graduate(self, serial: int) -> None:
        del self._recent[serial]
        self._recent_bytes -= self._entries[serial].nbytes
        self._redundancy.settle(serial)

    def _most_redundant(self) -> int:
        """The long-term entry that is missed least; the oldest where all are recent."""
        self._compare([s for s in self._entries if s not in self._recent and s not in self._redundancy])
        return self._pick(self._redundancy.closest() or [next(iter(self._recent))])

    def _least(self, serials: list[int]) -> int:
        """Of the entries of a track or place, the one that is missed least."""
        self._compare([serial for serial in serials if serial not in self._redundancy])
        return self._pick(self._redundancy.closest_among(serials))

    def _pick(self, serials: Iterable[int]) -> int:
        """Of equally redundant entries the untaught first, then of the longest track, then the oldest."""

        def missed(serial: int) -> tuple[bool, int, int]:
            entry = self._entries[serial]
            return (entry.weight > 0, -len(self._tracks[entry.track]), serial)

        return min(serials, key=missed)

    def _compare(self, serials: list[int]) -> None:
        """Compute the features of entries."""
        if not serials:
            return
        crops = np.stack([self._entries[serial].crops[1] for serial in serials])
        if self._embed is None:
            vectors = [look_of(crop) for crop in crops]
        else:
            vectors = [whole_numbers(feature) for feature in self._embed(crops)]
        for serial, vector in zip(serials, vectors, strict=True):
            self._redundancy.put(serial, vector, serial not in self._recent)

    def _evict(self, serial: int) -> Entry:
        entry = self._entries.pop(serial)
        self.nbytes -= entry.nbytes
        if serial in self._recent:
            del self._recent[serial]
            self._recent_bytes -= entry.nbytes
        self._trainable.pop(serial, None)
        self._redundancy.drop(serial)
        self._places.leave(entry.place, serial)
        if serial in self._fresh:
            self._fresh.remove(serial)
        members = self._tracks[entry.track]
        members.remove(serial)
        if not members:
            del self._tracks[entry.track]
            self._open_tracks.pop(entry.track, None)
        return entry
