"""message_filters on hand-worked stamps."""

from __future__ import annotations

from typing import Any

from harness import Peer
from message_filters import ApproximateTimeSynchronizer, SimpleFilter, Subscriber, TimeSynchronizer
from std_msgs.msg import Header


class Stamped:
    """Anything with a header."""

    def __init__(self, source: str, milliseconds: int) -> None:
        self.header = Header(frame_id=source)
        self.header.stamp.sec, rest = divmod(milliseconds, 1000)
        self.header.stamp.nanosec = rest * 1_000_000
        self.label = f"{source}{milliseconds}"


def run(sync: Any, sources: dict[str, SimpleFilter], order: list[tuple[str, int]]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    sync.registerCallback(lambda *messages: found.append(tuple(m.label for m in messages)))
    for name, stamp in order:
        sources[name].signalMessage(Stamped(name, stamp))
    return found


def two() -> tuple[dict[str, SimpleFilter], list[SimpleFilter]]:
    sources = {"a": SimpleFilter(), "b": SimpleFilter()}
    return sources, list(sources.values())


def test_exact() -> None:
    sources, both = two()
    order = [("a", 0), ("b", 10), ("a", 10), ("b", 0), ("a", 20), ("b", 21)]
    assert run(TimeSynchronizer(both, 10), sources, order) == [("a10", "b10"), ("a0", "b0")]


def test_exact_queue_forgets_the_oldest() -> None:
    sources, both = two()
    order = [("a", 0), ("a", 10), ("a", 20), ("b", 0), ("b", 10), ("b", 20)]
    assert run(TimeSynchronizer(both, 2), sources, order) == [("a10", "b10"), ("a20", "b20")]


def test_approximate_within_slop_only() -> None:
    sources, both = two()
    order = [("a", 100), ("b", 151), ("b", 140), ("a", 300), ("b", 350)]
    # 151 is 51 away from 100: too far; 140 fits; 350 is exactly the slop away.
    assert run(ApproximateTimeSynchronizer(both, 10, 0.05), sources, order) == [("a100", "b140"), ("a300", "b350")]


def test_approximate_takes_the_nearest() -> None:
    sources, both = two()
    order = [("a", 100), ("a", 120), ("a", 140), ("b", 118), ("b", 139), ("b", 101)]
    expected = [("a120", "b118"), ("a140", "b139"), ("a100", "b101")]
    assert run(ApproximateTimeSynchronizer(both, 10, 0.03), sources, order) == expected


def test_approximate_three_sources_must_all_lie_within_slop() -> None:
    sources = {name: SimpleFilter() for name in "abc"}
    order = [("a", 100), ("b", 125), ("c", 80), ("c", 110)]
    # 80 and 125 are 45 apart though both are within 30 of 100.
    sync = ApproximateTimeSynchronizer(list(sources.values()), 10, 0.03)
    assert run(sync, sources, order) == [("a100", "b125", "c110")]


def test_a_message_is_used_once() -> None:
    sources, both = two()
    order = [("a", 100), ("b", 100), ("b", 101)]
    assert run(ApproximateTimeSynchronizer(both, 10, 0.05), sources, order) == [("a100", "b100")]


def test_subscribers_over_dds(peer: Peer) -> None:
    from geometry_msgs.msg import PoseStamped, TwistStamped

    found: list[Any] = []
    sync = ApproximateTimeSynchronizer(
        [Subscriber(peer.node, PoseStamped, "pose"), Subscriber(peer.node, TwistStamped, "twist", qos_profile=5)],
        5,
        0.1,
    )
    sync.registerCallback(lambda *messages: found.append(messages))
    pose, twist = PoseStamped(), TwistStamped()
    pose.header.stamp.sec = twist.header.stamp.sec = 7
    twist.header.stamp.nanosec = 90_000_000
    peer.publish("pose", pose)
    peer.publish("twist", twist)
    peer.wait_for(lambda: found)
    assert found == [(pose, twist)]
