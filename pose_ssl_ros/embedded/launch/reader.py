"""Reads a launch YAML file and the files it includes into a `LaunchDescription`.

Understood actions: arg, let, include, group, push_ros_namespace, set_env, node, executable. Anything else is refused
with a sentence rather than skipped: a launch file must mean the same here and under `ros2 launch`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from pose_ssl_ros.embedded.launch import process_keys
from pose_ssl_ros.embedded.launch.description import Argument, LaunchDescription
from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.substitutions import Scope, substitute, truth

MAX_INCLUDES = 20


def read(
    path: Path,
    arguments: Mapping[str, str],
    find_share: Callable[[str], Path],
    environment: Mapping[str, str] | None = None,
) -> LaunchDescription:
    """Read a launch file with the given `name:=value` arguments.

    Args:
        path: The launch file.
        arguments: Values for declared arguments.
        find_share: Maps a package name to its share folder; raises LaunchError if there is none.
        environment: For `$(env ...)`; the process environment when not given.

    Raises:
        LaunchError: If the file or an included one is wrong; the text begins with the file's name.
    """
    reader = _Reader(find_share, dict(os.environ if environment is None else environment), strict=True)
    reader.variables.update(arguments)
    reader.file(path)
    undeclared = sorted(set(arguments) - {argument.name for argument in reader.found.arguments})
    if undeclared:
        known = ", ".join(argument.name for argument in reader.found.arguments) or "none"
        msg = f"{path.name} declares no argument '{undeclared[0]}' (declared: {known})"
        raise LaunchError(msg)
    return reader.found


def declared_arguments(path: Path, find_share: Callable[[str], Path]) -> list[Argument]:
    """The arguments that a launch file and its includes declare, for `--show-args`."""
    reader = _Reader(find_share, dict(os.environ), strict=False)
    reader.file(path)
    return reader.found.arguments


def load_yaml(path: Path) -> list[Any]:
    """The list under `launch:` of a file.

    Raises:
        LaunchError: If the file cannot be read or does not have that shape.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"launch file {path} does not exist"
        raise LaunchError(msg) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        msg = f"{path}: cannot be read as YAML: {error}"
        raise LaunchError(msg) from error
    if not isinstance(content, dict) or list(content) != ["launch"]:
        msg = f"{path}: a launch file has the one key 'launch' at its top"
        raise LaunchError(msg)
    actions = content["launch"]
    if actions is None:
        return []
    if not isinstance(actions, list):
        msg = f"{path}: 'launch' must be a list of actions"
        raise LaunchError(msg)
    return actions


