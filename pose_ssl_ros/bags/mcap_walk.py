"""Whether an MCAP file is what its index says: a walk over the heads of its records, without their content.

The parsing of records is the `mcap` library's; the walk only steps from head to head (opcode and length).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import make_reader
from mcap.records import MessageIndex
from mcap.stream_reader import MAGIC_SIZE, read_magic
from mcap.summary import Summary

from pose_ssl_ros.bags.errors import BagError

HEAD = 9  # bytes of a record's head
#: Times of recording that go back by more than this were not merely written a little late.
BACK_NS = 10_000_000_000
_LAST_OPCODE = max(Opcode)
_PRIVATE = 0x80  # opcodes from here on are other people's


class Record(NamedTuple):
    """The head of a top-level record."""

    opcode: int
    offset: int  # of the head
    length: int  # of the content


@dataclass
class Walk:
    """What the walk found."""

    chunks: list[tuple[int, int, int, int]] = field(default_factory=list)  # offset, length, start and end time
    loose: int = 0  # messages outside of chunks
    broken_at: int | None = None  # where the walk could not go on
    reason: str = ""
    summary: Summary | None = None
    size: int = 0
    back_within: bool = False  # the time of recording goes back within a chunk

    @property
    def goes_back(self) -> bool:
        """Whether the time of recording goes back from chunk to chunk, so that an index by time mixes them up."""
        if self.back_within:
            return True
        latest = None
        for _, _, start, end in self.chunks:
            if latest is not None and start < latest - BACK_NS:
                return True
            latest = end if latest is None else max(latest, end)
        return False

    @property
    def index_lies(self) -> bool:
        """Whether the index names other chunks than there are, or other times."""
        if self.summary is None:
            return False
        stated = sorted(
            (c.chunk_start_offset, c.chunk_length - HEAD, c.message_start_time, c.message_end_time)
            for c in self.summary.chunk_indexes
        )
        return bool(stated or self.chunks) and stated != self.chunks

    @property
    def trusted(self) -> bool:
        """Whether the index can be used."""
        sound = self.broken_at is None and self.summary is not None and not self.index_lies
        return sound and not self.loose and not self.goes_back


def heads(file: BinaryIO, size: int, start: int = MAGIC_SIZE) -> Iterator[Record]:
    """Heads of the top-level records up to the end of the data.

    Raises:
        BagError: If a head makes no sense or reaches beyond the file; the text names the place.
    """
    at = start
    while True:
        file.seek(at)
        head = file.read(HEAD)
        if len(head) < HEAD:
            msg = f"it ends at byte {size}"
            raise BagError(msg)
        opcode, length = struct.unpack("<BQ", head)
        if opcode in (Opcode.DATA_END, Opcode.FOOTER):
            return
        if not 0 < opcode <= _LAST_OPCODE and opcode < _PRIVATE:
            msg = f"there is no record at byte {at}"
            raise BagError(msg)
        yield Record(opcode, at, length)
        at += HEAD + length
        if at > size:
            msg = f"a record at byte {at - HEAD - length} goes on beyond the end of the file"
            raise BagError(msg)


def walk(path: Path) -> Walk:
    """Step over a file from head to head.

    Raises:
        BagError: If it is not an MCAP file or cannot be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            try:
                read_magic(ReadDataStream(file))
            except (McapError, struct.error) as error:
                msg = f"'{path.name}' is no MCAP file" if size else f"'{path.name}' is empty"
                raise BagError(msg) from error
            found = Walk(size=size, summary=_summary(file))
            _step(file, found)
    except OSError as error:
        msg = f"'{path.name}' cannot be read: {error.strerror or error}"
        raise BagError(msg) from error
    return found


def _step(file: BinaryIO, found: Walk) -> None:
    last = MAGIC_SIZE
    entries: list[tuple[int, int]] | None = None  # (offset, time) of the messages of a chunk that takes long
    try:
        for record in heads(file, found.size):
            last = record.offset
            if record.opcode == Opcode.MESSAGE_INDEX:
                if entries is not None:
                    index = MessageIndex.read(ReadDataStream(file))
                    entries += [(offset, time) for time, offset in index.records]
                continue
            found.back_within = found.back_within or _falls(entries)
            entries = None
            if record.opcode == Opcode.MESSAGE:
                found.loose += 1
            elif record.opcode == Opcode.CHUNK:
                stream = ReadDataStream(file)
                start, end = stream.read8(), stream.read8()
                if record.offset + HEAD + record.length <= found.size:
                    found.chunks.append((record.offset, record.length, start, end))
                    entries = [] if end - start > BACK_NS else None
    except (BagError, McapError, struct.error) as error:
        found.broken_at, found.reason = last, str(error) or "it ends within a record"
    found.back_within = found.back_within or _falls(entries)


def _falls(entries: list[tuple[int, int]] | None) -> bool:
    """Whether times go back by more than a message that was written a little late, in the order of the offsets."""
    latest = None
    for _, time in sorted(entries or []):
        if latest is not None and time < latest - BACK_NS:
            return True
        latest = time if latest is None else max(latest, time)
    return False


def _summary(file: BinaryIO) -> Summary | None:
    """The index at the end, None where there is none or it makes no sense."""
    try:
        file.seek(0)
        return make_reader(file).get_summary()
    except Exception:  # a cut file fails in whatever its last bytes happen to mean
        return None
