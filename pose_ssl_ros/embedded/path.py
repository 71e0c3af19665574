"""Where the underlay lies, and how it gets on the import path without ever hiding a real rclpy."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterable
from pathlib import Path

UNDERLAY = Path(__file__).resolve().parent / "underlay"
_CHECKOUT = Path(__file__).resolve().parents[2]


def _is_underlay(entry: str) -> bool:
    return bool(entry) and Path(entry).resolve() == UNDERLAY


def has_real_rclpy(entries: Iterable[str] | None = None) -> bool:
    """True if an rclpy that is not ours can be imported.

    Args:
        entries: Import path to look in; `sys.path` by default.
    """
    loaded = sys.modules.get("rclpy")
    origin = getattr(loaded, "__file__", None)
    if entries is None and origin is not None:
        return UNDERLAY not in Path(origin).resolve().parents
    others = [entry for entry in (sys.path if entries is None else entries) if not _is_underlay(entry)]
    return importlib.machinery.PathFinder.find_spec("rclpy", others) is not None


def activate() -> bool:
    """Put the underlay first on `sys.path`, once.

    Returns:
        True if the underlay is in use, False if a real rclpy is importable (then nothing is changed).
    """
    if has_real_rclpy():
        sys.path[:] = [entry for entry in sys.path if not _is_underlay(entry)]
        return False
    if not any(_is_underlay(entry) for entry in sys.path):
        sys.path.insert(0, str(UNDERLAY))
    return True


def environment(base: dict[str, str] | None = None) -> dict[str, str]:
    """Environment for child processes: PYTHONPATH holds the underlay first, unless a real rclpy is importable.

    Args:
        base: Environment to extend; this process's by default. It is not changed.
    """
    result = dict(os.environ if base is None else base)
    entries = [entry for entry in result.get("PYTHONPATH", "").split(os.pathsep) if entry and not _is_underlay(entry)]
    if str(_CHECKOUT) not in entries:
        entries.append(str(_CHECKOUT))
    if not has_real_rclpy():
        entries.insert(0, str(UNDERLAY))
    result["PYTHONPATH"] = os.pathsep.join(entries)
    return result
