"""Helpers for tests over DDS: private domains, node processes, and a peer node inside the test."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import importlib.util
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[1]
EXECUTABLES = {
    name: f"pose_ssl_ros.nodes.{name}"
    for name in (
        "triplet_node",
        "learner_node",
        "inference_node",
        "planner_node",
        "source_node",
        "evaluator_node",
        "recorder_node",
    )
} | {"sim_node": "pose_ssl_sim.node"}
#: Limits of time are those of an idle machine times this: tests say what happens, benchmarks how fast.
PATIENCE = float(os.environ.get("POSE_SSL_TEST_PATIENCE", "3"))
_DOMAINS = range(20, 100)  # what is below is left to people; what is above collides with ephemeral ports


def shared(path: str) -> Path:
    """A file of the shared data; the test is skipped if it is not there.

    Args:
        path: Path below the shared folder (env POSE_SSL_SHARED, or `shared` beside the checkout).
    """
    root = Path(os.environ.get("POSE_SSL_SHARED", CHECKOUT.parent / "shared"))
    found = root / path
    if not found.exists():
        pytest.skip(f"shared data '{path}' is not there (POSE_SSL_SHARED or ../shared)")
    return found


@contextlib.contextmanager
def private_domain() -> Iterator[int]:
    """A ROS_DOMAIN_ID that nobody else on this machine uses (held by a file lock), set in the environment."""
    folder = Path(tempfile.gettempdir()) / f"ros_domains_{os.getuid()}"
    folder.mkdir(exist_ok=True)
    for number in _DOMAINS:
        with (folder / str(number)).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            before = dict(os.environ)
            os.environ.update(ROS_DOMAIN_ID=str(number), ROS_AUTOMATIC_DISCOVERY_RANGE="LOCALHOST")
            os.environ.pop("CYCLONEDDS_URI", None)
            try:
                yield number
            finally:
                os.environ.clear()
                os.environ.update(before)
            return
    msg = "every test domain is in use"
    raise RuntimeError(msg)


def activate() -> None:
    """Make `rclpy` importable in the test process."""
    from pose_ssl_ros import embedded

    embedded.activate()


def _yaml(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=10**6).removesuffix("...\n").strip()


class NodeProcess:
    """A node in a process of its own; use it as a context manager.

    Args:
        target: Module (`pose_ssl_ros.nodes.triplet_node`), executable (`triplet_node`) or path of a script.
        namespace: Its namespace.
        params: Parameters.
        remaps: Remappings.
        env: Additional environment.
        args: Further arguments, before `--ros-args`.
    """

    def __init__(
        self,
        target: str | Path,
        namespace: str = "/pose_ssl",
        params: dict[str, Any] | None = None,
        remaps: dict[str, str] | None = None,
        env: dict[str, str] | None = None,
        args: tuple[str, ...] = (),
    ) -> None:
        """Remember what to start."""
        name = str(target)
        how = [name] if name.endswith(".py") else ["-m", EXECUTABLES.get(name, name)]
        command = [sys.executable, "-X", "faulthandler", *how, *args, "--ros-args", "-r", f"__ns:={namespace}"]
        for key, value in (remaps or {}).items():
            command += ["-r", f"{key}:={value}"]
        for key, value in (params or {}).items():
            command += ["-p", f"{key}:={_yaml(value)}"]
        self.command = command
        self._env = env or {}
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> NodeProcess:
        """Start it."""
        from pose_ssl_ros import embedded

        environment = {**embedded.environment(), "PYTHONUNBUFFERED": "1", **self._env}
        self.process = subprocess.Popen(
            self.command,
            cwd=CHECKOUT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self.process is not None and self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    @property
    def output(self) -> str:
        """What it wrote so far, stdout and stderr."""
        with self._changed:
            return "".join(self._lines)

    def wait_for_output(self, text: str, timeout: float = 20.0) -> str:
        """Wait until it wrote `text`; returns all output."""
        until = time.monotonic() + timeout * PATIENCE
        with self._changed:
            while text not in "".join(self._lines):
                left = until - time.monotonic()
                assert left > 0 and self.alive, f"'{text}' was not written:\n{''.join(self._lines)}"
                self._changed.wait(min(left, 0.5))
            return "".join(self._lines)

    @property
    def alive(self) -> bool:
        """True while it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def _end(self, number: int, timeout: float) -> int:
        assert self.process is not None
        if self.alive:
            self.process.send_signal(number)
        try:
            code = self.process.wait(timeout * PATIENCE)
        except subprocess.TimeoutExpired:
            if number != signal.SIGKILL:
                self.process.send_signal(signal.SIGABRT)  # faulthandler writes every thread's stack
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(5)
            self.process.kill()
            self.process.wait()
            self._reader.join(2)
            msg = f"{shlex.join(self.command)}\ndid not end within {timeout} s of signal {number}:\n{self.output}"
            raise AssertionError(msg) from None
        self._reader.join(2)
        return code

    def interrupt(self, timeout: float = 5.0) -> int:
        """Ctrl-C: it must end within 5 s; returns the exit code."""
        return self._end(signal.SIGINT, timeout)

    def terminate(self, timeout: float = 5.0) -> int:
        """SIGTERM, likewise."""
        return self._end(signal.SIGTERM, timeout)

    def kill(self) -> int:
        """SIGKILL."""
        return self._end(signal.SIGKILL, 5.0)

    def __enter__(self) -> NodeProcess:
        """Start."""
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End it as Ctrl-C does; after a failed test without asserting anything more."""
        if not self.alive:
            return
        if kind is None:
            self.interrupt()
        else:
            with contextlib.suppress(AssertionError):
                self.interrupt()
            print(self.output)


class Collected(list[Any]):
    """Messages of a topic, in order of arrival; `subscription` is what collects them."""

    subscription: Any = None

    @property
    def last(self) -> Any:
        """The newest, None if there is none."""
        return self[-1] if self else None


class Peer:
    """A node inside the test, spinning in a thread; use it as a context manager within a private domain."""

    def __init__(self, name: str = "peer", namespace: str = "/pose_ssl", args: tuple[str, ...] = ()) -> None:
        """Join the domain of the environment."""
        activate()
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node

        self.context = Context()
        rclpy.init(args=list(args), context=self.context)
        self.node = Node(name, namespace=namespace, context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)
        self._changed = threading.Condition()
        self._publishers: dict[tuple[str, int], Any] = {}
        self.errors: list[BaseException] = []
        self._thread = threading.Thread(target=self._spin, name="peer", daemon=True)
        self._thread.start()

    def _spin(self) -> None:
        from rclpy.executors import ExternalShutdownException

        while self.context.ok():
            try:
                self._executor.spin_once(timeout_sec=1.0)
            except ExternalShutdownException:
                return
            except BaseException as error:  # shown by `close`
                self.errors.append(error)
            with self._changed:
                self._changed.notify_all()

    def collect(self, msg_type: Any, topic: str, qos: Any = 10, callback: Callable[[Any], None] | None = None) -> Any:
        """Collect the messages of a topic from now on; returns a list that grows."""
        found = Collected()

        def keep(message: Any) -> None:
            found.append(message)
            if callback is not None:
                callback(message)

        found.subscription = self.node.create_subscription(msg_type, topic, keep, qos)
        return found

    def publisher(self, msg_type: Any, topic: str, qos: Any = 10) -> Any:
        """The publisher of a topic, made when first asked for."""
        key = (topic, id(msg_type))
        if key not in self._publishers:
            self._publishers[key] = self.node.create_publisher(msg_type, topic, qos)
        return self._publishers[key]

    def publish(self, topic: str, message: Any, qos: Any = 10, wait: float = 5.0, subscribers: int = 1) -> Any:
        """Publish a message, the first time after `subscribers` subscriptions are there (or `wait` seconds)."""
        known = (topic, id(type(message))) in self._publishers
        publisher = self.publisher(type(message), topic, qos)
        if not known and wait:
            until = time.monotonic() + wait * PATIENCE
            while publisher.get_subscription_count() < subscribers and time.monotonic() < until:
                time.sleep(0.01)
        publisher.publish(message)
        return publisher

    def wait_for(self, predicate: Callable[[], Any], timeout: float = 10.0, what: str = "") -> Any:
        """Wait until a predicate is true, looked at after every callback; returns its value.

        Raises:
            AssertionError: If it did not become true in time.
        """
        until = time.monotonic() + timeout * PATIENCE
        while True:
            value = predicate()
            if value:
                return value
            left = until - time.monotonic()
            assert left > 0, f"not within {timeout} s: {what or 'the condition'} (peer errors: {self.errors})"
            with self._changed:
                self._changed.wait(min(left, 0.05))

    def call(self, srv_type: Any, name: str, request: Any = None, timeout: float = 10.0) -> Any:
        """Call a service and return its response."""
        client = self.node.create_client(srv_type, name)
        try:
            assert client.wait_for_service(timeout * PATIENCE), f"there is no service {name}"
            future = client.call_async(srv_type.Request() if request is None else request)
            self.wait_for(future.done, timeout, f"response of {name}")
            return future.result()
        finally:
            self.node.destroy_client(client)

    def set_parameter(self, node: str, name: str, value: Any) -> Any:
        """Set a parameter of another node; returns the SetParametersResult."""
        from rcl_interfaces.srv import SetParameters
        from rclpy.parameter import Parameter

        request = SetParameters.Request(parameters=[Parameter(name, value=value).to_parameter_msg()])
        return self.call(SetParameters, f"{node}/set_parameters", request).results[0]

    def get_parameter(self, node: str, name: str) -> Any:
        """Value of a parameter of another node."""
        from rcl_interfaces.srv import GetParameters
        from rclpy.parameter import parameter_value_to_python

        response = self.call(GetParameters, f"{node}/get_parameters", GetParameters.Request(names=[name]))
        return parameter_value_to_python(response.values[0])

    def wait_for_node(self, name: str, timeout: float = 20.0) -> None:
        """Wait until a node of this name is in sight."""
        self.wait_for(lambda: name in self.node.get_node_names(), timeout, f"node {name}")

    def diagnostics(self) -> dict[str, Any]:
        """Newest DiagnosticStatus by name (kept from the first call on)."""
        if not hasattr(self, "_diagnostics"):
            from diagnostic_msgs.msg import DiagnosticArray

            self._diagnostics: dict[str, Any] = {}

            def keep(message: Any) -> None:
                self._diagnostics.update({status.name: status for status in message.status})

            self.node.create_subscription(DiagnosticArray, "/diagnostics", keep, 10)
        return self._diagnostics

    def close(self) -> None:
        """Leave the domain.

        Raises:
            BaseException: The first error of a callback.
        """
        import rclpy

        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)
        self._thread.join(5)
        if self.errors:
            raise self.errors[0]

    def __enter__(self) -> Peer:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Leave the domain; after a failed test quietly."""
        with contextlib.suppress(*(() if kind is None else (BaseException,))):
            self.close()


@functools.cache
def has_module(name: str) -> bool:
    """True if a module can be imported."""
    return importlib.util.find_spec(name) is not None
