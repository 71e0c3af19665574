"""Which module each executable of the package runs, and how to start it with or without a sourced ROS 2."""

from __future__ import annotations

import sys
from pathlib import Path

from pose_ssl_ros import embedded
from pose_ssl_ros.embedded.launch.description import ProcessSpec
from pose_ssl_ros.embedded.launch.errors import LaunchError
from pose_ssl_ros.embedded.launch.runner import merged_environment

PACKAGE = "pose_ssl_ros"
# The same table as the entry points in setup.py; a test compares them.
MODULES = {
    "triplet_node": "pose_ssl_ros.nodes.triplet_node",
    "learner_node": "pose_ssl_ros.nodes.learner_node",
    "inference_node": "pose_ssl_ros.nodes.inference_node",
    "planner_node": "pose_ssl_ros.nodes.planner_node",
    "source_node": "pose_ssl_ros.nodes.source_node",
    "evaluator_node": "pose_ssl_ros.nodes.evaluator_node",
    "recorder_node": "pose_ssl_ros.nodes.recorder_node",
    "sim_node": "pose_ssl_sim.node",
}


def module_of(executable: str) -> str:
    """Module of an executable; the `_node` may be left out.

    Raises:
        LaunchError: If there is no such executable.
    """
    for name in (executable, f"{executable}_node"):
        if name in MODULES:
            return MODULES[name]
    msg = f"package '{PACKAGE}' has no executable '{executable}' (it has {', '.join(sorted(MODULES))})"
    raise LaunchError(msg)


def executable_in(package: str, executable: str) -> Path | None:
    """An executable of another package of a sourced ROS 2 (`<prefix>/lib/<package>/<executable>`)."""
    from pose_ssl_ros.cli.share import ament_prefixes

    for prefix in ament_prefixes():
        path = prefix / "lib" / package / executable
        if path.is_file():
            return path
    return None


def command(spec: ProcessSpec) -> tuple[list[str], dict[str, str]]:
    """Command line and environment of a process of a launch file.

    Raises:
        LaunchError: If the executable does not exist here.
    """
    environment = embedded.environment(merged_environment(spec))
    if not spec.package:
        return list(spec.arguments), environment
    if spec.package == PACKAGE:
        return [sys.executable, "-m", module_of(spec.executable), *spec.arguments], environment
    path = executable_in(spec.package, spec.executable)
    if path is None:
        msg = (
            f"executable '{spec.executable}' of package '{spec.package}' needs a sourced ROS 2 that has it; "
            f"without one only '{PACKAGE}' can be started"
        )
        raise LaunchError(msg)
    return [str(path), *spec.arguments], environment
