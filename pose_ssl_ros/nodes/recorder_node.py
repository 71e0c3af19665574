"""Records live topics in a rosbag: what evaluation needs, and what the nodes say where that is wanted."""

from __future__ import annotations

import importlib
import shutil
import threading
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from pose_ssl_ros.bags.choosing import PICTURES, choose, without_twins
from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.recorder_config import RecorderConfig
from pose_ssl_ros.bags.writing import BagWriter
from pose_ssl_ros.nodes.jpeg import to_jpeg
from pose_ssl_ros.nodes.runtime import Diagnostics, Level, bind, run
from pose_ssl_ros.parameters import ParameterError
from pose_ssl_ros.perception.images import ImageError

_LOOK_S = 0.25  # between two looks at the graph
_TELL_S = 10.0
_DEPTH = 100
#: Messages kept until /clock says what time it is: the latched ones and the first of the others.
_EARLY = 200


class RecorderNode(Node):
    """Subscribes to what it finds as it is offered and writes the bytes as they come; publishes diagnostics only."""

    def __init__(self, **kwargs: Any) -> None:
        """Open the bag and look for topics.

        Raises:
            ParameterError: If a parameter is not allowed or the bag cannot be made.
        """
        super().__init__("recorder", **kwargs)
        self.finished = threading.Event()
        self.exit_status = 0
        self._config = bind(self, RecorderConfig)
        path = self._config.output or f"recording-{time.strftime('%Y%m%d-%H%M%S')}"
        try:
            self._bag = BagWriter(Path(path), self._config.storage, self._config.compression)
        except BagError as error:
            raise ParameterError(str(error)) from error
        self._named = tuple(name.strip() for name in self._config.topics.split(",") if name.strip())
        self._heard: dict[str, Any] = {}  # subscriptions by topic
        self._unknown: dict[str, str] = {}  # reason by topic that cannot be recorded
        self._counts: Counter[str] = Counter()
        self._undecoded = 0
        self._early: deque[tuple[str, str, bytes]] = deque()
        self._too_early = 0
        self._first_ns: int | None = None
        self._last_ns = 0
        self._closed = False
        self._told = time.monotonic()
        self._error = ""
        try:
            self._diagnostics = Diagnostics(self, "recorder", self._diagnose)
            # Wall time: what is published must be found before /clock runs.
            self._timer = self.create_timer(_LOOK_S, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME))
            self._look()
            self.get_logger().info(f"recording to {self._bag.path}; Ctrl-C ends it with a whole bag")
        except BaseException:  # Ctrl-C, too: nobody would close it
            self._bag.abort()
            raise

    def _look(self) -> None:
        """Subscribe to what is new, say how far we are, mind the disk."""
        published = {name: kinds[0] for name, kinds in self.get_topic_names_and_types() if kinds}
        chosen = choose(published, self.get_namespace(), self._named, self._config.results)
        if not self._named:
            chosen = without_twins(chosen, published, self._config.images == "jpeg")
        for topic in chosen:
            if topic not in self._heard and topic not in self._unknown:
                self._hear(topic, published[topic])
        free = shutil.disk_usage(self._bag.path.parent).free >> 20
        if free < self._config.min_free_mb:
            self._end(f"only {free} MB are left on the disk: the recording ends here", 1)
        if time.monotonic() - self._told > _TELL_S:
            self._told = time.monotonic()
            self.get_logger().info(self._words())

    def _hear(self, topic: str, kind: str) -> None:
        profiles = [info.qos_profile for info in self.get_publishers_info_by_topic(topic)]
        if not profiles:
            return  # only subscribers so far
        package, _, name = kind.partition("/msg/")
        try:
            message = getattr(importlib.import_module(f"{package}.msg"), name)
            latched = all(p.durability == DurabilityPolicy.TRANSIENT_LOCAL for p in profiles)
            reliable = all(p.reliability == ReliabilityPolicy.RELIABLE for p in profiles)
            jpeg = self._config.images == "jpeg" and kind == PICTURES[0]
            written, target = (PICTURES[1], f"{topic}/compressed") if jpeg else (kind, topic)
            self._bag.add_topic(target, written, latched)
        except (ImportError, AttributeError, BagError):
            self._unknown[topic] = kind
            self.get_logger().warning(f"'{topic}' is not recorded: its type '{kind}' is not known here")
            return
        profile = QoSProfile(
            history=HistoryPolicy.KEEP_LAST,
            depth=_DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )

        def keep(cdr: bytes) -> None:
            data = self._compressed(cdr) if jpeg else bytes(cdr)
            if data is not None:
                self._keep(target, written, data)

        self._heard[topic] = self.create_subscription(message, topic, keep, profile, raw=True)
        self.get_logger().info(f"records {topic} [{kind}]")

    def _compressed(self, cdr: bytes) -> bytes | None:
        try:
            return bytes(serialize_message(to_jpeg(deserialize_message(bytes(cdr), Image), self._config.quality)))
        except ImageError as error:
            self._undecoded += 1
            self.get_logger().warning(f"a picture is left out: {error}", throttle_duration_sec=10.0)
            return None

    def _keep(self, topic: str, kind: str, cdr: bytes) -> None:
        if self._closed or self.finished.is_set():
            return
        now = self.get_clock().now().nanoseconds
        if now <= 0:  # simulated time, and /clock was not heard yet
            if len(self._early) < _EARLY:
                self._early.append((topic, kind, cdr))
            else:
                self._too_early += 1
            return
        while self._early:
            self._write(*self._early.popleft(), now)
        self._write(topic, kind, cdr, now)

    def _write(self, topic: str, kind: str, cdr: bytes, now_ns: int) -> None:
        try:
            self._bag.write(topic, kind, now_ns, cdr)
        except BagError as error:
            self._end(str(error), 1)
            return
        self._counts[topic] += 1
        if self._first_ns is None:
            self._first_ns = now_ns
        self._last_ns = max(self._last_ns, now_ns)
        if self._config.duration and now_ns - self._first_ns >= self._config.duration * 1e9:
            self._end("", 0)

    def _end(self, reason: str, status: int) -> None:
        if self._error or (self.finished.is_set() and not reason):
            return
        if reason:
            self._error = reason
            self.get_logger().error(reason)
        self.exit_status = status
        self.finished.set()

    @property
    def _seconds(self) -> float:
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) * 1e-9

    def _words(self) -> str:
        return f"{self._bag.count} messages on {len(self._counts)} topics in {self._seconds:.1f} s"

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        values = {"messages": self._bag.count, "seconds": self._seconds, "too_early": self._too_early,
                  "pictures_not_read": self._undecoded, **self._counts}  # fmt: skip
        if self._error:
            return Level.ERROR, self._error, values
        if not self._counts:
            return Level.WARN, "nothing to record yet", values
        return Level.OK, self._words(), values

    def close(self) -> None:
        """Finish the bag; with nothing in it none is left."""
        if self._closed:
            return
        self._closed = True
        while self._early:  # no clock was ever heard: wall time is better than nothing
            self._write(*self._early.popleft(), time.time_ns())
        if self._too_early:
            self.get_logger().warning(f"{self._too_early} messages came before /clock and are not recorded")
        if not self._bag.count:
            self._bag.abort()
            seen = ", ".join(sorted(name for name, _ in self.get_topic_names_and_types())) or "none"
            self._end(f"nothing was recorded (topics in sight: {seen})", 1)
            return
        try:
            path = self._bag.close()
        except BagError as error:
            self._end(str(error), 1)
            return
        for topic, count in sorted(self._counts.items()):
            self.get_logger().info(f"{count:8d}  {topic}")
        self.get_logger().info(f"{self._words()}: {path}")


def main(args: Sequence[str] | None = None) -> int:
    """Run the node; 1 if the bag was ended by an error or nothing was recorded."""
    made: list[RecorderNode] = []

    def make() -> RecorderNode:
        made.append(RecorderNode())
        return made[0]

    status = run(make, args)
    return status or (made[0].exit_status if made else 0)


if __name__ == "__main__":
    raise SystemExit(main())
