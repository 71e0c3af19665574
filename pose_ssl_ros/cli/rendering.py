"""What commands that render share: one way to draw a plan, one way to say why it cannot be drawn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pose_ssl_ros.cli.errors import CommandError

if TYPE_CHECKING:
    from pose_ssl_sim.dataset.plan import Plan


@contextmanager
def _explained() -> Iterator[None]:
    """Errors of the simulation in one line.

    Raises:
        CommandError: In place of them.
    """
    from pose_ssl_ros.datasets.dataset import DatasetError

    try:
        from pose_ssl_sim.config import SimError
    except ImportError as error:
        msg = f"rendering needs the simulation ({error}): pip install 'pose_ssl_ros[sim]', or give --dataset"
        raise CommandError(msg) from error
    try:
        yield
    except ImportError as error:
        if error.name != "pybullet":
            raise
        msg = "rendering needs PyBullet, which is not installed: pip install 'pose_ssl_ros[sim]'"
        raise CommandError(msg) from error
    except (DatasetError, SimError) as error:
        raise CommandError(str(error)) from error


def draw(make: Callable[[], Plan], folder: Path, jobs: int) -> Path:
    """Render what is missing of a plan, with lines of progress.

    Args:
        make: Gives the plan.
        folder: Of the dataset.
        jobs: Processes, each with a renderer of its own.

    Returns:
        The folder.

    Raises:
        CommandError: If the plan makes no sense, something is not installed or the disk is full.
    """
    begin = time.monotonic()
    with _explained():
        from pose_ssl_sim.dataset.render import render

        manifest = render(make(), folder, jobs, lambda line: print(line, flush=True))
    minutes = (time.monotonic() - begin) / 60
    print(f"{folder}: {manifest['crops']:,} crops of {manifest['size']} pixels, {minutes:.1f} min", flush=True)
    return folder


def draw_profile(profile: str, seed: int, folder: Path, jobs: int, size: int = 64) -> Path:
    """Render what is missing of a profile of the parametric catalogue; else as `draw`."""

    def make() -> Plan:
        from pose_ssl_sim.dataset.plan import make_plan

        return make_plan(profile, seed, size)

    return draw(make, folder, jobs)
