"""Latency percentiles and rates over the last frames."""

from __future__ import annotations

import threading
import time
from collections import deque

import numpy as np


class Latency:
    """Keeps the last durations in milliseconds; safe to use from two threads."""

    def __init__(self, length: int = 300) -> None:
        """Start empty."""
        self._values: deque[float] = deque(maxlen=length)
        self._lock = threading.Lock()

    def add(self, milliseconds: float) -> None:
        """Add one."""
        with self._lock:
            self._values.append(milliseconds)

    def summary(self, name: str) -> dict[str, float]:
        """p50, p95 and p99 under `<name>_p50_ms` and so on; empty if nothing was added."""
        with self._lock:
            values = list(self._values)
        if not values:
            return {}
        found = np.percentile(values, (50, 95, 99))
        return {f"{name}_p{p}_ms": round(float(v), 2) for p, v in zip((50, 95, 99), found, strict=True)}


class Rate:
    """Events per second over the last seconds."""

    def __init__(self, window_s: float = 5.0) -> None:
        """Start without events."""
        self._window_s = window_s
        self._times: deque[float] = deque(maxlen=4096)
        self.last: float | None = None  # monotonic seconds

    def tick(self) -> None:
        """Count an event now."""
        self.last = time.monotonic()
        self._times.append(self.last)

    def silent_s(self, since: float) -> float:
        """Seconds since the last event, or since `since` if there was none."""
        return time.monotonic() - (self.last if self.last is not None else since)

    @property
    def hz(self) -> float:
        """Events per second."""
        now = time.monotonic()
        recent = [t for t in list(self._times) if now - t <= self._window_s]
        return round(len(recent) / self._window_s, 2)
