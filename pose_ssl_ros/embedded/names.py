"""ROS names: validation, expansion of relative and private names, remapping."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pose_ssl_ros.embedded.errors import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidTopicNameException,
)

_TOKEN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Remap:
    """One remapping rule, for one node name or for all nodes."""

    source: str
    target: str
    node: str = ""


def check_node_name(name: str) -> str:
    """The name if it is a valid node name.

    Raises:
        InvalidNodeNameException: If not.
    """
    if not _TOKEN.fullmatch(name):
        raise InvalidNodeNameException("node name", name, "must hold letters, digits and '_', and start with no digit")
    return name


def check_namespace(namespace: str) -> str:
    """The namespace in its absolute form.

    Raises:
        InvalidNamespaceException: If it is not valid.
    """
    absolute = namespace if namespace.startswith("/") else "/" + namespace
    if absolute == "/":
        return absolute
    if not all(_TOKEN.fullmatch(token) for token in absolute[1:].split("/")):
        raise InvalidNamespaceException("namespace", namespace, "must hold names separated by single slashes")
    return absolute


def join(namespace: str, name: str) -> str:
    """Name within a namespace."""
    return f"{namespace.rstrip('/')}/{name}"


def expand(name: str, node: str, namespace: str) -> str:
    """Absolute form of a topic or service name used by a node.

    Raises:
        InvalidTopicNameException: If it is not valid.
    """
    full = name.replace("{node}", node).replace("{ns}", namespace.strip("/")).replace("{namespace}", namespace)
    if full == "~":
        full = join(namespace, node)
    elif full.startswith("~/"):
        full = join(join(namespace, node), full[2:])
    elif not full.startswith("/"):
        full = join(namespace, full)
    if not all(_TOKEN.fullmatch(token) for token in full[1:].split("/")):
        raise InvalidTopicNameException("topic name", name, "must hold names separated by single slashes")
    return full


def remap(name: str, rules: list[Remap], node: str, namespace: str, kind: str = "topic") -> str:
    """Expand a name and apply the first rule that fits.

    Args:
        name: Relative, private or absolute name.
        rules: Rules in order of the command line.
        node: Name of the node (after its own remapping).
        namespace: Its namespace.
        kind: `topic` or `service`, for rules that start with `rostopic://` or `rosservice://`.
    """
    full = expand(name, node, namespace)
    for rule in rules:
        source = rule.source
        if source.startswith("__") or (rule.node and rule.node != node):
            continue
        scheme, separator, rest = source.partition("://")
        if separator:
            if scheme != f"ros{kind}":
                continue
            source = rest
        if expand(source, node, namespace) == full:
            return expand(rule.target.removeprefix(f"ros{kind}://"), node, namespace)
    return full


def special(rules: list[Remap], names: tuple[str, ...], node: str) -> str | None:
    """Target of the first rule for `__ns` or `__node` that fits the node's original name."""
    for rule in rules:
        if rule.source in names and (not rule.node or rule.node == node):
            return rule.target
    return None
