"""Options of the commands that read recordings, and what they mean."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.share import find_share

_TOPICS = {
    "image": "image topic (sensor_msgs/Image or CompressedImage)",
    "camera-info": "topic of the intrinsics",
    "odom": "topic of the odometry",
    "detections": "topic of an external detector's boxes",
}
_PERIOD_S = {True: 0.5, False: 10.0}  # between two lines, on a terminal and in a log


def add_topics(parser: argparse.ArgumentParser, truth: bool = False) -> None:
    """Declare the names of topics; `--truth` only where the command has no meaning of its own for it."""
    group = parser.add_argument_group("topics", "found by their type when there is only one of it")
    for name, words in _TOPICS.items():
        group.add_argument(f"--{name}", default="", metavar="TOPIC", help=words)
    if truth:
        group.add_argument("--truth", default="", metavar="TOPIC", help="topic of the ground truth")


def topics(arguments: argparse.Namespace) -> Any:
    """The names as `bags.reading.Topics`."""
    from pose_ssl_ros.bags.reading import Topics

    return Topics(
        image=arguments.image,
        camera_info=arguments.camera_info,
        odom=arguments.odom,
        detections=arguments.detections,
        truth=getattr(arguments, "truth", "") or "",
    )


def add_settings(parser: argparse.ArgumentParser) -> None:
    """Declare `--set`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of a node, such as triplet.camera_height=1.1 or inference.mounting.height=1.1",
    )


def settings(assignments: Sequence[str], kind: type | None = None) -> Any:
    """A config from NAME=VALUE words.

    Args:
        assignments: The words.
        kind: Class of the config; None for `ReplayConfig`.

    Raises:
        CommandError: If a name or a value is not allowed.
    """
    import yaml

    from pose_ssl_ros.parameters import ParameterError, from_values
    from pose_ssl_ros.replay.config import ReplayConfig

    values: dict[str, Any] = {}
    for word in assignments:
        name, mark, text = word.partition("=")
        if not mark or not name:
            msg = f"--set {word}: write NAME=VALUE"
            raise CommandError(msg)
        try:
            values[name] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            msg = f"--set {name}: '{text}' is not a value"
            raise CommandError(msg) from error
    try:
        return from_values(kind or ReplayConfig, values)
    except ParameterError as error:
        replay = () if kind else [n for n in values if n.split(".")[0] not in ("triplet", "inference", "planner")]
        near = list(replay)
        hint = f"'{near[0]}' must begin with triplet., inference. or planner." if near else str(error)
        msg = f"--set: {hint}"
        raise CommandError(msg) from error


def model_file(name: str) -> Path | None:
    """The ONNX file that a user means: a file, a model's folder, nothing for models/base, or `none`.

    Raises:
        CommandError: If there is no such file.
    """
    if name == "none":
        return None
    given = Path(name).expanduser() if name else find_share() / "models" / "base"
    found = given / "encoder.onnx" if given.is_dir() else given
    if not found.is_file():
        msg = f"there is no model '{found}'; give an ONNX file, a folder with encoder.onnx, or none"
        raise CommandError(msg, 1)
    return found


class Stop:
    """Turns the first Ctrl-C or SIGTERM into a wish, so that files end whole; a second one interrupts."""

    def __init__(self) -> None:
        """Nobody asked yet."""
        self.asked = False

    def __call__(self) -> bool:
        """Whether somebody asked for the end."""
        return self.asked

    def __enter__(self) -> Stop:
        """Listen to the signals."""
        self._before = {n: signal.signal(n, self._ask) for n in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class Ticker:
    """Says how far a command is: one changing line on a terminal, a line now and then in a log."""

    def __init__(self) -> None:
        """Say nothing for the first moments."""
        self._terminal = sys.stderr.isatty()
        self._said = time.monotonic()
        self._open = False

    def tell(self, progress: Any) -> None:
        """Say `progress.words()` when it is time."""
        now = time.monotonic()
        if now - self._said < _PERIOD_S[self._terminal]:
            return
        self._said = now
        if self._terminal:
            print(f"\r\x1b[K{progress.words()}", end="", file=sys.stderr, flush=True)
            self._open = True
        else:
            print(progress.words(), file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the changing line."""
        if self._open:
            print(file=sys.stderr)
            self._open = False
