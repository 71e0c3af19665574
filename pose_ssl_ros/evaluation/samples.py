"""Crops kept during a run, and what the newest model makes of them."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.evaluation.session import Scored
from pose_ssl_ros.perception.crops import CropError, cut

log = logging.getLogger(__name__)

#: Two crops of one object are at least this far apart, robot seconds.
APART = 0.4
#: Crops that go through the model at once.
BATCH = 64
#: Neighbours that one object may fill.
PER_OBJECT = 2


@dataclass(frozen=True)
class Sample:
    """One detection with the truth it was matched to."""

    crop: np.ndarray  # (S, S, 3) uint8 RGB
    category: str
    object: str
    azimuth: float  # true, radians
    time: float  # robot seconds


@dataclass(frozen=True)
class Embedded:
    """Samples with their embeddings, row by row."""

    samples: list[Sample]
    vectors: np.ndarray  # (n, D), unit length

    def plane(self) -> tuple[np.ndarray, float]:
        """Projection on the two principal axes: (n, 2), and the share of variance it keeps."""
        centred = self.vectors - self.vectors.mean(0)
        _, spread, axes = np.linalg.svd(centred, full_matrices=False)
        total = float(np.sum(spread**2))
        flat = np.zeros((len(centred), 2))
        flat[:, : min(2, len(axes))] = centred @ axes[:2].T
        return flat, float(np.sum(spread[:2] ** 2)) / total if total else 0.0

    def neighbours(self, query: int, count: int) -> list[tuple[int, float]]:
        """The nearest samples of *other* objects with their cosine, nearest first.

        Other frames of the same object are left out and each other object comes at most
        PER_OBJECT times: near copies say nothing about what was learned.
        """
        cosine = self.vectors @ self.vectors[query]
        taken: dict[str, int] = {self.samples[query].object: PER_OBJECT}
        found = []
        for i in np.argsort(-cosine):
            name = self.samples[int(i)].object
            if taken.get(name, 0) < PER_OBJECT:
                taken[name] = taken.get(name, 0) + 1
                found.append((int(i), float(cosine[i])))
        return found[:count]

    def queries(self, count: int) -> list[int]:
        """Samples worth showing: newest first, each of another category and object while there are some."""
        seen: dict[str, int] = {}
        objects: set[str] = set()
        ranked: list[tuple[int, int, int]] = []
        for i in reversed(range(len(self.samples))):
            sample = self.samples[i]
            if sample.object in objects:
                continue
            objects.add(sample.object)
            turn = seen.get(sample.category, 0)
            seen[sample.category] = turn + 1
            ranked.append((turn, len(ranked), i))
        return [i for _, _, i in sorted(ranked)[:count]]


class SampleBank:
    """The last crops of matched detections; older ones make room.

    Args:
        limit: Most crops kept.
    """

    def __init__(self, limit: int) -> None:
        self._samples: deque[Sample] = deque(maxlen=max(0, limit))
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()
        self.size = 64  # side of a crop; follows the model

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, rgb: np.ndarray, scored: Scored) -> None:
        """Keep the crops of a scored frame's matched detections."""
        if self._samples.maxlen == 0:
            return
        for i, j in scored.pairs:
            item, answer = scored.truth[i], scored.answers[j]
            if abs(scored.time - self._last.get(item.id, -1e9)) < APART:
                continue
            try:
                crop = cut(rgb, answer.box, self.size)
            except CropError as error:
                log.debug("no sample of %s: %s", answer.id, error)
                continue
            self._last[item.id] = scored.time
            with self._lock:
                self._samples.append(Sample(crop, item.category, item.id, item.azimuth, scored.time))
        if len(self._last) > 2000:
            self._last.clear()

    def embed(self, model: bytes) -> Embedded | None:
        """Run the model on all crops of its size.

        Returns:
            None if there are too few crops for a picture.

        Raises:
            ValueError: If the model is refused (see `inference.engine.ModelError`).
        """
        from pose_ssl_ros.inference.engine import Engine  # onnxruntime is heavy and wanted at the end only

        engine = Engine(model, threads=1)
        size = engine.version.input_size
        with self._lock:
            samples = [s for s in self._samples if s.crop.shape[0] == size]
        if len(samples) < 3:
            return None
        crops = np.stack([s.crop for s in samples])
        parts = [engine.run(crops[i : i + BATCH]).embedding for i in range(0, len(crops), BATCH)]
        return Embedded(samples, np.concatenate(parts))
