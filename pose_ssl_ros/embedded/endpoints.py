"""Publishers, subscriptions and timers."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cyclonedds.core import DDSException, DDSStatus

from pose_ssl_ros.embedded import cdr, wire
from pose_ssl_ros.embedded.errors import InvalidHandle, not_covered
from pose_ssl_ros.embedded.events import (
    IncompatibleQos,
    PublisherEventCallbacks,
    SubscriptionEventCallbacks,
    default_incompatible,
)
from pose_ssl_ros.embedded.qos import QoSProfile
from pose_ssl_ros.embedded.time import Clock
from pose_ssl_ros.embedded.types import Message

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.node import Node


def no_coroutine(callback: Callable[..., Any], where: str) -> None:
    """Refuse coroutine callbacks, which need rclpy's task machinery.

    Raises:
        NotImplementedError: If it is one.
    """
    if inspect.iscoroutinefunction(callback):
        raise not_covered(f"a coroutine as callback of {where}")


class Publisher:
    """Publishes messages of one type; `publish` may be called from any thread."""

    def __init__(
        self, node: Node, msg_type: type[Message], topic: str, profile: QoSProfile, events: PublisherEventCallbacks
    ) -> None:
        """Made by `Node.create_publisher`."""
        self.node, self.msg_type, self.topic, self.qos_profile = node, msg_type, topic, profile
        self.topic_name = topic
        self.writer = node.context.participant.writer(wire.topic_to_dds(wire.TOPIC, topic), msg_type._NAME, profile)
        self.waitables: list[Any] = [
            IncompatibleQos(
                self.writer.entity,
                DDSStatus.OfferedIncompatibleQos,
                "get_offered_incompatible_qos_status",
                events.incompatible_qos or default_incompatible(node, topic, "subscription", "requesting", "No"),
                node.default_callback_group,
            )
        ]
        self._closed = False

    def publish(self, message: Message | bytes) -> None:
        """Send a message (or its CDR bytes).

        Raises:
            TypeError: If it has another type.
            RCLError: If the context is shut down.
            InvalidHandle: If the publisher was destroyed.
        """
        if isinstance(message, (bytes, bytearray)):
            data = bytearray(message)
        elif isinstance(message, self.msg_type):
            data = cdr.encode(message)
        else:
            msg = f"Expected {self.msg_type._NAME}, got {type(message).__name__}"
            raise TypeError(msg)
        if self._closed:
            msg = "cannot use Destroyable because destruction was requested"
            raise InvalidHandle(msg)
        self.node.context.check("Failed to publish")
        try:
            self.writer.write(data)
        except DDSException:
            self.node.context.check("Failed to publish")  # closed while we wrote
            raise

    def get_subscription_count(self) -> int:
        """Number of subscriptions that hear this publisher."""
        return 0 if self._closed else self.writer.matched()

    def destroy(self) -> None:
        """Delete the writer."""
        if not self._closed:
            self._closed = True
            self.writer.close()

    def assert_liveliness(self) -> None:
        """Not covered."""
        raise not_covered("Publisher.assert_liveliness")


@dataclass
class Delivery:
    """A sample taken from DDS, to be handed to a callback."""

    run: Callable[[], None]


class Subscription:
    """Hands messages to a callback, in the executor's thread."""

    def __init__(
        self,
        node: Node,
        msg_type: type[Message],
        topic: str,
        callback: Callable[..., None],
        profile: QoSProfile,
        group: Any,
        events: SubscriptionEventCallbacks,
        raw: bool,
    ) -> None:
        """Made by `Node.create_subscription`."""
        no_coroutine(callback, "create_subscription")
        self.node, self.msg_type, self.topic, self.qos_profile = node, msg_type, topic, profile
        self.topic_name, self.callback, self.callback_group, self.raw = topic, callback, group, raw
        self.reader = node.context.participant.reader(wire.topic_to_dds(wire.TOPIC, topic), msg_type._NAME, profile)
        self.condition = self.reader.condition
        self.waitables: list[Any] = [
            self,
            IncompatibleQos(
                self.reader.entity,
                DDSStatus.RequestedIncompatibleQos,
                "get_requested_incompatible_qos_status",
                events.incompatible_qos
                or default_incompatible(node, topic, "publisher", "offering", "No messages will be received from it"),
                group,
            ),
        ]
        self._closed = False

    def take(self) -> Callable[[], None] | None:
        """A function that handles the oldest sample; None if there is none."""
        if self._closed:
            return None
        taken = self.reader.take()
        if taken is None:
            return None
        data = taken[0]
        if self.raw:
            return lambda: self.callback(data)
        try:
            message = cdr.deserialize(data, self.msg_type._NAME)
        except cdr.CdrError as error:
            self.node.get_logger().error(f"{self.topic}: {error}", throttle_duration_sec=5.0)
            return lambda: None
        return lambda: self.callback(message)

    def get_publisher_count(self) -> int:
        """Number of publishers heard."""
        return 0 if self._closed else self.reader.matched()

    def destroy(self) -> None:
        """Delete the reader."""
        if not self._closed:
            self._closed = True
            self.reader.close()


class Timer:
    """Calls back every period of its clock. Under simulated time it follows /clock."""

    def __init__(self, callback: Callable[[], None], group: Any, period_ns: int, clock: Clock, autostart: bool) -> None:
        """Made by `Node.create_timer`."""
        no_coroutine(callback, "create_timer")
        self.callback, self.callback_group, self.clock = callback, group, clock
        self.timer_period_ns = period_ns
        self.executor_wake: Callable[[], None] = lambda: None
        self._cancelled = not autostart
        self._simulated = clock.ros_time_is_active
        self._next = self._now() + period_ns

    def _now(self) -> int:
        # Without simulated time a monotonic clock is as good and does not jump.
        return self.clock.now_ns() if self.clock.ros_time_is_active else time.monotonic_ns()

    def _sync(self) -> int:
        now = self._now()
        if self._simulated != self.clock.ros_time_is_active or self._next > now + self.timer_period_ns:
            self._simulated = self.clock.ros_time_is_active  # clock switched, or jumped back: start again
            self._next = now + self.timer_period_ns
        return now

    def is_ready(self) -> bool:
        """True if a call is due."""
        return not self._cancelled and self._sync() >= self._next

    def wait_ns(self) -> int | None:
        """Nanoseconds until the next call; None if only /clock (or `reset`) can bring it nearer."""
        if self._cancelled:
            return None
        left = self._next - self._sync()
        if left <= 0:
            return 0
        return None if self.clock.ros_time_is_active else left

    def advance(self) -> None:
        """Count a call: the next one is due one period later, missed ones are left out."""
        now = self._now()
        self._next += self.timer_period_ns
        if self._next <= now:
            behind = now - self._next
            self._next += (behind // max(1, self.timer_period_ns) + 1) * self.timer_period_ns

    def time_until_next_call(self) -> int | None:
        """Nanoseconds until the next call by the timer's clock; None if cancelled."""
        return None if self._cancelled else self._next - self._sync()

    def cancel(self) -> None:
        """Stop calling."""
        self._cancelled = True

    def is_canceled(self) -> bool:
        """True if stopped."""
        return self._cancelled

    def reset(self) -> None:
        """Start again, a full period from now."""
        self._cancelled = False
        self._next = self._now() + self.timer_period_ns
        self.executor_wake()

    def destroy(self) -> None:
        """Stop for good."""
        self._cancelled = True
