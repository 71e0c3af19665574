"""`pose-ssl demo`: the whole loop in simulation, watched and reported."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.launch import launch
from pose_ssl_ros.cli.share import find_launch_file

SCENARIOS = ("street", "orbit", "mixed", "warehouse", "yard")
RESULTS = ("summary.json", "report.html", "annotated.mp4")


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("demo", help="the whole loop in simulation", description=__doc__)
    parser.add_argument("--scenario", choices=SCENARIOS, default="street")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=180.0, help="robot time to run (default %(default)g)")
    parser.add_argument("--speed", type=float, default=1.0, help="simulated seconds per second (default %(default)g)")
    parser.add_argument("--out", type=Path, help="folder of the results (default runs/<time>)")
    parser.add_argument("--no-panel", action="store_true", help="print lines instead of the live panel")
    parser.add_argument(
        "--from-scratch", action="store_true", help="start the encoder from random weights, not from models/base"
    )
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Run it and say where the results are."""
    if not 0 < arguments.seconds <= 1e6:
        msg = f"--seconds is {arguments.seconds:g} but must be from 0 to a million"
        raise CommandError(msg)
    # Nothing of a demonstration belongs on the office network.
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    out = (arguments.out or Path("runs") / time.strftime("%Y%m%d-%H%M%S")).resolve()
    values = {
        "scenario": arguments.scenario,
        "seed": str(arguments.seed),
        "duration": f"{arguments.seconds:.10g}" if arguments.seconds % 1 else f"{arguments.seconds:.1f}",
        "speed": f"{arguments.speed:.10g}" if arguments.speed % 1 else f"{arguments.speed:.1f}",
        "output": str(out),
        "learner_directory": str(out / "learner"),
        "panel": "plain" if arguments.no_panel else "auto",
    }
    if arguments.from_scratch:
        values["start"] = ""
    print(f"pose-ssl: {arguments.seconds:g} s of robot time, scenario {arguments.scenario}, seed {arguments.seed}")
    print(f"pose-ssl: results go to {out}; Ctrl-C ends it early", flush=True)
    path = find_launch_file("demo.launch.yaml")
    code = launch(path, values, log_file=out / "launch.log", lend_terminal=not arguments.no_panel)
    print(conclusion(out), flush=True)
    if code == 0 and not (out / "summary.json").is_file():
        print("pose-ssl: error: no summary was written", file=sys.stderr)
        return 1
    return code


def conclusion(out: Path) -> str:
    """Where the results are and the numbers that matter."""
    lines = [""]
    summary = out / "summary.json"
    if summary.is_file():
        try:
            lines += numbers(json.loads(summary.read_text(encoding="utf-8")))
        except ValueError as error:
            lines.append(f"  {summary} cannot be read: {error}")
    lines += [f"  {name:15} {out / name}" for name in (*RESULTS, "launch.log") if (out / name).exists()]
    return "\n".join(lines)


def _percent(value: Any) -> str:
    return "unknown" if value is None else f"{100 * float(value):.1f} %"


def _number(value: Any, form: str = ".3g") -> str:
    return "unknown" if value is None else format(float(value), form)


def numbers(summary: dict[str, Any]) -> list[str]:
    """The key numbers of a summary, one line each; what is missing is said to be unknown."""
    heading = summary.get("heading") or {}
    final = heading.get("final") or {}
    identity = summary.get("identity") or {}
    latency = summary.get("latency_ms") or {}
    learner = summary.get("learner") or {}
    versions = summary.get("model_versions")
    models = len(versions) if isinstance(versions, list) else versions
    return [
        f"  robot time      {_number(summary.get('robot_seconds'), '.0f')} s in "
        f"{_number(summary.get('wall_seconds'), '.0f')} s, {summary.get('frames', 'unknown')} frames",
        f"  learning        {summary.get('triplets', 'unknown')} triplets, {summary.get('learner_steps', 'unknown')} "
        f"steps, {models} models, loss {_number(learner.get('loss'))}",
        f"  toward/away     {_percent(heading.get('toward_away_accuracy'))} right of "
        f"{heading.get('n_toward_away', heading.get('n', 'unknown'))} over the whole run, "
        f"{_percent(final.get('toward_away_accuracy'))} in its last part",
        f"  unknown         {_percent(heading.get('unknown_rate'))} of all answers; counted as wrong above",
        f"  four headings   {_percent(heading.get('four_way_accuracy'))} right; azimuth off by "
        f"{_number(heading.get('azimuth_median_error_deg'), '.0f')} deg (median)",
        f"  identity        {_percent(identity.get('accuracy'))} right of {identity.get('n', 'unknown')}",
        f"  latency         p50 {_number(latency.get('p50'), '.0f')} ms, p95 {_number(latency.get('p95'), '.0f')} ms",
        f"  collisions      {summary.get('collisions', 'unknown')}",
    ]
