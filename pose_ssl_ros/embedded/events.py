"""`rclpy.event_handler`: callbacks for endpoints whose qos does not fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded.errors import not_covered
from pose_ssl_ros.embedded.qos import POLICY_IDS, QoSPolicyKind

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.node import Node


@dataclass
class QoSIncompatibleInfo:
    """How many endpoints did not fit so far, how many since the last event, and which policy was the last reason."""

    total_count: int
    total_count_change: int
    last_policy_kind: QoSPolicyKind


class _Callbacks:
    """Callbacks for an endpoint's events; only `incompatible_qos` is covered."""

    _OTHERS: tuple[str, ...] = ()

    def __init__(
        self,
        *,
        incompatible_qos: Callable[[QoSIncompatibleInfo], None] | None = None,
        use_default_callbacks: bool = True,
        **others: Any,
    ) -> None:
        """Refuse callbacks that would never be called.

        Raises:
            NotImplementedError: If one is given for another event.
        """
        for name, value in others.items():
            if name not in self._OTHERS:
                msg = f"{type(self).__name__}() got an unexpected keyword argument '{name}'"
                raise TypeError(msg)
            if value is not None:
                raise not_covered(f"{type(self).__name__}({name}=...)")
        self.incompatible_qos = incompatible_qos
        self.use_default_callbacks = use_default_callbacks
        if incompatible_qos is None and not use_default_callbacks:
            self.incompatible_qos = lambda info: None


class SubscriptionEventCallbacks(_Callbacks):
    """Callbacks for a subscription's events."""

    _OTHERS = ("deadline", "liveliness", "message_lost", "incompatible_type", "matched")


class PublisherEventCallbacks(_Callbacks):
    """Callbacks for a publisher's events."""

    _OTHERS = ("deadline", "liveliness", "incompatible_type", "matched")


def default_incompatible(
    node: Node, topic: str, other: str, does: str, outcome: str
) -> Callable[[QoSIncompatibleInfo], None]:
    """Say on the log what would otherwise stay silent, in rclpy's words."""
    if outcome == "No":
        outcome = "No messages will be sent to it"

    def warn(info: QoSIncompatibleInfo) -> None:
        node.get_logger().warning(
            f"New {other} discovered on topic '{topic}', {does} incompatible QoS. {outcome}. "
            f"Last incompatible policy: {info.last_policy_kind.name}"
        )

    return warn


class IncompatibleQos:
    """Waits for the status of an endpoint and calls back."""

    def __init__(self, entity: Any, status: int, getter: str, callback: Callable[..., None], group: Any) -> None:
        """Watch a reader or writer."""
        entity.set_status_mask(status)
        self.condition, self._getter, self._callback, self.callback_group = entity, getter, callback, group
        self._seen = 0

    def take(self) -> Callable[[], None] | None:
        """A function that reports the event; None if there is none."""
        status = getattr(self.condition, self._getter)()  # also resets the trigger
        change = status.total_count - self._seen
        self._seen = status.total_count
        if change <= 0:
            return None
        kind = POLICY_IDS.get(status.last_policy_id, QoSPolicyKind.INVALID)
        info = QoSIncompatibleInfo(status.total_count, change, kind)
        return lambda: self._callback(info)
