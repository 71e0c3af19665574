"""`pose-ssl param list|get|set NODE [NAME [VALUE]]`, by the parameter services of the node."""

from __future__ import annotations

import argparse
from typing import Any

import yaml

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.graph import absolute, message_class, observer
from pose_ssl_ros.cli.service import request_once

TIMEOUT_S = 10.0
# Type numbers of rcl_interfaces/msg/ParameterType and the fields of ParameterValue that hold them.
FIELDS = {
    1: "bool_value",
    2: "integer_value",
    3: "double_value",
    4: "string_value",
    5: "byte_array_value",
    6: "bool_array_value",
    7: "integer_array_value",
    8: "double_array_value",
    9: "string_array_value",
}
_SCALARS = {bool: 1, int: 2, float: 3, str: 4}
_ARRAYS = {bool: 6, int: 7, float: 8, str: 9}


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("param", help="list, get or set parameters", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    for verb, handler in (("list", handle_list), ("get", handle_get), ("set", handle_set)):
        sub = verbs.add_parser(verb)
        sub.add_argument("node", help="such as /pose_ssl/learner")
        if verb != "list":
            sub.add_argument("name")
        if verb == "set":
            sub.add_argument("value", help="as in YAML: 3, 0.5, true, text")
        sub.set_defaults(handler=handler)


def _call(node: Any, target: str, service: str, kind_name: str, request_fields: dict[str, Any]) -> Any:
    kind = message_class(f"rcl_interfaces/srv/{kind_name}")
    request = kind.Request()
    for key, value in request_fields.items():
        setattr(request, key, value)
    return request_once(node, kind, f"{absolute(target)}/{service}", request, TIMEOUT_S)


def handle_list(arguments: argparse.Namespace) -> int:
    """Print the names of a node's parameters."""
    with observer() as node:
        answer = _call(node, arguments.node, "list_parameters", "ListParameters", {})
    for name in sorted(answer.result.names):
        print(name)
    return 0


def handle_get(arguments: argparse.Namespace) -> int:
    """Print one value."""
    with observer() as node:
        answer = _call(node, arguments.node, "get_parameters", "GetParameters", {"names": [arguments.name]})
    value = answer.values[0] if answer.values else None
    if value is None or value.type == 0:
        msg = f"node '{arguments.node}' has no parameter '{arguments.name}'"
        raise CommandError(msg)
    print(plain(value))
    return 0


def handle_set(arguments: argparse.Namespace) -> int:
    """Set one value; status 1 with the node's reason if it refuses."""
    with observer() as node:
        parameter = message_class("rcl_interfaces/msg/Parameter")()
        parameter.name = arguments.name
        number, value = typed(arguments.value)
        parameter.value.type = number
        setattr(parameter.value, FIELDS[number], value)
        answer = _call(node, arguments.node, "set_parameters", "SetParameters", {"parameters": [parameter]})
    result = answer.results[0]
    print("set" if result.successful else f"refused: {result.reason}")
    return 0 if result.successful else 1


def plain(value: Any) -> Any:
    """Python value of an rcl_interfaces/msg/ParameterValue."""
    found = getattr(value, FIELDS[value.type])
    return list(found) if value.type >= 5 else found


def typed(text: str) -> tuple[int, Any]:
    """Type number and value of a text, read as YAML as ros2 param does.

    Raises:
        CommandError: If it is neither a scalar nor a list of one kind.
    """
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    if value is None:
        value = text
    if type(value) in _SCALARS:
        return _SCALARS[type(value)], value
    if isinstance(value, list) and value:
        kinds = {type(item) for item in value}
        if kinds == {int, float}:
            return 8, [float(item) for item in value]
        if len(kinds) == 1 and kinds <= set(_ARRAYS):
            return _ARRAYS[kinds.pop()], value
    msg = f"{text!r} is neither a number, a truth value, a text nor a list of one of them"
    raise CommandError(msg)
