"""Where launch files and configurations lie: beside the code in a checkout, under `share/` once installed."""

from __future__ import annotations

import os
import site
import sys
from pathlib import Path

from pose_ssl_ros.embedded.launch.errors import LaunchError

PACKAGE = "pose_ssl_ros"


def ament_prefixes() -> list[Path]:
    """Prefixes of the sourced ROS 2 workspaces, nearest first; empty without one."""
    return [Path(entry) for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if entry]


def find_share(package: str = PACKAGE) -> Path:
    """Share folder of a package.

    Raises:
        LaunchError: If the package is not installed here.
    """
    candidates = [prefix / "share" / package for prefix in ament_prefixes()]
    if package == PACKAGE:
        checkout = Path(__file__).resolve().parents[2]
        installed = [Path(prefix) / "share" / package for prefix in (sys.prefix, site.getuserbase() or sys.prefix)]
        candidates = [checkout, *candidates, *installed]
    for folder in candidates:
        if (folder / "package.xml").is_file():
            return folder
    looked = ", ".join(map(str, candidates)) or "nowhere: no ROS 2 is sourced"
    msg = f"the share folder of package '{package}' is not found (looked in {looked})"
    raise LaunchError(msg)


def find_launch_file(name: str) -> Path:
    """A launch file by path, or by name among ours.

    Raises:
        LaunchError: If there is none; the text lists ours.
    """
    given = Path(name).expanduser()
    if given.is_file():
        return given
    folder = find_share() / "launch"
    for candidate in (folder / name, folder / f"{name}.launch.yaml"):
        if candidate.is_file():
            return candidate
    ours = ", ".join(sorted(path.name for path in folder.glob("*.launch.yaml")))
    msg = f"there is no launch file '{name}' (ours: {ours})"
    raise LaunchError(msg)
