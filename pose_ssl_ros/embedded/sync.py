"""`message_filters`: synchronise topics by stamp, exactly or approximately."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded.errors import not_covered
from pose_ssl_ros.embedded.qos import QoSProfile
from pose_ssl_ros.embedded.time import NANO

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.node import Node


class SimpleFilter:
    """Passes messages on to callbacks."""

    def __init__(self) -> None:
        """No callbacks yet."""
        self.callbacks: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}

    def registerCallback(self, cb: Callable[..., Any], *args: Any) -> int:  # noqa: N802 (message_filters' name)
        """Call `cb(*messages, *args)`; returns a number for it."""
        number = len(self.callbacks)
        self.callbacks[number] = (cb, args)
        return number

    def signalMessage(self, *messages: Any) -> None:  # noqa: N802
        """Pass messages on."""
        for callback, args in self.callbacks.values():
            callback(*messages, *args)


class Subscriber(SimpleFilter):
    """A subscription as a source."""

    def __init__(
        self, node: Node, msg_type: Any, topic: str, qos_profile: QoSProfile | int | None = None, **kwargs: Any
    ) -> None:
        """Subscribe; without a profile: the default, keep last 10."""
        super().__init__()
        self.node, self.topic = node, topic
        profile = QoSProfile(depth=10) if qos_profile is None else qos_profile
        self.sub = node.create_subscription(msg_type, topic, self.callback, qos_profile=profile, **kwargs)

    def callback(self, message: Any) -> None:
        """Pass a message on."""
        self.signalMessage(message)

    def getTopic(self) -> str:  # noqa: N802
        """The topic, as given."""
        return self.topic

    def unregister(self) -> None:
        """End the subscription."""
        self.node.destroy_subscription(self.sub)


class TimeSynchronizer(SimpleFilter):
    """Calls back with one message of each source when their stamps are equal."""

    def __init__(self, fs: list[Any], queue_size: int) -> None:
        """Synchronise sources; each keeps `queue_size` unmatched messages."""
        super().__init__()
        self.queue_size = queue_size
        self.lock = threading.Lock()
        self.queues: list[dict[int, Any]] = []
        self.connectInput(fs)

    def connectInput(self, fs: list[Any]) -> None:  # noqa: N802
        """Listen to sources."""
        self.queues = [{} for _ in fs]
        for index, source in enumerate(fs):
            source.registerCallback(self._receive, index)

    def _receive(self, message: Any, index: int) -> None:
        self.add(message, self.queues[index], index)

    def _keep(self, message: Any, queue: dict[int, Any]) -> int:
        stamp = message.header.stamp
        number = stamp.sec * NANO + stamp.nanosec
        queue[number] = message
        while len(queue) > self.queue_size:
            del queue[min(queue)]
        return number

    def add(self, message: Any, queue: dict[int, Any], index: int | None = None) -> None:
        """Take a message of one source."""
        matched = None
        with self.lock:
            number = self._keep(message, queue)
            if all(number in other for other in self.queues):
                matched = [other.pop(number) for other in self.queues]
        if matched is not None:
            self.signalMessage(*matched)


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Calls back with one message of each source when their stamps differ by at most `slop`.

    As in message_filters for Python: a new message is matched at once, with combinations of the nearest stamps first.
    """

    def __init__(
        self,
        fs: list[Any],
        queue_size: int,
        slop: float,
        allow_headerless: bool = False,
        sync_arrival_time: bool = False,
    ) -> None:
        """Synchronise sources within `slop` seconds.

        Raises:
            NotImplementedError: If arrival times are to be used.
        """
        if allow_headerless or sync_arrival_time:
            raise not_covered("ApproximateTimeSynchronizer(allow_headerless or sync_arrival_time)")
        self.slop = slop
        super().__init__(fs, queue_size)

    def add(self, message: Any, queue: dict[int, Any], index: int | None = None) -> None:
        """Take a message of one source."""
        slop = int(self.slop * NANO)
        matched = None
        with self.lock:
            number = self._keep(message, queue)
            if number not in queue:
                return  # older than all that is kept
            place = next(i for i, other in enumerate(self.queues) if other is queue)
            near = [
                [number]
                if i == place
                else sorted((s for s in other if abs(s - number) <= slop), key=lambda s: (abs(s - number), s))
                for i, other in enumerate(self.queues)
            ]
            fits = ((max(stamps) - min(stamps), stamps) for stamps in itertools.product(*near))
            best = next((stamps for span, stamps in fits if span <= slop), None)
            if best is not None:
                matched = [other.pop(stamp) for other, stamp in zip(self.queues, best, strict=True)]
        if matched is not None:
            self.signalMessage(*matched)
