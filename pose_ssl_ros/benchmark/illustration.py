"""What pictures need of one run: neighbours of some test crops, and test crops on a plane."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pose_ssl_ros.benchmark.cache import write
from pose_ssl_ros.benchmark.projection import on_plane

NEIGHBOURS = 8
#: Queries per domain in the panels, and crops in a projection.
QUERIES, PROJECTED = 6, 700
LAYERS = ("last", "middle")


@dataclass(frozen=True)
class Illustration:
    """Positions are rows of the whole dataset.

    Attributes:
        queries: Domain to (q,) positions.
        neighbours: Domain to (q, 8) positions of labelled crops, nearest first, by the middle map.
        projected: (m,) positions.
        planes: Layer to (m, 2) points.
    """

    queries: Mapping[str, np.ndarray]
    neighbours: Mapping[str, np.ndarray]
    projected: np.ndarray
    planes: Mapping[str, np.ndarray]

    def write(self, path: Path) -> None:
        """Write as arrays.

        Raises:
            BenchmarkError: If the disk is full.
        """
        arrays = {"projected": self.projected}
        for name in ("queries", "neighbours", "planes"):
            arrays.update({f"{name}.{key}": value for key, value in getattr(self, name).items()})
        buffer = io.BytesIO()
        np.savez(buffer, **arrays)  # type: ignore[arg-type]
        write(path, buffer.getvalue())


def read_illustration(path: Path) -> Illustration | None:
    """Inverse of `Illustration.write`; None if it is missing or damaged: then there is no picture of this run."""
    try:
        with np.load(path, allow_pickle=False) as held:
            groups: dict[str, dict[str, np.ndarray]] = {"queries": {}, "neighbours": {}, "planes": {}}
            for name in held.files:
                group, _, key = name.partition(".")
                if key:
                    groups[group][key] = held[name]
            return Illustration(groups["queries"], groups["neighbours"], held["projected"], groups["planes"])
    except (OSError, ValueError, KeyError):
        return None


def nearest(queries: np.ndarray, gallery: np.ndarray, count: int = NEIGHBOURS) -> np.ndarray:
    """Indices (q, count) of the gallery's features with the greatest cosine, nearest first; fewer if it has fewer."""
    a, b = (x / np.sqrt((x * x).sum(1, keepdims=True) + 1e-12) for x in (queries, gallery))
    return np.argsort(-(a @ b.T), axis=1, kind="stable")[:, :count]


def spread(category: np.ndarray, azimuth: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Positions of up to `count` crops that differ in category and azimuth, the same for every method."""
    random = np.random.default_rng(seed)
    order = random.permutation(len(category))
    chosen: list[int] = []
    used: set[int] = set()
    want = np.linspace(-np.pi, np.pi, count, endpoint=False) + np.pi / count
    for target in want:
        free = [i for i in order if int(category[i]) not in used and i not in chosen]
        free = free or [i for i in order if i not in chosen]
        if not free:
            break
        # Without azimuths the first of the shuffled crops is as good as any.
        off = [abs(np.angle(np.exp(1j * (azimuth[i] - target)))) if np.isfinite(azimuth[i]) else 9.0 for i in free]
        best = free[int(np.argmin(off))]
        chosen.append(best)
        used.add(int(category[best]))
    return np.array(chosen, dtype=np.int64)


def planes(last: np.ndarray, middle: np.ndarray) -> dict[str, np.ndarray]:
    """Both layers' features on a plane."""
    return {"last": on_plane(last), "middle": on_plane(middle)}
