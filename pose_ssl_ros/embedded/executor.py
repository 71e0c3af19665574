"""`rclpy.executors`: wait without polling, call back one after the other or in threads."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded.errors import ExternalShutdownException, ShutdownException
from pose_ssl_ros.embedded.futures import Future
from pose_ssl_ros.embedded.waitset import Guard, WaitSet

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.context import Context
    from pose_ssl_ros.embedded.node import Node

_WAKE = 0
_FOREVER = 2**63 - 1


class CallbackGroup:
    """Callbacks that may or may not run at the same time."""

    def __init__(self) -> None:
        """An idle group."""
        self.running = 0

    def can_run(self) -> bool:
        """True if another callback may start."""
        return True


class ReentrantCallbackGroup(CallbackGroup):
    """Callbacks may run at the same time."""


class MutuallyExclusiveCallbackGroup(CallbackGroup):
    """One callback at a time."""

    def can_run(self) -> bool:
        """True if none runs."""
        return self.running == 0


class Executor:
    """Base of both executors: collects what is ready; derived classes say where callbacks run."""

    def __init__(self, *, context: Context | None = None) -> None:
        """An executor without nodes."""
        from pose_ssl_ros.embedded.runtime import default_context

        self.context = default_context() if context is None else context
        participant = self.context.participant
        self._guard = Guard(participant)
        self._set = WaitSet(participant)
        self._nodes: list[Node] = []
        self._tasks: deque[Callable[[], None]] = deque()
        self._pending: deque[Callable[[], Callable[[], None] | None]] = deque()
        self._lock = threading.RLock()
        self._is_shutdown = False
        self._keys: dict[int, int] = {}
        self._next_key = _WAKE + 1
        self.context.add_waker(self)

    def add_node(self, node: Node) -> bool:
        """Serve a node; False if it was served already."""
        with self._lock:
            if node in self._nodes:
                return False
            self._nodes.append(node)
        node.executor = self
        self.wake()
        return True

    def remove_node(self, node: Node) -> None:
        """Stop serving a node."""
        with self._lock:
            if node in self._nodes:
                self._nodes.remove(node)
        if node.executor is self:
            node.executor = None
        self.wake()

    def get_nodes(self) -> list[Node]:
        """The nodes served."""
        return list(self._nodes)

    def wake(self) -> None:
        """Let a waiting thread look again."""
        self._guard.trigger()

    def create_task(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Future:
        """Call something in the executor; the future gets its result."""
        future = Future(executor=self)

        def run() -> None:
            try:
                future.set_result(callback(*args, **kwargs))
            except Exception as error:  # handed to whoever asked
                future.set_exception(error)

        self._tasks.append(run)
        self.wake()
        return future

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Stop spinning and let the nodes go."""
        self._is_shutdown = True
        self.wake()
        for node in self.get_nodes():
            self.remove_node(node)
        return True

    def __enter__(self) -> Executor:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Shut down."""
        self.shutdown()

    def _run(self, callback: Callable[[], None], group: CallbackGroup) -> None:
        raise NotImplementedError

    def _start(self, group: CallbackGroup) -> bool:
        with self._lock:
            if not group.can_run():
                return False
            group.running += 1
            return True

    def _finish(self, group: CallbackGroup) -> None:
        with self._lock:
            group.running -= 1

    def _waitables(self) -> dict[int, Any]:
        found = {}
        with self._lock:
            for node in self._nodes:
                for waitable in node.waitables():
                    if waitable.callback_group.can_run():
                        key = self._keys.setdefault(id(waitable), self._next_key)
                        self._next_key += key == self._next_key
                        found[key] = waitable
        return found

    def _timers(self) -> list[Any]:
        with self._lock:
            return [t for node in self._nodes for t in node.timers if t.callback_group.can_run()]

    def _timeout(self, until: float | None) -> int:
        waits = [wait for timer in self._timers() if (wait := timer.wait_ns()) is not None]
        if until is not None:
            waits.append(max(0, int((until - time.monotonic()) * 1e9)))
        return min(waits, default=_FOREVER)

    def _check(self) -> None:
        if not self.context.ok():
            raise ExternalShutdownException
        if self._is_shutdown:
            raise ShutdownException

    def _collect(self, until: float | None) -> None:
        """Wait until something is ready (or the time is over) and put it into the queue."""
        self._check()
        waitables = self._waitables()
        self._set.update({_WAKE: self._guard, **{key: w.condition for key, w in waitables.items()}})
        ready = self._set.wait(self._timeout(until) if not self._tasks else 0)
        if _WAKE in ready:
            self._guard.trigger(False)
        self._check()
        self._pending.extend(self._timer_step(timer) for timer in self._timers() if timer.is_ready())
        self._pending.extend(self._step(waitables[key]) for key in ready if key in waitables)
        while self._tasks:
            task = self._tasks.popleft()
            self._pending.append(lambda task=task: task)  # type: ignore[misc]

    def _timer_step(self, timer: Any) -> Callable[[], Any]:
        def step() -> Any:
            if not timer.is_ready() or not self._start(timer.callback_group):
                return None
            timer.advance()
            return timer.callback, timer.callback_group

        return step

    def _step(self, waitable: Any) -> Callable[[], Any]:
        def step() -> Any:
            if not self._start(waitable.callback_group):
                return None
            handler = waitable.take()
            if handler is None:
                self._finish(waitable.callback_group)
                return None
            return handler, waitable.callback_group

        return step

    def _run_pending(self, most: int) -> int:
        done = 0
        while self._pending and done < most:
            self._check()
            found: Any = self._pending.popleft()()
            if found is None:
                continue
            if callable(found):
                found()
            else:
                self._run(*found)
            done += 1
        return done

    def spin_once(self, timeout_sec: float | None = None) -> None:
        """Wait for one callback at most `timeout_sec` (None: without end) and run it.

        Raises:
            ExternalShutdownException: If the context was shut down.
        """
        until = None if timeout_sec is None or timeout_sec < 0 else time.monotonic() + timeout_sec
        while not self._run_pending(1):
            if not self._pending:
                self._collect(until)
            if not self._pending and until is not None and time.monotonic() >= until:
                return

    def spin(self) -> None:
        """Run callbacks until the context is shut down or the executor is.

        Raises:
            ExternalShutdownException: If the context was shut down.
        """
        try:
            while True:
                self._collect(None)
                self._run_pending(len(self._pending))
        except ShutdownException:
            return

    def spin_until_future_complete(self, future: Future, timeout_sec: float | None = None) -> None:
        """Run callbacks until a future is done, the time is over or the context is shut down."""
        until = None if timeout_sec is None or timeout_sec < 0 else time.monotonic() + timeout_sec
        future.add_done_callback(lambda _: self.wake())
        while not future.done() and self.context.ok() and not self._is_shutdown:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return
            if not self._run_pending(1):
                self._collect(until)


class SingleThreadedExecutor(Executor):
    """Runs callbacks in the thread that spins."""

    def _run(self, callback: Callable[[], None], group: CallbackGroup) -> None:
        try:
            callback()
        finally:
            self._finish(group)


class MultiThreadedExecutor(Executor):
    """Runs callbacks in a pool of threads; an exception in one is raised where it spins."""

    def __init__(self, num_threads: int | None = None, *, context: Context | None = None) -> None:
        """Threads: as many as processors, but two at least."""
        super().__init__(context=context)
        import os

        self._pool = ThreadPoolExecutor(num_threads or max(2, os.cpu_count() or 2), "executor")
        self._failed: list[BaseException] = []

    def _check(self) -> None:
        if self._failed:
            raise self._failed.pop(0)
        super()._check()

    def _run(self, callback: Callable[[], None], group: CallbackGroup) -> None:
        def work() -> None:
            try:
                callback()
            except BaseException as error:  # raised again where it spins
                self._failed.append(error)
            finally:
                self._finish(group)
                self.wake()

        self._pool.submit(work)

    def shutdown(self, timeout_sec: float | None = None) -> bool:
        """Stop, and wait for callbacks that run."""
        done = super().shutdown(timeout_sec)
        self._pool.shutdown(wait=timeout_sec is None or timeout_sec > 0)
        return done
