"""What a node can ask: its parameters, and the graph around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded import wire
from pose_ssl_ros.embedded.errors import ParameterNotDeclaredException
from pose_ssl_ros.embedded.graph import TopicEndpointInfo, TopicEndpointTypeEnum
from pose_ssl_ros.embedded.parameters import Parameter, ParameterStore

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.context import Context

_PUBLISHER, _SUBSCRIPTION = TopicEndpointTypeEnum.PUBLISHER, TopicEndpointTypeEnum.SUBSCRIPTION


class NodeQueries:
    """Base of `Node`: parameters and graph."""

    context: Context
    parameter_store: ParameterStore

    def resolve_topic_name(self, topic: str, *, only_expand: bool = False) -> str:
        """Absolute name of a topic."""
        raise NotImplementedError

    # Parameters -------------------------------------------------------------------------------------------------

    def declare_parameter(
        self, name: str, value: Any = None, descriptor: Any = None, ignore_override: bool = False
    ) -> Parameter:
        """Declare a parameter with its default (or a `Parameter.Type`); the command line's value wins.

        Raises:
            ParameterAlreadyDeclaredException: If it is declared.
            InvalidParameterTypeException: If the command line's value has the wrong type.
            InvalidParameterValueException: If the value is out of range or refused.
        """
        return self.parameter_store.declare(name, value, descriptor, ignore_override)

    def declare_parameters(
        self, namespace: str, parameters: Iterable[tuple[Any, ...]], ignore_override: bool = False
    ) -> list[Parameter]:
        """Declare several: tuples (name, value, descriptor), the last two optional."""
        prefix = f"{namespace}." if namespace else ""
        found = []
        for name, *rest in parameters:
            value, descriptor = (*rest, None, None)[:2]
            found.append(self.declare_parameter(prefix + name, value, descriptor, ignore_override))
        return found

    def undeclare_parameter(self, name: str) -> None:
        """Forget a parameter."""
        self.parameter_store.undeclare(name)

    def has_parameter(self, name: str) -> bool:
        """True if declared."""
        return self.parameter_store.has(name)

    def get_parameter(self, name: str) -> Parameter:
        """A declared parameter.

        Raises:
            ParameterNotDeclaredException: If it is not declared.
        """
        return self.parameter_store.get(name)

    def get_parameters(self, names: Iterable[str]) -> list[Parameter]:
        """Several."""
        return [self.parameter_store.get(name) for name in names]

    def get_parameter_or(self, name: str, alternative_value: Parameter | None = None) -> Parameter:
        """A parameter, or an alternative if it is not declared."""
        if self.has_parameter(name):
            return self.get_parameter(name)
        return Parameter(name) if alternative_value is None else alternative_value

    def describe_parameter(self, name: str) -> Any:
        """Descriptor of a parameter."""
        return self.parameter_store.descriptor(name)

    def describe_parameters(self, names: Iterable[str]) -> list[Any]:
        """Descriptors of several."""
        return [self.parameter_store.descriptor(name) for name in names]

    def set_parameters(self, parameter_list: Iterable[Parameter]) -> list[Any]:
        """Set one by one; a SetParametersResult each.

        Raises:
            ParameterNotDeclaredException: If one is not declared (nothing is set then).
        """
        parameters = list(parameter_list)
        missing = [parameter.name for parameter in parameters if not self.has_parameter(parameter.name)]
        if missing:
            raise ParameterNotDeclaredException(missing)
        return [self.parameter_store.set([parameter]) for parameter in parameters]

    def set_parameters_atomically(self, parameter_list: Iterable[Parameter]) -> Any:
        """Set all or none."""
        return self.parameter_store.set(parameter_list)

    def add_on_set_parameters_callback(self, callback: Callable[[list[Parameter]], Any]) -> None:
        """Ask `callback(parameters) -> SetParametersResult` before parameters are set (the newest is asked first)."""
        self.parameter_store.callbacks.insert(0, callback)

    def remove_on_set_parameters_callback(self, callback: Callable[[list[Parameter]], Any]) -> None:
        """Inverse of `add_on_set_parameters_callback`."""
        self.parameter_store.callbacks.remove(callback)

    # Graph ------------------------------------------------------------------------------------------------------

    def _dds_topic(self, topic: str) -> str:
        return wire.topic_to_dds(wire.TOPIC, self.resolve_topic_name(topic))

    def get_publishers_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[TopicEndpointInfo]:
        """Publishers of a topic with the names of their nodes and their qos."""
        return self.context.graph.endpoints(topic_name if no_mangle else self._dds_topic(topic_name), _PUBLISHER)

    def get_subscriptions_info_by_topic(self, topic_name: str, no_mangle: bool = False) -> list[TopicEndpointInfo]:
        """Subscriptions of a topic, likewise."""
        return self.context.graph.endpoints(topic_name if no_mangle else self._dds_topic(topic_name), _SUBSCRIPTION)

    def count_publishers(self, topic_name: str) -> int:
        """Number of publishers of a topic."""
        return self.context.graph.count(self._dds_topic(topic_name), _PUBLISHER)

    def count_subscribers(self, topic_name: str) -> int:
        """Number of subscriptions to a topic."""
        return self.context.graph.count(self._dds_topic(topic_name), _SUBSCRIPTION)

    def get_topic_names_and_types(self, no_demangle: bool = False) -> list[tuple[str, list[str]]]:
        """All topics in sight with their types."""
        return self.context.graph.topics()

    def get_service_names_and_types(self) -> list[tuple[str, list[str]]]:
        """All services in sight with their types."""
        return self.context.graph.services()

    def get_node_names(self) -> list[str]:
        """Names of all nodes in sight, without namespaces."""
        return [name for name, _ in self.context.graph.nodes()]

    def get_node_names_and_namespaces(self) -> list[tuple[str, str]]:
        """Names and namespaces of all nodes in sight."""
        return self.context.graph.nodes()

    def get_publisher_names_and_types_by_node(self, node_name: str, node_namespace: str) -> list[tuple[str, list[str]]]:
        """Topics that a node publishes."""
        return self._topics_of(node_name, node_namespace, _PUBLISHER)

    def get_subscriber_names_and_types_by_node(
        self, node_name: str, node_namespace: str
    ) -> list[tuple[str, list[str]]]:
        """Topics that a node subscribes to."""
        return self._topics_of(node_name, node_namespace, _SUBSCRIPTION)

    def _topics_of(self, name: str, namespace: str, kind: TopicEndpointTypeEnum) -> list[tuple[str, list[str]]]:
        found: dict[str, set[str]] = {}
        for dds_name, type_name in self.context.graph.by_node(name, namespace, kind):
            topic = wire.topic_from_dds(dds_name)
            if topic is not None:
                found.setdefault(topic, set()).add(type_name)
        return sorted((topic, sorted(types)) for topic, types in found.items())
