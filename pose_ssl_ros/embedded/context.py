"""A context: arguments, DDS participant and life of everything made after `rclpy.init`."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from pose_ssl_ros.embedded import arguments, dds, logging
from pose_ssl_ros.embedded.errors import NotInitializedException, RCLError
from pose_ssl_ros.embedded.graph import Graph


class Context:
    """Holds the participant; `ok()` is True from `init` to `shutdown` or a signal."""

    def __init__(self) -> None:
        """A context that is not initialised."""
        self.arguments = arguments.RosArguments()
        self._participant: dds.Participant | None = None
        self._graph: Graph | None = None
        self._ok = False
        self._initialised = False
        self._lock = threading.RLock()
        self._wakers: weakref.WeakSet[Any] = weakref.WeakSet()  # executors, woken by a shutdown
        self._callbacks: list[Callable[[], None]] = []
        self._nodes = 0

    def init(self, args: Sequence[str] | None = None, *, domain_id: int | None = None, **_: Any) -> None:
        """Read arguments and join the domain.

        Raises:
            RuntimeError: If it was initialised before.
            UnknownROSArgsError: If the arguments are not ROS's.
        """
        with self._lock:
            if self._initialised:
                msg = "Context.init() must only be called once"
                raise RuntimeError(msg)
            self.arguments = arguments.parse(sys.argv if args is None else list(args))
            for name, level in self.arguments.log_levels:
                logging.set_logger_level(name, logging.severity(level))
            self._participant = dds.Participant(domain_id)
            self._graph = Graph(self._participant)
            self._initialised = self._ok = True

    @property
    def participant(self) -> dds.Participant:
        """The DDS participant.

        Raises:
            NotInitializedException: Before `init`.
        """
        if self._participant is None:
            msg = "rclpy.init() has not been called"
            raise NotInitializedException(msg)
        return self._participant

    @property
    def graph(self) -> Graph:
        """What is known of other nodes.

        Raises:
            NotInitializedException: Before `init`.
        """
        if self._graph is None:
            msg = "rclpy.init() has not been called"
            raise NotInitializedException(msg)
        return self._graph

    def get_domain_id(self) -> int:
        """The DDS domain."""
        return self.participant.domain_id

    def ok(self) -> bool:
        """True while it may be used."""
        return self._ok

    def check(self, what: str) -> None:
        """Refuse work after a shutdown.

        Raises:
            RCLError: If the context is not valid any more.
        """
        if not self._ok:
            msg = f"{what}: the given context is not valid, either rclpy.init() was not called or it was shut down"
            raise RCLError(msg)

    def on_shutdown(self, callback: Callable[[], None]) -> None:
        """Call something when the context is shut down."""
        self._callbacks.append(callback)

    def add_waker(self, waker: Any) -> None:
        """Remember an executor whose `wake()` is called at shutdown."""
        self._wakers.add(waker)

    def wake(self) -> None:
        """Let every waiting executor look again."""
        for waker in list(self._wakers):
            waker.wake()

    def stop(self) -> None:
        """End validity and wake everybody; safe in a signal handler (the DDS part is left for `close`)."""
        self._ok = False
        self.wake()

    def shutdown(self) -> None:
        """Shut down.

        Raises:
            RCLError: If that was done before (by a signal, for instance), as rclpy does.
        """
        if not self._ok:
            msg = "failed to shutdown: rcl_shutdown already called on the given context"
            raise RCLError(msg)
        self.try_shutdown()

    def try_shutdown(self) -> None:
        """Shut down if that was not done before."""
        with self._lock:
            was_ok, callbacks, self._callbacks = self._ok, self._callbacks, []
            self.stop()
        if was_ok:
            for callback in callbacks:
                callback()

    def count_node(self, change: int) -> None:
        """Note that a node was made (+1) or destroyed (-1)."""
        with self._lock:
            self._nodes += change
        if not self._ok:
            self.close_if_unused()

    def close_if_unused(self) -> None:
        """Leave the domain unless nodes are still there (they, or the end of the process, will do it)."""
        if self._nodes <= 0:
            self.close()

    def close(self) -> None:
        """Leave the domain."""
        self.try_shutdown()
        with self._lock:
            if self._participant is not None:
                if self._graph is not None:
                    self._graph.close()
                self._participant.close()
