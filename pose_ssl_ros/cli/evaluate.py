"""`pose-ssl evaluate BAG...`: what models say of recordings, held against truth, in figures and a report.

Exit status: 0 all was read and holds, 1 nothing was usable, 2 an assertion failed or the command was mistyped,
3 some of the recordings was damaged and the rest was used.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from pose_ssl_ros.cli import recording_options
from pose_ssl_ros.cli.errors import CommandError

#: Exit statuses.
FAILED, DAMAGED, INTERRUPTED = 2, 3, 130
#: Figures of the table on the terminal: words, path into metrics.json, as a share.
SHOWN = (
    ("toward/away right", "heading.toward_away_accuracy", True),
    ("  each track alike", "heading.by_track.toward_away_accuracy", True),
    ("  front and back confused", "heading.reversed_rate", True),
    ("four headings right", "heading.four_way_accuracy", True),
    ("azimuth error, degrees", "heading.azimuth_median_error_deg", False),
    ("azimuth within 30 degrees", "heading.azimuth_within_30deg", True),
    ("identity right", "identity.accuracy", True),
    ("true objects detected", "coverage", True),
    ("answers unknown", "answers.unknown_rate", True),
    ("calibration error", "calibration.ece", False),
    ("flips per track-minute", "stability.flips_per_track_minute", False),
    ("agrees with motion", "teacher.agreement", True),
    ("seconds until danger is raised", "planner.seconds_to_raise", False),
    ("time that it stays raised", "planner.held_share", True),
    ("seconds until it is released", "planner.seconds_to_release", False),
    ("false alarms per minute", "planner.false_alarms_per_minute", False),
    ("work per frame, p95, ms", "latency_ms.p95", False),
)


class Candidate(NamedTuple):
    """A model to be judged."""

    name: str
    path: Path | None  # None: no model, every heading unknown


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = commands.add_parser("evaluate", help="judge models on rosbags", description=__doc__)
    parser.add_argument("bags", nargs="+", metavar="BAG", help="rosbag2: folder, .mcap or .db3")
    parser.add_argument(
        "--truth",
        default="",
        metavar="TOPIC|FILE|FOLDER",
        help="topic of the ground truth, CSV table, KITTI label file or a folder of them; none: judge without "
        "(default: the bag's topic ground_truth, if there is one)",
    )
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        metavar="[NAME=]PATH",
        help="ONNX file, folder with encoder.onnx, or none; the first is judged, the others are compared with it "
        "(default models/base)",
    )
    parser.add_argument("--out", type=Path, help="folder of the results (default runs/<time>)")
    parser.add_argument(
        "--assert",
        dest="assertions",
        action="append",
        default=[],
        metavar="EXPRESSION",
        help="such as 'toward_away>=0.9' or 'NAME:false_alarms_per_minute<=0.5'; without NAME the first model is meant",
    )
    parser.add_argument("--save-bag", action="store_true", help="write what each model said to a rosbag")
    parser.add_argument("--no-video", action="store_true", help="leave out annotated.mp4")
    parser.add_argument("--title", default="", help="of the report")
    recording_options.add_settings(parser)
    recording_options.add_topics(parser)
    parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Judge, write, print; the exit status is that of the module's text."""
    from pose_ssl_ros.evaluation import assertions
    from pose_ssl_ros.evaluation.errors import EvaluationError
    from pose_ssl_ros.evaluation.judging import Judge

    candidates = _candidates(arguments.model)
    try:
        expressions = [assertions.parse(text) for text in arguments.assertions]
        for expression in expressions:
            _check_model(expression, candidates)
            # Names of categories are known only afterwards; all others should not cost a night to find out.
            if not expression.path.startswith("heading.by_category"):
                assertions.check_name(expression, Judge().metrics())
    except EvaluationError as error:
        raise CommandError(str(error)) from error
    missing = [bag for bag in arguments.bags if not Path(bag).expanduser().exists()]
    if missing:
        msg = f"there is no bag {', '.join(map(repr, missing))}"
        raise CommandError(msg, 1)
    try:
        return _evaluate(arguments, candidates, expressions)
    except EvaluationError as error:
        raise CommandError(str(error), 1) from error


def _candidates(words: Sequence[str]) -> list[Candidate]:
    """Models with their names, the first one to be judged.

    Raises:
        CommandError: If a model is not there or a name comes twice.
    """
    found: list[Candidate] = []
    for word in words or [""]:
        name, mark, text = word.partition("=")
        if not mark or Path(word).expanduser().exists():
            name, text = "", word
        path = recording_options.model_file(text)
        if not name:
            name = "none" if path is None else path.parent.name if path.name == "encoder.onnx" else path.stem
        if name in (c.name for c in found):
            msg = f"two models are named '{name}': write --model NAME={text}"
            raise CommandError(msg)
        if not re.fullmatch(r"[^:<>=!/\\\s]+", name):
            msg = f"a model cannot be named '{name}': leave out spaces and : < > = ! / \\"
            raise CommandError(msg)
        found.append(Candidate(name, path))
    return found


