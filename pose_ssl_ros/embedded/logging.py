"""`rclpy.logging`: loggers in ROS's format on stderr, and to /rosout."""

from __future__ import annotations

import enum
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_COLOURS = {10: "\033[32m", 30: "\033[33m", 40: "\033[31m", 50: "\033[31m"}
_FORMAT = "[{severity}] [{time}] [{name}]: {message}"


class LoggingSeverity(enum.IntEnum):
    """Severities (values of rcutils)."""

    UNSET = 0
    DEBUG = 10
    INFO = 20
    WARN = 30
    ERROR = 40
    FATAL = 50


_levels: dict[str, LoggingSeverity] = {"": LoggingSeverity.INFO}
_sinks: list[Callable[[int, str, str], None]] = []
_lock = threading.Lock()


def severity(word: str) -> LoggingSeverity:
    """Severity of a word such as `debug`.

    Raises:
        ValueError: If there is no such severity.
    """
    name = word.upper()
    found = {"WARNING": "WARN"}.get(name, name)
    if found not in LoggingSeverity.__members__:
        msg = f"'{word}' is no log level; the levels are debug, info, warn, error, fatal"
        raise ValueError(msg)
    return LoggingSeverity[found]


def get_logging_severity_from_string(word: str) -> LoggingSeverity:
    """Severity of a word, under rclpy's name."""
    return severity(word)


def set_logger_level(name: str, level: int) -> None:
    """Least severity that a logger (and those below it) shows; '' is all loggers."""
    _levels[name] = LoggingSeverity(level)


def get_logger_effective_level(name: str) -> LoggingSeverity:
    """Least severity shown, looked up along the dotted name."""
    while name not in _levels or _levels[name] == LoggingSeverity.UNSET:
        name = name.rpartition(".")[0] if name else ""
        if not name:
            return _levels[""]
    return _levels[name]


def add_sink(sink: Callable[[int, str, str], None]) -> None:
    """Call `sink(level, name, message)` for every line that is shown."""
    _sinks.append(sink)


def remove_sink(sink: Callable[[int, str, str], None]) -> None:
    """Inverse of `add_sink`."""
    if sink in _sinks:
        _sinks.remove(sink)


def _coloured() -> bool:
    wish = os.environ.get("RCUTILS_COLORIZED_OUTPUT")
    return wish == "1" if wish in ("0", "1") else sys.stderr.isatty()


def _write(level: LoggingSeverity, name: str, message: str) -> None:
    now = time.time_ns()
    shape = os.environ.get("RCUTILS_CONSOLE_OUTPUT_FORMAT", _FORMAT)
    for key, value in (("severity", level.name), ("name", name), ("message", message)):
        shape = shape.replace("{" + key + "}", value)
    line = shape.replace("{time}", f"{now // 10**9}.{now % 10**9:09d}")
    if _coloured() and level in _COLOURS:
        line = f"{_COLOURS[level]}{line}\033[0m"
    with _lock:
        try:
            print(line, file=sys.stderr, flush=True)
        except (OSError, ValueError):
            return  # stderr is closed: there is nobody to tell
    for sink in list(_sinks):
        sink(level, name, message)


class RcutilsLogger:
    """A named logger; each method takes `throttle_duration_sec`, `once` and `skip_first`."""

    def __init__(self, name: str = "") -> None:
        """Logger of a dotted name."""
        self.name = name
        self._seen: dict[Any, float] = {}

    def get_child(self, name: str) -> RcutilsLogger:
        """Logger below this one."""
        return RcutilsLogger(f"{self.name}.{name}" if self.name else name)

    def set_level(self, level: int) -> None:
        """Least severity shown."""
        set_logger_level(self.name, level)

    def get_effective_level(self) -> LoggingSeverity:
        """Least severity shown."""
        return get_logger_effective_level(self.name)

    def is_enabled_for(self, level: int) -> bool:
        """True if a line of this severity is shown."""
        return level >= self.get_effective_level()

    def log(
        self,
        message: str,
        severity: int,
        *,
        throttle_duration_sec: float | None = None,
        throttle_time_source_type: Any = None,
        once: bool = False,
        skip_first: bool = False,
    ) -> bool:
        """Show a line; True if it was shown. Throttle and once count per place in the code, as in rclpy."""
        level = LoggingSeverity(severity)
        if throttle_duration_sec is not None or once or skip_first:
            frame = sys._getframe(1)
            while frame.f_back is not None and frame.f_code.co_filename == __file__:
                frame = frame.f_back
            place = (frame.f_code.co_filename, frame.f_lineno)
            last, now = self._seen.get(place), time.monotonic()
            if (once and last is not None) or (skip_first and last is None):
                self._seen[place] = now
                return False
            if throttle_duration_sec is not None and last is not None and now - last < throttle_duration_sec:
                return False
            self._seen[place] = now
        if level < self.get_effective_level():
            return False
        _write(level, self.name, str(message))
        return True

    def debug(self, message: str, **kwargs: Any) -> bool:
        """A line of severity DEBUG."""
        return self.log(message, LoggingSeverity.DEBUG, **kwargs)

    def info(self, message: str, **kwargs: Any) -> bool:
        """A line of severity INFO."""
        return self.log(message, LoggingSeverity.INFO, **kwargs)

    def warning(self, message: str, **kwargs: Any) -> bool:
        """A line of severity WARN."""
        return self.log(message, LoggingSeverity.WARN, **kwargs)

    warn = warning

    def error(self, message: str, **kwargs: Any) -> bool:
        """A line of severity ERROR."""
        return self.log(message, LoggingSeverity.ERROR, **kwargs)

    def fatal(self, message: str, **kwargs: Any) -> bool:
        """A line of severity FATAL."""
        return self.log(message, LoggingSeverity.FATAL, **kwargs)


def get_logger(name: str) -> RcutilsLogger:
    """Logger of a name."""
    return RcutilsLogger(name)
