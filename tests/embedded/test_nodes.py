"""Nodes, executors, services, parameters, clocks and logs within one process."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from harness import Peer


def test_multi_threaded_executor_and_groups(domain: int) -> None:
    import rclpy
    from rclpy.callback_groups import ReentrantCallbackGroup
    from rclpy.context import Context
    from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
    from rclpy.node import Node

    context = Context()
    rclpy.init(args=[], context=context)
    node = Node("many", context=context)
    executor = MultiThreadedExecutor(3, context=context)
    executor.add_node(node)
    together = threading.Barrier(2, timeout=5)
    met, alone, worst = threading.Event(), [0], [0]

    def meet() -> None:
        if not met.is_set():
            together.wait()
            met.set()

    def exclusive() -> None:
        alone[0] += 1
        worst[0] = max(worst[0], alone[0])
        time.sleep(0.005)
        alone[0] -= 1

    group = ReentrantCallbackGroup()
    timers = [node.create_timer(0.01, meet, group), node.create_timer(0.01, meet, group)]
    timers += [node.create_timer(0.003, exclusive), node.create_timer(0.003, exclusive)]

    def spin() -> None:
        with pytest.raises(ExternalShutdownException):
            executor.spin()

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        assert met.wait(5), "two callbacks of a reentrant group must run at the same time"
        time.sleep(0.1)
        assert worst[0] == 1, "callbacks of the default group must not"
    finally:
        node.destroy_node()
        rclpy.try_shutdown(context=context)
        thread.join(5)
        executor.shutdown()
    assert not thread.is_alive()


def test_an_exception_in_a_callback_comes_out_of_spin(domain: int) -> None:
    import rclpy
    from rclpy.node import Node

    def fail() -> None:
        msg = "on purpose"
        raise ValueError(msg)

    with rclpy.init(args=[]):
        node = Node("failing")
        node.create_timer(0.01, fail)
        with pytest.raises(ValueError, match="on purpose"):
            rclpy.spin(node)
        node.destroy_node()


def test_an_idle_node_uses_no_processor_time(peer: Peer) -> None:
    time.sleep(0.3)
    before = time.process_time()
    time.sleep(1.0)
    assert time.process_time() - before < 0.05


def test_synchronous_call_and_timeout(peer: Peer) -> None:
    from std_srvs.srv import Trigger

    def serve(request: Any, response: Any) -> Any:
        response.success, response.message = True, "done"
        return response

    with Peer("server") as server:
        server.node.create_service(Trigger, "work", serve)
        client = peer.node.create_client(Trigger, "work")
        assert client.wait_for_service(5)
        assert client.call(Trigger.Request(), timeout_sec=5).message == "done"
        server.node.destroy_service(server.node.services[-1])
        peer.wait_for(lambda: not client.service_is_ready())
        assert client.call(Trigger.Request(), timeout_sec=0.2) is None


def test_two_clients_get_their_own_answers(peer: Peer) -> None:
    from rcl_interfaces.srv import GetParameterTypes

    def serve(request: Any, response: Any) -> Any:
        response.types = [len(name) for name in request.names]
        return response

    peer.node.create_service(GetParameterTypes, "lengths", serve)
    with Peer("a") as one, Peer("b") as two:
        clients = [p.node.create_client(GetParameterTypes, "lengths") for p in (one, two)]
        assert all(client.wait_for_service(5) for client in clients)
        futures = [
            (size, client.call_async(GetParameterTypes.Request(names=["x" * size])))
            for size in range(4)  # more at once than the depth of 10 may be lost, as in ROS 2
            for client in clients
        ]
        one.wait_for(lambda: all(future.done() for _, future in futures))
        assert all(list(future.result().types) == [size] for size, future in futures)


def test_declared_parameters(domain: int) -> None:
    import rclpy
    from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor, SetParametersResult
    from rclpy.exceptions import (
        InvalidParameterTypeException,
        InvalidParameterValueException,
        ParameterAlreadyDeclaredException,
        ParameterNotDeclaredException,
        ParameterUninitializedException,
    )
    from rclpy.node import Node
    from rclpy.parameter import Parameter

    given = ["a.b:=3", "rate:=1e-1", "names:=[x, y]", "text:=2020-01-01", "wrong:=2", "far:=9.0", "flag:=true"]
    with rclpy.init(args=["--ros-args", *[word for value in given for word in ("-p", value)]]):
        node = Node("declaring")
        try:
            assert node.declare_parameter("a.b", 1).value == 3
            assert node.declare_parameter("rate", 1.0).value == 0.1
            assert node.declare_parameter("names", [""]).value == ["x", "y"]
            assert node.declare_parameter("text", "").value == "2020-01-01"
            assert node.declare_parameter("flag", False).value is True
            assert node.declare_parameter("plain", 5).value == 5
            with pytest.raises(InvalidParameterTypeException):
                node.declare_parameter("wrong", 1.0)
            assert node.declare_parameter("wrong", 1.0, ParameterDescriptor(dynamic_typing=True)).value == 2
            limits = ParameterDescriptor(floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0)])
            with pytest.raises(InvalidParameterValueException, match="out of range"):
                node.declare_parameter("far", 0.5, limits)
            with pytest.raises(ParameterAlreadyDeclaredException):
                node.declare_parameter("plain", 5)
            with pytest.raises(ParameterNotDeclaredException):
                node.get_parameter("none")
            node.declare_parameter("later", Parameter.Type.STRING)
            with pytest.raises(ParameterUninitializedException):
                node.get_parameter("later")
            assert node.set_parameters([Parameter("later", value="now")])[0].successful
            assert node.get_parameter("later").value == "now"

            steps = ParameterDescriptor(integer_range=[IntegerRange(from_value=0, to_value=10, step=5)])
            node.declare_parameter("steps", 0, steps)
            results = node.set_parameters([Parameter("steps", value=v) for v in (5, 7, 10, 11)])
            assert [r.successful for r in results] == [True, False, True, False]
            asked: list[Any] = []

            def check(parameters: list[Parameter]) -> SetParametersResult:
                asked.append([p.name for p in parameters])
                return SetParametersResult(successful=False, reason="no")

            node.add_on_set_parameters_callback(check)
            assert node.set_parameters([Parameter("plain", value=6)])[0].reason == "no"
            assert node.get_parameter("plain").value == 5 and asked == [["plain"]]
            node.remove_on_set_parameters_callback(check)
            assert node.set_parameters_atomically([Parameter("plain", value=6)]).successful
        finally:
            node.destroy_node()


def test_contexts_end_once(domain: int) -> None:
    import rclpy
    from rclpy._rclpy_pybind11 import RCLError
    from rclpy.node import Node
    from std_msgs.msg import String

    rclpy.init(args=[])
    node = Node("short")
    publisher = node.create_publisher(String, "x", 1)
    assert rclpy.ok()
    rclpy.shutdown()
    assert not rclpy.ok()
    with pytest.raises(RCLError, match="not valid"):
        publisher.publish(String())
    with pytest.raises(RCLError, match="already called"):
        rclpy.shutdown()
    rclpy.try_shutdown()
    node.destroy_node()
    rclpy.init(args=[])
    rclpy.shutdown()


def test_timers(peer: Peer) -> None:
    calls: list[float] = []
    timer = peer.node.create_timer(0.02, lambda: calls.append(time.monotonic()))
    peer.wait_for(lambda: len(calls) >= 5)
    timer.cancel()
    time.sleep(0.05)
    count = len(calls)
    time.sleep(0.1)
    assert len(calls) == count and timer.is_canceled()
    timer.reset()
    peer.wait_for(lambda: len(calls) > count)
    peer.node.destroy_timer(timer)


def test_timers_follow_a_clock_that_jumps(domain: int) -> None:
    from pose_ssl_ros.embedded.endpoints import Timer
    from pose_ssl_ros.embedded.executor import CallbackGroup
    from pose_ssl_ros.embedded.time import NANO, Clock, ClockType

    clock = Clock(clock_type=ClockType.ROS_TIME)
    clock.simulate(100 * NANO)
    timer = Timer(lambda: None, CallbackGroup(), NANO, clock, True)
    assert not timer.is_ready() and timer.wait_ns() is None
    clock.simulate(101 * NANO)
    assert timer.is_ready()
    timer.advance()
    assert not timer.is_ready()
    clock.simulate(150 * NANO + 1)
    assert timer.is_ready()
    timer.advance()
    assert not timer.is_ready(), "missed calls are left out"
    assert timer.time_until_next_call() == NANO - 1
    clock.simulate(10 * NANO)  # a bag that starts again
    assert not timer.is_ready()
    clock.simulate(11 * NANO)
    assert timer.is_ready()


def test_logger_format_throttle_and_levels(capfd: pytest.CaptureFixture[str]) -> None:
    from rclpy.logging import LoggingSeverity, get_logger

    logger = get_logger("room.corner")
    for i in range(3):
        logger.info(f"throttled {i}", throttle_duration_sec=60.0)
        logger.warning(f"once {i}", once=True)
    logger.debug("hidden")
    logger.set_level(LoggingSeverity.DEBUG)
    logger.get_child("deep").debug("shown")
    logger.set_level(LoggingSeverity.UNSET)
    lines = capfd.readouterr().err.splitlines()
    assert [line.split("]: ")[1] for line in lines] == ["throttled 0", "once 0", "shown"]
    assert lines[1].startswith("[WARN] [") and "[room.corner]: " in lines[1]
    assert "[room.corner.deep]: shown" in lines[2]


def test_log_lines_reach_rosout(peer: Peer) -> None:
    from rcl_interfaces.msg import Log

    lines = peer.collect(Log, "/rosout", 100)
    peer.wait_for(lambda: lines.subscription.get_publisher_count())
    peer.node.get_logger().error("broken")
    peer.wait_for(lambda: lines)
    assert (lines[0].msg, lines[0].level, lines[0].name) == ("broken", 40, "pose_ssl.peer")


def test_what_is_not_covered_is_named(peer: Peer) -> None:
    from message_filters import ApproximateTimeSynchronizer
    from rclpy.event_handler import SubscriptionEventCallbacks
    from rclpy.qos import QoSProfile
    from std_msgs.msg import String

    async def later(message: Any) -> None: ...

    with pytest.raises(NotImplementedError, match="Node.create_rate"):
        peer.node.create_rate(10)
    with pytest.raises(NotImplementedError, match="coroutine"):
        peer.node.create_subscription(String, "x", later, 1)
    with pytest.raises(NotImplementedError, match="deadline"):
        SubscriptionEventCallbacks(deadline=print)
    with pytest.raises(NotImplementedError, match="lifespan"):
        QoSProfile(depth=1, lifespan=1)
    with pytest.raises(NotImplementedError, match="headerless"):
        ApproximateTimeSynchronizer([], 1, 0.1, allow_headerless=True)
    with pytest.raises(NotImplementedError, match="rclpy.action"):
        from rclpy.action import ActionClient  # noqa: F401
    assert not hasattr(peer.node, "no_such_thing")
