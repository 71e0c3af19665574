"""`rclpy.task.Future`: a result that comes later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


class Future:
    """Result of a service call, an executor's task or anything else that comes later."""

    def __init__(self, *, executor: Any = None) -> None:
        """A future without result."""
        self._event = threading.Event()
        self._result: Any = None
        self._exception: BaseException | None = None
        self._cancelled = False
        self._callbacks: list[Callable[[Future], None]] = []
        self._lock = threading.Lock()

    def done(self) -> bool:
        """True once there is a result, an exception or a cancellation."""
        return self._event.is_set()

    def cancelled(self) -> bool:
        """True if it was cancelled."""
        return self._cancelled

    def result(self) -> Any:
        """The result, None if there is none yet.

        Raises:
            Exception: The one that was set.
        """
        if self._exception is not None:
            raise self._exception
        return self._result

    def exception(self) -> BaseException | None:
        """The exception, if that is how it ended."""
        return self._exception

    def wait(self, timeout: float | None) -> bool:
        """Block (while another thread spins) until done; True if done. Not part of rclpy."""
        return self._event.wait(timeout)

    def _finish(self) -> None:
        with self._lock:
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    def set_result(self, result: Any) -> None:
        """End with a result."""
        self._result = result
        self._finish()

    def set_exception(self, exception: BaseException) -> None:
        """End with an exception."""
        self._exception = exception
        self._finish()

    def cancel(self) -> None:
        """End without a result."""
        if not self.done():
            self._cancelled = True
            self._finish()

    def add_done_callback(self, callback: Callable[[Future], None]) -> None:
        """Call something when done; at once if it is."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return
        callback(self)
