"""The six parameter services of a node, and /parameter_events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pose_ssl_ros.embedded.errors import ParameterNotDeclaredException
from pose_ssl_ros.embedded.parameters import Parameter
from pose_ssl_ros.embedded.qos import qos_profile_parameter_events, qos_profile_parameters
from pose_ssl_ros.embedded.types import message_class, service_class

if TYPE_CHECKING:
    from pose_ssl_ros.embedded.node import Node

_PACKAGE = "rcl_interfaces/srv/"


class ParameterServices:
    """Lets other processes get, set, list and describe a node's parameters."""

    def __init__(self, node: Node) -> None:
        """Offer the services of a node."""
        self._node = node
        self._store = node.parameter_store
        self._result = message_class("rcl_interfaces/msg/SetParametersResult")
        offers = {
            "get_parameters": ("GetParameters", self._get),
            "get_parameter_types": ("GetParameterTypes", self._types),
            "set_parameters": ("SetParameters", self._set),
            "set_parameters_atomically": ("SetParametersAtomically", self._set_atomically),
            "describe_parameters": ("DescribeParameters", self._describe),
            "list_parameters": ("ListParameters", self._list),
        }
        for name, (kind, callback) in offers.items():
            node.create_service(
                service_class(_PACKAGE + kind), f"~/{name}", callback, qos_profile=qos_profile_parameters
            )

    def _get(self, request: Any, response: Any) -> Any:
        blank = message_class("rcl_interfaces/msg/ParameterValue")
        for name in request.names:
            parameter = self._store.peek(name)
            response.values.append(blank() if parameter is None else parameter.get_parameter_value())
        return response

    def _types(self, request: Any, response: Any) -> Any:
        kinds = []
        for name in request.names:
            parameter = self._store.peek(name)
            kinds.append(0 if parameter is None else int(parameter.type_))
        response.types = kinds
        return response

    def _one(self, messages: list[Any]) -> Any:
        try:
            return self._store.set([Parameter.from_parameter_msg(message) for message in messages])
        except ParameterNotDeclaredException as error:
            return self._result(successful=False, reason=str(error))
        except (ValueError, TypeError, RuntimeError) as error:
            return self._result(successful=False, reason=f"not a parameter value: {error}")

    def _set(self, request: Any, response: Any) -> Any:
        response.results = [self._one([message]) for message in request.parameters]
        return response

    def _set_atomically(self, request: Any, response: Any) -> Any:
        response.result = self._one(list(request.parameters))
        return response

    def _describe(self, request: Any, response: Any) -> Any:
        blank = message_class("rcl_interfaces/msg/ParameterDescriptor")
        for name in request.names:
            known = self._store.has(name)
            response.descriptors.append(self._store.descriptor(name) if known else blank(name=name))
        return response

    def _list(self, request: Any, response: Any) -> Any:
        depth = request.depth
        prefixes = set()
        for name in self._store.names():
            if request.prefixes:
                fits = any(
                    (name == prefix or name.startswith(prefix + "."))
                    and (not depth or name[len(prefix) + 1 :].count(".") < depth)
                    for prefix in request.prefixes
                )
            else:
                fits = not depth or name.count(".") < depth
            if fits:
                response.result.names.append(name)
                if "." in name:
                    prefixes.add(name.rpartition(".")[0])
        response.result.prefixes = sorted(prefixes)
        return response


class ParameterEvents:
    """Tells /parameter_events of every declaration and change."""

    def __init__(self, node: Node) -> None:
        """Publish for a node."""
        self._node = node
        self._type = message_class("rcl_interfaces/msg/ParameterEvent")
        self._publisher = node.create_publisher(self._type, "/parameter_events", qos_profile_parameter_events)

    def publish(self, new: list[Parameter], changed: list[Parameter]) -> None:
        """One event."""
        if not self._node.context.ok():
            return
        self._publisher.publish(
            self._type(
                stamp=self._node.get_clock().now().to_msg(),
                node=self._node.get_fully_qualified_name(),
                new_parameters=[parameter.to_parameter_msg() for parameter in new],
                changed_parameters=[parameter.to_parameter_msg() for parameter in changed],
            )
        )
