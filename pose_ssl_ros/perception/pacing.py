"""When to publish what a recording holds: recorded time against the wall clock."""

from __future__ import annotations

import time
from collections.abc import Callable

CLOCK_PERIOD_S = 0.02


class Pacer:
    """Sleeps until an item of a recording is due.

    Recorded time stands still while nothing is due to be waited for, so a pause of the reader never makes a burst
    longer than `MAX_LATE_S`: time that late is given up instead of caught up.

    Args:
        tick: Told the recorded time in nanoseconds about every 20 ms while waiting.
        stopped: Ends the waiting early.
        now: Monotonic seconds.
        sleep: Waits seconds.
    """

    MAX_LATE_S = 0.5

    def __init__(
        self,
        tick: Callable[[int], None],
        stopped: Callable[[], bool],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Start unset; the first item is due at once."""
        self._tick = tick
        self._stopped = stopped
        self._now = now
        self._sleep = sleep
        self._recorded_ns: int | None = None
        self._wall = 0.0

    def restart(self) -> None:
        """Take the next item as due at once, for a recording that begins again."""
        self._recorded_ns = None

    def wait(self, recorded_ns: int, speed: float) -> bool:
        """Wait until an item is due; False if waiting was ended."""
        if self._recorded_ns is None or recorded_ns < self._recorded_ns:
            self._recorded_ns, self._wall = recorded_ns, self._now()
        due = self._wall + (recorded_ns - self._recorded_ns) / 1e9 / speed
        while (left := due - self._now()) > 0:
            if self._stopped():
                return False
            self._tick(recorded_ns - round(left * speed * 1e9))
            self._sleep(min(left, CLOCK_PERIOD_S))
        late = self._now() - due
        # Anchored anew at each item, so that a change of speed acts from here on.
        self._recorded_ns, self._wall = recorded_ns, due + max(0.0, late - self.MAX_LATE_S)
        return not self._stopped()
