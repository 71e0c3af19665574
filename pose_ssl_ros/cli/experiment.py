"""`pose-ssl experiment`: questions about the whole product, answered in the simulation with figures and a page."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli import experiment_learning
from pose_ssl_ros.cli.errors import CommandError


def add(commands: Any) -> None:
    """Declare the command and its verbs."""
    parser = commands.add_parser("experiment", help="does it drive better, learn online, forget?", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")

    planner = verbs.add_parser(
        "planner",
        help="collisions and time lost: headings against distance, time to contact and true headings",
        description="Goes on where an earlier run with the same settings stopped.",
    )
    _common(planner, "runs/planner")
    planner.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3], metavar="N")
    planner.add_argument("--encounters", type=int, default=120, help="of each seed (default %(default)s)")
    planner.add_argument("--cruise", type=float, default=1.5, help="speed of the robot in m/s (default %(default)s)")
    planner.add_argument("--thresholds", nargs="+", type=float, default=[], metavar="P", help="of every planner")
    planner.add_argument(
        "--box-errors",
        type=float,
        default=0.0,
        metavar="X",
        help="errors of the boxes that ranges come from, in multiples of those of our proposals (default: true boxes)",
    )
    planner.add_argument("--jobs", type=int, default=1, help="seeds at a time")
    planner.set_defaults(handler=handle_planner)

    experiment_learning.add(verbs)

    danger = verbs.add_parser(
        "danger",
        help="fit danger as a probability to simulated futures and test it on other seeds",
        description="Goes on where an earlier run stopped.",
    )
    _common(danger, "runs/danger")
    danger.add_argument("--train-seeds", nargs="+", type=int, default=[101, 102], metavar="N")
    danger.add_argument("--test-seeds", nargs="+", type=int, default=[201, 202, 203], metavar="N")
    danger.add_argument("--encounters", type=int, default=72, help="of each seed (default %(default)s)")
    danger.add_argument("--write", type=Path, metavar="FILE", help="write the constants (danger/constants.py)")
    danger.set_defaults(handler=handle_danger)


def _common(parser: argparse.ArgumentParser, out: str) -> None:
    parser.add_argument("--model", type=Path, default=None, help="ONNX file or folder (default models/base)")
    parser.add_argument("--out", type=Path, default=Path(out), help="folder (default %(default)s)")
    parser.add_argument("--fresh", action="store_true", help="drive everything again")


def _model(given: Path | None) -> Path:
    from pose_ssl_ros.cli import recording_options

    found = recording_options.model_file(str(given or ""))
    if found is None:
        msg = "this experiment needs a model: give --model FILE"
        raise CommandError(msg, 1)
    return found


def handle_planner(arguments: argparse.Namespace) -> int:
    """Drive, count, compare, write."""
    with _explained():
        from pose_ssl_ros.evaluation.files import write_atomic
        from pose_ssl_ros.experiments import planner, planner_figures, planner_report
        from pose_ssl_ros.experiments.rows import written

        begin = time.monotonic()
        what = planner.PlannerExperiment(
            _model(arguments.model),
            arguments.out,
            tuple(arguments.seeds),
            arguments.encounters,
            arguments.cruise,
            tuple(arguments.thresholds),
            arguments.box_errors,
            arguments.jobs,
            arguments.fresh,
        )
        records = planner.run(what, _tell)
        default = planner.default_threshold()
        rows = planner_figures.rows(records, default)
        facts = [
            f"Command: {_command()}",
            f"{len(what.seeds)} seeds of {what.encounters} encounters; robot {what.cruise:g} m/s; "
            f"model sha256 {what.settings()['model'][:12]}",
            "Planners: " + "; ".join(f"{name}: {words}" for name, words in planner.PLANNERS.items()) + ".",
            f"All planners get {_boxes(what.box_errors)}, exact odometry, the product's motion filter and speed "
            "policy. One object per encounter. "
            "The kinds come equally often: half of the fronts that face the lane pull out.",
        ]
        write_atomic(what.out / "experiment.json", written(rows))
        write_atomic(what.out / "report.html", planner_report.report(records, rows, default, facts))
        for name, kind, harm in (
            ("all", "", "collisions_per_100"),
            ("pulling_out", "pulling_out", "collisions_per_100"),
            ("too_near", "", "too_near_per_100"),
        ):
            picture = planner_report.trade_off(records, default, kind, harm)
            write_atomic(what.out / "plots" / f"trade_off_{name}.png", picture.data)
    for line in planner_report.verdict(rows, 0):
        print(line)
    print(f"{time.monotonic() - begin:.0f} s; {what.out / 'report.html'}, {what.out / 'experiment.json'}")
    return 0


def handle_danger(arguments: argparse.Namespace) -> int:
    """Play, fit, test, write."""
    with _explained():
        from pose_ssl_ros.evaluation.files import write_atomic, write_json
        from pose_ssl_ros.experiments import danger, danger_report
        from pose_ssl_ros.experiments.rows import written

        what = danger.DangerExperiment(
            _model(arguments.model),
            arguments.out,
            tuple(arguments.train_seeds),
            tuple(arguments.test_seeds),
            arguments.encounters,
            arguments.fresh,
        )
        result = danger.run(what, _tell)
        facts = [
            f"Command: {_command()}",
            f"Fitted to seeds {', '.join(map(str, what.train_seeds))}, tested on "
            f"{', '.join(map(str, what.test_seeds))}; {what.encounters} encounters of each.",
        ]
        write_atomic(what.out / "experiment.json", written(result.rows))
        write_json(what.out / "calibration.json", {"weights": result.weights, "pooled": result.pooled})
        write_atomic(what.out / "report.html", danger_report.report(result, facts))
        write_atomic(what.out / "plots" / "reliability.png", danger_report.reliability(result).data)
        if arguments.write is not None:
            write_atomic(arguments.write, danger.constants_text(result.weights, _command("--write", "--out")))
    for name, found in result.pooled.items():
        print(f"{name:28} ECE {found['ece']:.3f}  log loss {found['log_loss']:.3f}  AUC {found['auc']:.3f}")
    print(f"{what.out / 'report.html'}, {what.out / 'experiment.json'}")
    return 0


def _boxes(errors: float) -> str:
    return f"boxes with {errors:g} times the errors of our proposals" if errors else "the objects' true boxes"


def _tell(line: str) -> None:
    print(line, flush=True)


def _command(*without: str) -> str:
    """The command line, some options and their values left out."""
    words = sys.argv[1:]
    for name in without:
        if name in words:
            at = words.index(name)
            words = words[:at] + words[at + 2 :]
    return f"pose-ssl {shlex.join(words)}"


class _explained:
    """Errors of the experiments and of the simulation in one line."""

    def __enter__(self) -> None:
        import os

        # Before anything heavy is imported: spinning pools of many threads take the cores from each other.
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
            os.environ.setdefault(variable, "1")

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            return
        if isinstance(error, ImportError) and (error.name or "").split(".")[0] in ("pybullet", "pose_ssl_sim"):
            msg = "experiments need the simulation: pip install 'pose_ssl_ros[sim]'"
            raise CommandError(msg, 1) from error
        from pose_ssl_ros.experiments.errors import ExperimentError

        if isinstance(error, (ExperimentError, OSError)):
            raise CommandError(str(error), 1) from error
