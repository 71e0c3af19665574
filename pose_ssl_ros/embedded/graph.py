"""Who is there: endpoints from DDS's built-in topics, node names from `ros_discovery_info`."""

from __future__ import annotations

import enum
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from cyclonedds.builtin import BuiltinDataReader, BuiltinTopicDcpsPublication, BuiltinTopicDcpsSubscription
from cyclonedds.core import InstanceState
from cyclonedds.qos import Policy

from pose_ssl_ros.embedded import cdr, dds, wire
from pose_ssl_ros.embedded.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, from_dds
from pose_ssl_ros.embedded.types import message_class

_INFO = "rmw_dds_common/msg/ParticipantEntitiesInfo"
_UNKNOWN = "_CREATED_BY_BARE_DDS_APP_"
_MANY = 100_000


class TopicEndpointTypeEnum(enum.IntEnum):
    """Direction of an endpoint."""

    INVALID = 0
    PUBLISHER = 1
    SUBSCRIPTION = 2


@dataclass
class TopicEndpointInfo:
    """An endpoint of a topic, as rclpy describes it."""

    node_name: str
    node_namespace: str
    topic_type: str
    topic_type_hash: str
    endpoint_type: TopicEndpointTypeEnum
    endpoint_gid: list[int]
    qos_profile: QoSProfile


@dataclass
class NodeEntry:
    """A node of this process and its endpoints' ids."""

    name: str
    namespace: str
    readers: list[bytes] = field(default_factory=list)
    writers: list[bytes] = field(default_factory=list)


def _gid(value: bytes) -> Any:
    return message_class("rmw_dds_common/msg/Gid")(data=np.frombuffer(value, np.uint8))


