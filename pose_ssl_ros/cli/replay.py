"""`pose-ssl replay BAG`: what the nodes would have said of a recording, in a rosbag beside it."""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import recording_options, replay_learning
from pose_ssl_ros.cli.errors import CommandError

DAMAGED = 3  # exit status: all that was readable is answered, but something was not


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser("replay", help="run the loop over a rosbag", description=__doc__)
    parser.add_argument("bag", help="rosbag2: folder, .mcap or .db3")
    parser.add_argument("--model", default="", help="ONNX file or model folder; none: cold (default models/base)")
    parser.add_argument("--learn", action="store_true", help="learn on the way and answer with what was learned")
    parser.add_argument(
        "--from",
        dest="start",
        default="",
        metavar="FOLDER",
        help="start model of --learn; none: random weights (default the folder of the model)",
    )
    parser.add_argument("--out", type=Path, help="folder of the results (default runs/<time>)")
    parser.add_argument(
        "--rate", default="max", help="max: as fast as the machine allows; real; or a number of times real time"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the learner (default %(default)s)")
    parser.add_argument("--start", dest="begin", type=float, default=0.0, metavar="S", help="skip the first seconds")
    parser.add_argument("--seconds", type=float, default=0.0, metavar="S", help="end after so many (0: all)")
    parser.add_argument("--storage", choices=("mcap", "sqlite3"), default="mcap", help="of the result bag")
    parser.add_argument("--with-input", action="store_true", help="copy the input's topics into the result bag")
    parser.add_argument("--publish", action="store_true", help="play the bag live into the running nodes instead")
    recording_options.add_settings(parser)
    recording_options.add_topics(parser)
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Replay; 0 all was used, 3 some was damaged, 1 nothing was usable."""
    speed = _speed(arguments.rate)
    if not 0 <= arguments.seed < 2**31:
        msg = f"--seed is {arguments.seed} but must be from 0 to {2**31 - 1}"
        raise CommandError(msg)
    if not (arguments.begin >= 0 and arguments.seconds >= 0):
        msg = "--start and --seconds must not be negative"
        raise CommandError(msg)
    if not arguments.learn and any(word.startswith(replay_learning.SETTINGS) for word in arguments.set):
        msg = "--set learner. and driver. need --learn"
        raise CommandError(msg)
    if arguments.publish:
        return _publish(arguments, 1.0 if speed is None else speed)
    return _replay(arguments, speed)


def _speed(text: str) -> float | None:
    """Times real time; None: as fast as possible."""
    if text == "max":
        return None
    try:
        speed = 1.0 if text == "real" else float(text)
    except ValueError:
        speed = math.nan
    if not 0.01 <= speed <= 1000:
        msg = f"--rate is '{text}' but must be max, real, or a number from 0.01 to 1000"
        raise CommandError(msg)
    return speed


def _publish(arguments: argparse.Namespace, speed: float) -> int:
    from pose_ssl_ros.cli.launch import launch
    from pose_ssl_ros.cli.share import find_launch_file

    if not Path(arguments.bag).expanduser().exists():
        msg = f"there is no bag '{arguments.bag}'"
        raise CommandError(msg, 1)
    if arguments.learn or arguments.with_input or arguments.begin or arguments.seconds or arguments.set:
        msg = "--publish plays the whole bag into nodes that have their own settings: leave the other options out"
        raise CommandError(msg)
    values = {
        "bag": str(Path(arguments.bag).expanduser().resolve()),
        "topic": arguments.image,
        "speed": repr(float(speed)),
        "nodes": "false",
        "evaluate": "false",
        "wait_for": "image,tracks",
        "wait_timeout": "10.0",
    }
    return launch(find_launch_file("replay.launch.yaml"), values)


def _replay(arguments: argparse.Namespace, speed: float | None) -> int:
    from pose_ssl_ros import embedded

    embedded.activate()
    import cv2

    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.evaluation.files import run_folder, write_json
    from pose_ssl_ros.replay.engine import Replayer
    from pose_ssl_ros.replay.errors import ReplayError

    cv2.setNumThreads(1)  # as the nodes; and the same on every machine
    config = recording_options.settings([w for w in arguments.set if not w.startswith(replay_learning.SETTINGS)])
    model = recording_options.model_file(arguments.model)
    ticker = recording_options.Ticker()
    if arguments.out is not None and (arguments.out / "bag").exists():
        msg = f"'{arguments.out / 'bag'}' is there already: give another --out or remove it first"
        raise CommandError(msg, 1)
    try:
        with ExitStack() as stack:
            recording = stack.enter_context(
                open_recording(Path(arguments.bag).expanduser(), recording_options.topics(arguments))
            )
            driver = None
            if arguments.learn:
                driver = replay_learning.driver(arguments.start, arguments.seed, arguments.set, model, stack)
            content = None if model is None else model.read_bytes()
            replayer = stack.enter_context(Replayer(config, content, driver))
            out = run_folder(str(arguments.out or ""))
            stop = stack.enter_context(recording_options.Stop())
            results = _Results(out, arguments, config, str(model or ""), stack)
            _run(arguments, speed, recording, replayer, results, stop, ticker)
            ticker.end()
            facts = _facts(arguments, config, model, recording, replayer, stop())
            if not results.count:
                reasons = "; ".join([p.words for p in recording.problems] + replayer.skipped())
                msg = f"no picture of '{arguments.bag}' could be answered: {reasons or 'there is none'}"
                raise ReplayError(msg)
            facts["not_copied"] = results.close(whole=not stop() and not arguments.seconds)
            if driver is not None:
                facts["learner"] = replay_learning.finish(driver, out)
            write_json(out / "replay.json", facts)
    except (BagError, ReplayError) as error:
        ticker.end()
        raise CommandError(str(error), 1) from error
    return _conclude(facts, out)


class _Results:
    """The result bag, begun at the first answer: where there is none, no bag is left."""

    def __init__(self, out: Path, arguments: argparse.Namespace, config: Any, source: str, stack: ExitStack) -> None:
        from pose_ssl_ros.nodes.recorded import ResultBag

        self._make = lambda: stack.enter_context(ResultBag(out / "bag", config, source, arguments.storage))
        self._arguments = arguments
        self._stack = stack
        self._bag: Any = None
        self._copier: Any = None
        self.count = 0

    def add(self, result: Any, card: Any) -> None:
        """Write an answer, after what was recorded before it."""
        if self._bag is None:
            self._bag = self._make()
            if self._arguments.with_input:
                self._copier = self._copy()
        if self._copier is not None:
            self._copier.until(result.recorded_ns)
        self._bag.add(result, card)
        self.count += 1

    def _copy(self) -> Any:
        from pose_ssl_ros.bags.copying import Copier
        from pose_ssl_ros.bags.reading import open_recording

        # Opened a second time: the two passes go on independently.
        again = open_recording(Path(self._arguments.bag).expanduser(), strict=False)
        recording = self._stack.enter_context(again)
        begin = recording.info.start_ns + round(self._arguments.begin * 1e9)
        return Copier(recording, self._bag.copy, self._bag.topics, begin)

    def close(self, whole: bool) -> dict[str, str]:
        """Finish the bag; returns the topics that could not be copied and why.

        Args:
            whole: Copy what was recorded after the last answer, too.
        """
        if self._copier is not None and whole:
            self._copier.until(None)
        self._bag.close()
        return {} if self._copier is None else dict(self._copier.left_out)


def _run(
    arguments: argparse.Namespace,
    speed: float | None,
    recording: Any,
    replayer: Any,
    results: _Results,
    stop: recording_options.Stop,
    ticker: recording_options.Ticker,
) -> None:
    from pose_ssl_ros.replay import playing

    info = recording.info
    begin = info.start_ns + round(arguments.begin * 1e9) if arguments.begin else 0
    end = max(begin, info.start_ns) + round(arguments.seconds * 1e9) if arguments.seconds else None
    replayer.progress.total_s = min(arguments.seconds or math.inf, max(0.0, info.seconds))
    events = playing.until(playing.window(recording.events(), begin, end), stop)
    if speed is not None:
        events = playing.paced(events, speed, stop)
    for _, result in replayer.run(events):
        results.add(result, None if replayer.model is None else replayer.model.version)
        ticker.tell(replayer.progress)


def _facts(
    arguments: argparse.Namespace, config: Any, model: Path | None, recording: Any, replayer: Any, stopped: bool
) -> dict[str, Any]:
    """What was done with what, for `replay.json`."""
    from pose_ssl_ros.parameters import to_values

    progress = replayer.progress
    return {
        "bag": str(arguments.bag),
        "recorded_seconds": progress.recorded_s,
        "wall_seconds": progress.wall_s,
        "times_real_time": progress.times_real_time,
        "frames": progress.frames,
        "model": None
        if model is None
        else {"path": str(model), "sha256": hashlib.sha256(model.read_bytes()).hexdigest()},
        "learned": bool(arguments.learn),
        "seed": arguments.seed,
        "interrupted": stopped,
        "problems": [{"kind": p.kind, "count": p.count, "lost": p.lost, "words": p.words} for p in recording.problems],
        "skipped": replayer.skipped(),
        "damaged": any(p.lost for p in recording.problems) or replayer.damaged,
        "counts": replayer.stats(),
        "settings": to_values(config),
    }


def _conclude(facts: dict[str, Any], out: Path) -> int:
    """Say what was done and what was not."""
    print(
        f"{facts['frames']} frames of {facts['recorded_seconds']:.1f} s in {facts['wall_seconds']:.1f} s: "
        f"{facts['times_real_time']:.1f} times real time"
    )
    for problem in facts["problems"]:
        print(f"  {'lost' if problem['lost'] else 'note'}: {problem['words']}")
    for words in facts["skipped"]:
        print(f"  note: {words}")
    for topic, words in facts["not_copied"].items():
        print(f"  not copied: {topic}: {words}")
    for name, words in (("bag", "answers on the live topics"), ("model.onnx", "learned"), ("replay.json", "counts")):
        if (out / name).exists():
            print(f"  {out / name}  {words}")
    if facts["interrupted"]:
        print("pose-ssl: ended early; what is written is whole", file=sys.stderr)
        return 130
    return DAMAGED if facts["damaged"] else 0
