"""`pose-ssl docs parameters`: the parameter tables, rendered from the classes that declare them."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.parameters import ParameterSpec, specs

# Node, module of its config, class.
CONFIGS = (
    ("triplet", "pose_ssl_ros.triplets.config", "TripletNodeConfig"),
    ("learner", "pose_ssl_ros.learning.config", "LearnerConfig"),
    ("inference", "pose_ssl_ros.inference.config", "InferenceConfig"),
    ("planner", "pose_ssl_ros.danger.config", "PlannerConfig"),
    ("source", "pose_ssl_ros.perception.source_config", "SourceConfig"),
    ("evaluator", "pose_ssl_ros.evaluation.config", "EvaluatorConfig"),
    ("recorder", "pose_ssl_ros.bags.recorder_config", "RecorderConfig"),
    ("sim", "pose_ssl_sim.config", "SimConfig"),
    ("pose-ssl evaluate, judge.", "pose_ssl_ros.evaluation.judge_config", "JudgeConfig"),
    ("pose-ssl evaluate, report.", "pose_ssl_ros.evaluation.drive_report.collector", "ReportConfig"),
    ("pose-ssl learn", "pose_ssl_ros.replay.site_config", "PassConfig"),
    ("pose-ssl replay --learn", "pose_ssl_ros.replay.driver_config", "DriverConfig"),
)
HEAD = """# Parameters

Written by `pose-ssl docs parameters --write` from the classes that declare them; a test compares the two.
Set one with `-p name:=value`, a parameter file, or, unless it is taken at start, while the node runs:
`pose-ssl param set /pose_ssl/<node> <name> <value>` (`ros2 param set` does the same).
Every node also has `use_sim_time`.
"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("docs", help="render documentation", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")
    parameters = verbs.add_parser("parameters", help="all parameters of all nodes as Markdown")
    parameters.add_argument("--write", type=Path, nargs="?", const=Path("docs/parameters.md"), help="write this file")
    parameters.set_defaults(handler=handle_parameters)


def handle_parameters(arguments: argparse.Namespace) -> int:
    """Print or write the tables."""
    text = render()
    if arguments.write is None:
        print(text, end="")
    else:
        arguments.write.parent.mkdir(parents=True, exist_ok=True)
        arguments.write.write_text(text, encoding="utf-8")
    return 0


def config_class(module: str, name: str) -> type:
    """A node's config class.

    Raises:
        CommandError: If it cannot be imported.
    """
    try:
        found: type = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        msg = f"{module}.{name} cannot be imported: {error}"
        raise CommandError(msg) from error
    return found


def render() -> str:
    """All tables as one Markdown text."""
    parts = [HEAD]
    for node, module, name in CONFIGS:
        config = config_class(module, name)
        summary = (config.__doc__ or "").strip().splitlines()[0]
        rows = "\n".join(row(spec) for spec in specs(config).values())
        parts.append(f"## {node}\n\n{summary}\n\n| name | default | allowed | meaning |\n|---|---|---|---|\n{rows}\n")
    return "\n".join(parts)


def row(spec: ParameterSpec) -> str:
    """One parameter as a table row."""
    default = f"{spec.default:.6g}" if isinstance(spec.default, float) else repr(spec.default).replace("'", "")
    meaning = spec.description + (" Taken at start." if spec.read_only else "")
    cells = (f"`{spec.name}`", f"`{default}`" if default else "empty", spec.allowed, meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
