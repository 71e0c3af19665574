"""`rclpy.init`, `spin`, `shutdown` and the signals: SIGINT and SIGTERM end a waiting executor at once."""

from __future__ import annotations

import contextlib
import enum
import os
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded.context import Context
from pose_ssl_ros.embedded.errors import ShutdownException

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.executor import Executor
    from pose_ssl_ros.embedded.futures import Future
    from pose_ssl_ros.embedded.node import Node


class SignalHandlerOptions(enum.IntEnum):
    """Which signals shut the contexts down."""

    NO = 0
    SIGINT = 1
    SIGTERM = 2
    ALL = 3


_lock = threading.RLock()
_default: Context | None = None
_executor: Executor | None = None
_contexts: list[Context] = []
_previous: dict[int, Any] = {}
_wake_pipe: tuple[int, int] | None = None


def default_context() -> Context:
    """The context that is used when none is named."""
    global _default
    with _lock:
        if _default is None:
            _default = Context()
        return _default


class InitContextManager:
    """What `init` returns: shuts down at the end of a `with` block."""

    def __init__(self, context: Context) -> None:
        """Guard a context."""
        self.context = context

    def __enter__(self) -> InitContextManager:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Shut down, if that was not done."""
        try_shutdown(context=self.context)


def _handle(number: int, frame: FrameType | None) -> None:
    for context in list(_contexts):
        context.stop()
    previous = _previous.get(number)
    if callable(previous):
        previous(number, frame)


def _watch(fd: int) -> None:
    """A main thread that waits in Cyclone does not run Python's signal handlers: wake it so that it does."""
    while True:
        try:
            data = os.read(fd, 64)
        except OSError:
            return
        if not data:
            return
        for context in list(_contexts):
            context.wake()


def _install(options: SignalHandlerOptions) -> None:
    global _wake_pipe
    if threading.current_thread() is not threading.main_thread():
        return  # only the main thread may set handlers
    if _wake_pipe is None:
        _wake_pipe = os.pipe()
        os.set_blocking(_wake_pipe[1], False)
        threading.Thread(target=_watch, args=(_wake_pipe[0],), name="signals", daemon=True).start()
    signal.set_wakeup_fd(_wake_pipe[1], warn_on_full_buffer=False)
    for number, option in (
        (signal.SIGINT, SignalHandlerOptions.SIGINT),
        (signal.SIGTERM, SignalHandlerOptions.SIGTERM),
    ):
        if options & option and number not in _previous:
            _previous[number] = signal.signal(number, _handle)


def _uninstall() -> None:
    if threading.current_thread() is not threading.main_thread():
        return
    for number, previous in list(_previous.items()):
        if signal.getsignal(number) is _handle:
            signal.signal(number, previous if previous is not None else signal.SIG_DFL)
        del _previous[number]
    with contextlib.suppress(ValueError):
        signal.set_wakeup_fd(-1)


def init(
    *,
    args: Sequence[str] | None = None,
    context: Context | None = None,
    domain_id: int | None = None,
    signal_handler_options: SignalHandlerOptions | None = None,
) -> InitContextManager:
    """Read the command line and join the domain.

    Raises:
        RuntimeError: If it was done before.
        UnknownROSArgsError: If the arguments are not well formed.
    """
    global _default
    with _lock:
        if context is None:
            if _default is not None and not _default.ok() and _default._initialised:
                _default.close()
                _default = None
            context = default_context()
            if signal_handler_options is None:
                signal_handler_options = SignalHandlerOptions.ALL
        context.init(args, domain_id=domain_id)
        _contexts.append(context)
        _install(signal_handler_options or SignalHandlerOptions.NO)
    return InitContextManager(context)


def ok(*, context: Context | None = None) -> bool:
    """True until the context is shut down."""
    return (context or default_context()).ok()


def _close(context: Context) -> None:
    global _executor
    with _lock:
        if context is _default and _executor is not None:
            _executor.shutdown()
            _executor = None
        context.close_if_unused()
        if context in _contexts:
            _contexts.remove(context)
        if not _contexts:
            _uninstall()


def shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Shut down.

    Raises:
        RCLError: If that was done before (by a signal, for instance).
    """
    context = context or default_context()
    context.shutdown()
    _close(context)


def try_shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Shut down if that was not done before."""
    context = context or default_context()
    context.try_shutdown()
    _close(context)


def create_node(node_name: str, **kwargs: Any) -> Node:
    """A node, made by a function."""
    from pose_ssl_ros.embedded.node import Node

    return Node(node_name, **kwargs)


def get_global_executor() -> Executor:
    """The executor of `spin` and `spin_once`."""
    from pose_ssl_ros.embedded.executor import SingleThreadedExecutor

    global _executor
    with _lock:
        if _executor is None or _executor.context is not _default:
            _executor = SingleThreadedExecutor()
        return _executor


def _with_node(node: Node, executor: Executor | None, work: Callable[[Executor], None]) -> None:
    chosen = executor or get_global_executor()
    added = chosen.add_node(node)
    try:
        work(chosen)
    finally:
        if added:
            chosen.remove_node(node)


def spin(node: Node, executor: Executor | None = None) -> None:
    """Run a node's callbacks until the context is shut down.

    Raises:
        ExternalShutdownException: If it was shut down by something else than an exception.
    """
    with contextlib.suppress(ShutdownException):
        _with_node(node, executor, lambda chosen: chosen.spin())


def spin_once(node: Node, *, executor: Executor | None = None, timeout_sec: float | None = None) -> None:
    """Run one callback of a node, if one is ready in time."""
    _with_node(node, executor, lambda chosen: chosen.spin_once(timeout_sec))


def spin_until_future_complete(
    node: Node, future: Future, executor: Executor | None = None, timeout_sec: float | None = None
) -> None:
    """Run a node's callbacks until a future is done, or the time is over."""
    _with_node(node, executor, lambda chosen: chosen.spin_until_future_complete(future, timeout_sec))
