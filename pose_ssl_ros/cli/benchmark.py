"""`pose-ssl benchmark`: train methods on one dataset, probe them alike, write tables and pictures."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.rendering import draw_profile

if TYPE_CHECKING:
    from pose_ssl_ros.benchmark.profiles import Profile

#: Seed of the dataset that is rendered when none is given.
RENDER_SEED = 0


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "benchmark",
        help="compare methods on a dataset of crops",
        description="Trains each method on the dataset's training split, probes it and writes benchmark.json, "
        "benchmark.md, benchmark.html and plots/. Runs that were made before are taken from the cache; a run that "
        "was killed goes on from its checkpoint.",
    )
    parser.add_argument("--dataset", type=Path, help="folder or CSV; without it one of the profile is rendered")
    parser.add_argument("--profile", default="quick", help="tiny, quick (20 minutes on two cores), standard or full")
    parser.add_argument("--methods", nargs="+", default=[], metavar="NAME", help="instead of the profile's")
    parser.add_argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="instead of the profile's")
    parser.add_argument("--weights", type=Path, help="ready weights, measured as `base` without training")
    parser.add_argument("--out", type=Path, default=Path("runs/benchmark"), help="folder of results and cache")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time")
    parser.add_argument("--threads", type=int, default=1, help="torch threads of each run")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ...")
    again = parser.add_mutually_exclusive_group()
    again.add_argument("--resume", dest="fresh", action="store_false", help="take what is there (the default)")
    again.add_argument("--fresh", dest="fresh", action="store_true", help="make these runs again")
    parser.add_argument("--list", action="store_true", help="list methods and profiles")
    parser.set_defaults(handler=run, fresh=False)


def run(options: argparse.Namespace) -> int:
    """Render if needed, run, print the summary; 1 if some runs failed."""
    if options.jobs < 1 or options.threads < 1:
        msg = f"--jobs and --threads must be 1 or more, got {options.jobs} and {options.threads}"
        raise CommandError(msg)
    if any(seed < 0 for seed in options.seeds):
        msg = f"seeds must not be negative, got {' '.join(map(str, options.seeds))}"
        raise CommandError(msg)
    # Before torch is imported: spinning pools of many threads take the cores from each other.
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, str(options.threads))
    from pose_ssl_ros.benchmark.errors import BenchmarkError
    from pose_ssl_ros.benchmark.methods import METHODS, methods
    from pose_ssl_ros.benchmark.profiles import PROFILES, profile
    from pose_ssl_ros.benchmark.session import Request, benchmark
    from pose_ssl_ros.datasets.dataset import DatasetError

    if options.list:
        _list("methods", {name: method.what for name, method in METHODS.items()})
        _list("profiles", {name: f"{one.summary}; {', '.join(one.methods)}" for name, one in PROFILES.items()})
        return 0
    try:
        chosen = profile(options.profile)
        methods(options.methods)
        outcome = benchmark(
            Request(
                source=options.dataset if options.dataset is not None else _rendered(chosen, options),
                profile=chosen,
                methods=tuple(options.methods),
                seeds=tuple(dict.fromkeys(options.seeds)),
                out=options.out,
                jobs=options.jobs,
                threads=options.threads,
                device=options.device,
                fresh=options.fresh,
                weights=options.weights,
                command=f"pose-ssl {shlex.join(sys.argv[1:])}",
            )
        )
    except (BenchmarkError, DatasetError) as error:
        raise CommandError(str(error)) from error
    for table in outcome.tables[:2]:
        print("\n" + table.markdown())
    for title, reason in outcome.failed.items():
        print(f"failed: {title}: {reason}", file=sys.stderr)
    return 1 if outcome.failed else 0


def _list(title: str, entries: dict[str, str]) -> None:
    print(f"{title}:")
    for name, what in entries.items():
        print(f"  {name:22} {what}")


def _rendered(chosen: Profile, options: argparse.Namespace) -> Path:
    """Render the profile's dataset into the cache, or take the one that is there."""
    folder = Path(options.out) / "datasets" / f"{chosen.dataset}-{RENDER_SEED}"
    return draw_profile(chosen.dataset, RENDER_SEED, folder, options.jobs * options.threads)
