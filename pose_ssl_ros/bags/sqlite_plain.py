"""Reads a .db3 file row by row with Python's own sqlite3: cut files, lying indices, clocks that went back."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.mcap_walk import BACK_NS
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.stored import Content, RawMessage, Stream

_MAGIC = b"SQLite format 3\0"
#: Rows in succession that cannot be read before the rest is given up.
_PATIENCE = 20_000
#: A last message that ends in so many zeros has lost its last page: SQLite reads what is cut off as zeros.
_ZEROS = bytes(64)


@dataclass(frozen=True)
class Check:
    """What can be said of a file without reading its messages."""

    cut: str = ""  # how much is missing; empty: nothing
    journal: bool = False  # a write-ahead log lies beside it: its recorder was killed
    index_lies: bool = False
    goes_back: bool = False  # the time of recording goes back, so that sorting by it mixes up the order
    damaged: str = ""

    @property
    def trusted(self) -> bool:
        """Whether it can be read by its index."""
        return not (self.cut or self.journal or self.index_lies or self.goes_back or self.damaged)


def check(path: Path) -> Check:
    """Look at a file's size, its log and its index.

    Raises:
        BagError: If it is no SQLite file.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
        size = path.stat().st_size
        log = path.with_name(path.name + "-wal")
        journal = log.is_file() and log.stat().st_size > 0
    except OSError as error:
        msg = f"'{path.name}' cannot be read: {error.strerror or error}"
        raise BagError(msg) from error
    if not size:
        msg = f"'{path.name}' is empty"
        raise BagError(msg)
    if len(head) < 100 or not head.startswith(_MAGIC):
        msg = f"'{path.name}' is no SQLite file"
        raise BagError(msg)
    (page,) = struct.unpack_from(">H", head, 16)
    page = 65536 if page == 1 else page
    (pages,) = struct.unpack_from(">I", head, 28)
    whole = pages * page
    # The count of pages holds only if the file was last changed by a version that keeps it.
    if head[24:28] == head[92:96] and size < whole:
        return Check(cut=f"{size} of {whole} bytes are there", journal=journal)
    if journal:
        return Check(journal=True)
    try:
        with closing(_connect(path)) as connection:
            return _ask(connection)
    except sqlite3.Error as error:
        return Check(damaged=str(error))


def _ask(connection: sqlite3.Connection) -> Check:
    rows = connection.execute("SELECT count(*) FROM messages NOT INDEXED").fetchone()[0]
    indices = [r[1] for r in connection.execute("PRAGMA index_list(messages)")]
    lies = any(
        connection.execute(f'SELECT count(*) FROM messages INDEXED BY "{name}"').fetchone()[0] != rows
        for name in indices
        if '"' not in name
    )
    back = connection.execute(
        "SELECT 1 FROM (SELECT timestamp - max(timestamp) OVER (ORDER BY id) AS late FROM messages NOT INDEXED)"
        " WHERE late < ? LIMIT 1",
        (-BACK_NS,),
    ).fetchone()
    return Check(index_lies=lies, goes_back=back is not None)


