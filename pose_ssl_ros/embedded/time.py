"""`rclpy.time`, `rclpy.duration` and `rclpy.clock`: instants, spans and clocks, the ROS clock following /clock."""

from __future__ import annotations

import enum
import functools
import threading
import time as _time
from collections.abc import Callable
from typing import Any

from pose_ssl_ros.embedded.types import message_class

NANO = 1_000_000_000


class ClockType(enum.IntEnum):
    """Source of a time."""

    ROS_TIME = 1
    SYSTEM_TIME = 2
    STEADY_TIME = 3


@functools.total_ordering
class Duration:
    """A span of time, in nanoseconds."""

    def __init__(self, *, seconds: float = 0, nanoseconds: int = 0) -> None:
        """Sum of both arguments."""
        self._nanoseconds = int(seconds * NANO) + int(nanoseconds)

    @property
    def nanoseconds(self) -> int:
        """The span in nanoseconds."""
        return self._nanoseconds

    def __repr__(self) -> str:
        """Nanoseconds."""
        return f"Duration(nanoseconds={self._nanoseconds})"

    def __eq__(self, other: object) -> bool:
        """Equal spans."""
        return isinstance(other, Duration) and other.nanoseconds == self.nanoseconds

    def __lt__(self, other: Duration) -> bool:
        """Shorter."""
        return self.nanoseconds < other.nanoseconds if isinstance(other, Duration) else NotImplemented

    def __hash__(self) -> int:
        """Hash of the span."""
        return hash(self._nanoseconds)

    def to_msg(self) -> Any:
        """As builtin_interfaces/Duration."""
        seconds, rest = divmod(self._nanoseconds, NANO)
        return message_class("builtin_interfaces/msg/Duration")(sec=seconds, nanosec=rest)

    @classmethod
    def from_msg(cls, msg: Any) -> Duration:
        """From builtin_interfaces/Duration."""
        return cls(seconds=msg.sec, nanoseconds=msg.nanosec)


@functools.total_ordering
class Time:
    """An instant of a clock, in nanoseconds since its epoch."""

    def __init__(
        self, *, seconds: float = 0, nanoseconds: int = 0, clock_type: ClockType = ClockType.SYSTEM_TIME
    ) -> None:
        """Sum of both arguments.

        Raises:
            ValueError: If the instant is negative.
        """
        if seconds < 0 or nanoseconds < 0:
            msg = "Seconds and nanoseconds values must not be negative"
            raise ValueError(msg)
        self._nanoseconds = int(seconds * NANO) + int(nanoseconds)
        self.clock_type = clock_type

    @property
    def nanoseconds(self) -> int:
        """Nanoseconds since the epoch."""
        return self._nanoseconds

    def seconds_nanoseconds(self) -> tuple[int, int]:
        """Whole seconds and the rest in nanoseconds."""
        return self._nanoseconds // NANO, self._nanoseconds % NANO

    def __repr__(self) -> str:
        """Nanoseconds and clock."""
        return f"Time(nanoseconds={self._nanoseconds}, clock_type={self.clock_type.name})"

    def _same_clock(self, other: Time) -> None:
        if self.clock_type != other.clock_type:
            msg = "Can't compare times with different clock types"
            raise TypeError(msg)

    def __add__(self, other: Duration) -> Time:
        """Later by a duration."""
        if not isinstance(other, Duration):
            return NotImplemented
        return Time(nanoseconds=self.nanoseconds + other.nanoseconds, clock_type=self.clock_type)

    def __sub__(self, other: Time | Duration) -> Any:
        """Duration between times, or an earlier time."""
        if isinstance(other, Time):
            self._same_clock(other)
            return Duration(nanoseconds=self.nanoseconds - other.nanoseconds)
        if isinstance(other, Duration):
            return Time(nanoseconds=self.nanoseconds - other.nanoseconds, clock_type=self.clock_type)
        return NotImplemented

    def __eq__(self, other: object) -> bool:
        """Same instant of the same kind of clock."""
        if not isinstance(other, Time):
            return NotImplemented
        self._same_clock(other)
        return self.nanoseconds == other.nanoseconds

    def __lt__(self, other: Time) -> bool:
        """Earlier."""
        if not isinstance(other, Time):
            return NotImplemented
        self._same_clock(other)
        return self.nanoseconds < other.nanoseconds

    def __hash__(self) -> int:
        """Hash of instant and clock."""
        return hash((self._nanoseconds, self.clock_type))

    def to_msg(self) -> Any:
        """As builtin_interfaces/Time."""
        seconds, rest = self.seconds_nanoseconds()
        return message_class("builtin_interfaces/msg/Time")(sec=seconds, nanosec=rest)

    @classmethod
    def from_msg(cls, msg: Any, clock_type: ClockType = ClockType.ROS_TIME) -> Time:
        """From builtin_interfaces/Time."""
        return cls(nanoseconds=msg.sec * NANO + msg.nanosec, clock_type=clock_type)


class Clock:
    """A clock; a ROS_TIME clock follows /clock once simulated time is on."""

    def __init__(self, *, clock_type: ClockType = ClockType.SYSTEM_TIME) -> None:
        """A clock of a kind."""
        self.clock_type = clock_type
        self._simulated: int | None = None
        self._lock = threading.Lock()
        self.changed: list[Callable[[], None]] = []  # called after simulated time moved, or was switched

    @property
    def ros_time_is_active(self) -> bool:
        """True while simulated time is on."""
        return self._simulated is not None

    def now_ns(self) -> int:
        """Nanoseconds of this clock."""
        simulated = self._simulated
        if simulated is not None:
            return simulated
        return _time.monotonic_ns() if self.clock_type == ClockType.STEADY_TIME else _time.time_ns()

    def now(self) -> Time:
        """The time of this clock."""
        return Time(nanoseconds=self.now_ns(), clock_type=self.clock_type)

    def simulate(self, nanoseconds: int | None) -> None:
        """Set simulated time, or switch it off with None."""
        with self._lock:
            self._simulated = nanoseconds
        for callback in list(self.changed):
            callback()
