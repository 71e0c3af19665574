"""`pose-ssl launch FILE [name:=value ...]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.executables import PACKAGE, command
from pose_ssl_ros.cli.share import find_launch_file, find_share
from pose_ssl_ros.embedded.launch.description import Argument
from pose_ssl_ros.embedded.launch.reader import declared_arguments, read
from pose_ssl_ros.embedded.launch.runner import Runner


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("launch", help="start the nodes of a launch file", description=__doc__)
    parser.add_argument("file", help="launch file: a path, or a name such as sim.launch.yaml")
    parser.add_argument("arguments", nargs="*", metavar="name:=value", help="launch arguments")
    parser.add_argument("-s", "--show-args", "--show-arguments", action="store_true", help="list the arguments")
    parser.add_argument("--log-file", type=Path, help="also write all output there")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Do the command."""
    name, assignments = arguments.file, list(arguments.arguments)
    if name == PACKAGE and assignments and ":=" not in assignments[0]:  # as typed for `ros2 launch`
        name = assignments.pop(0)
    path = find_launch_file(name)
    if arguments.show_args:
        print(describe(declared_arguments(path, find_share)))
        return 0
    return launch(path, parse_assignments(assignments), log_file=arguments.log_file)


def parse_assignments(assignments: Sequence[str]) -> dict[str, str]:
    """Split `name:=value` words.

    Raises:
        CommandError: If a word does not have that form.
    """
    values: dict[str, str] = {}
    for word in assignments:
        name, mark, value = word.partition(":=")
        if not mark or not name:
            msg = f"'{word}' is not an argument; write name:=value"
            raise CommandError(msg)
        values[name] = value
    return values


def describe(found: Sequence[Argument]) -> str:
    """The declared arguments as text."""
    lines = ["Arguments (pass them as name:=value):"]
    for argument in found:
        default = "needed" if argument.default is None else f"default {argument.default!r}"
        choices = f"; one of {', '.join(argument.choices)}" if argument.choices else ""
        lines.append(f"\n  {argument.name} ({default}{choices})\n      {argument.description or 'no description'}")
    return "\n".join(lines) if found else "This launch file has no arguments."


def launch(path: Path, values: dict[str, str], *, log_file: Path | None = None, lend_terminal: bool = False) -> int:
    """Run a launch file to its end.

    Args:
        path: The launch file.
        values: Launch arguments.
        log_file: Receives all output too.
        lend_terminal: Let the process marked `emulate_tty` draw on the terminal itself.
    """
    description = read(path, values, find_share)
    if not description.processes:
        msg = f"{path.name} starts nothing with these arguments"
        raise CommandError(msg)
    lend = lend_terminal and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    runner = Runner(description, command, log_file=log_file, lend_terminal=lend)
    code = runner.run()
    for failure in runner.failures:
        print(f"pose-ssl: {failure}", file=sys.stderr)
    if lend and code != 0 and log_file is not None:
        print(f"pose-ssl: what the nodes said is in {log_file}", file=sys.stderr)
    return code
