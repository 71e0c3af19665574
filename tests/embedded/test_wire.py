"""Bytes, type hashes and names against those of a real ROS 2."""

from __future__ import annotations

import array
import json
import random
from typing import Any

import numpy as np
import pytest
from harness import shared

from pose_ssl_ros.embedded import cdr, store, types, wire


def golden() -> dict[str, Any]:
    return json.loads(shared("golden/messages.json").read_text("utf-8"))


def plain(value: Any) -> Any:
    """A message as the golden file writes it: dicts, lists, octets as integers."""
    if isinstance(value, types.Message):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value[0]
    return value.tolist() if hasattr(value, "tolist") else value


def build(name: str, values: dict[str, Any]) -> types.Message:
    """A message from the golden file's values, through the public constructor."""
    cls = types.message_class(name)
    given: dict[str, Any] = {}
    for field, kind in store.definition(name).fields.items():
        value = values[field]
        if kind.is_message:
            value = [build(kind.base, v) for v in value] if kind.shape else build(kind.base, value)
        elif kind.base == "byte":
            value = [bytes([v]) for v in value] if kind.shape else bytes([value])
        given[field] = value
    return cls(**given)


def samples() -> list[tuple[str, dict[str, Any], bytes]]:
    data = golden()
    found = [(m["type"], m["values"], bytes.fromhex(m["cdr"])) for m in data["messages"]]
    for service in data["services"]:
        for half, suffix in (("request", "_Request"), ("response", "_Response")):
            found.append((service["type"] + suffix, service[half]["values"], bytes.fromhex(service[half]["cdr"])))
    return found


def same_bytes(ours: bytes, theirs: bytes) -> bool:
    """Equal but for padding at the end."""
    shorter, longer = sorted((ours, theirs), key=len)
    return longer.startswith(shorter) and len(longer) - len(shorter) < 4 and not any(longer[len(shorter) :])


def test_every_golden_message_is_read_and_written() -> None:
    found = samples()
    assert len(found) == 34 + 2 * 11
    for name, values, raw in found:
        message = cdr.deserialize(raw, name)
        assert plain(message) == values, name
        assert same_bytes(cdr.serialize(message), raw), name
        if name == "rcl_interfaces/srv/DescribeParameters_Response":
            continue  # holds more ranges than the bound allows, which our constructor refuses
        made = build(name, values)
        assert same_bytes(cdr.serialize(made), raw), name
        assert made == message, name


def test_every_golden_type_hash() -> None:
    data = golden()
    for item in data["messages"] + data["services"]:
        assert store.type_hash(item["type"]) == item["hash"], item["type"]


def test_big_endian_bytes_give_the_same_message() -> None:
    store_ = store.typestore()
    header = types.message_class("std_msgs/msg/Header")
    stamp = types.message_class("builtin_interfaces/msg/Time")
    raw = bytes.fromhex("000000000000000300000004000000036f6b00")
    assert cdr.deserialize(raw, "std_msgs/msg/Header") == header(stamp=stamp(sec=3, nanosec=4), frame_id="ok")
    layout = "std_msgs/msg/Float32MultiArray"
    cls = store_.types[layout]
    values = cls(store_.types["std_msgs/msg/MultiArrayLayout"]([], 0), np.array([1.5, -2.0], np.float32))
    raw = bytes(store_.serialize_cdr(values, layout, little_endian=False))
    assert cdr.deserialize(raw, layout).data == array.array("f", [1.5, -2.0])  # type: ignore[attr-defined]


def random_message(name: str, rng: random.Random, depth: int = 0) -> types.Message:
    numbers = {
        "bool": lambda: rng.random() < 0.5,
        "byte": lambda: rng.randbytes(1),
        "string": lambda: "é" * rng.randrange(4),
    }

    def one(kind: store.FieldType) -> Any:
        if kind.is_message:
            return random_message(kind.base, rng, depth + 1)
        if kind.base in numbers:
            return numbers[kind.base]()
        if kind.base.startswith("float"):
            return float(np.float32(rng.uniform(-9, 9)))
        _, _, _, least, most = types.NUMBERS[kind.base]
        return rng.randint(least, most)

    given = {}
    for field, kind in store.definition(name).fields.items():
        single = store.FieldType(kind.base)
        count = kind.size if kind.shape == "array" else rng.randrange(3)
        given[field] = [one(single) for _ in range(count)] if kind.shape else one(single)
    return types.message_class(name)(**given)


def test_random_messages_of_all_types_we_offer_equal_rosbags_bytes() -> None:
    """A second, independent serialiser; its records are filled from ours field by field."""
    typestore = store.typestore()
    rng = random.Random(7)

    def record(message: types.Message) -> Any:
        name = message._NAME
        values = []
        for field, kind in store.definition(name).fields.items():
            value = getattr(message, field)
            if kind.is_message:
                value = [record(v) for v in value] if kind.shape else record(value)
            elif kind.base == "byte":
                value = (
                    np.array([v[0] for v in value], np.uint8)
                    if kind.shape
                    else int.from_bytes(value, "little", signed=True)
                )
            elif kind.base == "bool" and kind.shape:
                value = np.array(value, bool)
            elif kind.base in types.NUMBERS and kind.shape:
                value = np.array(value, types.NUMBERS[kind.base][1])
            values.append(value)
        return typestore.types[name](*values)

    tried = 0
    for package in ("std_msgs", "sensor_msgs", "geometry_msgs", "nav_msgs", "visualization_msgs", "diagnostic_msgs"):
        for short in store.names(package, "msg"):
            name = f"{package}/msg/{short}"
            if name not in typestore.types or "WString" in short:
                continue
            message = random_message(name, rng)
            raw = cdr.serialize(message)
            assert cdr.deserialize(raw, name) == message, name
            if store.definition(name).fields:
                assert same_bytes(raw, bytes(typestore.serialize_cdr(record(message), name))), name
            tried += 1
    assert tried > 100


