"""`pose-ssl learn BAG... --from MODEL --to MODEL`: a model that has learned a site from its recordings.

No labels: triplets from tracks, headings from motion. What a kill leaves is gone on with by the same command.
Exit status: 0 all was read, 1 nothing was usable, 3 some of the recordings was damaged and the rest was used.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import recording_options
from pose_ssl_ros.cli.errors import CommandError

DAMAGED = 3
_LICENCE = "as the parent's (Apache-2.0); exemplars.jpg shows crops of the recordings and belongs to whoever owns these"
#: Figures of whole recordings that go into manifest and card: paths into what the judge gives.
FIGURES = (
    "heading.toward_away_accuracy", "heading.four_way_accuracy", "heading.reversed_rate",
    "heading.azimuth_median_error_deg", "heading.azimuth_within_30deg", "identity.accuracy", "coverage",
    "answers.unknown_rate", "calibration.ece", "stability.flips_per_track_minute", "teacher.agreement",
    "planner.false_alarms_per_minute",
)  # fmt: skip


def add(commands: Any) -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "learn",
        help="learn a model of a site from rosbags",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bags", nargs="+", metavar="BAG", help="rosbag2: folder, .mcap or .db3")
    parser.add_argument(
        "--from",
        dest="start",
        default="",
        metavar="FOLDER",
        help="start model; none: random weights (default models/base)",
    )
    parser.add_argument("--to", dest="out", type=Path, required=True, metavar="FOLDER", help="folder of the model")
    parser.add_argument("--passes", type=int, help="times that the recordings are gone through (default 1)")
    parser.add_argument("--order", choices=("stream", "shuffled"), help="as recorded, or all triplets shuffled")
    parser.add_argument("--seed", type=int, help="of draws and augmentations (default 0)")
    parser.add_argument("--resume", action="store_true", help="only go on with unfinished work, else fail")
    parser.add_argument("--fresh", action="store_true", help="move what is in the folder aside and begin anew")
    parser.add_argument("--judge", nargs="+", default=[], metavar="BAG", help="measure on these instead of all")
    parser.add_argument("--no-metrics", action="store_true", help="do not replay recordings to measure the model")
    parser.add_argument("--licence", default=_LICENCE, help="line of the model's card")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter, such as save_steps=500, learner.replays=80 or triplet.camera_height=1.1",
    )
    recording_options.add_topics(parser, truth=True)
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Learn, write, print what was measured."""
    if arguments.resume and arguments.fresh:
        msg = "--resume and --fresh exclude each other"
        raise CommandError(msg)
    bags = [Path(bag).expanduser() for bag in arguments.bags]
    judged = [Path(bag).expanduser() for bag in arguments.judge]
    missing = [str(bag) for bag in [*bags, *judged] if not bag.exists()]
    if missing:
        msg = f"there is no bag {', '.join(map(repr, missing))}"
        raise CommandError(msg, 1)
    twice = sorted({str(bag) for bag in bags if [b.resolve() for b in bags].count(bag.resolve()) > 1})
    if twice:
        msg = f"{', '.join(twice)}: given twice; --passes N goes through all bags N times"
        raise CommandError(msg)
    # Before torch is imported: spinning pools of many threads take the cores from each other.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.evaluation.errors import EvaluationError
    from pose_ssl_ros.learning.checkpoint import CheckpointError
    from pose_ssl_ros.learning.exemplars import ExemplarError
    from pose_ssl_ros.replay.errors import ReplayError

    try:
        manifest = _learn(arguments, bags, judged)
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on with what is in '{arguments.out}'", file=sys.stderr)
        raise
    except (BagError, ReplayError, CheckpointError, ExemplarError, EvaluationError) as error:
        raise CommandError(str(error), 1) from error
    return _conclude(arguments.out, manifest)


