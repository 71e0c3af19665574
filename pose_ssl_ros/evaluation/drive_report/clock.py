"""One time line over several recordings, for curves and the film."""

from __future__ import annotations

#: Seconds between two recordings on the time line.
GAP = 1.0
#: A step of the recording's clock beyond this is taken as no time at all, seconds.
LONGEST_STEP = 60.0


class DriveClock:
    """Seconds that only rise: the time of recording of each bag, one bag after the other.

    Two clocks that are told the same frames say the same, so that a moment of the report and the film agree.

    Example:
        >>> clock = DriveClock()
        >>> clock.at(0, 5_000_000_000), clock.at(0, 7_000_000_000), clock.at(1, 1_000_000_000)
        (0.0, 2.0, 3.0)
    """

    def __init__(self) -> None:
        """Start at zero with the first frame."""
        self._bag: int | None = None
        self._last_ns = 0
        self._now = 0.0

    def at(self, bag: int, recorded_ns: int) -> float:
        """Advance to a frame and return its seconds on the line."""
        if self._bag is None:
            self._bag, self._last_ns = bag, recorded_ns
        elif bag != self._bag:
            self._bag, self._last_ns = bag, recorded_ns
            self._now += GAP
        else:
            step = (recorded_ns - self._last_ns) / 1e9
            self._last_ns = recorded_ns
            if 0 < step <= LONGEST_STEP:
                self._now += step
        return self._now
