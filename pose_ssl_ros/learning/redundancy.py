"""How redundant each kept sample is: the cosine with its nearest neighbour.

MinRed (Purushwalkam, Morgado and Gupta, "The Challenges of Continuous Self-Supervised Learning", ECCV 2022) evicts
the sample whose nearest neighbour is closest, so that what stays is spread over what was seen.  Vectors are whole
numbers (`places.whole_numbers`): products are exact whatever the order, so a restarted learner evicts the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_NONE = -(2.0**30)


class Redundancy:
    """Nearest neighbours of samples under insertion, change and removal; samples are known by their serial."""

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._vectors = np.zeros((0, 0), np.float32)
        self._serials = np.zeros(0, np.int64)  # -1: a free slot
        self._near = np.zeros(0, np.int64)  # slot of the nearest neighbour
        self._closeness = np.zeros(0, np.float32)
        self._settled = np.zeros(0, bool)

    def __contains__(self, serial: int) -> bool:
        return serial in self._slots

    def vector(self, serial: int) -> np.ndarray:
        """The int8 vector of a sample.

        Raises:
            KeyError: If it has none.
        """
        return self._vectors[self._slots[serial]].astype(np.int8)

    def put(self, serial: int, vector: np.ndarray, settled: bool) -> None:
        """Add a sample or change its vector.

        Args:
            serial: Its number.
            vector: (D,) int8, of one D for all.
            settled: Whether it may be `closest`.
        """
        self.drop(serial)
        if not self._free:
            self._grow(len(vector))
        slot = self._free.pop()
        self._slots[serial] = slot
        self._serials[slot], self._settled[slot] = serial, settled
        self._vectors[slot] = vector
        products = self._products(np.array([slot]))[0]
        self._near[slot] = products.argmax()
        self._closeness[slot] = products[self._near[slot]]
        gained = products > self._closeness
        gained[slot] = False
        self._near[gained], self._closeness[gained] = slot, products[gained]

    def settle(self, serial: int) -> None:
        """Let a sample be `closest` from now on; nothing if it has no vector yet."""
        if serial in self._slots:
            self._settled[self._slots[serial]] = True

    def drop(self, serial: int) -> None:
        """Remove a sample; nothing if it has no vector."""
        slot = self._slots.pop(serial, None)
        if slot is None:
            return
        self._serials[slot], self._settled[slot], self._closeness[slot] = -1, False, _NONE
        self._vectors[slot] = 0
        self._free.append(slot)
        bereft = np.flatnonzero((self._near == slot) & (self._serials >= 0))
        if len(bereft):
            products = self._products(bereft)
            self._near[bereft] = products.argmax(1)
            self._closeness[bereft] = products.max(1)

    def closest(self) -> list[int]:
        """The settled samples that are nearest to their neighbour: a pair, or more that are equally near."""
        rows = np.flatnonzero(self._settled)
        if not len(rows):
            return []
        values = self._closeness[rows]
        return [int(serial) for serial in self._serials[rows[values == values.max()]]]

    def closest_among(self, serials: Sequence[int]) -> list[int]:
        """Of samples with vectors, those nearest to another of them; all of them if there is only one."""
        slots = np.array([self._slots[serial] for serial in serials])
        vectors = self._vectors[slots]
        products = vectors @ vectors.T
        np.fill_diagonal(products, _NONE)
        values = products.max(1)
        return [serial for serial, value in zip(serials, values, strict=True) if value == values.max()]

    def _products(self, slots: np.ndarray) -> np.ndarray:
        products = self._vectors[slots] @ self._vectors.T
        products[:, self._serials < 0] = _NONE
        products[np.arange(len(slots)), slots] = _NONE
        return np.asarray(products)

    def _grow(self, dimension: int) -> None:
        old = len(self._serials)
        more = max(64, old // 2)
        vectors = np.zeros((old + more, dimension), np.float32)
        if old:
            vectors[:old] = self._vectors
        self._vectors = vectors
        self._serials = np.concatenate([self._serials, np.full(more, -1)])
        self._near = np.concatenate([self._near, np.zeros(more, np.int64)])
        self._closeness = np.concatenate([self._closeness, np.full(more, _NONE, np.float32)])
        self._settled = np.concatenate([self._settled, np.zeros(more, bool)])
        self._free = list(range(old + more - 1, old - 1, -1))
