"""A short-lived node for the commands that look at the ROS graph; plain rclpy, so it works on a real ROS 2 too."""

from __future__ import annotations

import contextlib
import importlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from pose_ssl_ros import embedded
from pose_ssl_ros.cli.errors import CommandError

T = TypeVar("T")
DISCOVERY_S = 3.0


@contextlib.contextmanager
def observer() -> Iterator[Any]:
    """A node on the graph; yields it and cleans up.

    Yields:
        An `rclpy.node.Node` named `_pose_ssl_<pid>`; names with a leading underscore are hidden.
    """
    embedded.activate()
    rclpy = importlib.import_module("rclpy")
    rclpy.init(args=[])
    node = rclpy.create_node(f"_pose_ssl_{os.getpid()}") if hasattr(rclpy, "create_node") else None
    if node is None:
        node = importlib.import_module("rclpy.node").Node(f"_pose_ssl_{os.getpid()}")
    try:
        yield node
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def spin_until(node: Any, done: Callable[[], T], seconds: float) -> T:
    """Spin until `done()` is true or the time is over; returns its last answer."""
    rclpy = importlib.import_module("rclpy")
    end = time.monotonic() + seconds
    while True:
        answer = done()
        if answer or time.monotonic() >= end or not rclpy.ok():
            return answer
        rclpy.spin_once(node, timeout_sec=0.05)


def settle(node: Any, snapshot: Callable[[], T], *, least: float = 1.0, most: float = DISCOVERY_S) -> T:
    """Spin until a snapshot of the graph stops changing for `least` seconds, at most `most` seconds."""
    rclpy = importlib.import_module("rclpy")
    start = changed = time.monotonic()
    last = snapshot()
    while time.monotonic() - start < most and time.monotonic() - changed < least:
        rclpy.spin_once(node, timeout_sec=0.05)
        now = snapshot()
        if now != last:
            last, changed = now, time.monotonic()
    return last


def message_class(type_name: str) -> Any:
    """Class of `package/msg/Name`.

    Raises:
        CommandError: If the type cannot be found here.
    """
    embedded.activate()
    package, _, rest = type_name.partition("/")
    kind, _, name = rest.partition("/")
    try:
        return getattr(importlib.import_module(f"{package}.{kind}"), name)
    except (ImportError, AttributeError, ValueError) as error:
        msg = f"message type '{type_name}' is not known here"
        raise CommandError(msg) from error


def absolute(name: str) -> str:
    """A topic, node or service name with its leading slash."""
    return name if name.startswith("/") else f"/{name}"


def topic_type(node: Any, topic: str, seconds: float = DISCOVERY_S) -> str:
    """Type of a topic that somebody publishes or subscribes.

    Raises:
        CommandError: If nobody does within `seconds`.
    """

    def find() -> str:
        return next((types[0] for name, types in node.get_topic_names_and_types() if name == topic and types), "")

    found = spin_until(node, find, seconds)
    if not found:
        msg = f"nobody publishes or subscribes '{topic}' (waited {seconds:g} s; see 'pose-ssl topic list')"
        raise CommandError(msg)
    return found
