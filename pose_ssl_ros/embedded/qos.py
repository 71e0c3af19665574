"""`rclpy.qos`: profiles and policies, and their Cyclone form."""

from __future__ import annotations

import enum
from typing import Any

from cyclonedds.core import Policy, Qos
from cyclonedds.util import duration as dds_duration

from pose_ssl_ros.embedded.time import Duration


class HistoryPolicy(enum.IntEnum):
    """How many samples are kept."""

    SYSTEM_DEFAULT = 0
    KEEP_LAST = 1
    KEEP_ALL = 2
    UNKNOWN = 3


class ReliabilityPolicy(enum.IntEnum):
    """Whether lost samples are sent again."""

    SYSTEM_DEFAULT = 0
    RELIABLE = 1
    BEST_EFFORT = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class DurabilityPolicy(enum.IntEnum):
    """Whether late joiners get earlier samples."""

    SYSTEM_DEFAULT = 0
    TRANSIENT_LOCAL = 1
    VOLATILE = 2
    UNKNOWN = 3
    BEST_AVAILABLE = 4


class LivelinessPolicy(enum.IntEnum):
    """How a publisher shows that it is alive; only AUTOMATIC is used here."""

    SYSTEM_DEFAULT = 0
    AUTOMATIC = 1
    MANUAL_BY_TOPIC = 3
    UNKNOWN = 4
    BEST_AVAILABLE = 5


class QoSPolicyKind(enum.IntEnum):
    """Policies that can be incompatible (values of rmw)."""

    INVALID = 1 << 0
    DURABILITY = 1 << 1
    DEADLINE = 1 << 2
    LIVELINESS = 1 << 3
    RELIABILITY = 1 << 4
    HISTORY = 1 << 5
    LIFESPAN = 1 << 6


# Cyclone's dds_qos_policy_id_t of the policies that ROS 2 speaks of.
POLICY_IDS = {
    2: QoSPolicyKind.DURABILITY,
    4: QoSPolicyKind.DEADLINE,
    8: QoSPolicyKind.LIVELINESS,
    11: QoSPolicyKind.RELIABILITY,
}


def qos_policy_name_from_kind(kind: int) -> str:
    """Name of a policy kind, such as `RELIABILITY`."""
    return QoSPolicyKind(kind).name


class QoSProfile:
    """Quality of service of an endpoint (history, depth, reliability, durability; deadlines are not covered)."""

    __slots__ = ("history", "depth", "reliability", "durability", "liveliness")

    def __init__(self, **kwargs: Any) -> None:
        """Like rclpy: either `depth` or `history` must be given.

        Raises:
            ValueError: If neither is given, or KEEP_LAST comes without a depth.
            NotImplementedError: If a policy is asked for that is not covered.
        """
        for name in ("deadline", "lifespan", "liveliness_lease_duration", "avoid_ros_namespace_conventions"):
            if kwargs.pop(name, None):
                msg = f"QoSProfile({name}=...) is not covered by the embedded underlay"
                raise NotImplementedError(msg)
        if "history" not in kwargs and "depth" not in kwargs:
            msg = "History and/or depth settings are required."
            raise ValueError(msg)
        self.history = HistoryPolicy(kwargs.pop("history", HistoryPolicy.KEEP_LAST))
        if self.history == HistoryPolicy.KEEP_LAST and "depth" not in kwargs:
            msg = "History set to KEEP_LAST without a depth setting."
            raise ValueError(msg)
        self.depth = int(kwargs.pop("depth", 0))
        self.reliability = ReliabilityPolicy(kwargs.pop("reliability", ReliabilityPolicy.RELIABLE))
        self.durability = DurabilityPolicy(kwargs.pop("durability", DurabilityPolicy.VOLATILE))
        self.liveliness = LivelinessPolicy(kwargs.pop("liveliness", LivelinessPolicy.SYSTEM_DEFAULT))
        if kwargs:
            msg = f"Received invalid kwargs: {sorted(kwargs)}"
            raise TypeError(msg)

    def __eq__(self, other: object) -> bool:
        """True if all policies are equal."""
        return isinstance(other, QoSProfile) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """All policies."""
        return f"QoSProfile({', '.join(f'{n}={getattr(self, n)!s}' for n in self.__slots__)})"

    @staticmethod
    def of(profile: QoSProfile | int) -> QoSProfile:
        """A profile from a profile or a bare depth."""
        if isinstance(profile, QoSProfile):
            return profile
        if isinstance(profile, int) and not isinstance(profile, bool) and profile >= 0:
            return QoSProfile(depth=profile)
        msg = f"Expected QoSProfile or a depth of at least 0, but received {profile!r}"
        raise TypeError(msg)


qos_profile_system_default = QoSProfile(depth=10)
qos_profile_default = QoSProfile(depth=10)
qos_profile_sensor_data = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
qos_profile_services_default = QoSProfile(depth=10)
qos_profile_parameters = QoSProfile(depth=1000)
qos_profile_parameter_events = QoSProfile(depth=1000)
qos_profile_rosout_default = QoSProfile(depth=1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)

_FOREVER = dds_duration(infinite=True)


def to_dds(profile: QoSProfile, user_data: bytes) -> Qos:
    """Cyclone form of a profile with an endpoint's USER_DATA."""
    keep_all = profile.history == HistoryPolicy.KEEP_ALL
    best_effort = profile.reliability in (ReliabilityPolicy.BEST_EFFORT, ReliabilityPolicy.BEST_AVAILABLE)
    # Like rmw: a reliable writer waits for room without end rather than dropping.
    reliability = Policy.Reliability.BestEffort if best_effort else Policy.Reliability.Reliable(_FOREVER)
    latched = profile.durability == DurabilityPolicy.TRANSIENT_LOCAL
    return Qos(
        Policy.History.KeepAll if keep_all else Policy.History.KeepLast(max(1, profile.depth)),
        reliability,
        Policy.Durability.TransientLocal if latched else Policy.Durability.Volatile,
        Policy.DataRepresentation(use_cdrv0_representation=True, use_xcdrv2_representation=False),
        Policy.WriterDataLifecycle(autodispose=False),
        Policy.Userdata(user_data),
    )


def _policy(qos: Qos, kind: Any) -> Any:
    return qos[kind] if kind in qos else None  # noqa: SIM401 (a Qos is no dict)


def from_dds(qos: Qos) -> QoSProfile:
    """ROS form of a discovered endpoint's qos. History is not part of discovery, so it is UNKNOWN, as in ROS 2."""
    reliability = _policy(qos, Policy.Reliability)
    durability = _policy(qos, Policy.Durability)
    reliable = isinstance(reliability, Policy.Reliability.Reliable)
    latched = durability in (Policy.Durability.TransientLocal, Policy.Durability.Transient)
    return QoSProfile(
        history=HistoryPolicy.UNKNOWN,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        liveliness=LivelinessPolicy.AUTOMATIC,
    )


__all__ = [
    "Duration", "DurabilityPolicy", "HistoryPolicy", "LivelinessPolicy", "QoSPolicyKind", "QoSProfile",
    "ReliabilityPolicy", "qos_policy_name_from_kind", "qos_profile_default", "qos_profile_parameter_events",
    "qos_profile_parameters", "qos_profile_sensor_data", "qos_profile_services_default", "qos_profile_system_default",
]  # fmt: skip
