"""`pose-ssl bag info`: whether a recording is usable, and what is missing."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import recording_options
from pose_ssl_ros.cli.errors import CommandError

#: Exit codes: all is well; nothing usable; usable, but something was lost.
USABLE, UNUSABLE, DAMAGED = 0, 1, 3


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("bag", help="look at recordings", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    info = verbs.add_parser(
        "info",
        help="whether a bag is usable and what is missing",
        description="Exit code 0: usable; 3: usable, but something recorded is lost; 1: not usable.",
    )
    info.add_argument("bag", nargs="+", type=Path, help="rosbag2 folder, .mcap or .db3; several are one recording")
    info.add_argument("--quick", action="store_true", help="believe the index instead of reading every message")
    info.add_argument("--json", action="store_true", help="for programs")
    recording_options.add_topics(info, truth=True)
    info.set_defaults(handler=handle_info)


def handle_info(arguments: argparse.Namespace) -> int:
    """Print what a bag holds and what it is good for."""
    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.bags.verdict import judge

    paths = [path.expanduser() for path in arguments.bag]
    try:
        with open_recording(
            paths if len(paths) > 1 else paths[0], recording_options.topics(arguments), strict=False
        ) as recording:
            said = _Said(recording.info.start_ns, recording.info.seconds)
            verdict = judge(recording, not arguments.quick, said.tell)
            said.end()
    except BagError as error:
        raise CommandError(str(error), UNUSABLE) from error
    if arguments.json:
        print(json.dumps(verdict.plain(), indent=1))
    else:
        print("\n".join(_lines(verdict)))
    if not verdict.usable:
        return UNUSABLE
    return DAMAGED if any(p.lost for p in verdict.problems) else USABLE


def _lines(verdict: Any) -> list[str]:
    info = verdict.info
    origin = f", ROS 2 {info.distribution}" if info.distribution and info.distribution != "rosbags" else ""
    parts = f"{len(info.files)} files" if len(info.files) > 1 else "1 file"
    lines = [
        verdict.sentence,
        "",
        f"{info.name}: {info.storage}{origin}, {info.seconds:.1f} s, {info.messages} messages, "
        f"{_bytes(info.bytes)} in {parts}",
        "",
    ]
    used = {name: part for part, name in _roles(info).items()} | dict.fromkeys(info.transforms, "camera pose")
    width = max(len(t.name) for t in info.topics)
    kinds = max(len(t.type) for t in info.topics)
    lines.append(f"  {'topic':<{width}}  {'type':<{kinds}}  {'count':>7}  {'Hz':>6}  {'size':>9}  read as")
    for t in info.topics:
        row = f"  {t.name:<{width}}  {t.type:<{kinds}}  {t.count:>7}  {t.hz:>6.1f}  {t.size or '-':>9}  "
        lines.append((row + used.get(t.name, "-")).rstrip())
    if verdict.missing and info.roles.image:
        lines += ["", "Missing:", *(f"  - {words}" for words in verdict.missing)]
    if verdict.problems:
        lines += ["", "Problems:", *(f"  - {p.words}" for p in verdict.problems)]
    return lines


def _roles(info: Any) -> dict[str, str]:
    from pose_ssl_ros.bags.topics import WORDS, names_of

    return {WORDS[part]: name for part, name in names_of(info.roles).items()}


def _bytes(count: int) -> str:
    size = float(count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


class _Said:
    """A line now and then on a terminal: how far reading is, and the time left."""

    def __init__(self, start_ns: int, seconds: float) -> None:
        """Say nothing in the first second."""
        self._start_ns, self._seconds = start_ns, seconds
        self._begun = self._last = time.monotonic()
        self._open = False

    def tell(self, recorded_ns: int) -> None:
        """Say it when it is time."""
        now = time.monotonic()
        if now - self._last < 1.0 or not sys.stderr.isatty():
            return
        self._last = now
        share = min(1.0, max(1e-3, (recorded_ns - self._start_ns) * 1e-9 / max(self._seconds, 1e-3)))
        left = (now - self._begun) * (1 - share) / share
        print(f"\r\x1b[Kreading: {share:.0%}, about {left:.0f} s left", end="", file=sys.stderr, flush=True)
        self._open = True

    def end(self) -> None:
        """Leave the line."""
        if self._open:
            print("\r\x1b[K", end="", file=sys.stderr)
