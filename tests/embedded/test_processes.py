"""Two processes talk: topics, latched models, parameters, services, names, signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from harness import NodeProcess, Peer

ECHO = Path(__file__).with_name("echo_node.py")


def test_publisher_and_subscriber_in_two_processes(peer: Peer) -> None:
    from std_msgs.msg import String

    out = peer.collect(String, "out")
    with NodeProcess(ECHO, params={"label": "é"}):
        peer.wait_for(lambda: out.subscription.get_publisher_count(), 20)
        for i in range(5):
            peer.publish("in", String(data=str(i)))
        peer.wait_for(lambda: len(out) == 5)
        assert [m.data for m in out] == [f"é:{i}" for i in range(5)]


def test_late_joiner_gets_the_latched_model_of_8_megabytes(peer: Peer) -> None:
    from rclpy.qos import DurabilityPolicy, QoSProfile
    from std_msgs.msg import UInt8MultiArray

    size = 8_000_000
    with NodeProcess(ECHO, params={"model_size": size}) as node:
        node.wait_for_output("ready")
        models = peer.collect(
            UInt8MultiArray, "model", QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        )
        peer.wait_for(lambda: models, 20, "the model")
        assert bytes(models[0].data) == bytes(i % 251 for i in range(size))
        plain = peer.collect(UInt8MultiArray, "model", 1)
        peer.wait_for(lambda: plain.subscription.get_publisher_count())
        assert not plain, "a volatile subscription must not get old messages"


@pytest.mark.parametrize("how", ["interrupt", "terminate"])
def test_a_signal_ends_an_idle_node_quietly(peer: Peer, how: str) -> None:
    with NodeProcess(ECHO, params={"period": 1000.0}) as node:
        node.wait_for_output("ready")
        peer.wait_for_node("echo")
        assert getattr(node, how)() == 0, node.output
        assert "Traceback" not in node.output
        peer.wait_for(lambda: "echo" not in peer.node.get_node_names(), what="the node to leave the graph")


def test_parameter_services(peer: Peer) -> None:
    from rcl_interfaces.srv import (
        DescribeParameters,
        GetParameterTypes,
        ListParameters,
        SetParametersAtomically,
    )
    from rclpy.parameter import Parameter

    with NodeProcess(ECHO, params={"gain": 0.5}):
        name = "/pose_ssl/echo"
        assert peer.get_parameter(name, "gain") == 0.5
        assert peer.get_parameter(name, "nothing") is None
        assert peer.set_parameter(name, "gain", 1.5).successful
        assert peer.get_parameter(name, "gain") == 1.5
        for key, value, words in (
            ("gain", 2.5, "out of range"),
            ("gain", "much", "type"),
            ("fixed", "y", "read-only"),
            ("label", "", "must not be empty"),
            ("nothing", 1, "undeclared"),
        ):
            result = peer.set_parameter(name, key, value)
            assert not result.successful and words in result.reason, (key, value, result)
        assert peer.get_parameter(name, "gain") == 1.5

        both = [Parameter("gain", value=0.1), Parameter("fixed", value="y")]
        request: Any = SetParametersAtomically.Request(parameters=[p.to_parameter_msg() for p in both])
        assert not peer.call(SetParametersAtomically, f"{name}/set_parameters_atomically", request).result.successful
        assert peer.get_parameter(name, "gain") == 1.5

        listed = peer.call(ListParameters, f"{name}/list_parameters").result
        assert set(listed.names) >= {"gain", "label", "outer.inner", "fixed", "use_sim_time"}
        assert listed.prefixes == ["outer"]
        listed = peer.call(ListParameters, f"{name}/list_parameters", ListParameters.Request(prefixes=["outer"])).result
        assert listed.names == ["outer.inner"]

        described = peer.call(
            DescribeParameters, f"{name}/describe_parameters", DescribeParameters.Request(names=["gain", "fixed"])
        ).descriptors
        assert described[0].description == "A gain." and described[0].floating_point_range[0].to_value == 2.0
        assert described[0].type == 3 and described[1].read_only
        types = peer.call(
            GetParameterTypes, f"{name}/get_parameter_types", GetParameterTypes.Request(names=["label", "none"])
        ).types
        assert list(types) == [4, 0]


def test_parameter_events_tell_of_a_change(peer: Peer) -> None:
    from rcl_interfaces.msg import ParameterEvent

    events = peer.collect(ParameterEvent, "/parameter_events", 100)
    with NodeProcess(ECHO):
        peer.wait_for_node("echo")
        peer.wait_for(lambda: events.subscription.get_publisher_count() >= 2)
        peer.set_parameter("/pose_ssl/echo", "gain", 0.25)
        peer.wait_for(lambda: [e for e in events if e.changed_parameters], what="the event")
        event = [e for e in events if e.changed_parameters][-1]
        assert event.node == "/pose_ssl/echo"
        assert event.changed_parameters[0].name == "gain"
        assert event.changed_parameters[0].value.double_value == 0.25


def test_service_call(peer: Peer) -> None:
    from std_srvs.srv import SetBool

    with NodeProcess(ECHO):
        for value in (True, False):
            response = peer.call(SetBool, "echo/set", SetBool.Request(data=value))
            assert (response.success, response.message) == (value, "naïve")
        client = peer.node.create_client(SetBool, "echo/missing")
        assert not client.wait_for_service(0.2)


def test_names_remaps_and_parameter_files(peer: Peer, tmp_path: Path) -> None:
    from std_msgs.msg import String

    file = tmp_path / "params.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n    gain: 0.1\n    label: all\n"
        "/other/**:\n  ros__parameters:\n    gain: 0.9\n"
        "/robot/*/second:\n  ros__parameters:\n    label: wild\n    outer: {inner: 8}\n"
        "second:\n  ros__parameters:\n    label: root\n",
        encoding="utf-8",
    )
    arguments = ("--ros-args", "--params-file", str(file), "-r", "__node:=second", "-r", "in:=/absolute", "--")
    with NodeProcess(ECHO, namespace="/robot/one", remaps={"out": "~/private"}, args=arguments):
        peer.wait_for_node("second")
        assert ("second", "/robot/one") in peer.node.get_node_names_and_namespaces()
        assert peer.get_parameter("/robot/one/second", "gain") == 0.1
        assert peer.get_parameter("/robot/one/second", "label") == "wild"
        assert peer.get_parameter("/robot/one/second", "outer.inner") == 8
        out = peer.collect(String, "/robot/one/second/private")
        peer.wait_for(lambda: out.subscription.get_publisher_count())
        peer.publish("/absolute", String(data="x"))
        peer.wait_for(lambda: out)
        assert out[0].data == "wild:x"


def test_graph_tells_nodes_topics_types_and_qos(peer: Peer) -> None:
    from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

    with NodeProcess(ECHO):
        peer.wait_for(lambda: peer.node.count_publishers("model"))
        peer.wait_for_node("echo")
        (info,) = peer.wait_for(lambda: peer.node.get_publishers_info_by_topic("model"))
        peer.wait_for(lambda: peer.node.get_publishers_info_by_topic("model")[0].node_name == "echo")
        assert info.topic_type == "std_msgs/msg/UInt8MultiArray"
        assert info.topic_type_hash == "RIHS01_5687e861b8d307a5e48b7515467ae7a5fc2daf805bd0ce6d8e9e604bade9f385"
        assert info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
        assert info.qos_profile.reliability == ReliabilityPolicy.RELIABLE
        (info,) = peer.node.get_subscriptions_info_by_topic("in")
        assert info.qos_profile.durability == DurabilityPolicy.VOLATILE
        assert ("/pose_ssl/out", ["std_msgs/msg/String"]) in peer.node.get_topic_names_and_types()
        assert ("/pose_ssl/echo/set", ["std_srvs/srv/SetBool"]) in peer.node.get_service_names_and_types()
        topics = dict(peer.node.get_publisher_names_and_types_by_node("echo", "/pose_ssl"))
        assert set(topics) == {"/pose_ssl/out", "/pose_ssl/ticks", "/pose_ssl/model", "/parameter_events", "/rosout"}


def test_simulated_time_drives_timers(peer: Peer) -> None:
    from builtin_interfaces.msg import Time
    from rosgraph_msgs.msg import Clock
    from std_msgs.msg import Float32

    ticks = peer.collect(Float32, "ticks", 100)
    with NodeProcess(ECHO, params={"use_sim_time": True, "period": 1.0}) as node:
        node.wait_for_output("ready")
        peer.wait_for(lambda: ticks.subscription.get_publisher_count())
        clock = peer.publisher(Clock, "/clock", 10)
        peer.wait_for(clock.get_subscription_count)

        def run(start: float, stop: float) -> None:
            now = start
            while now <= stop:
                clock.publish(Clock(clock=Time(sec=int(now), nanosec=int(now % 1 * 1e9))))
                now += 0.25
                peer.wait_for(lambda: True)

        import time

        time.sleep(0.3)
        assert not ticks, "no tick without /clock"
        run(100.0, 100.5)
        peer.wait_for(lambda: len(ticks) >= 0, 1)
        before = len(ticks)
        for step in range(12):  # 100.75 .. 103.5
            now = 100.75 + 0.25 * step
            clock.publish(Clock(clock=Time(sec=int(now), nanosec=int(now % 1 * 1e9))))
            time.sleep(0.03)
        peer.wait_for(lambda: len(ticks) >= before + 2, what="ticks of simulated seconds")
        time.sleep(0.1)
        assert len(ticks) - before <= 4
