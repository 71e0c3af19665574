"""Results of runs on disk, by what they depend on: a killed experiment goes on with the first run that is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pose_ssl_ros.evaluation.files import write_json


def digest(data: bytes) -> str:
    """Short name of some content."""
    return hashlib.sha256(data).hexdigest()[:16]


class RunCache:
    """A folder with one JSON file for each run.

    Args:
        folder: Made when needed.
        fresh: Do not read what is there.
    """

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        self._folder = folder
        self._fresh = fresh
        self._written: set[Path] = set()

    def find(self, title: str, settings: Mapping[str, Any]) -> dict[str, Any] | None:
        """The result of a run with these settings; None if there is none that can be read."""
        path = self._path(title, settings)
        if self._fresh and path not in self._written:
            return None
        try:
            found = json.loads(path.read_bytes())
            result: dict[str, Any] = found["result"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return result

    def keep(self, title: str, settings: Mapping[str, Any], result: Mapping[str, Any]) -> None:
        """Write a result down.

        Raises:
            OSError: If the disk is full.
        """
        path = self._path(title, settings)
        write_json(path, {"settings": settings, "result": result})
        self._written.add(path)

    def _path(self, title: str, settings: Mapping[str, Any]) -> Path:
        return self._folder / f"{title}-{digest(json.dumps(settings, sort_keys=True, default=str).encode())}.json"
