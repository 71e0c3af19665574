"""What was measured so far, a line of JSON for each piece of work, so that a run that was killed goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pose_ssl_ros.experiments.errors import ExperimentError


class Journal:
    """A file that is only added to; its first line says what the rest was made with.

    Args:
        path: The file; made if it is not there.
        settings: What the records depend on.
        fresh: Begin anew whatever is there.

    Raises:
        ExperimentError: If the file was made with other settings, or cannot be written.
    """

    def __init__(self, path: Path, settings: Mapping[str, Any], fresh: bool = False) -> None:
        """Read what is there."""
        self._path = path
        #: Records by key, in the order in which they were made.
        self.records: dict[str, dict[str, Any]] = {}
        #: Lines that could not be read; their work is done again.
        self.damaged = 0
        head = json.loads(json.dumps(dict(settings)))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if fresh:
                path.unlink(missing_ok=True)
            if not path.exists() or not path.stat().st_size:
                self._append({"settings": head})
                return
            self._read(head)
        except OSError as error:
            msg = f"cannot write '{path}': {error.strerror or error}"
            raise ExperimentError(msg) from error

    def _read(self, head: dict[str, Any]) -> None:
        data = self._path.read_bytes()
        if not data.endswith(b"\n"):  # killed in the middle of a line
            with self._path.open("ab") as file:
                file.write(b"\n")
        lines = data.decode(errors="replace").splitlines()
        first = _decoded(lines[0])
        if first is None or "settings" not in first:
            msg = f"'{self._path}' is damaged at its beginning: give --fresh to make it anew"
            raise ExperimentError(msg)
        if first["settings"] != head:
            changed = [k for k in {*head, *first["settings"]} if head.get(k) != first["settings"].get(k)]
            msg = f"'{self._path}' was made with another {', '.join(sorted(changed))}: give another --out or --fresh"
            raise ExperimentError(msg)
        for line in filter(None, lines[1:]):
            found = _decoded(line)
            if found is None or not isinstance(found.get("key"), str) or not isinstance(found.get("value"), dict):
                self.damaged += 1
                continue
            self.records[found["key"]] = found["value"]

    def add(self, key: str, value: dict[str, Any]) -> None:
        """Note a piece of work."""
        self._append({"key": key, "value": value})
        self.records[key] = value

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":"), allow_nan=False) + "\n"
        with self._path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())


def _decoded(line: str) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
