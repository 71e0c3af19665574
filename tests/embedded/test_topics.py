"""Publishers and subscriptions: quality of service, queues, threads, counts."""

from __future__ import annotations

import io
import sys
import threading
import time
from typing import Any

import pytest
from harness import Peer


@pytest.mark.parametrize("best_effort", ["publisher", "subscription"])
def test_best_effort_against_reliable(peer: Peer, best_effort: str) -> None:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
    from rclpy.qos import QoSPolicyKind, QoSProfile, ReliabilityPolicy
    from std_msgs.msg import String

    loose = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
    strict = QoSProfile(depth=5)
    heard: list[Any] = []
    events: list[Any] = []
    offered: list[Any] = []
    with Peer("other") as other:
        other.node.create_subscription(
            String,
            "chatter",
            heard.append,
            strict if best_effort == "publisher" else loose,
            event_callbacks=SubscriptionEventCallbacks(incompatible_qos=events.append),
        )
        publisher = peer.node.create_publisher(
            String,
            "chatter",
            loose if best_effort == "publisher" else strict,
            event_callbacks=PublisherEventCallbacks(incompatible_qos=offered.append),
        )
        if best_effort == "subscription":
            peer.wait_for(publisher.get_subscription_count)
            publisher.publish(String(data="x"))
            other.wait_for(lambda: heard)
            assert not events and not offered
            return
        other.wait_for(lambda: events, what="the incompatible event")
        assert events[0].total_count == 1 and events[0].last_policy_kind == QoSPolicyKind.RELIABILITY
        peer.wait_for(lambda: offered, what="the event at the publisher")
        publisher.publish(String(data="x"))
        time.sleep(0.2)
        assert not heard and publisher.get_subscription_count() == 0


def test_an_incompatible_publisher_is_said_on_the_log(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    from rclpy.qos import qos_profile_sensor_data
    from std_msgs.msg import String

    # Not `capfd`: what another thread writes between its reading and its emptying of the file is lost.
    seen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", seen)
    peer.collect(String, "camera")
    peer.node.create_publisher(String, "camera", qos_profile_sensor_data)
    peer.wait_for(lambda: "Last incompatible policy: RELIABILITY" in seen.getvalue())
    assert "[WARN]" in seen.getvalue() and "'/pose_ssl/camera'" in seen.getvalue()


def test_keep_last_keeps_the_newest(peer: Peer) -> None:
    from std_msgs.msg import Float32

    got: list[float] = []
    busy, go = threading.Event(), threading.Event()

    def slow(message: Float32) -> None:
        got.append(message.data)
        busy.set()
        go.wait(10)

    with Peer("slow") as other:
        other.node.create_subscription(Float32, "numbers", slow, 2)
        peer.publish("numbers", Float32(data=0.0))
        assert busy.wait(5)
        for value in range(1, 8):
            peer.publish("numbers", Float32(data=float(value)))
        time.sleep(0.2)
        go.set()
        other.wait_for(lambda: 7.0 in got)
        assert got == [0.0, 6.0, 7.0]


def test_publishing_from_threads_loses_nothing(peer: Peer) -> None:
    from rclpy.qos import QoSProfile
    from std_msgs.msg import Float32

    found = peer.collect(Float32, "numbers", QoSProfile(depth=1000))
    publisher = peer.publisher(Float32, "numbers", QoSProfile(depth=1000))
    peer.wait_for(publisher.get_subscription_count)
    threads = [
        threading.Thread(
            target=lambda base=base: [publisher.publish(Float32(data=float(base + i))) for i in range(100)]
        )
        for base in (0, 1000, 2000)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    peer.wait_for(lambda: len(found) == 300)
    for base in (0, 1000, 2000):
        assert [m.data for m in found if base <= m.data < base + 1000] == [float(base + i) for i in range(100)]


def test_publishers_are_counted_while_they_come_and_go(peer: Peer) -> None:
    from std_msgs.msg import Empty

    found = peer.collect(Empty, "crowd")
    done = threading.Event()
    failures: list[BaseException] = []

    def crowd() -> None:
        try:
            for _ in range(40):
                made = [peer.node.create_publisher(Empty, "crowd", 1) for _ in range(5)]
                for publisher in made:
                    peer.node.destroy_publisher(publisher)
            made = [peer.node.create_publisher(Empty, "crowd", 1) for _ in range(3)]
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    thread = threading.Thread(target=crowd)
    thread.start()
    counts = set()
    while not done.is_set():
        counts.add(found.subscription.get_publisher_count())
    thread.join()
    assert not failures and max(counts) >= 3
    peer.wait_for(lambda: found.subscription.get_publisher_count() == 3)
