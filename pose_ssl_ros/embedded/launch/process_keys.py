"""The keys of `node` and `executable` actions, turned into a `ProcessSpec`."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any, Protocol

from pose_ssl_ros.embedded.launch.description import ProcessSpec
from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.substitutions import truth

COMMON = {
    "name",
    "cwd",
    "output",
    "respawn",
    "respawn_delay",
    "on_exit",
    "emulate_tty",
    "env",
    "sigterm_timeout",
    "sigkill_timeout",
}
NODE = {"namespace", "args", "ros_args", "param", "remap"}


class Context(Protocol):
    """What the reader lends to these functions."""

    namespace: str
    added_environment: dict[str, str]

    def text(self, value: Any, where: str) -> str:
        """Text with substitutions performed."""

    def body(self, body: Any, where: str, needed: set[str], optional: set[str]) -> dict[str, Any]:
        """Checked keys of an action."""

    def items(self, value: Any, where: str, needed: set[str], optional: set[str] = ...) -> list[dict[str, Any]]:
        """Checked list of mappings."""


def join(outer: str, inner: str) -> str:
    """Namespace `inner` seen from `outer`; an absolute one stands alone."""
    if inner.startswith("/"):
        return "/" + inner.strip("/")
    parts = [part for part in (outer.strip("/"), inner.strip("/")) if part]
    return "/" + "/".join(parts) if parts else ""


def node(context: Context, body: Any, where: str) -> ProcessSpec:
    """Read a `node` action."""
    body = context.body(body, where, {"pkg", "exec"}, COMMON | NODE)
    ros: list[str] = []
    name = context.text(body["name"], f"{where}.name") if "name" in body else ""
    if name:
        ros += ["-r", f"__node:={name}"]
    inner = context.text(body["namespace"], f"{where}.namespace") if "namespace" in body else ""
    namespace = join(context.namespace, inner)
    if namespace:
        ros += ["-r", f"__ns:={namespace}"]
    for item in context.items(body.get("param"), f"{where}.param", set(), {"name", "value", "type", "from"}):
        ros += _parameter(context, item, f"{where}.param")
    for item in context.items(body.get("remap"), f"{where}.remap", {"from", "to"}):
        ros += ["-r", f"{context.text(item['from'], where)}:={context.text(item['to'], where)}"]
    if "ros_args" in body:
        ros += shlex.split(context.text(body["ros_args"], f"{where}.ros_args"))
    plain = shlex.split(context.text(body["args"], f"{where}.args")) if "args" in body else []
    executable = context.text(body["exec"], f"{where}.exec")
    return ProcessSpec(
        name=name or executable,
        package=context.text(body["pkg"], f"{where}.pkg"),
        executable=executable,
        arguments=tuple(plain + (["--ros-args", *ros] if ros else [])),
        **_common(context, body, where),
    )


def executable(context: Context, body: Any, where: str) -> ProcessSpec:
    """Read an `executable` action."""
    body = context.body(body, where, {"cmd"}, COMMON)
    command = shlex.split(context.text(body["cmd"], f"{where}.cmd"))
    if not command:
        msg = f"{where}.cmd is empty"
        raise LaunchError(msg)
    name = context.text(body["name"], f"{where}.name") if "name" in body else Path(command[0]).name
    return ProcessSpec(name=name, arguments=tuple(command), **_common(context, body, where))


def _parameter(context: Context, item: dict[str, Any], where: str) -> list[str]:
    if "from" in item:
        path = context.text(item["from"], f"{where}.from")
        if not Path(path).is_file():
            msg = f"{where}: parameter file {path} does not exist"
            raise LaunchError(msg)
        return ["--params-file", path]
    if "name" not in item or "value" not in item:
        msg = f"{where} needs 'name' and 'value', or 'from'"
        raise LaunchError(msg)
    name = context.text(item["name"], f"{where}.name")
    value = item["value"]
    if isinstance(value, list):
        return ["-p", f"{name}:={json.dumps(value)}"]
    text = context.text(value, f"{where} '{name}'")
    kind = item.get("type")
    if kind not in (None, "str", "int", "float", "bool"):
        msg = f"{where} '{name}': type '{kind}' is not supported without ROS 2 (supported: str, int, float, bool)"
        raise LaunchError(msg)
    if kind == "str" or text == "":
        text = json.dumps(text, ensure_ascii=False)
    return ["-p", f"{name}:={text}"]


def _number(context: Context, body: dict[str, Any], key: str, default: float, where: str) -> float:
    if key not in body:
        return default
    text = context.text(body[key], f"{where}.{key}")
    try:
        value = float(text)
    except ValueError as error:
        msg = f"{where}.{key} is {text!r} but must be a number of seconds"
        raise LaunchError(msg) from error
    if not 0 <= value < 1e6:
        msg = f"{where}.{key} is {text!r} but must be from 0 to a million seconds"
        raise LaunchError(msg)
    return value


def _common(context: Context, body: dict[str, Any], where: str) -> dict[str, Any]:
    environment = dict(context.added_environment)
    for item in context.items(body.get("env"), f"{where}.env", {"name", "value"}):
        environment[context.text(item["name"], where)] = context.text(item["value"], where)
    if "on_exit" in body and body["on_exit"] != "shutdown":
        msg = f"{where}.on_exit is {body['on_exit']!r} but must be 'shutdown'"
        raise LaunchError(msg)
    output = context.text(body.get("output", "screen"), f"{where}.output")
    if output not in ("screen", "log", "both"):
        msg = f"{where}.output is {output!r} but must be one of screen, log, both"
        raise LaunchError(msg)
    return {
        "environment": environment,
        "cwd": context.text(body["cwd"], f"{where}.cwd") if "cwd" in body else None,
        "output": output,
        "respawn": _flag(context, body, "respawn", where),
        "respawn_delay": _number(context, body, "respawn_delay", 0.0, where),
        "shutdown_on_exit": "on_exit" in body,
        "emulate_tty": _flag(context, body, "emulate_tty", where),
        "sigterm_timeout": _number(context, body, "sigterm_timeout", 3.0, where),
        "sigkill_timeout": _number(context, body, "sigkill_timeout", 1.5, where),
    }


def _flag(context: Context, body: dict[str, Any], key: str, where: str) -> bool:
    if key not in body:
        return False
    try:
        return truth(context.text(body[key], f"{where}.{key}"))
    except LaunchError as error:
        msg = f"{where}.{key}: {error}"
        raise LaunchError(msg) from error