class _Reader:
    """Walks actions in order with the scopes of ROS 2 launch: groups are scoped, includes are not."""

    def __init__(self, find_share: Callable[[str], Path], environment: dict[str, str], *, strict: bool) -> None:
        self.found = LaunchDescription()
        self.variables: dict[str, str] = {}
        self.environment = environment
        self.added_environment: dict[str, str] = {}
        self.namespace = ""
        self.strict = strict  # False: only collect declared arguments
        self.find_share = find_share
        self.depth = 0
        self.folder = Path()

    def file(self, path: Path) -> None:
        if self.depth >= MAX_INCLUDES:
            msg = f"{path}: more than {MAX_INCLUDES} launch files include each other"
            raise LaunchError(msg)
        folder = self.folder
        self.folder = path.resolve().parent
        self.depth += 1
        self.actions(load_yaml(path), path.name)
        self.depth -= 1
        self.folder = folder

    def scope(self) -> Scope:
        return Scope(self.variables, {**self.environment, **self.added_environment}, self.folder, self.find_share)

    def text(self, value: Any, where: str) -> str:
        """A scalar as text with its substitutions performed."""
        if isinstance(value, (dict, list)) or value is None:
            msg = f"{where} must be a text, not {value!r}"
            raise LaunchError(msg)
        if isinstance(value, bool):
            return "true" if value else "false"
        try:
            return substitute(str(value), self.scope())
        except LaunchError as error:
            msg = f"{where}: {error}"
            raise LaunchError(msg) from error

    def wanted(self, body: dict[str, Any], where: str) -> bool:
        """Whether the `if` and `unless` of an action let it run."""
        if "if" in body and "unless" in body:
            msg = f"{where} has both 'if' and 'unless'"
            raise LaunchError(msg)
        for key, expected in (("if", True), ("unless", False)):
            if key in body:
                try:
                    return truth(self.text(body[key], f"{where}.{key}")) is expected
                except LaunchError as error:
                    if not self.strict:
                        return True
                    msg = f"{where}.{key}: {error}" if where not in str(error) else str(error)
                    raise LaunchError(msg) from error
        return True

    def actions(self, actions: list[Any], where: str) -> None:
        for number, action in enumerate(actions, 1):
            if not isinstance(action, dict) or len(action) != 1:
                msg = f"{where}: action {number} must have exactly one name, as in '- node: ...'"
                raise LaunchError(msg)
            (kind, body), *_ = action.items()
            place = f"{where}: {kind} (action {number})"
            handler = getattr(self, "_do_" + str(kind).replace("-", "_"), None)
            if handler is None:
                known = "arg, executable, group, include, let, node, push_ros_namespace, set_env"
                msg = f"{where}: action '{kind}' is not supported without ROS 2 (supported: {known})"
                raise LaunchError(msg)
            if isinstance(body, dict) and not self.wanted(body, place) and self.strict:
                continue
            handler(body, place)

    def body(self, body: Any, where: str, needed: set[str], optional: set[str]) -> dict[str, Any]:
        """Check an action's keys."""
        if not isinstance(body, dict):
            msg = f"{where} must be a mapping of keys, not {body!r}"
            raise LaunchError(msg)
        missing = sorted(needed - set(body))
        if missing:
            msg = f"{where} lacks '{missing[0]}'"
            raise LaunchError(msg)
        unknown = sorted(set(map(str, body)) - needed - optional - {"if", "unless"})
        if unknown:
            allowed = ", ".join(sorted(needed | optional | {"if", "unless"}))
            msg = f"{where}: key '{unknown[0]}' is not supported without ROS 2 (supported: {allowed})"
            raise LaunchError(msg)
        return body

    def items(self, value: Any, where: str, needed: set[str], optional: set[str] = frozenset()) -> list[dict[str, Any]]:  # type: ignore[assignment]
        """A list of small mappings, such as `remap` or `env`."""
        if value is None:
            return []
        if not isinstance(value, list):
            msg = f"{where} must be a list"
            raise LaunchError(msg)
        return [self.body(item, where, needed, optional) for item in value]

    def _do_arg(self, body: Any, where: str) -> None:
        body = self.body(body, where, {"name"}, {"default", "description", "choice"})
        name = self.text(body["name"], f"{where}.name")
        choices = tuple(str(c["value"]) for c in self.items(body.get("choice"), f"{where}.choice", {"value"}))
        default = None
        if "default" in body:
            default = self.text("" if body["default"] is None else body["default"], f"{where}.default")
        known = [argument for argument in self.found.arguments if argument.name == name]
        if not known:
            self.found.arguments.append(Argument(name, default, str(body.get("description", "")), choices))
        if name not in self.variables and default is not None:
            self.variables[name] = default
        if name not in self.variables:
            if not self.strict:
                self.variables[name] = ""
                return
            msg = f"{where}: argument '{name}' is needed: write {name}:=VALUE ({body.get('description', '')})"
            raise LaunchError(msg)
        if choices and self.strict and self.variables[name] not in choices:
            msg = f"{where}: argument '{name}' is {self.variables[name]!r} but must be one of {', '.join(choices)}"
            raise LaunchError(msg)

    def _do_let(self, body: Any, where: str) -> None:
        body = self.body(body, where, {"name", "value"}, set())
        self.variables[self.text(body["name"], where)] = self.text(body["value"], f"{where}.value")

    def _do_set_env(self, body: Any, where: str) -> None:
        body = self.body(body, where, {"name", "value"}, set())
        self.added_environment[self.text(body["name"], where)] = self.text(body["value"], f"{where}.value")

    def _do_push_ros_namespace(self, body: Any, where: str) -> None:
        body = self.body(body, where, {"namespace"}, set())
        self.namespace = process_keys.join(self.namespace, self.text(body["namespace"], f"{where}.namespace"))

    def _do_group(self, body: Any, where: str) -> None:
        children = body
        if isinstance(body, dict):
            children = self.body(body, where, {"children"}, {"scoped"})["children"]
        if not isinstance(children, list):
            msg = f"{where} must hold a list of actions"
            raise LaunchError(msg)
        scoped = not isinstance(body, dict) or truth(self.text(body.get("scoped", True), f"{where}.scoped"))
        kept = dict(self.variables), dict(self.added_environment), self.namespace
        self.actions(children, where)
        if scoped:
            self.variables, self.added_environment, self.namespace = kept

    def _do_include(self, body: Any, where: str) -> None:
        body = self.body(body, where, {"file"}, {"arg"})
        for item in self.items(body.get("arg"), f"{where}.arg", {"name", "value"}):
            name = self.text(item["name"], f"{where}.arg")
            self.variables[name] = self.text(item["value"], f"{where}.arg '{name}'")
        path = Path(self.text(body["file"], f"{where}.file"))
        if not path.name.endswith((".yaml", ".yml")):
            msg = f"{where}: only YAML launch files can be included without ROS 2, not {path.name}"
            raise LaunchError(msg)
        self.file(path)

    def _do_node(self, body: Any, where: str) -> None:
        if self.strict:
            self.found.processes.append(process_keys.node(self, body, where))

    def _do_executable(self, body: Any, where: str) -> None:
        if self.strict:
            self.found.processes.append(process_keys.executable(self, body, where))
