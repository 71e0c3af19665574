"""`pose-ssl run EXECUTABLE [--ros-args ...]`: start one node here, in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from pose_ssl_ros import embedded
from pose_ssl_ros.cli.executables import MODULES, PACKAGE, module_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("run", help="start one node", description=__doc__)
    parser.add_argument("executable", help=f"one of {', '.join(sorted(MODULES))}")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="passed on, such as --ros-args -p name:=value")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Replace this process by the node: signals and the exit status are then the node's own."""
    executable, rest = arguments.executable, list(arguments.arguments)
    if executable == PACKAGE and rest and not rest[0].startswith("-"):  # as typed for `ros2 run`
        executable = rest.pop(0)
    command = [sys.executable, "-m", module_of(executable), *rest]
    sys.stdout.flush()
    os.execve(command[0], command, embedded.environment())  # noqa: S606