class Graph:
    """Announces our nodes and knows the others."""

    def __init__(self, participant: dds.Participant) -> None:
        """Start announcing on a participant."""
        self._lock = threading.RLock()
        self._gid = participant.entity.guid.bytes
        latched = {"durability": DurabilityPolicy.TRANSIENT_LOCAL}
        self._writer = participant.writer("ros_discovery_info", _INFO, QoSProfile(depth=1, **latched))
        # All participants write into one instance: with keep-last, one would hide the others.
        self._reader = participant.reader(
            "ros_discovery_info", _INFO, QoSProfile(history=HistoryPolicy.KEEP_ALL, **latched)
        )
        self._builtin = {
            TopicEndpointTypeEnum.PUBLISHER: BuiltinDataReader(participant.entity, BuiltinTopicDcpsPublication),
            TopicEndpointTypeEnum.SUBSCRIPTION: BuiltinDataReader(participant.entity, BuiltinTopicDcpsSubscription),
        }
        self._known: dict[TopicEndpointTypeEnum, dict[bytes, Any]] = {kind: {} for kind in self._builtin}
        self._nodes: list[NodeEntry] = []
        self._remote: dict[bytes, Any] = {}
        self._closed = False

    def close(self) -> None:
        """Stop; the participant is about to be deleted."""
        with self._lock:
            self._closed = True

    def add_node(self, name: str, namespace: str) -> NodeEntry:
        """Announce a node of this process."""
        entry = NodeEntry(name, namespace)
        with self._lock:
            self._nodes.append(entry)
            self.announce()
        return entry

    def remove_node(self, entry: NodeEntry) -> None:
        """Stop announcing a node."""
        with self._lock:
            if entry in self._nodes:
                self._nodes.remove(entry)
                self.announce()

    def change(self, ids: list[bytes], gid: bytes, present: bool) -> None:
        """Add or remove an endpoint of a node (`ids` is one of the entry's lists)."""
        with self._lock:
            if present:
                ids.append(gid)
            elif gid in ids:
                ids.remove(gid)
            self.announce()

    def announce(self) -> None:
        """Tell the others about our nodes."""
        make = message_class("rmw_dds_common/msg/NodeEntitiesInfo")
        with self._lock:
            if self._closed:
                return
            entries = [
                make(
                    node_namespace=node.namespace,
                    node_name=node.name,
                    reader_gid_seq=[_gid(gid) for gid in node.readers],
                    writer_gid_seq=[_gid(gid) for gid in node.writers],
                )
                for node in self._nodes
            ]
            message = message_class(_INFO)(gid=_gid(self._gid), node_entities_info_seq=entries)
            self._writer.write(cdr.serialize(message))

    def _update(self) -> None:
        """Read what the others announced; forget those who left."""
        while (taken := self._reader.take()) is not None:
            try:
                info: Any = cdr.deserialize(taken[0], _INFO)
            except cdr.CdrError:
                continue  # an older ROS 2 with another layout; its nodes stay without names
            self._remote[info.gid.data.tobytes()] = info

    def _endpoints(self, kind: TopicEndpointTypeEnum) -> list[Any]:
        """Endpoints in sight; only what changed since the last call is read (reading one costs 0.1 ms)."""
        known = self._known[kind]
        with self._lock:
            if self._closed:
                return []
            for item in self._builtin[kind].take(_MANY):
                if item.sample_info.instance_state == InstanceState.Alive:
                    known[item.key.bytes] = item
                else:
                    known.pop(item.key.bytes, None)
            return list(known.values())

    def _infos(self) -> list[Any]:
        """Announcements of all participants that still have endpoints, ours included."""
        present = {item.participant_key.bytes for kind in self._builtin for item in self._endpoints(kind)}
        with self._lock:
            if self._closed:
                return []
            self._update()
            for gid in [gid for gid in self._remote if gid not in present]:
                del self._remote[gid]
            return list(self._remote.values())

    def nodes(self) -> list[tuple[str, str]]:
        """(name, namespace) of every node in sight."""
        return [(n.node_name, n.node_namespace) for info in self._infos() for n in info.node_entities_info_seq]

    def endpoints(self, dds_name: str, kind: TopicEndpointTypeEnum) -> list[TopicEndpointInfo]:
        """Endpoints of a DDS topic, with the names of their nodes."""
        owners = {}
        for info in self._infos():
            for node in info.node_entities_info_seq:
                for gid in [*node.reader_gid_seq, *node.writer_gid_seq]:
                    owners[gid.data.tobytes()] = (node.node_name, node.node_namespace)
        result = []
        for item in self._endpoints(kind):
            if item.topic_name != dds_name:
                continue
            name, namespace = owners.get(item.key.bytes, (_UNKNOWN, _UNKNOWN))
            data = item.qos[Policy.Userdata].data if Policy.Userdata in item.qos else b""
            result.append(
                TopicEndpointInfo(
                    name,
                    namespace,
                    wire.type_from_dds(item.type_name),
                    wire.user_data_value(data, "typehash") or "INVALID",
                    kind,
                    list(item.key.bytes),
                    from_dds(item.qos),
                )
            )
        return result

    def count(self, dds_name: str, kind: TopicEndpointTypeEnum) -> int:
        """Number of endpoints of a DDS topic."""
        return sum(item.topic_name == dds_name for item in self._endpoints(kind))

    def topics(self) -> list[tuple[str, list[str]]]:
        """Topics and their types."""
        return self._names_and_types(wire.topic_from_dds, lambda name: name)

    def services(self) -> list[tuple[str, list[str]]]:
        """Services and their types."""
        return self._names_and_types(
            wire.service_from_dds, lambda name: name.removesuffix("_Request").removesuffix("_Response")
        )

    def _names_and_types(self, demangle: Any, demangle_type: Any) -> list[tuple[str, list[str]]]:
        found: dict[str, set[str]] = {}
        for kind in self._builtin:
            for item in self._endpoints(kind):
                name = demangle(item.topic_name)
                if name is not None:
                    found.setdefault(name, set()).add(demangle_type(wire.type_from_dds(item.type_name)))
        return sorted((name, sorted(types)) for name, types in found.items())

    def by_node(self, name: str, namespace: str, kind: TopicEndpointTypeEnum) -> list[tuple[str, str]]:
        """(DDS topic, ROS type) of a node's endpoints of one direction."""
        gids = set()
        for info in self._infos():
            for node in info.node_entities_info_seq:
                if (node.node_name, node.node_namespace) == (name, namespace):
                    writes = kind == TopicEndpointTypeEnum.PUBLISHER
                    gids |= {g.data.tobytes() for g in (node.writer_gid_seq if writes else node.reader_gid_seq)}
        return [
            (item.topic_name, wire.type_from_dds(item.type_name))
            for item in self._endpoints(kind)
            if item.key.bytes in gids
        ]
