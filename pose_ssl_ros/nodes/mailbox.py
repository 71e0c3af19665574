"""Hand-over between callbacks and the thread that works: the newest wins, drops are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """A mailbox with one slot: putting into a full one replaces the item and counts a drop."""

    def __init__(self) -> None:
        """Start empty."""
        self._item: T | None = None
        self._ready = threading.Condition()
        self.received = 0
        self.dropped = 0

    def put(self, item: T) -> None:
        """Leave an item; an unread one is dropped."""
        with self._ready:
            self.received += 1
            if self._item is not None:
                self.dropped += 1
            self._item = item
            self._ready.notify()

    def get(self, timeout: float | None = None) -> T | None:
        """Take the item, waiting at most `timeout` seconds; None if there is none."""
        with self._ready:
            if self._item is None:
                self._ready.wait(timeout)
            item, self._item = self._item, None
            return item


class Worker:
    """A thread that calls a function again and again and outlives its exceptions.

    Args:
        turn: Called repeatedly; it should wait for work itself (`Newest.get`).
        name: Thread name.
        report: Told of each exception.
    """

    def __init__(self, turn: Callable[[], None], name: str, report: Callable[[Exception], None]) -> None:
        """Start the thread."""
        self._turn = turn
        self._report = report
        self._stop = threading.Event()
        self.failures = 0
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            except Exception as error:  # a bad input must not end the node
                if self._stop.is_set():
                    return
                self.failures += 1
                self._report(error)
                # A failure that repeats at once must not eat a core.
                self._stop.wait(0.05)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called; long turns should look at it."""
        return self._stop.is_set()

    def stop(self, timeout: float = 2.0) -> bool:
        """Ask the thread to end; returns whether it did within `timeout` seconds."""
        self._stop.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()
