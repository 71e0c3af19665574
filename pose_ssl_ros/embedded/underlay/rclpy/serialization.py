"""CDR bytes of messages."""

from typing import Any

from pose_ssl_ros.embedded import cdr


def serialize_message(message: Any) -> bytes:
    """CDR bytes with their header."""
    return cdr.serialize(message)


def deserialize_message(serialized_message: bytes, message_type: Any) -> Any:
    """Message from CDR bytes."""
    return cdr.deserialize(serialized_message, message_type._NAME)
