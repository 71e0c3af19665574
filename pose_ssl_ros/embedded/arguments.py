"""Command line of a node: `--ros-args -r from:=to -p name:=value --params-file f --log-level level`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pose_ssl_ros.embedded.errors import UnknownROSArgsError
from pose_ssl_ros.embedded.names import Remap

_FLAGS = {f"--{on}-{what}" for on in ("enable", "disable") for what in ("rosout-logs", "stdout-logs")} | {
    "--enable-external-lib-logs",
    "--disable-external-lib-logs",
}
_WITH_VALUE = ("-r", "--remap", "-p", "--param", "--params-file", "--log-level", "-e", "--enclave", "--log-config-file")


class _Loader(yaml.SafeLoader):
    """YAML as rcl reads it: `1e-3` is a number, a date is a string."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$|[-+]?(\d+\.\d*|\.\d+)$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"),
    list("-+0123456789."),
)


@dataclass
class RosArguments:
    """What `--ros-args` said, in order.

    Attributes:
        remaps: Remapping rules.
        parameters: (node pattern, {flat name: value}), later ones win.
        log_levels: (logger name or '' for all, level word).
        rosout: False if `--disable-rosout-logs` was given.
        rest: The arguments that are not ROS's.
    """

    remaps: list[Remap] = field(default_factory=list)
    parameters: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    log_levels: list[tuple[str, str]] = field(default_factory=list)
    rosout: bool = True
    rest: list[str] = field(default_factory=list)

    def overrides(self, full_name: str) -> dict[str, Any]:
        """Parameter values for a node of this fully qualified name."""
        found: dict[str, Any] = {}
        for pattern, values in self.parameters:
            if matches(pattern, full_name):
                found.update(values)
        return found


def matches(pattern: str, full_name: str) -> bool:
    """True if a node pattern of a parameter file (`/**`, `/*/triplet`, `/pose_ssl/triplet`) fits a node."""
    text = pattern if pattern.startswith("/") else "/" + pattern
    text = re.escape(text).replace(r"/\*\*", r"(/\w+)*").replace(r"\*", r"\w+")
    return re.fullmatch(text, full_name) is not None


def parse_yaml(text: str) -> Any:
    """A value as ROS reads it from the command line.

    Raises:
        UnknownROSArgsError: If it is no YAML.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (the loader is a safe one)
    except yaml.YAMLError as error:
        msg = f"'{text}' is no YAML value: {error}"
        raise UnknownROSArgsError(msg) from error


def flatten(tree: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested parameters as `outer.inner`."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(flatten(value, f"{prefix}{key}."))
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def read_parameter_file(path: str) -> list[tuple[str, dict[str, Any]]]:
    """(node pattern, values) of a ROS 2 parameter file, in its order.

    Raises:
        UnknownROSArgsError: If the file can't be read or is no parameter file.
    """
    try:
        tree = yaml.load(Path(path).read_text("utf-8"), Loader=_Loader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"Couldn't parse params file: '--params-file {path}': {error}"
        raise UnknownROSArgsError(msg) from error
    found: list[tuple[str, dict[str, Any]]] = []

    def walk(node: Any, pattern: str) -> None:
        if not isinstance(node, dict):
            msg = f"params file {path}: '{pattern or '/'}' must hold 'ros__parameters' or names of nodes"
            raise UnknownROSArgsError(msg)
        for key, value in node.items():
            if key == "ros__parameters":
                if not isinstance(value, dict):
                    msg = f"params file {path}: 'ros__parameters' of '{pattern}' must hold names and values"
                    raise UnknownROSArgsError(msg)
                found.append((pattern, flatten(value)))
            else:
                walk(value, f"{pattern}/{str(key).strip('/')}")

    if tree is not None:
        walk(tree, "")
    return found


def _rule(text: str, flag: str) -> tuple[str, str, str]:
    """Node, name and value of `[node:]name:=value`."""
    left, separator, right = text.partition(":=")
    if not separator or not left:
        msg = f"'{flag} {text}' is not of the form name:=value"
        raise UnknownROSArgsError(msg)
    node, name = "", left
    head, colon, tail = left.partition(":")
    if colon and not tail.startswith("//"):
        node, name = head, tail
    return node, name, right


def parse(args: Sequence[str]) -> RosArguments:
    """Read a command line; what stands outside `--ros-args ... [--]` is left in `rest`.

    Raises:
        UnknownROSArgsError: If a ROS argument is not known or not well formed.
    """
    result = RosArguments()
    inside = False
    position = 0
    while position < len(args):
        word = args[position]
        position += 1
        if word == "--ros-args":
            inside = True
        elif inside and word == "--":
            inside = False
        elif not inside:
            result.rest.append(word)
        elif word in _FLAGS:
            result.rosout = result.rosout and word != "--disable-rosout-logs"
        elif word in _WITH_VALUE:
            if position >= len(args):
                msg = f"'{word}' needs a value"
                raise UnknownROSArgsError(msg)
            _apply(result, word, args[position])
            position += 1
        elif ":=" in word and not word.startswith("-"):
            _apply(result, "-r", word)
        else:
            msg = f"Found unknown ROS argument: '{word}'"
            raise UnknownROSArgsError(msg)
    return result


def _apply(result: RosArguments, flag: str, value: str) -> None:
    if flag in ("-r", "--remap"):
        node, name, target = _rule(value, flag)
        result.remaps.append(Remap(name, target, node))
    elif flag in ("-p", "--param"):
        node, name, text = _rule(value, flag)
        given = parse_yaml(text)
        values = flatten(given, name + ".") if isinstance(given, dict) else {name: given}
        result.parameters.append((f"/**/{node}" if node else "/**", values))
    elif flag == "--params-file":
        result.parameters += read_parameter_file(value)
    elif flag == "--log-level":
        name, _, level = value.rpartition(":=")
        result.log_levels.append((name, level))
