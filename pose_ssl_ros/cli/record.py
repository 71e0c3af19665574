"""`pose-ssl record`: a rosbag with what evaluation needs, of a simulated drive or of live topics."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.recording_options import Stop, Ticker

if TYPE_CHECKING:
    from pose_ssl_sim.config import SimConfig

SCENARIOS = ("street", "orbit", "mixed", "warehouse", "yard")


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("record", help="record a simulated drive or live topics", description=__doc__)
    parser.add_argument("--out", type=Path, help="folder of the bag (default recording-<time>)")
    parser.add_argument("--seconds", type=float, default=0.0, help="robot time (default 60 in simulation, else all)")
    parser.add_argument("--images", choices=("raw", "jpeg"), default="raw", help="how pictures are written")
    parser.add_argument("--quality", type=int, default=90, help="of JPEG pictures, 1 to 100 (default %(default)s)")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap")
    parser.add_argument(
        "--compression",
        choices=("none", "zstd", "file", "message", "chunk"),
        default="none",
        help="by zstd: the whole file, each message, or each chunk (MCAP, readers can still seek); zstd takes "
        "chunk for MCAP and message for sqlite3",
    )
    simulated = parser.add_argument_group("in simulation")
    simulated.add_argument("--scenario", choices=SCENARIOS, default="street")
    simulated.add_argument("--seed", type=int, default=1, help="the same seed gives the same messages")
    simulated.add_argument("--size", default="320x240", metavar="WxH", help="of the pictures (default %(default)s)")
    simulated.add_argument("--speed", type=float, default=1.2, help="of the robot, m/s (default %(default)g)")
    simulated.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the sim node, such as rate=5"
    )
    live = parser.add_argument_group("from live topics")
    live.add_argument("--live", action="store_true", help="record what is published now, until Ctrl-C")
    live.add_argument(
        "--topics", default="", metavar="A,B", help="these only (default: all that evaluation needs, by type)"
    )
    live.add_argument("--results", action="store_true", help="what our nodes say, too")
    live.add_argument("--namespace", default="/pose_ssl", help="of our nodes (default %(default)s)")
    live.add_argument("--use-sim-time", action="store_true", help="times of recording by /clock")
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Record; 0 if all was written, 130 if it was ended early."""
    if not 1 <= arguments.quality <= 100:
        msg = f"--quality is {arguments.quality} but must be from 1 to 100"
        raise CommandError(msg)
    if not 0 <= arguments.seconds <= 1e6:
        msg = f"--seconds is {arguments.seconds:g} but must be from 0 to a million"
        raise CommandError(msg)
    out = arguments.out or Path(f"recording-{time.strftime('%Y%m%d-%H%M%S')}")
    compression = arguments.compression
    if compression == "zstd":
        compression = "chunk" if arguments.storage == "mcap" else "message"
    if arguments.live:
        return _live(arguments, out, compression)
    return _simulated(arguments, out, compression)


def _live(arguments: argparse.Namespace, out: Path, compression: str) -> int:
    """Become the recorder node: signals and the exit status are then its own."""
    from pose_ssl_ros import embedded
    from pose_ssl_ros.cli.executables import module_of

    values = {
        "output": str(out),
        "topics": arguments.topics,
        "results": str(arguments.results).lower(),
        "images": "jpeg" if arguments.images == "jpeg" else "as_is",
        "quality": str(arguments.quality),
        "storage": arguments.storage,
        "compression": compression,
        "duration": repr(float(arguments.seconds)),
        "use_sim_time": str(arguments.use_sim_time).lower(),
    }
    quoted = {"output", "topics"}  # text that might look like a number
    command = [sys.executable, "-m", module_of("recorder_node"), "--ros-args", "-r", f"__ns:={arguments.namespace}"]
    for name, value in values.items():
        if value:
            command += ["-p", f"{name}:={_quoted(value) if name in quoted else value}"]
    sys.stdout.flush()
    os.execve(command[0], command, embedded.environment())  # noqa: S606


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _simulated(arguments: argparse.Namespace, out: Path, compression: str) -> int:
    from pose_ssl_ros import embedded

    embedded.activate()
    config = _world(arguments)
    seconds = arguments.seconds or 60.0
    if seconds * config.rate < 1:
        msg = f"--seconds is {seconds:g}, too short for a picture at {config.rate:g} Hz"
        raise CommandError(msg)
    if not 0 <= arguments.speed <= config.max_speed:
        msg = f"--speed is {arguments.speed:g} but must be from 0 to {config.max_speed:g} m/s"
        raise CommandError(msg)
    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.bags.writing import BagWriter
    from pose_ssl_ros.replay.progress import Progress

    try:
        from pose_ssl_sim.config import SimError
        from pose_ssl_sim.node_recording import record
    except ImportError as error:
        msg = f"recording a simulated drive needs the simulation ({error}): pip install 'pose_ssl_ros[sim]'"
        raise CommandError(msg, 1) from error
    notes = {
        "made_by": "pose-ssl record",
        "scenario": config.scenario,
        "seed": str(config.seed),
        "settings": " ".join(arguments.set),
    }
    progress, ticker = Progress(seconds), Ticker()
    quality = arguments.quality if arguments.images == "jpeg" else 0
    try:
        with Stop() as stop, BagWriter(out, arguments.storage, compression, notes) as bag:

            def tell(moment: Any) -> bool:
                progress.note(moment.time_ns)
                progress.frames += moment.frame is not None
                ticker.tell(progress)
                return not stop()

            progress.note(0)
            record(config, bag, seconds, arguments.speed, quality, tell)
    except (BagError, SimError) as error:
        raise CommandError(str(error), 1) from error
    finally:
        ticker.end()
    print(
        f"{out}: {progress.frames} pictures, {bag.count} messages of {progress.recorded_s:.1f} s, "
        f"recorded in {progress.wall_s:.1f} s ({progress.times_real_time:.1f} times real time)"
    )
    if stop():
        print("pose-ssl: ended early; what is written is whole", file=sys.stderr)
        return 130
    return 0


def _world(arguments: argparse.Namespace) -> SimConfig:
    """The world that the options mean.

    Raises:
        CommandError: If a value is not allowed.
    """
    import yaml
    from pose_ssl_sim.config import SimConfig

    from pose_ssl_ros.parameters import ParameterError, from_values

    width, mark, height = arguments.size.partition("x")
    if not (mark and width.isdigit() and height.isdigit()):
        msg = f"--size is '{arguments.size}': write it as 320x240"
        raise CommandError(msg)
    values: dict[str, Any] = {"scenario": arguments.scenario, "seed": arguments.seed}
    values |= {"width": int(width), "height": int(height)}
    for word in _pairs(arguments.set):
        try:
            values[word[0]] = yaml.safe_load(word[1])
        except yaml.YAMLError as error:
            msg = f"--set {word[0]}: '{word[1]}' is not a value"
            raise CommandError(msg) from error
    try:
        return from_values(SimConfig, values)
    except ParameterError as error:
        raise CommandError(str(error)) from error


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    """NAME=VALUE words.

    Raises:
        CommandError: If one is no such word.
    """
    found = []
    for word in words:
        name, mark, value = word.partition("=")
        if not (mark and name):
            msg = f"--set {word}: write NAME=VALUE"
            raise CommandError(msg)
        found.append((name, value))
    return found
