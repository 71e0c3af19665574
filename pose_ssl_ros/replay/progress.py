"""How far a replay is, how fast it goes and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable


class Progress:
    """Recorded time against the wall clock.

    Args:
        total_s: Recorded seconds of all that is to be replayed; 0 when not known.
        now: Monotonic seconds.
    """

    def __init__(self, total_s: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        """Nothing was read yet; the clock starts with the first event."""
        self.total_s = total_s
        self.frames = 0
        self.recorded_s = 0.0
        self._now = now
        self._started: float | None = None
        self._last: int | None = None

    def note(self, recorded_ns: int) -> None:
        """An event of that time was handled; steps back do not count."""
        if self._started is None:
            self._started = self._now()
        if self._last is not None and recorded_ns > self._last:
            self.recorded_s += (recorded_ns - self._last) * 1e-9
        self._last = recorded_ns

    def next_bag(self) -> None:
        """The next event begins another recording."""
        self._last = None

    @property
    def wall_s(self) -> float:
        """Seconds since the first event."""
        return 0.0 if self._started is None else self._now() - self._started

    @property
    def times_real_time(self) -> float:
        """Recorded seconds per second."""
        return self.recorded_s / max(1e-6, self.wall_s)

    @property
    def left_s(self) -> float | None:
        """Seconds until the end at the present speed; None while not known."""
        if self.total_s <= 0 or self.recorded_s <= 0:
            return None
        return max(0.0, self.total_s - self.recorded_s) / max(1e-6, self.times_real_time)

    def words(self) -> str:
        """One line for a person."""
        total = f" of {self.total_s:.0f}" if self.total_s > 0 else ""
        left = self.left_s
        ending = "" if left is None else f", {_clock(left)} left"
        return (
            f"{self.recorded_s:.0f}{total} s, {self.frames} frames at {self.frames / max(1e-6, self.wall_s):.1f} Hz, "
            f"{self.times_real_time:.1f} times real time{ending}"
        )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
