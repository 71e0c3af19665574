"""Pixels from memory-mapped shards, or from memory."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.datasets.files import sha256_of


@dataclass(frozen=True)
class Shard:
    """One file of crops as its manifest tells it: name, number of crops, and, if known, size and hash of the file."""

    name: str
    crops: int
    bytes: int = -1
    sha256: str = ""


class ShardSource:
    """A `CropSource` over `.npy` files; rows count through the shards in their order.

    Each file is mapped when first read, so that the operating system decides what stays in memory.  May be read
    from several threads; a copy sent to another process opens the files anew.

    Args:
        folder: Where the shards are.
        shards: What they should be; name, existence and size on disk are checked at once.
        size: Side of the crops.

    Raises:
        DatasetError: If a shard is missing or truncated; the text names it.
    """

    def __init__(self, folder: Path, shards: Sequence[Shard], size: int) -> None:
        self.folder, self.size = folder, size
        self.shards = tuple(shards)
        self._ends = np.cumsum([shard.crops for shard in self.shards], dtype=np.int64)
        self._maps: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()
        for shard in self.shards:
            self._check_size(shard)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Crops (n, S, S, 3) uint8 of rows of the whole table.

        Raises:
            DatasetError: If a shard is missing or damaged.
            IndexError: If an index is not one of the table.
        """
        indices = np.asarray(indices, dtype=np.int64).reshape(-1)
        out = np.empty((len(indices), self.size, self.size, 3), np.uint8)
        if not len(indices):
            return out
        if indices.min() < 0 or indices.max() >= len(self):
            msg = f"crop {indices.min()} or {indices.max()} is not among the {len(self)} of {self.folder}"
            raise IndexError(msg)
        owner = np.searchsorted(self._ends, indices, side="right")
        for number in np.unique(owner):
            at = np.flatnonzero(owner == number)
            within = indices[at] - (self._ends[number] - self.shards[number].crops)
            out[at] = self._open(int(number))[within]
        return out

    def verify(self) -> None:
        """Read every shard and compare its hash with the manifest's.

        Raises:
            DatasetError: If one differs; the text names it.
        """
        for number, shard in enumerate(self.shards):
            self._open(number)
            if shard.sha256 and sha256_of(self.folder / shard.name) != shard.sha256:
                msg = f"{self.folder / shard.name} is damaged: its hash is not the one in the manifest"
                raise DatasetError(msg)

    def _check_size(self, shard: Shard) -> None:
        path = self.folder / shard.name
        try:
            found = path.stat().st_size
        except OSError as error:
            msg = f"the shard {path} cannot be read: {error.strerror or error}"
            raise DatasetError(msg) from error
        if shard.bytes >= 0 and found != shard.bytes:
            msg = f"the shard {path} is damaged: it has {found} bytes, the manifest says {shard.bytes}"
            raise DatasetError(msg)

    def _open(self, number: int) -> np.ndarray:
        with self._lock:
            if number in self._maps:
                return self._maps[number]
            shard = self.shards[number]
            path = self.folder / shard.name
            self._check_size(shard)  # reading beyond the end of a mapped file would kill the process
            try:
                crops: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                msg = f"the shard {path} is damaged: {error}"
                raise DatasetError(msg) from error
            expected = (shard.crops, self.size, self.size, 3)
            if not isinstance(crops, np.ndarray) or crops.dtype != np.uint8 or crops.shape != expected:
                what = f"{getattr(crops, 'dtype', type(crops).__name__)} {getattr(crops, 'shape', '')}"
                msg = f"the shard {path} holds {what}, not uint8 {expected}"
                raise DatasetError(msg)
            self._maps[number] = crops
            return crops

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_maps", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _maps={}, _lock=threading.Lock())


class ArraySource:
    """A `CropSource` over an array (n, S, S, 3) uint8 in memory."""

    def __init__(self, crops: np.ndarray) -> None:
        if crops.dtype != np.uint8 or crops.ndim != 4 or crops.shape[3] != 3:
            msg = f"crops must be uint8 (n, S, S, 3), they are {crops.dtype} {crops.shape}"
            raise DatasetError(msg)
        self._crops = crops

    def __len__(self) -> int:
        return len(self._crops)

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Crops (n, S, S, 3) uint8 of rows of the whole table."""
        crops: np.ndarray = self._crops[np.asarray(indices, dtype=np.int64)]
        return crops
