"""`pose-ssl topic list|echo|hz`."""

from __future__ import annotations

import argparse
import importlib
import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.graph import absolute, message_class, observer, settle, spin_until, topic_type
from pose_ssl_ros.cli.show import lines, scalar


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("topic", help="list, echo or time topics", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    listing = verbs.add_parser("list", help="names of all topics")
    listing.add_argument("-t", "--types", action="store_true", help="with their types")
    listing.set_defaults(handler=handle_list)
    echo = verbs.add_parser("echo", help="print messages")
    echo.add_argument("topic")
    echo.add_argument("--once", action="store_true", help="one message only")
    echo.add_argument("--full", action="store_true", help="whole arrays")
    echo.add_argument("--field", default="", help="one field only, such as header.stamp")
    echo.add_argument("--timeout", type=float, default=0.0, help="give up after this many seconds (0: never)")
    echo.set_defaults(handler=handle_echo)
    rate = verbs.add_parser("hz", help="print the rate of messages")
    rate.add_argument("topic")
    rate.add_argument("--window", type=int, default=100, help="messages in the average")
    rate.add_argument("--seconds", type=float, default=0.0, help="end after this many seconds (0: never)")
    rate.set_defaults(handler=handle_hz)


def handle_list(arguments: argparse.Namespace) -> int:
    """Print all topics."""
    with observer() as node:
        found = settle(node, lambda: sorted((n, tuple(t)) for n, t in node.get_topic_names_and_types()))
        for name, types in found:
            if arguments.types:
                print(f"{name} [{', '.join(types)}]")
            else:
                print(name)
    return 0


def _subscribe(node: Any, topic: str, callback: Callable[[Any], None]) -> Any:
    """Subscribe as the publishers offer: best effort if one of them is, transient local if all of them are."""
    qos = importlib.import_module("rclpy.qos")
    kind = message_class(topic_type(node, topic))
    infos = spin_until(node, lambda: node.get_publishers_info_by_topic(topic), 1.0)
    profiles = [info.qos_profile for info in infos]
    reliable = bool(profiles) and all(p.reliability == qos.ReliabilityPolicy.RELIABLE for p in profiles)
    latched = bool(profiles) and all(p.durability == qos.DurabilityPolicy.TRANSIENT_LOCAL for p in profiles)
    profile = qos.QoSProfile(
        depth=10,
        reliability=qos.ReliabilityPolicy.RELIABLE if reliable else qos.ReliabilityPolicy.BEST_EFFORT,
        durability=qos.DurabilityPolicy.TRANSIENT_LOCAL if latched else qos.DurabilityPolicy.VOLATILE,
    )
    return node.create_subscription(kind, topic, callback, profile)


def handle_echo(arguments: argparse.Namespace) -> int:
    """Print messages as they come."""
    topic = absolute(arguments.topic)
    seen = 0

    def show(message: Any) -> None:
        nonlocal seen
        if arguments.once and seen:
            return
        seen += 1
        value = message
        for part in filter(None, arguments.field.split(".")):
            value = getattr(value, part, None)
            if value is None:
                msg = f"'{topic}' has no field '{arguments.field}'"
                raise CommandError(msg)
        text = "\n".join(lines(value, full=arguments.full)) or scalar(value, arguments.full)
        print(f"{text}\n---", flush=True)

    with observer() as node:
        _subscribe(node, topic, show)
        wait = arguments.timeout if arguments.timeout > 0 else float("inf")
        spin_until(node, lambda: arguments.once and seen > 0, wait)
    if arguments.timeout > 0 and not seen:
        msg = f"no message on '{topic}' within {arguments.timeout:g} s"
        raise CommandError(msg)
    return 0


def rate_line(stamps: deque[float]) -> str:
    """Rate, shortest and longest gap and spread of arrival times in seconds."""
    times = list(stamps)
    gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    if not gaps or sum(gaps) <= 0:
        return "no new messages"
    return (
        f"average rate: {len(gaps) / sum(gaps):.3f}\n"
        f"\tmin: {min(gaps):.3f}s max: {max(gaps):.3f}s std dev: {statistics.pstdev(gaps):.5f}s window: {len(times)}"
    )


def handle_hz(arguments: argparse.Namespace) -> int:
    """Print the rate once a second."""
    if arguments.window < 2:
        msg = "--window must be at least 2"
        raise CommandError(msg)
    stamps: deque[float] = deque(maxlen=arguments.window)
    due = time.monotonic() + 1.0

    def report() -> bool:
        nonlocal due
        if time.monotonic() >= due:
            due += 1.0
            print(rate_line(stamps), flush=True)
        return False

    with observer() as node:
        _subscribe(node, absolute(arguments.topic), lambda _: stamps.append(time.monotonic()))
        spin_until(node, report, arguments.seconds if arguments.seconds > 0 else float("inf"))
    return 0
