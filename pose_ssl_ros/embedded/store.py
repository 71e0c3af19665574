"""Message definitions by name, from rosbags' type store plus the ones it lacks, and their type hashes."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from pose_ssl_ros.embedded.definitions import MESSAGES, SERVICES

_PLACEHOLDER = "structure_needs_at_least_one_member"  # what rosidl puts into a message without fields


class DefinitionError(LookupError):
    """There is no message or service of this name."""


@dataclass(frozen=True)
class FieldType:
    """Type of a field.

    Attributes:
        base: Primitive name, `string`, or the full name of a message.
        shape: '' for a single value, `array` (fixed length) or `sequence`.
        size: Length of an array, bound of a sequence (0 = unbounded).
        limit: Bound of a string (0 = unbounded).
    """

    base: str
    shape: str = ""
    size: int = 0
    limit: int = 0

    @property
    def is_message(self) -> bool:
        """True if the base is another message."""
        return "/" in self.base


@dataclass(frozen=True)
class Definition:
    """Fields and constants of a message; `fields` is empty for an empty message."""

    name: str
    fields: dict[str, FieldType]
    constants: dict[str, Any]


def _normalise(desc: Any) -> Any:
    """`char` is uint8 in ROS 2; rosbags keeps the old name, which changes the hash."""
    if desc[0] == Nodetype.BASE:
        return (desc[0], ("uint8", 0)) if desc[1][0] == "char" else desc
    if desc[0] == Nodetype.NAME:
        return desc
    return (desc[0], (_normalise(desc[1][0]), desc[1][1]))


def _field(desc: Any) -> FieldType:
    shape, size = "", 0
    if desc[0] in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        shape = "array" if desc[0] == Nodetype.ARRAY else "sequence"
        desc, size = desc[1]
    if desc[0] == Nodetype.NAME:
        return FieldType(desc[1], shape, size)
    return FieldType(desc[1][0], shape, size, desc[1][1] or 0)


def _parse(text: str) -> Any:
    """Constants and fields of a definition in .msg syntax, whatever its name."""
    return next(iter(get_types_from_msg(text, "parsed/msg/Parsed").values()))


@functools.cache
def typestore() -> Typestore:
    """The Jazzy definitions with ours added (the later distributions have the same ones of those that we use)."""
    store = get_typestore(Stores.ROS2_JAZZY)
    for name, text in MESSAGES.items():
        store.fielddefs[name] = _parse(text)
    for name, halves in SERVICES.items():
        for suffix, text in zip(("_Request", "_Response"), halves, strict=True):
            store.fielddefs[name + suffix] = _parse(text)
        # The service itself and its event exist only for their hash (REP 2016).
        store.fielddefs[name + "_Event"] = (
            [],
            [
                ("info", (Nodetype.NAME, "service_msgs/msg/ServiceEventInfo")),
                ("request", (Nodetype.SEQUENCE, ((Nodetype.NAME, name + "_Request"), 1))),
                ("response", (Nodetype.SEQUENCE, ((Nodetype.NAME, name + "_Response"), 1))),
            ],
        )
        members = (("request_message", "_Request"), ("response_message", "_Response"), ("event_message", "_Event"))
        store.fielddefs[name] = ([], [(field, (Nodetype.NAME, name + suffix)) for field, suffix in members])
    for name, (constants, fields) in store.fielddefs.items():
        store.fielddefs[name] = (constants, [(field, _normalise(desc)) for field, desc in fields])
    return store


@functools.cache
def definition(name: str) -> Definition:
    """Definition of a message such as `std_msgs/msg/Header` or `std_srvs/srv/SetBool_Request`.

    Raises:
        DefinitionError: If there is no such message.
    """
    store = typestore()
    if name not in store.fielddefs:
        msg = f"there is no message type '{name}' in the embedded underlay"
        raise DefinitionError(msg)
    constants, fields = store.fielddefs[name]
    return Definition(
        name,
        {field: _field(desc) for field, desc in fields if field != _PLACEHOLDER},
        {constant: bytes([int(value)]) if kind == "byte" else value for constant, kind, value in constants},
    )


@functools.cache
def type_hash(name: str) -> str:
    """RIHS01 hash of a message or service, as ROS 2 writes it into an endpoint's USER_DATA.

    Raises:
        DefinitionError: If there is no such type.
    """
    if name not in typestore().fielddefs:
        msg = f"there is no type '{name}' in the embedded underlay"
        raise DefinitionError(msg)
    return str(typestore().hash_rihs01(name))


def names(package: str, kind: str) -> list[str]:
    """Names of the messages (`kind` is `msg`) or services (`srv`) of a package, without the package."""
    if kind == "srv":
        return sorted(name.split("/")[2] for name in SERVICES if name.startswith(f"{package}/srv/"))
    prefix = f"{package}/{kind}/"
    return sorted(name[len(prefix) :] for name in typestore().fielddefs if name.startswith(prefix))
