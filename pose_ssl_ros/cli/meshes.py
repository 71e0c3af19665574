"""`pose-ssl meshes`: real models to test on; fetched on demand from a Debian package, never shipped."""

from __future__ import annotations

import argparse
import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.rendering import draw

if TYPE_CHECKING:
    from pose_ssl_sim.dataset.plan import Plan
    from pose_ssl_sim.mesh_catalogue.fetched import Models


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = commands.add_parser("meshes", help="fetch, list and render real meshes to test on", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")

    fetch = verbs.add_parser(
        "fetch",
        help="get the models (a download of 120 MB) and write who made them",
        description="Takes the Debian package sweethome3d-furniture by apt, without root and without installing it.",
    )
    fetch.add_argument("--out", type=Path, required=True, help="folder of the models")
    fetch.add_argument("--deb", type=Path, help="the package, where it is there already")
    fetch.set_defaults(handler=handle_fetch)

    listing = verbs.add_parser("list", help="list the models that were fetched, by category")
    listing.add_argument("--models", type=Path, required=True, help="folder that `fetch` wrote")
    listing.set_defaults(handler=handle_list)

    render = verbs.add_parser(
        "render",
        help="render trajectories round the models; goes on where an earlier run stopped",
        description="Poses, scenes and format as `pose-ssl dataset render`; the models of split train are for probes.",
    )
    render.add_argument("--models", type=Path, required=True, help="folder that `fetch` wrote")
    render.add_argument("--out", type=Path, required=True, help="folder; whole shards that are there are kept")
    render.add_argument("--seed", type=int, default=0, help="of split, poses and places")
    render.add_argument(
        "--trajectories", type=int, default=24, help="of 7 views, of each category, split and domain (default 24)"
    )
    render.add_argument("--jobs", type=int, default=2, help="processes, each with a renderer of its own")
    render.add_argument("--size", type=int, default=64, help="side of a crop in pixels")
    render.set_defaults(handler=handle_render)


def handle_fetch(options: argparse.Namespace) -> int:
    """Get the models."""
    from pose_ssl_sim.config import SimError
    from pose_ssl_sim.mesh_catalogue.fetching import CREDITS, fetch

    from pose_ssl_ros.datasets.dataset import DatasetError

    try:
        count = fetch(options.out, options.deb, lambda line: print(line, flush=True))
        models = _open(options.out)
    except (SimError, DatasetError) as error:
        raise CommandError(str(error)) from error
    licences = Counter(facts["licence"] for facts in models.facts.values())
    print(f"{options.out}: {count} models, each of its creator's, named in {options.out / CREDITS}:")
    for licence, number in licences.most_common():
        print(f"{number:5} {licence}")
    return 0


def handle_list(options: argparse.Namespace) -> int:
    """Print the models."""
    models = _open(options.models)
    print(f"{'no.':>4} {'category':12} {'model':44} {'yaw':>5}  name, creator")
    for entry in models.entries:
        facts = models.facts[entry.model]
        yaw = round(math.degrees(entry.yaw))
        print(f"{entry.number:4} {entry.category:12} {entry.model:44} {yaw:5}  {facts['name']}, {facts['creator']}")
    counts = Counter(entry.category for entry in models.entries)
    print(f"{len(models.entries)} models: " + ", ".join(f"{n} {category}" for category, n in counts.most_common()))
    return 0


def handle_render(options: argparse.Namespace) -> int:
    """Render what is missing."""
    models = _open(options.models)

    def make() -> Plan:
        from pose_ssl_sim.mesh_catalogue.fetched import readable
        from pose_ssl_sim.mesh_catalogue.rendering import make_mesh_plan

        good = readable(models, lambda line: print(line, flush=True))
        return make_mesh_plan(good, options.seed, options.trajectories, options.size)

    draw(make, options.out, options.jobs)
    return 0


def _open(folder: Path) -> Models:
    from pose_ssl_sim.config import SimError
    from pose_ssl_sim.mesh_catalogue.fetched import open_models

    try:
        return open_models(folder)
    except SimError as error:
        raise CommandError(str(error)) from error
