"""`pose-ssl evaluate BAG...`: what models say of recordings, held against truth, in figures and a report.

Exit status: 0 all was read and holds, 1 nothing was usable, 2 an assertion failed or the command was mistyped,
3 some of the recordings was damaged and the rest was used.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import evaluate_output, recording_options
from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.evaluate_output import FILM, Candidate, Entry

#: Exit statuses.
FAILED, DAMAGED, INTERRUPTED = 2, 3, 130


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
    from pose_ssl_ros.bags.errors import BagError
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
    except (EvaluationError, BagError) as error:
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
    from pose_ssl_ros.evaluation.drive_report.film import Film
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
            collector = Collector(reporting, judging)
            film = Film(out / FILM, tuple(d.path.name for d in drives)) if _filmed(arguments, number) else None
            with ExitStack() as stack:
                sinks: list[Any] = [lambda seen, keep=collector: keep.add(seen.frame, seen.result, seen.truth)]
                if film is not None:
                    stack.callback(film.close)
                    sinks.append(lambda seen, to=film: to.add(seen.frame, seen.result, seen.truth, seen.camera))
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
            if film is not None and film.problem:
                print(f"pose-ssl: there is no film: {film.problem}", file=sys.stderr)
            if film is not None and film.problem:
                print(f"  no film: {film.problem}", file=sys.stderr)
            entries.append(
                Entry(candidate, judged, judged.judge.metrics(), collector.finish(), evaluate_output.about(candidate))
            )
            if stop():
                break
    by_name = {entry.candidate.name: entry for entry in entries}
    outcomes = [
        assertions.judge(expression, by_name[expression.model or candidates[0].name].metrics)
        for expression in expressions
        if (expression.model or candidates[0].name) in by_name
    ]
    facts = evaluate_output.facts(arguments, entries, outcomes, (replay, judging, reporting), notes, interrupted=stop())
    write_json(out / "metrics.json", facts)
    print(evaluate_output.table(entries))
    for words in facts["left_out"]:
        where = f"{words['bag']}: " if words["bag"] else ""
        print(f"  {'left out' if words['lost'] else 'note'}: {where}{words['words']}")
    reported = _reported(arguments, out, drives, entries, outcomes, facts)
    for outcome in outcomes:
        print(outcome.line, file=sys.stdout if outcome.passed else sys.stderr)
    print(f"results: {out}")
    if stop():
        return INTERRUPTED
    if not all(outcome.passed for outcome in outcomes):
        return FAILED
    return DAMAGED if notes or not reported or any(entry.judged.damaged for entry in entries) else 0


def _filmed(arguments: argparse.Namespace, number: int) -> bool:
    """Whether the run of this model becomes annotated.mp4: only the model that is judged does."""
    return number == 0 and not arguments.no_video


def _reported(arguments: argparse.Namespace, out: Path, *what: Any) -> bool:
    """Write the report; a failure is told and costs neither the figures nor the assertions."""
    try:
        evaluate_output.report(arguments, out, *what)
    except Exception as error:
        logging.getLogger(__name__).exception("no report")
        print(f"pose-ssl: the report could not be written: {error}", file=sys.stderr)
        return False
    return True


def _drives(arguments: argparse.Namespace) -> tuple[list[Any], list[str]]:
    """The recordings with their truth, and sentences about rows of truth that were left out."""
    from pose_ssl_ros.bags.reading import open_recording
    from pose_ssl_ros.evaluation.comparison import Drive
    from pose_ssl_ros.evaluation.truth import NoTruth, Truth, is_file_truth, truth_of_files

    given = arguments.truth
    files = bool(given) and given != "none" and is_file_truth(given)
    topics = replace(recording_options.topics(arguments), truth="none" if files or given == "none" else given)
    paths = [Path(bag).expanduser() for bag in arguments.bags]
    drives, notes = [], []
    for path in paths:
        truth: Truth | None = NoTruth() if given == "none" else None
        if files:
            truth, said = truth_of_files(Path(given).expanduser(), path, only=len(paths) == 1)
            notes += [words for words in said if words not in notes]
        drives.append(Drive(path, partial(open_recording, path, topics), truth))
    return drives, notes


def _bag_sink(path: Path, replay: Any, candidate: Candidate, stack: ExitStack) -> Any:
    """Writes what a model says to a bag."""
    from pose_ssl_ros.bags.errors import BagError
    from pose_ssl_ros.nodes.recorded import ResultBag

    bag = stack.enter_context(ResultBag(path, replay, str(candidate.path or "")))

    def write(seen: Any) -> None:
        try:
            bag.add(seen.result, seen.card)
        except BagError as error:  # a full disk is no fault of the recording
            raise CommandError(str(error), 1) from error

    return write
