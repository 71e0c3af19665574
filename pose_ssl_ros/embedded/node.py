"""`rclpy.node.Node`: names, endpoints, timers, parameters, clock and logger of a node."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded import logging, names
from pose_ssl_ros.embedded.arguments import parse
from pose_ssl_ros.embedded.endpoints import Publisher, Subscription, Timer
from pose_ssl_ros.embedded.errors import RCLError, not_covered
from pose_ssl_ros.embedded.events import PublisherEventCallbacks, SubscriptionEventCallbacks
from pose_ssl_ros.embedded.executor import CallbackGroup, MutuallyExclusiveCallbackGroup
from pose_ssl_ros.embedded.node_queries import NodeQueries
from pose_ssl_ros.embedded.parameter_services import ParameterEvents, ParameterServices
from pose_ssl_ros.embedded.parameters import Parameter, ParameterStore
from pose_ssl_ros.embedded.qos import (
    QoSProfile,
    ReliabilityPolicy,
    qos_profile_rosout_default,
    qos_profile_services_default,
)
from pose_ssl_ros.embedded.runtime import default_context
from pose_ssl_ros.embedded.services import Client, Service
from pose_ssl_ros.embedded.time import Clock, ClockType, Time
from pose_ssl_ros.embedded.types import message_class

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.context import Context
    from pose_ssl_ros.embedded.executor import Executor

# Methods of rclpy's Node that are not here; all others are refused as Python does.
_NOT_COVERED = frozenset(
    [
        "create_guard_condition",
        "create_rate",
        "add_pre_set_parameters_callback",
        "add_post_set_parameters_callback",
        "remove_pre_set_parameters_callback",
        "remove_post_set_parameters_callback",
        "get_clients_info_by_service",
        "get_servers_info_by_service",
        "wait_for_node",
        "add_waitable",
        "remove_waitable",
        "get_parameters_by_prefix",
        "set_descriptor",
        "create_generic_client",
    ]
)


class Node(NodeQueries):
    """A node of the graph; add it to an executor (or `rclpy.spin` it) to have its callbacks run."""

    def __init__(
        self,
        node_name: str,
        *,
        context: Context | None = None,
        cli_args: Sequence[str] | None = None,
        namespace: str | None = None,
        use_global_arguments: bool = True,
        enable_rosout: bool = True,
        start_parameter_services: bool = True,
        parameter_overrides: Iterable[Parameter] | None = None,
        allow_undeclared_parameters: bool = False,
        automatically_declare_parameters_from_overrides: bool = False,
        **others: Any,
    ) -> None:
        """Join the graph.

        Raises:
            InvalidNodeNameException: If the name is not valid.
            InvalidNamespaceException: If the namespace is not.
            NotInitializedException: If `rclpy.init` was not called.
        """
        if allow_undeclared_parameters:
            raise not_covered("Node(allow_undeclared_parameters=True)")
        for name, value in others.items():
            if name not in ("enable_logger_service", "rosout_qos_profile"):
                msg = f"Node.__init__() got an unexpected keyword argument '{name}'"
                raise TypeError(msg)
            if value:
                raise not_covered(f"Node({name}=...)")
        self.context = default_context() if context is None else context
        self.context.participant  # noqa: B018 (raises if not initialised)
        self.context.check("Failed to create node")
        given = self.context.arguments
        local = parse(list(cli_args)) if cli_args is not None else None
        sources = [source for source in (local, given if use_global_arguments else None) if source is not None]
        self._remaps = [rule for source in sources for rule in source.remaps]
        name = names.special(self._remaps, ("__node", "__name"), node_name) or node_name
        self._name = names.check_node_name(name)
        self._namespace = names.check_namespace(names.special(self._remaps, ("__ns",), node_name) or namespace or "/")
        full = self.get_fully_qualified_name()
        overrides: dict[str, Any] = {}
        for source in reversed(sources):
            overrides.update(source.overrides(full))
        overrides.update({parameter.name: parameter.value for parameter in parameter_overrides or ()})

        self.executor: Executor | None = None
        self.publishers: list[Publisher] = []
        self.subscriptions: list[Subscription] = []
        self.timers: list[Timer] = []
        self.services: list[Service] = []
        self.clients: list[Client] = []
        self._lock = threading.RLock()
        self._waitables: tuple[Any, ...] = ()
        self.default_callback_group: CallbackGroup = MutuallyExclusiveCallbackGroup()
        self._clock = Clock(clock_type=ClockType.ROS_TIME)
        self._logger = logging.RcutilsLogger(full.strip("/").replace("/", "."))
        self._entry = self.context.graph.add_node(self._name, self._namespace)
        self._destroyed = False
        self.context.count_node(+1)
        self._rosout: Publisher | None = None
        if enable_rosout and all(source.rosout for source in sources):
            self._rosout = self.create_publisher(
                message_class("rcl_interfaces/msg/Log"), "/rosout", qos_profile_rosout_default
            )
            logging.add_sink(self._to_rosout)
        self.parameter_store = ParameterStore(overrides)
        self._clock_subscription: Subscription | None = None
        self.parameter_store.changed = self._parameters_changed
        self._parameter_events = ParameterEvents(self)
        self.declare_parameter("use_sim_time", False)
        if automatically_declare_parameters_from_overrides:
            for key, value in overrides.items():
                if not self.has_parameter(key):
                    self.declare_parameter(key, value)
        if start_parameter_services:
            self._parameter_services = ParameterServices(self)

    def __getattr__(self, name: str) -> Any:
        """Name what is left out."""
        if name in _NOT_COVERED:
            raise not_covered(f"Node.{name}")
        msg = f"'{type(self).__name__}' object has no attribute '{name}'"
        raise AttributeError(msg)

    # Names ------------------------------------------------------------------------------------------------------

    def get_name(self) -> str:
        """Name without namespace."""
        return self._name

    def get_namespace(self) -> str:
        """Absolute namespace."""
        return self._namespace

    def get_fully_qualified_name(self) -> str:
        """Namespace and name."""
        return names.join(self._namespace, self._name)

    def get_logger(self) -> logging.RcutilsLogger:
        """The node's logger."""
        return self._logger

    def get_clock(self) -> Clock:
        """The ROS clock: simulated time if `use_sim_time` is set."""
        return self._clock

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Absolute name of a topic, after remapping unless `only_expand`."""
        return names.remap(topic, [] if only_expand else self._remaps, self._name, self._namespace)

    def resolve_service_name(self, service: str, *, only_expand: bool = False) -> str:
        """Absolute name of a service."""
        return names.remap(service, [] if only_expand else self._remaps, self._name, self._namespace, "service")

    # Endpoints --------------------------------------------------------------------------------------------------

    def waitables(self) -> tuple[Any, ...]:
        """What an executor waits for."""
        return self._waitables

    def _changed(self) -> None:
        with self._lock:
            owners: list[Any] = [*self.subscriptions, *self.publishers, *self.services, *self.clients]
            self._waitables = tuple(waitable for owner in owners for waitable in owner.waitables)
        if self.executor is not None:
            self.executor.wake()

    def _add(self, owners: list[Any], owner: Any) -> Any:
        with self._lock:
            owners.append(owner)
        for ids, end in ((self._entry.readers, "reader"), (self._entry.writers, "writer")):
            if hasattr(owner, end):
                self.context.graph.change(ids, getattr(owner, end).gid, True)
        self._changed()
        return owner

    def _remove(self, owners: list[Any], owner: Any) -> bool:
        with self._lock:
            if owner not in owners:
                return False
            owners.remove(owner)
        self._changed()
        for ids, end in ((self._entry.readers, "reader"), (self._entry.writers, "writer")):
            if hasattr(owner, end):
                self.context.graph.change(ids, getattr(owner, end).gid, False)
        owner.destroy()
        return True

    def create_publisher(
        self,
        msg_type: Any,
        topic: str,
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: PublisherEventCallbacks | None = None,
        qos_overriding_options: Any = None,
        publisher_class: Any = None,
    ) -> Publisher:
        """A publisher of a topic.

        Raises:
            InvalidTopicNameException: If the name is not valid.
        """
        if qos_overriding_options is not None or publisher_class is not None:
            raise not_covered("create_publisher(qos_overriding_options or publisher_class)")
        self.context.check("Failed to create publisher")
        made = Publisher(
            self,
            msg_type,
            self.resolve_topic_name(topic),
            QoSProfile.of(qos_profile),
            event_callbacks or PublisherEventCallbacks(),
        )
        return self._add(self.publishers, made)  # type: ignore[no-any-return]

    def create_subscription(
        self,
        msg_type: Any,
        topic: str,
        callback: Callable[..., None],
        qos_profile: QoSProfile | int,
        *,
        callback_group: CallbackGroup | None = None,
        event_callbacks: SubscriptionEventCallbacks | None = None,
        qos_overriding_options: Any = None,
        raw: bool = False,
        content_filter_options: Any = None,
    ) -> Subscription:
        """A subscription to a topic.

        Raises:
            InvalidTopicNameException: If the name is not valid.
        """
        if qos_overriding_options is not None or content_filter_options is not None:
            raise not_covered("create_subscription(qos_overriding_options or content_filter_options)")
        self.context.check("Failed to create subscription")
        made = Subscription(
            self,
            msg_type,
            self.resolve_topic_name(topic),
            callback,
            QoSProfile.of(qos_profile),
            callback_group or self.default_callback_group,
            event_callbacks or SubscriptionEventCallbacks(),
            raw,
        )
        return self._add(self.subscriptions, made)  # type: ignore[no-any-return]

    def create_service(
        self,
        srv_type: Any,
        srv_name: str,
        callback: Callable[..., Any],
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Service:
        """A service answered by `callback(request, response) -> response`."""
        self.context.check("Failed to create service")
        group = callback_group or self.default_callback_group
        made = Service(self, srv_type, self.resolve_service_name(srv_name), callback, qos_profile, group)
        return self._add(self.services, made)  # type: ignore[no-any-return]

    def create_client(
        self,
        srv_type: Any,
        srv_name: str,
        *,
        qos_profile: QoSProfile = qos_profile_services_default,
        callback_group: CallbackGroup | None = None,
    ) -> Client:
        """A client of a service."""
        self.context.check("Failed to create client")
        group = callback_group or self.default_callback_group
        made = Client(self, srv_type, self.resolve_service_name(srv_name), qos_profile, group)
        return self._add(self.clients, made)  # type: ignore[no-any-return]

    def create_timer(
        self,
        timer_period_sec: float,
        callback: Callable[[], None],
        callback_group: CallbackGroup | None = None,
        clock: Clock | None = None,
        autostart: bool = True,
    ) -> Timer:
        """A timer; its period is in seconds of the node's clock unless another is given."""
        group = callback_group or self.default_callback_group
        timer = Timer(callback, group, int(timer_period_sec * 1e9), clock or self._clock, autostart)
        timer.executor_wake = self._changed
        with self._lock:
            self.timers = [*self.timers, timer]
        self._changed()
        return timer

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """Delete a publisher; False if it is not this node's."""
        return self._remove(self.publishers, publisher)

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """Delete a subscription."""
        return self._remove(self.subscriptions, subscription)

    def destroy_service(self, service: Service) -> bool:
        """Delete a service."""
        return self._remove(self.services, service)

    def destroy_client(self, client: Client) -> bool:
        """Delete a client."""
        return self._remove(self.clients, client)

    def destroy_timer(self, timer: Timer) -> bool:
        """Stop and forget a timer."""
        with self._lock:
            if timer not in self.timers:
                return False
            self.timers = [item for item in self.timers if item is not timer]
        timer.destroy()
        self._changed()
        return True

    def destroy_node(self) -> None:
        """Leave the graph."""
        if self._destroyed:
            return
        self._destroyed = True
        logging.remove_sink(self._to_rosout)
        if self.executor is not None:
            self.executor.remove_node(self)
        for timer in list(self.timers):
            self.destroy_timer(timer)
        for owners in (self.subscriptions, self.services, self.clients, self.publishers):
            for owner in list(owners):
                self._remove(owners, owner)
        self.context.graph.remove_node(self._entry)
        self.context.count_node(-1)

    # Clock and log ----------------------------------------------------------------------------------------------

    def _to_rosout(self, level: int, name: str, message: str) -> None:
        if (
            self._rosout is None
            or not self.context.ok()
            or name.split(".")[: len(self._logger.name.split("."))] != (self._logger.name.split("."))
        ):
            return
        stamp = self._clock.now().to_msg()
        line = self._rosout.msg_type(stamp=stamp, level=int(level), name=name, msg=message)
        with contextlib.suppress(RCLError):  # shut down meanwhile: the line was shown, and a log call never fails
            self._rosout.publish(line)

    def _parameters_changed(self, new: list[Parameter], changed: list[Parameter]) -> None:
        for parameter in [*new, *changed]:
            if parameter.name == "use_sim_time":
                self._use_sim_time(bool(parameter.value))
        self._parameter_events.publish(new, changed)

    def _use_sim_time(self, wanted: bool) -> None:
        if wanted == (self._clock_subscription is not None):
            return
        if wanted:
            self._clock.simulate(0)
            profile = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
            clock = message_class("rosgraph_msgs/msg/Clock")
            self._clock_subscription = self.create_subscription(clock, "/clock", self._clock_moved, profile)
        elif self._clock_subscription is not None:
            self.destroy_subscription(self._clock_subscription)
            self._clock_subscription = None
            self._clock.simulate(None)
            self._changed()

    def _clock_moved(self, message: Any) -> None:
        if self._clock_subscription is not None:
            self._clock.simulate(Time.from_msg(message.clock).nanoseconds)
