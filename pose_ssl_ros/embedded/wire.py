"""How ROS 2 names look on DDS, and the discovery range as Cyclone configuration.

Sources: design.ros2.org (topic and service names), rmw_cyclonedds (types, services), REP 2016 (type hashes).
"""

from __future__ import annotations

import os
from collections.abc import Mapping

TOPIC, REQUEST, REPLY = "rt", "rq", "rr"

# Unicast discovery on the loopback interface, as rmw_cyclonedds configures it for LOCALHOST.
_LOCALHOST = (
    "<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast></General><Discovery>"
    "<ParticipantIndex>auto</ParticipantIndex><MaxAutoParticipantIndex>{most}</MaxAutoParticipantIndex>"
    "<Peers>{peers}</Peers></Discovery></Domain></CycloneDDS>"
)
_WITH_PEERS = (
    "<CycloneDDS><Domain><Discovery><ParticipantIndex>auto</ParticipantIndex>"
    "<MaxAutoParticipantIndex>{most}</MaxAutoParticipantIndex><Peers>{peers}</Peers></Discovery></Domain></CycloneDDS>"
)
# Participants with different tags never hear each other, even where Cyclone looks on this machine by itself.
_OFF = (
    "<CycloneDDS><Domain><General><AllowMulticast>false</AllowMulticast></General><Discovery>"
    "<ParticipantIndex>none</ParticipantIndex><Tag>ros_discovery_off_{pid}</Tag></Discovery></Domain></CycloneDDS>"
)
# A VGA image is 0.9 MB: the default socket buffer holds a quarter of it, and 1.3 kB fragments cost 700 packets' work.
_BUFFERS = (
    "<CycloneDDS><Domain><General><MaxMessageSize>65500B</MaxMessageSize><FragmentSize>64000B</FragmentSize></General>"
    '<Internal><SocketReceiveBufferSize min="default" max="4MiB"/>'
    "<Watermarks><WhcHigh>8MB</WhcHigh></Watermarks></Internal></Domain></CycloneDDS>"
)
MAX_PARTICIPANTS = 32


class WireError(ValueError):
    """A name or setting that has no form on the wire; the text says why."""


def topic_to_dds(prefix: str, name: str, suffix: str = "") -> str:
    """DDS name of a fully qualified ROS name: `/pose_ssl/image` is `rt/pose_ssl/image`.

    Raises:
        WireError: If the name is not fully qualified.
    """
    if not name.startswith("/") or name.endswith("/"):
        msg = f"'{name}' is no fully qualified ROS name"
        raise WireError(msg)
    return f"{prefix}{name}{suffix}"


def topic_from_dds(dds_name: str) -> str | None:
    """Inverse for topics; None if the DDS topic is no ROS topic (or belongs to a service)."""
    return dds_name[2:] if dds_name.startswith(TOPIC + "/") else None


def service_from_dds(dds_name: str) -> str | None:
    """Service name of a request or reply topic, None for any other topic."""
    for prefix, suffix in ((REQUEST, "Request"), (REPLY, "Reply")):
        if dds_name.startswith(prefix + "/") and dds_name.endswith(suffix):
            return dds_name[2 : -len(suffix)]
    return None


def type_to_dds(name: str) -> str:
    """DDS name of a ROS type: `std_msgs/msg/Header` is `std_msgs::msg::dds_::Header_`.

    Raises:
        WireError: If the name is not `<package>/<msg or srv>/<Name>`.
    """
    parts = name.split("/")
    if len(parts) != 3 or not all(parts):
        msg = f"'{name}' is no ROS type name such as std_msgs/msg/Header"
        raise WireError(msg)
    package, kind, short = parts
    return f"{package}::{kind}::dds_::{short}_"


def type_from_dds(dds_name: str) -> str:
    """Inverse of `type_to_dds`; a name that is not ROS's is returned as it is."""
    parts = dds_name.split("::")
    if len(parts) == 4 and parts[2] == "dds_" and parts[3].endswith("_"):
        return f"{parts[0]}/{parts[1]}/{parts[3][:-1]}"
    return dds_name


def endpoint_user_data(type_hash: str, **extra: str) -> bytes:
    """USER_DATA of an endpoint: the service's or client's id, then the type hash."""
    return "".join(f"{key}={value};" for key, value in [*extra.items(), ("typehash", type_hash)]).encode()


def user_data_value(user_data: bytes, key: str) -> str | None:
    """Value of a key in a USER_DATA such as `enclave=/;`."""
    for part in user_data.decode("utf-8", "replace").split(";"):
        name, _, value = part.partition("=")
        if name == key:
            return value
    return None


def domain_id(env: Mapping[str, str] | None = None) -> int:
    """The domain from ROS_DOMAIN_ID.

    Raises:
        WireError: If it is set to something else than an integer from 0 to 232.
    """
    text = (os.environ if env is None else env).get("ROS_DOMAIN_ID", "") or "0"
    if not text.isdigit() or int(text) > 232:
        msg = f"ROS_DOMAIN_ID is '{text}' but must be an integer from 0 to 232"
        raise WireError(msg)
    return int(text)


def cyclone_config(env: Mapping[str, str] | None = None) -> str:
    """Cyclone configuration for the discovery range; what CYCLONEDDS_URI says is added last and wins.

    Raises:
        WireError: If ROS_AUTOMATIC_DISCOVERY_RANGE is not one of ROS 2's values.
    """
    env = os.environ if env is None else env
    range_ = env.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").upper()
    if not range_ and env.get("ROS_LOCALHOST_ONLY") == "1":
        range_ = "LOCALHOST"
    peers = [peer for peer in env.get("ROS_STATIC_PEERS", "").split(";") if peer]
    if range_ == "LOCALHOST":
        peers.append("localhost")
    shown = "".join(f'<Peer address="{peer}"/>' for peer in peers)
    parts = [_BUFFERS]
    if range_ == "LOCALHOST":
        parts.append(_LOCALHOST.format(peers=shown, most=MAX_PARTICIPANTS))
    elif range_ == "OFF":
        parts.append(_OFF.format(pid=os.getpid()))
    elif range_ not in ("", "SUBNET", "SYSTEM_DEFAULT"):
        msg = f"ROS_AUTOMATIC_DISCOVERY_RANGE is '{range_}' but must be SUBNET, LOCALHOST, OFF or SYSTEM_DEFAULT"
        raise WireError(msg)
    elif peers:
        parts.append(_WITH_PEERS.format(peers=shown, most=MAX_PARTICIPANTS))
    if env.get("CYCLONEDDS_URI"):
        parts.append(env["CYCLONEDDS_URI"])
    return ",".join(parts)