def _learn(arguments: argparse.Namespace, bags: Sequence[Path], judged: Sequence[Path]) -> dict[str, Any]:
    import cv2

    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.replay.config import ReplayConfig
    from pose_ssl_ros.replay.recorded_source import RecordedSource
    from pose_ssl_ros.replay.site_files import Origin
    from pose_ssl_ros.replay.site_model import WORK, Listener, Parent, learn_site, read_parent, set_aside

    config = _settings(arguments)
    parent = Parent()
    if arguments.start != "none":
        folder = recording_options.model_file(arguments.start).parent  # type: ignore[union-attr]
        parent, config = read_parent(folder, config)
        if folder.resolve() == arguments.out.resolve():
            msg = "--from and --to are the same folder: a model keeps its parent"
            raise CommandError(msg)
    cv2.setNumThreads(1)  # as the nodes; and the same on every machine
    if arguments.fresh and (moved := set_aside(arguments.out)) is not None:
        print(f"what was in '{arguments.out}' is kept in '{moved}'", file=sys.stderr)
    if arguments.resume and not (arguments.out / WORK / "plan.json").exists():
        msg = f"there is no unfinished work in '{arguments.out}' to go on with"
        raise CommandError(msg, 1)
    topics = recording_options.topics(arguments)
    replay = ReplayConfig(config.triplet, config.inference, config.planner)
    # Truth is for measuring; triplets do not depend on it.
    choice = repr(dataclasses.replace(topics, truth=""))
    sources = [RecordedSource(bag, partial(open_recording, bag, topics), replay, choice) for bag in bags]
    judge = None
    if not arguments.no_metrics:
        openers = [(bag, partial(open_recording, bag, topics)) for bag in judged or bags]
        judge = _judge(openers, replay)
    ticker = recording_options.Ticker()
    said = _Said()

    def harvest(bag: int, frames: int, triplets: int) -> None:
        said.text = f"{sources[bag].name}: {sources[bag].progress.words()}, {triplets} triplets"
        ticker.tell(said)

    def training(progress: Any) -> None:
        losses = ", ".join(f"{name} {value:.3g}" for name, value in progress.losses.items())
        done, rate, left = progress.done / progress.total, progress.steps_per_second, progress.left_s / 60
        said.text = f"{100 * done:.0f} %, step {progress.steps} at {rate:.1f}/s, {left:.0f} min left: {losses}"
        ticker.tell(said)

    def say(words: str) -> None:
        ticker.end()
        print(words, file=sys.stderr, flush=True)

    origin = Origin(_portable(sys.argv[1:]), arguments.licence, config, tuple(bag.name for bag in judged))
    try:
        return learn_site(sources, arguments.out, parent, config, origin, judge, Listener(harvest, training, say))
    finally:
        ticker.end()


class _Said:
    """What the ticker says."""

    text = ""

    def words(self) -> str:
        """The words."""
        return self.text


def _settings(arguments: argparse.Namespace) -> Any:
    """`SiteConfig` from the options.

    Raises:
        CommandError: If a value is not allowed.
    """
    from pose_ssl_ros.replay.site_config import SiteConfig

    words = list(arguments.set)
    for option, name in (("passes", "passes"), ("order", "order"), ("seed", "learner.seed")):
        value = getattr(arguments, option)
        if value is not None:
            words.append(f"{name}={value}")
    return recording_options.settings(words, SiteConfig)


def _judge(openers: Sequence[tuple[Path, Callable[[], Any]]], replay: Any) -> Callable[[bytes], Mapping[str, Any]]:
    """Measures a model on whole recordings, by truth where the bag has it and by what needs none."""
    from pose_ssl_ros.evaluation.comparison import Drive, judge_model
    from pose_ssl_ros.evaluation.judge_config import JudgeConfig

    drives = [Drive(path, opener) for path, opener in openers]

    def judge(model: bytes) -> dict[str, Any]:
        ticker = recording_options.Ticker()
        try:
            metrics = judge_model(model, drives, replay, JudgeConfig(), tell=ticker.tell).judge.metrics()
        finally:
            ticker.end()
        return {path: found for path in FIGURES if (found := _at(metrics, path)) is not None}

    return judge


def _at(metrics: Mapping[str, Any], path: str) -> Any:
    """The figure at a dotted path; None where there is none."""
    found: Any = metrics
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _conclude(out: Path, manifest: Mapping[str, Any]) -> int:
    """Print what was learned; the exit status."""
    data = manifest["data"]
    print(
        f"{out}: {data['seconds']:.0f} s of {len(data['bags'])} recordings, {data['triplets']} triplets "
        f"({data['taught_by_motion']} taught), {manifest['steps']} steps in {manifest['training_seconds']:.0f} s"
    )
    held_out = manifest["metrics"]["held_out_tracks"]
    if "reason" in held_out:
        print(f"  held-out tracks: not measured, {held_out['reason']}")
    else:
        for name, after in held_out["after"].items():
            before = (held_out["before"] or {}).get(name)
            print(f"  held-out tracks, {name}: {_words(before)} before, {_words(after)} after")
    replayed = manifest["metrics"]["replayed"]
    for name, after in replayed.get("after", {}).items():
        print(f"  replayed, {name}: {_words((replayed['before'] or {}).get(name))} before, {_words(after)} after")
    damaged = False
    for bag in data["bags"]:
        damaged |= bag["damaged"]
        for problem in bag["problems"]:
            print(f"  left out: {bag['name']}: {problem}")
    if not manifest["heading_ready"]:
        print(f"  it answers unknown to every heading: {manifest['heading_reason']}")
    return DAMAGED if damaged else 0


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        value = value.get("value")
    return "not measured" if value is None else f"{value:.3g}"


def _portable(arguments: Sequence[str]) -> str:
    """The command without this machine's folders."""
    kept = [Path(word).resolve().name if Path(word).expanduser().exists() else word for word in arguments]
    return f"pose-ssl {shlex.join(kept)}"
