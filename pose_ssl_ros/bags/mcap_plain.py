"""Reads an MCAP file from its beginning to its end without its index: cut files, files whose index lies.

Records are parsed by the `mcap` library; what is whole in a cut or damaged chunk is used, the rest is noted.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import lz4.frame
import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import EndOfFile, McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, McapRecord, Message, Schema
from mcap.stream_reader import StreamReader, get_chunk_data_stream
from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.mcap_walk import HEAD, Record, Walk, heads
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.stored import NO_DEFINITION, Content, RawMessage, Stream

_FORMATS = {"ros2msg": MessageDefinitionFormat.MSG, "ros2idl": MessageDefinitionFormat.IDL}
#: A larger record is a length that was spoiled.
_LARGEST = 1 << 30
_PIECE = 1 << 16  # bytes at a time out of a damaged chunk


class _WholeReads(BytesIO):
    """Bytes whose end is an error: the library would hand out a message that is shorter than it was."""

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if size is not None and size > len(data):
            raise EndOfFile
        return data


class PlainMcap:
    """An MCAP file in the order in which it was written.

    Args:
        path: The file.
        found: The walk over it.
        problems: Takes what cannot be read.
    """

    def __init__(self, path: Path, found: Walk, problems: Problems) -> None:
        """Read it once to know what it holds.

        Raises:
            BagError: If it cannot be opened.
        """
        self._path = path
        self._walk = found
        self._problems = problems
        self._schemas: dict[int, Schema] = dict(found.summary.schemas) if found.summary else {}
        self._channels: dict[int, Channel] = dict(found.summary.channels) if found.summary else {}
        self.content = Content()
        self._foreign: set[str] = set()
        for message in self._scan(None, problems):
            self.content.take(Stream(message.topic, message.type_name), message.recorded_ns)
        for channel in self._channels.values():
            schema = self._schemas.get(channel.schema_id)
            if schema is not None and channel.topic not in self._foreign:
                self.content.counts.setdefault(Stream(channel.topic, schema.name), 0)
                self.content.definitions[schema.name] = _definition(schema)

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Messages in the order of the file; what is damaged was noted when it was opened."""
        return self._scan(topics, Problems())

    def close(self) -> None:
        """Nothing stays open between passes."""

    def _scan(self, topics: Collection[str] | None, problems: Problems) -> Iterator[RawMessage]:
        try:
            with self._path.open("rb") as file:
                for record in self._records(file, problems):
                    message = self._take(record, topics, problems)
                    if message is not None:
                        yield message
        except OSError as error:
            problems.note("damaged", f"{self._path.name}: {error.strerror or error}")

    def _records(self, file: BinaryIO, problems: Problems) -> Iterator[McapRecord]:
        """All records that are whole; after a damaged place the index, if there is one, says where to go on."""
        start: int | None = 8
        while start is not None:
            last = start
            try:
                for record in heads(file, self._walk.size, start):
                    last = record.offset
                    yield from self._content(file, record, problems)
                return
            except BagError as error:
                start = self._next_chunk(file, last)
                if start is None:
                    problems.note("cut", f"{self._path.name}: {error}")
                else:
                    problems.note("damaged", f"{self._path.name}, bytes {last} to {start}: {error}")

    def _next_chunk(self, file: BinaryIO, after: int) -> int | None:
        indexed = self._walk.summary.chunk_indexes if self._walk.summary is not None else []
        for offset in sorted(c.chunk_start_offset for c in indexed):
            if offset > after:
                file.seek(offset)
                if file.read(1) == bytes([Opcode.CHUNK]):
                    return offset
        return None

    def _content(self, file: BinaryIO, record: Record, problems: Problems) -> Iterator[McapRecord]:
        if record.opcode not in (Opcode.SCHEMA, Opcode.CHANNEL, Opcode.MESSAGE, Opcode.CHUNK):
            return
        file.seek(record.offset + HEAD)
        data = file.read(min(record.length, _LARGEST))
        if record.opcode == Opcode.CHUNK:
            yield from self._chunk(data, record.offset, problems)
            return
        stream = ReadDataStream(_WholeReads(data))
        try:
            if record.opcode == Opcode.SCHEMA:
                yield Schema.read(stream)
            elif record.opcode == Opcode.CHANNEL:
                yield Channel.read(stream)
            elif len(data) == record.length:
                yield Message.read(stream, record.length)
        except (McapError, struct.error, UnicodeDecodeError) as error:
            problems.note("damaged", f"{self._path.name}, byte {record.offset}: {error or 'cut'}")

    def _chunk(self, data: bytes, offset: int, problems: Problems) -> Iterator[McapRecord]:
        """The records of a chunk, as far as it can be unpacked."""
        try:
            chunk = Chunk.read(ReadDataStream(BytesIO(data)))
        except (McapError, struct.error, UnicodeDecodeError) as error:
            problems.note("damaged", f"{self._path.name}, chunk at byte {offset}: {error or 'its head is cut'}")
            return
        reason = ""
        try:
            stream, length = get_chunk_data_stream(chunk, validate_crc=True)
            content = stream.read(length)
            if length != chunk.uncompressed_size:
                reason = "it is cut"
        except Exception as error:  # each decompressor has errors of its own
            content, reason = _readable(chunk), str(error) or type(error).__name__
        if reason:
            problems.note("damaged", f"{self._path.name}, chunk at byte {offset}: {reason}")
        reader = StreamReader(_WholeReads(content), skip_magic=True, record_size_limit=_LARGEST)
        try:
            for record in reader.records:
                # In a chunk whose check failed, a message of a channel or a time that cannot be is a spoiled one.
                if not reason or not isinstance(record, Message) or self._plausible(record, chunk):
                    yield record
        except EndOfFile:
            return
        except Exception:  # spoiled bytes may look like any record, each with errors of its own
            if not reason:
                problems.note("damaged", f"{self._path.name}, chunk at byte {offset}: a record makes no sense")

    def _plausible(self, message: Message, chunk: Chunk) -> bool:
        known = message.channel_id in self._channels
        return known and chunk.message_start_time <= message.log_time <= chunk.message_end_time

    def _take(self, record: McapRecord, topics: Collection[str] | None, problems: Problems) -> RawMessage | None:
        if isinstance(record, Schema):
            self._schemas[record.id] = record
        elif isinstance(record, Channel):
            self._channels[record.id] = record
        elif isinstance(record, Message):
            channel = self._channels.get(record.channel_id)
            schema = self._schemas.get(channel.schema_id) if channel is not None else None
            if channel is None or schema is None:
                problems.note("message", f"{self._path.name}: what its topic is was lost")
            elif channel.message_encoding != "cdr":
                if channel.topic not in self._foreign:
                    problems.note("format", f"{channel.topic} is {channel.message_encoding}")
                self._foreign.add(channel.topic)
            elif topics is None or channel.topic in topics:
                return RawMessage(record.log_time, channel.topic, schema.name, record.data)
        return None


def _definition(schema: Schema) -> MessageDefinition:
    kind = _FORMATS.get(schema.encoding)
    return NO_DEFINITION if kind is None else MessageDefinition(kind, schema.data.decode(errors="replace"))


def _readable(chunk: Chunk) -> bytes:
    """As much of a chunk's content as can be unpacked."""
    if not chunk.compression:
        return bytes(chunk.data)
    found = bytearray()
    try:
        if chunk.compression == "lz4":
            unpacker = lz4.frame.LZ4FrameDecompressor()
            for at in range(0, len(chunk.data), _PIECE):
                found += unpacker.decompress(chunk.data[at : at + _PIECE])
        else:
            with zstandard.ZstdDecompressor().stream_reader(chunk.data) as stream:
                while piece := stream.read(_PIECE):
                    found += piece
    except (RuntimeError, EOFError, zstandard.ZstdError):
        pass  # the caller has the reason already and notes it; here the question is how far it went
    return bytes(found)