def _connect(path: Path) -> sqlite3.Connection:
    """Open for reading, also when the file is shorter than it says."""
    log = path.with_name(path.name + "-wal")
    how = "mode=ro" if log.is_file() else "mode=ro&immutable=1"
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)
    try:
        connection.execute("PRAGMA writable_schema=ON")  # nothing is written: it lets a cut file be opened
        connection.text_factory = lambda raw: raw.decode(errors="replace")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class PlainSqlite:
    """A .db3 file in the order in which it was written.

    Args:
        path: The file.
        found: What `check` said.
        problems: Takes what cannot be read.
    """

    def __init__(self, path: Path, found: Check, problems: Problems) -> None:
        """Read it once to know what it holds.

        Raises:
            BagError: If not even the list of topics can be read.
        """
        self._path = path
        self._cut = bool(found.cut)
        self.content = Content()
        self._topics: dict[int, Stream] = {}
        try:
            with closing(_connect(path)) as connection:
                rows = connection.execute("SELECT id, name, type, serialization_format FROM topics").fetchall()
        except sqlite3.Error as error:
            msg = f"'{path.name}' cannot be read: {error}"
            raise BagError(msg) from error
        for number, topic, kind, encoding in rows:
            if encoding != "cdr":
                problems.note("format", f"{topic} is {encoding}")
                continue
            self._topics[number] = Stream(topic, kind)
            self.content.counts[self._topics[number]] = 0
        if found.cut:
            problems.note("cut", f"{path.name}: {found.cut}")
        for message in self._scan(None, problems):
            self.content.take(Stream(message.topic, message.type_name), message.recorded_ns)

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Messages by their number; what is damaged was noted when it was opened."""
        return self._scan(topics, Problems())

    def close(self) -> None:
        """Nothing stays open between passes."""

    def _scan(self, topics: Collection[str] | None, problems: Problems) -> Iterator[RawMessage]:
        try:
            with closing(_connect(self._path)) as connection:
                for number, moment, data in self._rows(connection, problems):
                    stream = self._topics.get(number)
                    if stream is not None and (topics is None or stream.topic in topics):
                        yield RawMessage(moment, stream.topic, stream.type_name, data)
        except sqlite3.Error as error:
            problems.note("damaged", f"{self._path.name}: {error}")

    def _rows(self, connection: sqlite3.Connection, problems: Problems) -> Iterator[tuple[int, int, bytes]]:
        """(topic, time, data) of every row that can be read."""
        last = _least(connection)
        held: tuple[int, int, bytes] | None = None
        while True:
            reason = ""
            try:
                for row in connection.execute(_FROM, (last,)):
                    if not isinstance(row[0], int) or row[0] <= last:  # a spoiled page may lead round in a circle
                        reason = "the rows are out of order"
                        break
                    last = row[0]
                    if held is not None:
                        yield held
                    held = _sound(row, problems, self._path.name)
            except sqlite3.Error as error:
                reason = str(error)
            if held is not None:
                if self._cut and held[2].endswith(_ZEROS):
                    problems.note("damaged", f"{self._path.name}: the last message before the cut is not whole")
                else:
                    yield held
                held = None
            if not reason:
                return
            row = _next_readable(connection, last)
            if row is None:
                if not self._cut:
                    problems.note("damaged", f"{self._path.name}: nothing after row {last} can be read ({reason})")
                return
            if row[0] > last + 1:
                problems.note("damaged", f"{self._path.name}: rows {last + 1} to {row[0] - 1} ({reason})")
            last, held = row[0], _sound(row, problems, self._path.name)


_FROM = "SELECT id, topic_id, timestamp, data FROM messages NOT INDEXED WHERE id > ? ORDER BY id"
_ONE = "SELECT id, topic_id, timestamp, data FROM messages NOT INDEXED WHERE id = ?"


def _least(connection: sqlite3.Connection) -> int:
    """A number just below the first row's, which is 1 unless somebody filtered the bag."""
    try:
        found = connection.execute("SELECT id FROM messages NOT INDEXED ORDER BY id LIMIT 1").fetchone()
    except sqlite3.Error:
        return 0
    return 0 if found is None else int(found[0]) - 1


def _next_readable(connection: sqlite3.Connection, last: int) -> tuple[Any, ...] | None:
    """The next row that can be read by its number, None if none comes within the patience."""
    for number in range(last + 1, last + 1 + _PATIENCE):
        try:
            row = connection.execute(_ONE, (number,)).fetchone()
        except sqlite3.Error:  # this row is lost; the caller counts the gap
            continue
        if row is not None and row[0] == number:
            return tuple(row)
    return None


def _sound(row: tuple[Any, ...], problems: Problems, name: str) -> tuple[int, int, bytes] | None:
    """A row whose values have the types that they must have."""
    _, topic, moment, data = row
    if isinstance(topic, int) and isinstance(moment, int) and isinstance(data, bytes):
        return topic, moment, data
    problems.note("message", f"{name}: row {row[0]} holds no message")
    return None