def _check_model(expression: Any, candidates: Sequence[Candidate]) -> None:
    if expression.model and expression.model not in (c.name for c in candidates):
        names = ", ".join(c.name for c in candidates)
        msg = f"'{expression.text}': there is no model '{expression.model}'; models are {names}"
        raise CommandError(msg)


def _settings(words: Sequence[str]) -> tuple[Any, Any, Any]:
    """Replay's, the judge's and the report's configs from `--set`."""
    from pose_ssl_ros.evaluation.drive_report.collector import ReportConfig
    from pose_ssl_ros.evaluation.judge_config import JudgeConfig

    rest = [w for w in words if not w.startswith(("judge.", "report."))]
    configs = []
    for prefix, kind in (("judge.", JudgeConfig), ("report.", ReportConfig)):
        mine = [w.removeprefix(prefix) for w in words if w.startswith(prefix)]
        configs.append(recording_options.settings(mine, kind))
    return recording_options.settings(rest), configs[0], configs[1]


def _evaluate(arguments: argparse.Namespace, candidates: Sequence[Candidate], expressions: Sequence[Any]) -> int:
    from pose_ssl_ros import embedded

    embedded.activate()
    import cv2

    from pose_ssl_ros.evaluation import assertions
    from pose_ssl_ros.evaluation.comparison import judge_model
    from pose_ssl_ros.evaluation.drive_report.collector import Collector
    from pose_ssl_ros.evaluation.errors import EvaluationError
    from pose_ssl_ros.evaluation.files import run_folder, write_json
    from pose_ssl_ros.replay.errors import ReplayError

    cv2.setNumThreads(1)  # as the nodes; and the same on every machine
    replay, judging, reporting = _settings(arguments.set)
    drives, notes = _drives(arguments)
    out = run_folder(str(arguments.out or ""))
    ticker = recording_options.Ticker()
    entries: list[Entry] = []
    with recording_options.Stop() as stop:
        for number, candidate in enumerate(candidates):
            print(f"model {number + 1} of {len(candidates)}: {candidate.name}", file=sys.stderr, flush=True)
            collector = Collector(reporting)
            with ExitStack() as stack:
                sinks: list[Any] = [lambda frame, result, truth, _, keep=collector: keep.add(frame, result, truth)]
                if arguments.save_bag:
                    place = out / "bag" if len(candidates) == 1 else out / "bags" / candidate.name
                    sinks.append(_bag_sink(place, replay, candidate, stack))
                try:
                    content = None if candidate.path is None else candidate.path.read_bytes()
                    judged = judge_model(content, drives, replay, judging, sinks=sinks, stopped=stop, tell=ticker.tell)
                except (ReplayError, OSError) as error:
                    msg = f"{candidate.name}: {error}"
                    raise EvaluationError(msg) from error
                finally:
                    ticker.end()
            entries.append(Entry(candidate, judged, judged.judge.metrics(), collector.finish(), _about(candidate)))
            if stop():
                break
    by_name = {entry.candidate.name: entry for entry in entries}
    outcomes = [
        assertions.judge(expression, by_name[expression.model or candidates[0].name].metrics)
        for expression in expressions
        if (expression.model or candidates[0].name) in by_name
    ]
    facts = _facts(arguments, entries, outcomes, (replay, judging, reporting), notes, interrupted=stop())
    write_json(out / "metrics.json", facts)
    print(table(entries))
    for words in facts["left_out"]:
        print(f"  left out: {words['bag'] + ': ' if words['bag'] else ''}{words['words']}")
    _report(arguments, out, entries, outcomes, facts)
    for outcome in outcomes:
        print(outcome.line, file=sys.stdout if outcome.passed else sys.stderr)
    print(f"results: {out}")
    if stop():
        return INTERRUPTED
    if not all(outcome.passed for outcome in outcomes):
        return FAILED
    return DAMAGED if any(entry.judged.damaged for entry in entries) or notes else 0


class Entry(NamedTuple):
    """A judged model."""

    candidate: Candidate
    judged: Any
    metrics: dict[str, Any]
    collected: Any
    about: dict[str, Any]


def _drives(arguments: argparse.Namespace) -> tuple[list[Any], list[str]]:
    """The recordings with their truth, and sentences about rows of truth that were left out."""
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.evaluation.comparison import Drive
    from pose_ssl_ros.evaluation.truth import NoTruth, Truth, is_file_truth, truth_of_files

    given = arguments.truth
    files = bool(given) and given != "none" and is_file_truth(given)
    arguments.truth = "" if files or given == "none" else given
    topics = recording_options.topics(arguments)
    arguments.truth = given
    paths = [Path(bag).expanduser() for bag in arguments.bags]
    drives, notes = [], []
    for path in paths:
        truth: Truth | None = NoTruth() if given == "none" else None
        if files:
            truth, said = truth_of_files(Path(given).expanduser(), path, only=len(paths) == 1)
            notes += [words for words in said if words not in notes]
        opener: Callable[[], Any] = lambda path=path: open_recording(path, topics)  # noqa: E731
        drives.append(Drive(path, opener, truth))
    return drives, notes


