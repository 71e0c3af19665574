"""`names.json` in the learner's folder: what a person said of prototypes, read while the learner runs.

    {"format": 1,
     "names": {"3": "forklift"},          number of a prototype: its name
     "merged": {"5": "3"},                5 counts as 3
     "ignored": ["4"],                    answered as unknown
     "tracks": {"2/17": "3.1"},           split off by hand: track 17 of session 2
     "examples": {"3": ["<JPEG, base64>"]}}   keep a named prototype alive when the buffer has forgotten it

`pose-ssl label` writes it; a person may, too.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pose_ssl_ros.learning.checkpoint import CheckpointError, write_atomic
from pose_ssl_ros.probing.identity_names import IdentityNameError, IdentityNames, clean_name, is_number

_log = logging.getLogger(__name__)
NAMES = "names.json"
FORMAT = 1
#: Examples that are kept with a prototype.
MOST_EXAMPLES = 8
_LARGEST = 64 << 20  # bytes; a larger file is none of ours


class NamesError(RuntimeError):
    """The names cannot be read or written; the text says which file and why."""


class NamesFile:
    """The names as the learner sees them; a damaged file costs nothing but its news.

    Args:
        path: The file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.names = IdentityNames()
        self.revision = ""
        self.problem = ""  # what is wrong with the file as it is now, or an empty text
        self._seen: tuple[int, ...] | None = None

    def changed(self) -> bool:
        """Whether the file is another one than `refresh` read."""
        return _signature(self.path) != self._seen

    def refresh(self) -> bool:
        """Read the file if it changed; returns whether the names did.

        What cannot be read is said once; the names of before stay.
        """
        signature = _signature(self.path)
        if signature == self._seen:
            return False
        self._seen = signature
        try:
            names, problems, revision = read_names(self.path)
        except NamesError as error:
            self._say(f"{error}; the names of before are kept")
            return False
        self._say("; ".join(problems))
        different = revision != self.revision
        self.names, self.revision = names, revision
        return different

    def next_session(self) -> int:
        """A session whose tracks nobody has put anywhere by hand."""
        sessions = [int(head) for head in (track.split("/", 1)[0] for track in self.names.pins) if head.isdecimal()]
        return 1 + max(sessions, default=0)

    def _say(self, problem: str) -> None:
        if problem and problem != self.problem:
            _log.error("%s", problem)
        self.problem = problem


def read_names(path: Path) -> tuple[IdentityNames, list[str], str]:
    """Read the names: what is usable, what was left out and why, and the file's revision.

    Raises:
        NamesError: If the file is there but is no such file.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return IdentityNames(), [], ""
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise NamesError(msg) from error
    try:
        if len(data) > _LARGEST:
            msg = f"{len(data)} bytes"
            raise ValueError(msg)
        table = json.loads(data.decode("utf-8-sig"))
        if not isinstance(table, dict):
            msg = "no JSON object"
            raise ValueError(msg)
    except (ValueError, RecursionError) as error:
        msg = f"{path} is damaged: {error}"
        raise NamesError(msg) from error
    if table.get("format", FORMAT) != FORMAT:
        msg = f"{path} has format {table['format']!r}, this version reads {FORMAT}"
        raise NamesError(msg)
    problems: list[str] = []
    names = _parse(table, problems)
    return names, [f"{path}: {problem}" for problem in problems], hashlib.sha256(data).hexdigest()[:12]


def write_names(path: Path, names: IdentityNames) -> str:
    """Write the names so that either the old or the new file is there; returns the new revision.

    Raises:
        NamesError: If it cannot be written; the old file stays.
    """
    table = {
        "format": FORMAT,
        "names": dict(names.names),
        "merged": dict(names.merged),
        "ignored": sorted(names.ignored),
        "tracks": dict(names.pins),
        "examples": {n: [base64.b64encode(e).decode() for e in found] for n, found in names.examples.items()},
    }
    data = json.dumps(table, indent=1, ensure_ascii=False).encode()
    try:
        write_atomic(path, data)
    except CheckpointError as error:
        raise NamesError(str(error)) from error
    return hashlib.sha256(data).hexdigest()[:12]


def edit_names(path: Path, change: Callable[[IdentityNames, str], IdentityNames]) -> tuple[IdentityNames, str]:
    """Change the names; others who do so at the same moment wait, so nothing is lost.

    Args:
        path: The file.
        change: Given the names and the revision of now; what it raises ends the edit.

    Returns:
        The new names and their revision.

    Raises:
        NamesError: If the file is damaged or cannot be written.
    """
    with _lock(path):
        names, _, revision = read_names(path)
        changed = change(names, revision)
        return changed, write_names(path, changed)


def set_aside(path: Path) -> Path:
    """Move a damaged file out of the way; returns where it is now.

    Raises:
        NamesError: If it cannot be moved.
    """
    number = 1
    while (target := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    try:
        path.rename(target)
    except OSError as error:
        msg = f"{path} cannot be moved: {error.strerror or error}"
        raise NamesError(msg) from error
    return target


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by one process at a time; the system frees it when that dies."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(f".{path.name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        msg = f"{path.parent} cannot be written: {error.strerror or error}"
        raise NamesError(msg) from error


def _signature(path: Path) -> tuple[int, ...]:
    """Changes when the file is replaced or rewritten; () where there is none."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _parse(table: Mapping[str, Any], problems: list[str]) -> IdentityNames:
    names, examples = {}, {}
    for number, name in _items(table, "names", problems):
        try:
            names[number] = clean_name(name)
        except IdentityNameError as error:
            problems.append(f"name of {number}: {error}")
    merged = {
        n: str(target) for n, target in _items(table, "merged", problems) if _numbered(target, "merged", problems)
    }
    pins = {}
    for track, number in _mapping(table, "tracks", problems).items():
        if _numbered(number, "tracks", problems):
            pins[str(track)] = str(number)
    for number, found in _items(table, "examples", problems):
        try:
            kept = tuple(base64.b64decode(item, validate=True) for item in found)
        except (binascii.Error, TypeError, ValueError):
            problems.append(f"the examples of {number} cannot be read")
            continue
        examples[number] = kept[:MOST_EXAMPLES]
    ignored = table.get("ignored", [])
    if not isinstance(ignored, list):
        problems.append("'ignored' is no list")
        ignored = []
    return IdentityNames(
        names, merged, frozenset(str(n) for n in ignored if _numbered(n, "ignored", problems)), pins, examples
    )


def _mapping(table: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    found = table.get(key, {})
    if isinstance(found, dict):
        return found
    problems.append(f"'{key}' is no table")
    return {}


def _items(table: Mapping[str, Any], key: str, problems: list[str]) -> list[tuple[str, Any]]:
    """Pairs whose key is the number of a prototype; `object_3` is taken as 3."""
    pairs = [(str(n).removeprefix("object_"), value) for n, value in _mapping(table, key, problems).items()]
    return [(n, value) for n, value in pairs if _numbered(n, key, problems)]


def _numbered(number: Any, key: str, problems: list[str]) -> bool:
    if not isinstance(number, bool) and is_number(str(number)):
        return True
    problems.append(f"'{key}' holds {str(number)[:40]!r}, which is no number of a prototype")
    return False
