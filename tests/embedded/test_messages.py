"""Message classes behave as rosidl's."""

from __future__ import annotations

import array
import copy
import pickle

import numpy as np
import pytest
from geometry_msgs.msg import PoseWithCovariance, Quaternion
from sensor_msgs.msg import Image
from std_msgs.msg import Float32, Header, String


def test_defaults_and_keywords() -> None:
    image = Image(height=2, encoding="rgb8")
    assert (image.height, image.width, image.encoding, image.header.frame_id) == (2, 0, "rgb8", "")
    assert isinstance(image.data, array.array) and image.data.typecode == "B" and not image.data
    assert Quaternion().w == 1.0
    assert Image().header is not Image().header
    covariance = PoseWithCovariance().covariance
    assert isinstance(covariance, np.ndarray) and covariance.shape == (36,) and covariance.dtype == np.float64


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AssertionError, match="heigth"):
        Image(heigth=2)
    with pytest.raises(AttributeError, match="heigth"):
        Image().heigth = 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("height", -1), ("height", 2**32), ("height", 1.0), ("height", np.int64(3)), ("encoding", b"rgb8"),
     ("header", String()), ("is_bigendian", 256), ("data", [300]), ("data", "text"), ("data", 3)],
)  # fmt: skip
def test_wrong_values_are_refused(field: str, value: object) -> None:
    with pytest.raises(AssertionError, match=field):
        setattr(Image(), field, value)


def test_floats_take_floats_only() -> None:
    """A real rclpy would send rubbish for an integer or a numpy float32."""
    assert Float32(data=np.float64(2.0)).data == 2.0
    for value in (1, np.float32(1.0), "1"):
        with pytest.raises(AssertionError):
            Float32(data=value)


def test_fixed_arrays_have_their_length() -> None:
    message = PoseWithCovariance()
    message.covariance = [float(i) for i in range(36)]
    assert message.covariance[35] == 35.0
    with pytest.raises(AssertionError, match="covariance"):
        message.covariance = [0.0] * 35


@pytest.mark.parametrize(
    "make", [list, bytes, bytearray, lambda b: array.array("B", b), lambda b: np.frombuffer(b, np.uint8)]
)
def test_byte_sequences_from_many_things(make: type) -> None:
    image = Image(data=make(b"\1\2\3"))
    assert np.frombuffer(image.data, np.uint8).tolist() == [1, 2, 3]
    assert image.data == array.array("B", [1, 2, 3])


def test_octets_are_bytes() -> None:
    from diagnostic_msgs.msg import DiagnosticStatus

    assert DiagnosticStatus.WARN == b"\1"
    assert DiagnosticStatus(level=DiagnosticStatus.STALE).level == b"\3"
    with pytest.raises(AssertionError):
        DiagnosticStatus(level=1)


def test_equality_copy_and_pickle() -> None:
    one = Image(header=Header(frame_id="a"), data=[1, 2])
    assert one == copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == copy.copy(one)
    assert one != Image(header=Header(frame_id="b"), data=[1, 2])
    assert PoseWithCovariance() == PoseWithCovariance()
    assert one != "image"
    deep = copy.deepcopy(one)
    deep.header.frame_id = "c"
    assert one.header.frame_id == "a"


def test_field_types_in_idl_words() -> None:
    assert Image.get_fields_and_field_types() == {
        "header": "std_msgs/Header",
        "height": "uint32",
        "width": "uint32",
        "encoding": "string",
        "is_bigendian": "uint8",
        "step": "uint32",
        "data": "sequence<uint8>",
    }
    assert PoseWithCovariance.get_fields_and_field_types()["covariance"] == "double[36]"


def test_repr_names_class_and_fields() -> None:
    assert repr(String(data="x")) == "std_msgs.msg.String(data='x')"


def test_services_have_request_and_response() -> None:
    from std_srvs.srv import SetBool

    assert SetBool.Request(data=True).data is True
    assert SetBool.Response().message == ""


def test_modules_refuse_what_they_do_not_hold() -> None:
    import std_msgs.msg

    assert "Header" in dir(std_msgs.msg)
    with pytest.raises(ImportError):
        from std_msgs.msg import Nothing  # noqa: F401


def test_serialization_round_trip() -> None:
    from rclpy.serialization import deserialize_message, serialize_message

    message = String(data="naïve")
    assert deserialize_message(serialize_message(message), String) == message


def test_times() -> None:
    from builtin_interfaces.msg import Time as TimeMsg
    from rclpy.clock import ClockType
    from rclpy.duration import Duration
    from rclpy.time import Time

    one = Time.from_msg(TimeMsg(sec=2, nanosec=5))
    assert one.nanoseconds == 2_000_000_005 and one.to_msg() == TimeMsg(sec=2, nanosec=5)
    assert (one + Duration(seconds=1)).nanoseconds == 3_000_000_005
    assert (one + Duration(seconds=1)) - one == Duration(seconds=1)
    assert one < one + Duration(nanoseconds=1)
    with pytest.raises(TypeError, match="clock types"):
        bool(one < Time(seconds=1, clock_type=ClockType.SYSTEM_TIME))
