"""`pose-ssl dataset`: render crops to learn from and to be measured on, count what a dataset holds, look at it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.rendering import draw_profile

if TYPE_CHECKING:
    from pose_ssl_ros.datasets.dataset import Dataset

#: Names only: the profiles themselves need the catalogue, which this module must not load for `--help`.
PROFILES = ("tiny", "quick", "clean", "standard", "base", "full")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    parser = commands.add_parser("dataset", help="render, count and look at datasets of crops", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="WHAT")

    render = verbs.add_parser(
        "render",
        help="render trajectories round parametric objects; goes on where an earlier run stopped",
        description="Same seed, profile and size: the same dataset, to the bit, for any number of jobs.",
    )
    render.add_argument("--out", type=Path, required=True, help="folder; whole shards that are there are kept")
    render.add_argument("--seed", type=int, default=0, help="of instances, ways and places")
    render.add_argument(
        "--profile",
        choices=PROFILES,
        default="quick",
        help="how much: about 1,000, 20,000, 20,000, 64,000, 114,000 or 250,000 crops (default quick)",
    )
    render.add_argument("--jobs", type=int, default=2, help="processes, each with a renderer of its own")
    render.add_argument("--size", type=int, default=64, help="side of a crop in pixels")
    render.set_defaults(handler=handle_render)

    info = verbs.add_parser("info", help="count what a dataset holds", description="Counts by split and domain.")
    info.add_argument("dataset", type=Path, help="folder or CSV")
    info.set_defaults(handler=handle_info)

    preview = verbs.add_parser(
        "preview",
        help="write a contact sheet and a histogram of poses",
        description="A sheet for each domain: rows are categories, columns views; azimuth and elevation below.",
    )
    preview.add_argument("dataset", type=Path, help="folder or CSV")
    preview.add_argument("--out", type=Path, default=Path(), help="folder of the pictures (default: here)")
    preview.add_argument("--split", choices=("train", "val", "test"), default="test", help="default test")
    preview.add_argument("--rows", type=int, default=1, help="trajectories of each category")
    preview.set_defaults(handler=handle_preview)


def handle_render(options: argparse.Namespace) -> int:
    """Render what is missing."""
    draw_profile(options.profile, options.seed, options.out, options.jobs, options.size)
    return 0


def handle_info(options: argparse.Namespace) -> int:
    """Print the counts, and what is missing for what."""
    from pose_ssl_ros.datasets.statistics import describe

    print(describe(_load(options.dataset)))
    return 0


def handle_preview(options: argparse.Namespace) -> int:
    """Write the pictures."""
    import cv2
    from pose_ssl_sim.dataset.preview import contact_sheet, pose_histogram

    from pose_ssl_ros.datasets.dataset import DOMAINS, DatasetError

    if options.rows < 1:
        msg = f"--rows must be 1 or more, got {options.rows}"
        raise CommandError(msg)
    dataset = _load(options.dataset)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        histogram = options.out / "poses.png"
        histogram.write_bytes(pose_histogram(dataset))
        print(histogram)
        found = False
        for domain in DOMAINS:
            part = dataset.part(options.split, domain)
            if not len(part.sequences()):
                continue
            found = True
            path = options.out / f"{options.split}_{domain}.png"
            _, png = cv2.imencode(".png", contact_sheet(part, options.rows)[:, :, ::-1])
            path.write_bytes(png.tobytes())
            print(path)
    except DatasetError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        msg = f"cannot write to {options.out}: {error.strerror or error}"
        raise CommandError(msg) from error
    if not found:
        print(f"no trajectory of split '{options.split}': no contact sheet")
    return 0


def _load(path: Path) -> Dataset:
    from pose_ssl_ros.datasets.dataset import DatasetError
    from pose_ssl_ros.datasets.reading import load

    try:
        return load(path)
    except DatasetError as error:
        raise CommandError(str(error)) from error
