"""What the page shows and does, without HTTP: the newest checkpoint, the names, and a way back."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from pose_ssl_ros.labelling.actions import act, example_entries
from pose_ssl_ros.labelling.errors import ConflictError, LabelError
from pose_ssl_ros.labelling.snapshot import Snapshot, checkpoint_folder, manifest_stamp, names_folder, read_snapshot
from pose_ssl_ros.learning.names import NAMES, NamesError, edit_names, read_names, set_aside
from pose_ssl_ros.probing.identity_names import IdentityNames, order

#: Crops of a prototype on the page.
SHOWN = 24
#: Steps back that are kept.
_UNDO = 50


class Desk:
    """One learner's folder, for any number of threads and people.

    Args:
        directory: The learner's folder; it may be empty or not there yet.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = names_folder(directory) / NAMES
        self._lock = threading.Lock()
        self._snapshot = Snapshot()
        self._read: tuple[Path | None, int] = (None, -1)
        self._problem = ""
        self._undo: list[tuple[str, IdentityNames]] = []  # revision after a change, names before it

    def state(self) -> dict[str, Any]:
        """Everything the page shows, as JSON."""
        with self._lock:
            snapshot, problem = self._newest()
        problems = [*([problem] if problem else []), *snapshot.warnings]
        damaged = False
        try:
            names, said, revision = read_names(self.path)
            problems += said
        except NamesError as error:
            names, revision, damaged = IdentityNames(), "", True
            problems.append(str(error))
        return {
            "directory": str(self.directory),
            "names_file": str(self.path),
            "folder": str(snapshot.folder or ""),
            "checkpoint": snapshot.number,
            "age": max(0.0, time.time() - snapshot.saved_ns * 1e-9) if snapshot.saved_ns else None,
            "steps": snapshot.facts.get("steps"),
            "tracks": len(snapshot.tracks),
            "ungrouped": sum(track not in snapshot.groups for track in snapshot.tracks),
            "revision": revision,
            "taken": snapshot.facts.get("names") == revision,
            "damaged": damaged,
            "undo": bool(self._undo) and self._undo[-1][0] == revision,
            "problems": problems,
            "prototypes": _prototypes(names, snapshot),
        }

    def crop(self, serial: int) -> bytes | None:
        """The centre view of a buffered triplet as PNG; None if it is not in the checkpoint any more."""
        with self._lock:
            snapshot = self._snapshot
        for rows in snapshot.tracks.values():
            for entry in rows:
                if entry.serial == serial:
                    return _png(entry.crops[1])
        return None

    def example(self, number: str, index: int) -> bytes | None:
        """A JPEG that is kept with a name; None if there is none."""
        try:
            found = read_names(self.path)[0].examples.get(number, ())
        except NamesError:
            return None
        return found[index] if 0 <= index < len(found) else None

    def do(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what the page asks (see `actions.act`; besides `undo` and `set_aside`) and return the new state.

        Raises:
            ConflictError: If somebody else was faster.
            LabelError: If it cannot be done; the text is for the person.
        """
        if not isinstance(request, Mapping):
            msg = "a request must be a JSON object"
            raise LabelError(msg)
        try:
            with self._lock:
                snapshot, problem = self._newest()
                if problem:
                    raise LabelError(problem)
                if snapshot.folder is None and not self.path.exists():
                    msg = f"there is no prototype yet: no checkpoint in {self.directory}"
                    raise LabelError(msg)
                if request.get("op") == "undo":
                    self._step_back()
                elif request.get("op") == "set_aside":
                    self._set_aside()
                else:
                    self._change(request, snapshot)
        except NamesError as error:
            raise LabelError(str(error)) from error
        return self.state()

    def _change(self, request: Mapping[str, Any], snapshot: Snapshot) -> None:
        before: list[IdentityNames] = []

        def change(names: IdentityNames, _revision: str) -> IdentityNames:
            before.append(names)
            return act(names, request, snapshot)

        _, revision = edit_names(self.path, change)
        self._undo.append((revision, before[0]))
        del self._undo[:-_UNDO]

    def _step_back(self) -> None:
        if not self._undo:
            msg = "there is nothing to take back"
            raise LabelError(msg)
        expected, names = self._undo[-1]

        def change(_names: IdentityNames, revision: str) -> IdentityNames:
            if revision != expected:
                msg = "somebody else changed the names since: there is no way back"
                raise ConflictError(msg)
            return names

        _, revision = edit_names(self.path, change)
        self._undo.pop()
        if self._undo:  # what was written again has another revision where JSON is ordered otherwise
            self._undo[-1] = (revision, self._undo[-1][1])

    def _set_aside(self) -> None:
        try:
            read_names(self.path)
        except NamesError:
            set_aside(self.path)

    def _newest(self) -> tuple[Snapshot, str]:
        """The newest checkpoint, read when it is another one; and what is wrong with it."""
        folder = checkpoint_folder(self.directory)
        key = (folder, manifest_stamp(folder) if folder else 0)
        if key != self._read:
            try:
                self._snapshot, self._problem = read_snapshot(self.directory), ""
            except LabelError as error:
                self._problem = str(error)
            self._read = key
        return self._snapshot, self._problem


def _prototypes(names: IdentityNames, snapshot: Snapshot) -> list[dict[str, Any]]:
    """One record a prototype; those that a person merged are one."""
    members = snapshot.members(names)
    families: dict[str, list[str]] = {}
    for number in sorted({*members, *names.touched()}, key=order):
        families.setdefault(names.root(number), []).append(number)
    found = []
    for root in sorted(families, key=order):
        numbers = families[root]
        tracks = [track for number in numbers for track in members.get(number, [])]
        rows = example_entries(tracks, snapshot, SHOWN)
        crops = [{"source": f"crop/{snapshot.number}/{row.serial}", "track": row.track} for row in rows]
        if not crops:
            kept = [(n, i) for n in numbers for i in range(len(names.examples.get(n, ())))]
            crops = [{"source": f"example/{n}/{i}", "track": ""} for n, i in kept]
        if not crops and not tracks and root not in names.names and root not in names.ignored:
            continue  # merged or split long ago, nothing left to see
        found.append(
            {
                "number": root,
                "title": names.title(root),
                "automatic": f"object_{root}",
                "named": root in names.names,
                "name": names.names.get(root, ""),
                "ignored": root in names.ignored,
                "merged": [number for number in numbers if number != root],
                "tracks": len(tracks),
                "crops": crops,
            }
        )
    return found


def _png(crop: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", np.ascontiguousarray(crop[:, :, ::-1]))[1].tobytes())
