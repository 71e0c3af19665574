"""One data file of a bag: by rosbags and its index if it is sound, plainly from beginning to end if not."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import zstandard

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.indexed import Indexed
from pose_ssl_ros.bags.mcap_plain import PlainMcap
from pose_ssl_ros.bags.mcap_walk import Walk, walk
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.sqlite_plain import Check, PlainSqlite, check
from pose_ssl_ros.bags.stored import Content, RawMessage, Storage

MCAP, SQLITE = ".mcap", ".db3"
_ZSTD = b"\x28\xb5\x2f\xfd"  # CDR begins with a zero byte, so the two cannot be mixed up


class DataFile:
    """A .mcap or .db3 file, each pass from the beginning.

    Args:
        path: The file, unpacked.
        problems: Takes what is wrong with the file.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        """Look at it and open it the right way.

        Raises:
            BagError: If nothing can be read from it.
        """
        self.path = path
        self._problems = problems
        self._found: Walk | Check = walk(path) if path.suffix == MCAP else check(path)
        self._unzip = zstandard.ZstdDecompressor()
        self._storage: Storage
        if self._found.trusted:
            try:
                self._storage = Indexed(path, problems)
                return
            except BagError as error:
                problems.note("index", str(error))
        else:
            self._note()
        self._storage = self._plain(problems)

    def _note(self) -> None:
        """Say why the index is not used; a file that is cut is noted by its plain reader."""
        found, name = self._found, self.path.name
        if found.goes_back:
            return  # nothing is wrong with the file; the recording notes the jump
        if isinstance(found, Walk):
            if found.broken_at is None and found.index_lies:
                self._problems.note("index", f"{name}: it names other chunks than there are")
            elif found.broken_at is None and found.summary is None:
                self._problems.note("unfinished", f"{name} has no index")
        elif found.index_lies:
            self._problems.note("index", f"{name}: it holds another number of messages")
        elif found.journal:
            self._problems.note("unfinished", f"{name} has a write-ahead log beside it")

    def _plain(self, problems: Problems) -> Storage:
        if isinstance(self._found, Walk):
            return PlainMcap(self.path, self._found, problems)
        return PlainSqlite(self.path, self._found, problems)

    @property
    def content(self) -> Content:
        """What it holds."""
        return self._storage.content

    def messages(self, topics: Collection[str] | None, problems: Problems) -> Iterator[RawMessage]:
        """Messages of these topics (None: all), unpacked.

        Args:
            topics: Full names.
            problems: Takes what turns out to be damaged on the way.
        """
        for message in self._stored(topics, problems):
            if message.cdr[:4] != _ZSTD:
                yield message
                continue
            try:
                data = self._unzip.decompressobj().decompress(message.cdr)
            except (zstandard.ZstdError, MemoryError) as error:
                problems.note("message", f"{message.topic}: it cannot be unpacked: {error}")
                continue
            yield message._replace(cdr=data)

    def _stored(self, topics: Collection[str] | None, problems: Problems) -> Iterator[RawMessage]:
        """Messages as they are stored; if the index fails on the way, the rest comes plainly.

        By the index, messages come in the order of time: what is earlier than the last one was given out, and of
        those at the very same time the ones that were are known by their content.
        """
        moment, count = -1, 0
        given: list[RawMessage] = []
        try:
            for message in self._storage.messages(topics):
                if message.recorded_ns != moment:
                    moment = message.recorded_ns
                    given.clear()
                given.append(message)
                count += 1
                yield message
            self._miss(topics, count, problems)
            return
        except BagError as error:
            failure = str(error)
        noted = Problems()
        plain = self._plain(noted)
        if not noted.list():
            noted.note("damaged", failure)
        problems.take(noted)
        for message in plain.messages(topics):
            if message.recorded_ns > moment or (message.recorded_ns == moment and message not in given):
                count += 1
                yield message
        plain.close()
        self._miss(topics, count, problems)

    def _miss(self, topics: Collection[str] | None, count: int, problems: Problems) -> None:
        """Note messages that the index states and that were not there."""
        stated = sum(n for stream, n in self.content.counts.items() if topics is None or stream.topic in topics)
        if count < stated:
            problems.note("missing", f"{self.path.name}: {stated} are stated, {count} were found", stated - count)

    def close(self) -> None:
        """Close the file."""
        self._storage.close()
