"""`pose-ssl experiment online` and `pose-ssl experiment forgetting`: learners over simulated streams."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.share import find_share

PROFILES = ("smoke", "quick", "full")
SITES = ("yard", "warehouse", "street", "mixed")


def add(verbs: Any) -> None:
    """Declare both verbs below `pose-ssl experiment`."""
    kinds = {
        "online": ("how fast it learns a site with new kinds, against variants of itself", "yard", "the new site"),
        "forgetting": ("streets, a warehouse, streets again: what is lost on the way", "warehouse", "the second site"),
    }
    for name, (words, site, which) in kinds.items():
        parser = verbs.add_parser(name, help=words, description=f"{words}. Goes on with the first run that is missing.")
        parser.add_argument("--profile", choices=PROFILES, default="quick", help="size (default %(default)s)")
        parser.add_argument("--out", type=Path, default=Path("runs") / name, help="folder (default %(default)s)")
        parser.add_argument("--start", type=Path, metavar="FOLDER", help="start model (default models/base)")
        parser.add_argument("--site", choices=SITES, default=site, help=f"{which} (default %(default)s)")
        parser.add_argument("--variants", nargs="+", default=[], metavar="NAME", help="these only, in this order")
        parser.add_argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="in place of the profile's")
        parser.add_argument("--seconds", type=float, metavar="S", help="robot time, in place of the profile's")
        parser.add_argument("--jobs", type=int, default=1, help="runs at a time (default %(default)s)")
        parser.add_argument("--fresh", action="store_true", help="run everything again; recorded drives stay")
        parser.set_defaults(handler=handle)


def handle(arguments: argparse.Namespace) -> int:
    """Run what is missing, count, write."""
    from pose_ssl_ros.cli.experiment import _explained

    with _explained():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from pose_ssl_ros.evaluation.files import write_atomic
    from pose_ssl_ros.experiments import forgetting, learning_report, online
    from pose_ssl_ros.experiments.claims import FORGETTING, ONLINE, told
    from pose_ssl_ros.experiments.learning_runs import model_digest, run_all
    from pose_ssl_ros.experiments.rows import written

    begin = time.monotonic()
    profile = _profile(arguments)
    start = arguments.start or find_share() / "models" / "base"
    common = (profile, start, arguments.out, arguments.site, arguments.variants, arguments.jobs, arguments.fresh)
    is_online = arguments.verb == "online"
    what = online.experiment(*common) if is_online else forgetting.experiment(*common)
    facts = [
        f"Command: pose-ssl {shlex.join(sys.argv[1:])}",
        f"Profile {arguments.profile}, seeds {', '.join(map(str, profile.seeds))}; start model {model_digest(start)}.",
        f"Drives of 320x240 pictures at {profile.rate:g} Hz, robot at 1.2 m/s; test drives of {profile.hold_out:g} s "
        "at other seeds. Boxes are those of the product's own proposals.",
        f"Learners make {profile.steps_per_second:g} steps in a robot second and hand a model over every "
        f"{profile.export_period:g} s at most. Variants named `small` have {profile.small_mib:g} MiB of triplets.",
        "`unknown` counts as wrong. Spread is the sample deviation between seeds.",
    ]
    results = run_all(what, _tell)
    rows = online.all_rows(results) if is_online else forgetting.all_rows(results, profile)
    report = learning_report.online_report if is_online else learning_report.forgetting_report
    page, plots = report(rows, facts)
    write_atomic(what.out / "experiment.json", written(rows))
    write_atomic(what.out / "report.html", page)
    for name, plot in plots.items():
        write_atomic(what.out / "plots" / f"{name}.png", plot.data)
    for line in told(ONLINE if is_online else FORGETTING, rows):
        print(f"{line[0]}: {line[1]}" + (f" at {line[2]}: {line[3]}" if line[2] else ""))
    print(f"{time.monotonic() - begin:.0f} s; {what.out / 'report.html'}, {what.out / 'experiment.json'}")
    return 0


def _profile(arguments: argparse.Namespace) -> Any:
    """The profile with what was given in its place."""
    from pose_ssl_ros.experiments.profiles import PROFILES as KNOWN

    profile = KNOWN[arguments.profile]
    if arguments.seeds:
        if min(arguments.seeds) < 0 or len(set(arguments.seeds)) < len(arguments.seeds):
            msg = f"seeds must be different and not negative, got {' '.join(map(str, arguments.seeds))}"
            raise CommandError(msg)
        profile = replace(profile, seeds=tuple(arguments.seeds))
    if arguments.seconds is not None:
        if not 2.0 <= arguments.seconds <= 86400.0:
            msg = f"--seconds is {arguments.seconds:g} but must be from 2 to 86400"
            raise CommandError(msg)
        seconds = arguments.seconds
        times = sorted({t for t in (*profile.times, *KNOWN["full"].times) if t < seconds} | {seconds})
        profile = replace(profile, seconds=seconds, stretch=seconds / 3, times=tuple(times))
    if arguments.jobs < 1:
        msg = f"--jobs is {arguments.jobs} but must be 1 or more"
        raise CommandError(msg)
    return profile


def _tell(line: str) -> None:
    print(line, flush=True)
