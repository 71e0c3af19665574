"""Which taught triplets shape the encoder: balanced over headings and tracks, and never those that judge it.

A label that most others of the same look contradict (`probing.label_trust`) is drawn as rarely as it is believed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.learning.replay import Entry, ReplayBuffer

#: One track in this many judges: the encoder never sees its labels.
JUDGES = 4
#: Even the least believed are drawn at times: the looks may have been wrong, and the next fit says so.
_LEAST_TRUST = 0.02
#: Batches between two looks at what the buffer holds.
_REFRESH = 16


def is_judge(track: str) -> bool:
    """Whether a track's labels are kept from the encoder, so that they can judge the heading probe."""
    return zlib.crc32(track.encode()) % JUDGES == 0


class TaughtSampler:
    """Draws balanced batches of taught entries.

    Args:
        buffer: Where the entries are.
        min_weight: Least teacher weight that counts as a label.
        seed: Of the draws.
    """

    def __init__(self, buffer: ReplayBuffer, min_weight: float, seed: int = 0) -> None:
        self._buffer = buffer
        self._min_weight = min_weight
        self._random = np.random.default_rng(seed)
        self._entries: list[Entry] = []
        self._chances = np.zeros(0)
        self._left = 0
        self._trust: dict[int, float] = {}

    def believe(self, trust: Mapping[int, float]) -> None:
        """Draw entries by how far their labels are believed.

        Args:
            trust: 0..1 by serial; entries that are not named are believed as before, at first wholly.
        """
        self._trust.update(trust)
        self._left = 0

    def batch(self, count: int) -> list[Entry]:
        """Draw entries, with repetition; empty while there are no labels of two headings."""
        if self._left <= 0:
            self._refresh()
        self._left -= 1
        if not self._entries:
            return []
        return [self._entries[i] for i in self._random.choice(len(self._entries), count, p=self._chances)]

    def state(self) -> dict[str, Any]:
        """Where the draws are, as JSON; the next batch looks at the buffer anew."""
        self._left = 0
        held = {entry.serial for entry in self._buffer.entries}
        self._trust = {serial: trust for serial, trust in self._trust.items() if serial in held}
        trust = {str(serial): value for serial, value in self._trust.items()}
        return {"random": dict(self._random.bit_generator.state), "trust": trust}

    def resume(self, state: Mapping[str, Any]) -> None:
        """Take the draws up where `state` left them.

        Raises:
            KeyError, TypeError, ValueError: If it is no such state.
        """
        # Checkpoints from before trust was kept hold the draws alone.
        self._random.bit_generator.state = dict(state.get("random", state))
        self._trust = {int(serial): float(value) for serial, value in state.get("trust", {}).items()}
        self._left = 0

    def _refresh(self) -> None:
        self._left = _REFRESH
        taught = [e for e in self._buffer.entries if e.weight >= self._min_weight and not (e.held or is_judge(e.track))]
        self._chances = _balanced(taught, np.array([self._trust.get(e.serial, 1.0) for e in taught]))
        self._entries = taught if len(self._chances) else []


def _balanced(entries: Sequence[Entry], trust: np.ndarray) -> np.ndarray:
    """Chances (N,): equal for toward, away and sideways, and within each by the root of a track's length and trust."""
    if not entries:
        return np.zeros(0)
    azimuths = np.array([e.azimuth for e in entries])
    # Left and right are one: mirror images make each of the other.
    kinds = np.where(np.abs(np.cos(azimuths)) < np.sqrt(0.5), 1, np.where(np.cos(azimuths) > 0, 0, 2))
    tracks = np.unique([e.track for e in entries], return_inverse=True)[1]
    chances = np.zeros(len(entries))
    present = np.unique(kinds)
    if len(present) < 2:
        return np.zeros(0)
    for kind in present:
        own = kinds == kind
        counts = np.bincount(tracks[own], minlength=tracks.max() + 1)
        chances[own] = np.maximum(trust[own], _LEAST_TRUST) / np.sqrt(counts[tracks[own]])
        chances[own] /= chances[own].sum() * len(present)
    return chances