def test_cut_or_foreign_bytes_are_refused_with_a_reason() -> None:
    name, _, raw = next(s for s in samples() if s[0] == "vision_msgs/msg/Detection2DArray")
    refused = 0
    for end in range(0, len(raw) - 4):
        try:
            cdr.deserialize(raw[:end], name)
        except cdr.CdrError:
            refused += 1
    assert refused >= len(raw) - 12  # what is cut within the last alignment may still be whole
    with pytest.raises(cdr.CdrError, match="CDR header"):
        cdr.deserialize(b"\x07\x07\0\0", name)
    with pytest.raises(cdr.CdrError):
        cdr.deserialize(b"\0\1\0\0" + b"\xff" * 64, name)


@pytest.mark.parametrize(
    ("name", "dds"),
    [("/image", "rt/image"), ("/pose_ssl/triplets/info", "rt/pose_ssl/triplets/info")],
)
def test_topic_names(name: str, dds: str) -> None:
    assert wire.topic_to_dds(wire.TOPIC, name) == dds
    assert wire.topic_from_dds(dds) == name


def test_service_names() -> None:
    assert wire.topic_to_dds(wire.REQUEST, "/learner/save", "Request") == "rq/learner/saveRequest"
    assert wire.topic_to_dds(wire.REPLY, "/learner/save", "Reply") == "rr/learner/saveReply"
    assert wire.service_from_dds("rq/learner/saveRequest") == "/learner/save"
    assert wire.service_from_dds("rr/learner/saveReply") == "/learner/save"
    assert wire.service_from_dds("rt/learner/saveReply") is None
    assert wire.topic_from_dds("rq/learner/saveRequest") is None


@pytest.mark.parametrize("name", ["image", "/image/", ""])
def test_relative_names_have_no_form_on_the_wire(name: str) -> None:
    with pytest.raises(wire.WireError):
        wire.topic_to_dds(wire.TOPIC, name)


def test_type_names() -> None:
    assert wire.type_to_dds("std_msgs/msg/Header") == "std_msgs::msg::dds_::Header_"
    assert wire.type_to_dds("std_srvs/srv/SetBool_Request") == "std_srvs::srv::dds_::SetBool_Request_"
    assert wire.type_from_dds("std_msgs::msg::dds_::Header_") == "std_msgs/msg/Header"
    assert wire.type_from_dds("Foreign::Type") == "Foreign::Type"
    with pytest.raises(wire.WireError):
        wire.type_to_dds("std_msgs.Header")


def test_user_data() -> None:
    data = wire.endpoint_user_data("RIHS01_00", serviceid="1.2")
    assert data == b"serviceid=1.2;typehash=RIHS01_00;"
    assert wire.user_data_value(data, "typehash") == "RIHS01_00"
    assert wire.user_data_value(data, "clientid") is None


def test_service_bytes_are_header_and_payload() -> None:
    """As rmw_cyclonedds: little-endian uint64 client id, int64 number, then the message."""
    from std_srvs.srv import SetBool

    from pose_ssl_ros.embedded import services

    raw = services.pack(0x0102030405060708, 9, SetBool.Request(data=True))
    assert raw == bytes.fromhex("000100000807060504030201090000000000000001")
    assert services.unpack(raw, "std_srvs/srv/SetBool_Request") == (0x0102030405060708, 9, SetBool.Request(data=True))


def test_discovery_range_is_mapped() -> None:
    config = wire.cyclone_config({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"})
    assert "<AllowMulticast>false</AllowMulticast>" in config
    assert '<Peer address="localhost"/>' in config
    assert "<MaxAutoParticipantIndex>32</MaxAutoParticipantIndex>" in config
    assert "AllowMulticast" not in wire.cyclone_config({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"})
    assert "AllowMulticast" not in wire.cyclone_config({})
    off = wire.cyclone_config({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"})
    assert "<Tag>" in off and "Peer " not in off
    assert '<Peer address="10.0.0.1"/>' in wire.cyclone_config({"ROS_STATIC_PEERS": "10.0.0.1"})
    assert wire.cyclone_config({"CYCLONEDDS_URI": "file:///mine.xml"}).endswith(",file:///mine.xml")
    with pytest.raises(wire.WireError, match="LOCALHOST"):
        wire.cyclone_config({"ROS_AUTOMATIC_DISCOVERY_RANGE": "EVERYWHERE"})


def test_domain_id() -> None:
    assert wire.domain_id({}) == 0
    assert wire.domain_id({"ROS_DOMAIN_ID": "42"}) == 42
    for bad in ("-1", "233", "home"):
        with pytest.raises(wire.WireError, match="ROS_DOMAIN_ID"):
            wire.domain_id({"ROS_DOMAIN_ID": bad})
