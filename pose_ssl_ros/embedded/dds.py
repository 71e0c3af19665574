"""Participant, readers, writers and wait sets: the thin layer between our classes and Cyclone DDS.

CDR bytes go in and come out as they are; Cyclone's Python serialiser (per field, slow) is never used.
"""

# mypy: disable-error-code="misc"
# (no `from __future__ import annotations` here: Cyclone reads annotations at run time)
import atexit
import functools
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from cyclonedds._clayer import ddspy_take, ddspy_write
from cyclonedds.core import DDSException, Entity, InstanceState, ReadCondition, SampleState, ViewState
from cyclonedds.domain import Domain, DomainParticipant
from cyclonedds.idl import make_idl_struct
from cyclonedds.idl import types as idl
from cyclonedds.pub import DataWriter
from cyclonedds.qos import Policy, Qos
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from pose_ssl_ros.embedded import wire
from pose_ssl_ros.embedded.qos import QoSProfile, to_dds
from pose_ssl_ros.embedded.store import FieldType, definition, type_hash

ANY = SampleState.Any | ViewState.Any | InstanceState.Any
_PRIMITIVES = {
    "bool": bool, "byte": idl.byte, "string": str, "int8": idl.int8, "uint8": idl.uint8, "int16": idl.int16,
    "uint16": idl.uint16, "int32": idl.int32, "uint32": idl.uint32, "int64": idl.int64, "uint64": idl.uint64,
    "float32": idl.float32, "float64": idl.float64,
}  # fmt: skip
# rmw_cyclonedds puts this before the payload of requests and replies: the client's id and the call's number.
SERVICE_HEADER = {"client_id": FieldType("uint64"), "sequence": FieldType("int64")}


def _idl_field(kind: FieldType) -> Any:
    base: Any = _idl_struct(kind.base, False) if kind.is_message else _PRIMITIVES[kind.base]
    if kind.base == "string" and kind.limit:
        base = idl.bounded_str[kind.limit]
    if kind.shape == "array":
        return idl.array[base, kind.size]
    if kind.shape == "sequence":
        return idl.sequence[base, kind.size] if kind.size else idl.sequence[base]
    return base


@functools.cache
def _idl_struct(name: str, service: bool) -> Any:
    """Type descriptor: Cyclone checks the bytes against it, so the fields must be the real ones."""
    fields = {**(SERVICE_HEADER if service else {}), **definition(name).fields}
    made = {field: _idl_field(kind) for field, kind in fields.items()}
    if not definition(name).fields:
        made["structure_needs_at_least_one_member"] = idl.uint8
    return make_idl_struct(name.split("/")[2] + "_", wire.type_to_dds(name).replace("::", "."), made)


class Participant:
    """A DDS participant in the domain and discovery range that the environment asks for."""

    _domains: ClassVar[dict[int, tuple[Domain, int]]] = {}
    _alive: ClassVar[list["Participant"]] = []
    _lock: ClassVar[threading.RLock] = threading.RLock()

    def __init__(self, domain: int | None = None) -> None:
        """Join a domain (ROS_DOMAIN_ID by default).

        Raises:
            WireError: If the environment holds values that ROS 2 does not know.
        """
        self.domain_id = wire.domain_id() if domain is None else domain
        with self._lock:
            made, users = self._domains.get(self.domain_id, (None, 0))
            if made is None:
                made = Domain(self.domain_id, wire.cyclone_config())
            self._domains[self.domain_id] = (made, users + 1)
            self.entity = DomainParticipant(self.domain_id, Qos(Policy.Userdata(b"enclave=/;")))
            self._alive.append(self)
        self._topics: dict[tuple[str, str], Topic[Any]] = {}

    def _topic(self, dds_name: str, type_name: str, service: bool) -> Topic[Any]:
        with self._lock:
            key = (dds_name, type_name)
            if key not in self._topics:
                self._topics[key] = Topic(self.entity, dds_name, _idl_struct(type_name, service))
            return self._topics[key]

    def writer(self, dds_name: str, type_name: str, profile: QoSProfile, **extra: str) -> "Writer":
        """A writer of a message type; `extra` goes into its USER_DATA (`service_id` makes it a service's)."""
        topic = self._topic(dds_name, type_name, bool(extra))
        user_data = wire.endpoint_user_data(type_hash(type_name), **extra)
        return Writer(DataWriter(self.entity, topic, to_dds(profile, user_data)))

    def reader(self, dds_name: str, type_name: str, profile: QoSProfile, **extra: str) -> "Reader":
        """A reader, likewise."""
        topic = self._topic(dds_name, type_name, bool(extra))
        user_data = wire.endpoint_user_data(type_hash(type_name), **extra)
        return Reader(DataReader(self.entity, topic, to_dds(profile, user_data)))

    def close(self) -> None:
        """Leave the domain; the others are told at once."""
        with self._lock:
            if self not in self._alive:
                return
            self._alive.remove(self)
            delete(self.entity)
            self._topics.clear()
            made, users = self._domains.pop(self.domain_id)
            if users > 1:
                self._domains[self.domain_id] = (made, users - 1)
            else:
                delete(made)

    @classmethod
    def close_all(cls) -> None:
        """Leave all domains (at exit, before Python takes itself apart)."""
        for participant in list(cls._alive):
            participant.close()


def delete(entity: Entity) -> None:
    """Delete a Cyclone entity now, whoever still holds the Python object."""
    if entity._entities.pop(entity._ref, None) is not None:
        entity._delete(entity._ref)


def count(matches: Callable[[], list[int]]) -> int:
    """Number of endpoints matched, by Cyclone's list of them.

    Cyclone asks for their number first and for the list then, and indexes past its end if one more came between.
    """
    while True:
        try:
            return len(matches())
        except IndexError:
            continue


class Writer:
    """Sends CDR bytes."""

    def __init__(self, entity: Any) -> None:
        """Wrap a Cyclone writer."""
        self.entity = entity
        self.gid = entity.guid.bytes
        self.handle = entity.instance_handle

    def write(self, cdr: bytes | bytearray) -> None:
        """Send a message; safe from any thread. A bytearray is padded in place.

        Raises:
            DDSException: If Cyclone refuses it.
        """
        if len(cdr) % 4:  # Cyclone wants whole words
            cdr += b"\0" * (-len(cdr) % 4)
        code = ddspy_write(self.entity._ref, cdr)
        if code < 0:
            raise DDSException(code, "while publishing")

    def matched(self) -> int:
        """Number of readers that get what is written."""
        return count(self.entity.get_matched_subscriptions)

    def close(self) -> None:
        """Delete the writer."""
        delete(self.entity)


class Reader:
    """Receives CDR bytes."""

    def __init__(self, entity: Any) -> None:
        """Wrap a Cyclone reader."""
        self.entity = entity
        self.gid = entity.guid.bytes
        self.condition = ReadCondition(entity, ViewState.Any | InstanceState.Any | SampleState.NotRead)

    def take(self) -> tuple[bytes, Any] | None:
        """The oldest sample not yet taken: CDR bytes and sample info, or None."""
        while True:
            taken = ddspy_take(self.entity._ref, ANY, 1)
            if isinstance(taken, int) or not taken:
                return None
            data, info = taken[0]
            if info.valid_data:
                return data, info

    def matched(self) -> int:
        """Number of writers heard."""
        return count(self.entity.get_matched_publications)

    def close(self) -> None:
        """Delete the reader."""
        delete(self.condition)
        delete(self.entity)


atexit.register(Participant.close_all)
