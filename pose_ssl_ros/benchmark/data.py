"""The dataset of a benchmark: a given one, or one rendered into a cache; and a hash of what it holds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.datasets.dataset import Dataset
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.table import MANIFEST, TABLE

_CHUNK = 1024


def read(source: Path, size: int, cache: Path, say: Callable[[str], None]) -> Dataset:
    """A rendered folder or a CSV; the CSV's crops, cut at `size` px, are kept in the cache.

    Raises:
        DatasetError: If it cannot be read.
    """
    return load(source, size=size, cache=cache / "crops", say=say)


def digest(dataset: Dataset, source: Path) -> str:
    """Hash of a dataset, 16 hexadecimal digits.

    A rendered folder has the hashes of its shards and its table in its manifest; of another table all facts and
    pixels are read.

    Raises:
        DatasetError: If crops cannot be read.
        BenchmarkError: If the manifest cannot be read.
    """
    hashed = hashlib.sha256()
    if source.name in (MANIFEST, TABLE):
        source = source.parent
    if source.is_dir():
        try:
            hashed.update((source / MANIFEST).read_bytes())
        except OSError as error:
            msg = f"{source / MANIFEST} cannot be read: {error.strerror or error}"
            raise BenchmarkError(msg) from error
        return hashed.hexdigest()[:16]
    hashed.update("\n".join(dataset.categories).encode())
    for name in ("category", "instance", "split", "domain", "azimuth", "trajectory", "step", "bearing", "motion"):
        hashed.update(np.ascontiguousarray(getattr(dataset, name)).tobytes())
    for start in range(0, len(dataset), _CHUNK):
        crops = dataset.crops(np.arange(start, min(start + _CHUNK, len(dataset))))
        hashed.update(np.ascontiguousarray(crops).tobytes())
    return hashed.hexdigest()[:16]
