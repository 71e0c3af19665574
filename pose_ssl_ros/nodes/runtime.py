"""What every node shares: QoS profiles, declared parameters, diagnostics and a quiet end."""

from __future__ import annotations

import enum
import gc
import signal
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.clock import Clock, ClockType
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions

from pose_ssl_ros.nodes.mailbox import Newest, Worker
from pose_ssl_ros.parameters import ParameterError, ParameterSpec, from_values, specs

__all__ = ["LATCHED", "RESULT", "SENSOR", "Diagnostics", "Level", "Newest", "Worker", "bind", "camera_silence", "run"]

T = TypeVar("T")

SENSOR = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=5,
    reliability=ReliabilityPolicy.BEST_EFFORT,
    durability=DurabilityPolicy.VOLATILE,
)
RESULT = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class Level(enum.IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


def _descriptor(spec: ParameterSpec) -> ParameterDescriptor:
    unit = f" [{spec.unit}]" if spec.unit else ""
    # Type and range are checked by us, with a sentence: rclpy would refuse `-p rate:=10` for a double and
    # raise for a value out of range before anybody can say what is allowed.
    return ParameterDescriptor(
        description=f"{spec.description}{unit}", additional_constraints=spec.allowed, dynamic_typing=True
    )


def bind(node: Node, config: type[T], on_change: Callable[[T], None] | None = None) -> T:
    """Declare every parameter of a config class on a node and return the config they give.

    Later changes are checked the same way; a good one calls `on_change` with the new
    config, a bad one is refused with the sentence of `ParameterError`.

    Raises:
        ParameterError: If a value given at start is not allowed.
    """
    known = specs(config)
    values: dict[str, Any] = {}
    for name, spec in known.items():
        values[name] = node.declare_parameter(name, spec.default, _descriptor(spec)).value
    current = from_values(config, {k: _plain(v) for k, v in values.items()})

    def check(changes: Sequence[Any]) -> SetParametersResult:
        nonlocal values
        wanted = dict(values)
        for change in changes:
            if change.name not in known:
                continue
            if known[change.name].read_only and change.value != values[change.name]:
                reason = f"parameter '{change.name}' is read at start only; set it in the launch file and restart"
                return SetParametersResult(successful=False, reason=reason)
            wanted[change.name] = change.value
        try:
            changed = from_values(config, {k: _plain(v) for k, v in wanted.items()})
        except ParameterError as error:
            return SetParametersResult(successful=False, reason=str(error))
        if wanted != values and on_change is not None:
            on_change(changed)
        values = wanted
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(check)
    return current


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (tuple, list)) or hasattr(value, "typecode") else value


class Diagnostics:
    """Publishes one status on /diagnostics at a fixed rate.

    Args:
        node: The node that owns the publisher and the timer.
        name: Name of the status, e.g. `learner`.
        provider: Returns (level, message, values); called on the executor's thread.
        period_s: Seconds between two messages.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        provider: Callable[[], tuple[Level, str, Mapping[str, Any]]],
        period_s: float = 1.0,
    ) -> None:
        """Create publisher and timer."""
        self._node = node
        self._name = name
        self._provider = provider
        self._publisher = node.create_publisher(DiagnosticArray, "/diagnostics", RESULT)
        # Wall time: when a simulation dies, /clock stops, and that is when somebody looks at diagnostics.
        self._timer = node.create_timer(period_s, self.publish, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def publish(self) -> None:
        """Publish now."""
        level, message, values = self._provider()
        status = DiagnosticStatus(
            level=bytes([int(level)]),
            name=f"{self._node.get_fully_qualified_name()}: {self._name}",
            message=message,
            hardware_id=self._node.get_name(),
            values=[KeyValue(key=str(k), value=_text(v)) for k, v in values.items()],
        )
        array = DiagnosticArray(status=[status])
        array.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(array)


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def camera_silence(node: Node, topic: str) -> str:
    """Say why nothing may be heard on a best-effort image topic, naming the publishers' QoS."""
    name = node.resolve_topic_name(topic)
    publishers = node.get_publishers_info_by_topic(name)
    if not publishers:
        return f"no image: nobody publishes '{name}'"
    words = []
    for info in publishers:
        reliability = getattr(info.qos_profile.reliability, "name", str(info.qos_profile.reliability)).lower()
        durability = getattr(info.qos_profile.durability, "name", str(info.qos_profile.durability)).lower()
        words.append(f"{info.node_name} offers {info.topic_type}, {reliability}, {durability}")
    return f"no image on '{name}' though " + "; ".join(words)


def run(make: Callable[[], Node], args: Sequence[str] | None = None) -> int:
    """Initialise, spin and end a node quietly on Ctrl-C, SIGTERM or shutdown.

    The node's `close()`, if it has one, is called before it is destroyed.  A node may set
    its attribute `finished` (a threading.Event) to end by itself.

    Returns:
        Exit status: 0, or 2 when the parameters were refused.
    """
    # rclpy's own handlers shut the context down at once: `close` could not publish a last "stop" any more.
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    # SIGTERM is what launch sends to a node that was slow; it must save too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    node: Node | None = None
    status = 0
    try:
        node = make()
        finished = getattr(node, "finished", None) or threading.Event()
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        while rclpy.ok() and not finished.is_set():
            executor.spin_once(timeout_sec=0.2)
        status = int(getattr(node, "exit_status", 0))
    except ParameterError as error:
        print(f"error: {error}", flush=True)
        status = 2
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # the quiet end that a person or the launcher asked for
    finally:
        # A second Ctrl-C while saving must not cut the file that `close` writes.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if node is not None:
            try:
                close = getattr(node, "close", None)
                if close is not None:
                    close()
            except Exception:
                traceback.print_exc()
                status = 1
            node.destroy_node()
        rclpy.try_shutdown()
        # What torch and onnx brought is some 400,000 objects; the interpreter would search them for cycles, several
        # times and for seconds, only to end.
        gc.freeze()
    return status