def _bag_sink(path: Path, replay: Any, candidate: Candidate, stack: ExitStack) -> Any:
    """Writes what a model says to a bag."""
    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.nodes.recorded import ResultBag

    try:
        bag = stack.enter_context(ResultBag(path, replay, str(candidate.path or "")))
    except BagError as error:
        raise CommandError(str(error), 1) from error
    return lambda frame, result, truth, card: bag.add(result, card)


def _about(candidate: Candidate) -> dict[str, Any]:
    """Where a model comes from."""
    if candidate.path is None:
        return {"path": "", "words": "no model: every heading is unknown"}
    from pose_ssl_ros.modelfile import read_version

    content = candidate.path.read_bytes()
    card = read_version(content)
    return {
        "path": str(candidate.path),
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "weights_sha256": card.sha256,
        "version": card.version,
        "parent": card.parent,
        "objective": card.objective,
        "heading_ready": card.heading_ready,
        "identity_ready": card.identity_ready,
        "training": dict(card.training),
    }


def _facts(
    arguments: argparse.Namespace,
    entries: Sequence[Entry],
    outcomes: Sequence[Any],
    configs: Sequence[Any],
    notes: Sequence[str],
    *,
    interrupted: bool,
) -> dict[str, Any]:
    """metrics.json."""
    from pose_ssl_ros.parameters import to_values

    first = entries[0].judged
    left = [{"bag": x.bag, "kind": x.kind, "count": x.count, "words": x.words} for x in first.left]
    left += [{"bag": "", "kind": "truth", "count": 1, "words": words} for words in notes]
    settings = dict(to_values(configs[0]))
    for prefix, config in zip(("judge", "report"), configs[1:], strict=True):
        settings |= {f"{prefix}.{name}": value for name, value in to_values(config).items()}
    return {
        "judged": entries[0].candidate.name,
        "models": {
            e.candidate.name: {"about": e.about, **e.metrics, "wall_seconds": e.judged.seconds} for e in entries
        },
        "bags": [
            {"name": drive.path.name, "seconds": info.seconds, "frames": frames} for drive, info, frames in first.infos
        ],
        "truth": _truth_words(arguments.truth, first),
        "assertions": [{"expression": o.expression, "passed": o.passed, "words": o.words} for o in outcomes],
        "left_out": left,
        "interrupted": interrupted,
        "settings": settings,
        "command": shlex.join(["pose-ssl", *sys.argv[1:]]),
    }


def _truth_words(given: str, judged: Any) -> str:
    """Where the truth came from; empty if there was none."""
    if not judged.judge.labelled:
        return ""
    return given or "the topic of ground truth in the bag"


def table(entries: Sequence[Entry]) -> str:
    """The figures that people ask for first, a column for each model."""
    rows = [["", *(entry.candidate.name for entry in entries)]]
    for words, path, as_share in SHOWN:
        cells = [_cell(entry.metrics, path, as_share) for entry in entries]
        if any(cells):
            rows.append([words, *(cell or "-" for cell in cells)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cell(metrics: Mapping[str, Any], path: str, as_share: bool) -> str:
    """A figure with its interval; empty if it was not measured."""
    node: Any = metrics
    for key in path.split("."):
        node = node[key]
    figure = node if isinstance(node, Mapping) else {"value": node}
    if figure["value"] is None:
        return ""
    form: Callable[[float], str] = (lambda v: f"{100 * v:.0f}") if as_share else (lambda v: f"{v:.3g}")
    text = form(figure["value"]) + (" %" if as_share else "")
    if figure.get("low") is not None and figure.get("high") is not None:
        text += f" ({form(figure['low'])} to {form(figure['high'])})"
    return text


def _report(
    arguments: argparse.Namespace, out: Path, entries: Sequence[Entry], outcomes: Sequence[Any], facts: dict[str, Any]
) -> None:
    """Write report.html."""
    from pose_ssl_ros.evaluation.drive_report import material, page
    from pose_ssl_ros.evaluation.files import write_atomic

    first = entries[0].judged
    made = material.Material(
        models=tuple(material.Model(e.candidate.name, e.metrics, e.collected, e.about) for e in entries),
        bags=tuple(
            material.Bag(
                name=drive.path.name,
                command_path=str(drive.path),
                start_ns=info.start_ns,
                seconds=info.seconds,
                frames=frames,
                storage=info.storage,
                topics=dict(info.roles),
            )
            for drive, info, frames in first.infos
        ),
        title=arguments.title,
        truth=facts["truth"],
        settings=facts["settings"],
        skipped=tuple(material.Skipped(x["bag"], x["kind"], x["count"], x["words"]) for x in facts["left_out"]),
        assertions=tuple(material.Assertion(o.expression, o.passed, o.words) for o in outcomes),
        video="annotated.mp4" if (out / "annotated.mp4").exists() else "",
        result_bags=tuple(
            str(p.relative_to(out)) for p in (out / "bag", *sorted((out / "bags").glob("*"))) if p.is_dir()
        ),
        command=facts["command"],
    )
    write_atomic(out / "report.html", page.build(made))
