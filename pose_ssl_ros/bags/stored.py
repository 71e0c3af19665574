"""The records between the data files of a bag and the recording that they make up."""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

NO_DEFINITION = MessageDefinition(MessageDefinitionFormat.NONE, "")


class RawMessage(NamedTuple):
    """A message as it was recorded."""

    recorded_ns: int
    topic: str
    type_name: str  # such as nav_msgs/msg/Odometry
    cdr: bytes  # with its 4-byte header


def header_stamp(raw: RawMessage) -> int:
    """Stamp in nanoseconds of a message that begins with a header, without reading the rest; -1 if it is too short."""
    if len(raw.cdr) < 12:
        return -1
    seconds, nanoseconds = struct.unpack_from("<iI" if raw.cdr[1] & 1 else ">iI", raw.cdr, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


class Stream(NamedTuple):
    """A topic with its type: in a bag, a topic may have several types."""

    topic: str
    type_name: str


@dataclass
class Content:
    """What a data file holds."""

    counts: dict[Stream, int] = field(default_factory=dict)
    definitions: dict[str, MessageDefinition] = field(default_factory=dict)  # by type
    start_ns: int | None = None  # of the earliest and the latest message
    end_ns: int | None = None

    def take(self, stream: Stream, recorded_ns: int) -> None:
        """Count a message."""
        self.counts[stream] = self.counts.get(stream, 0) + 1
        self.start_ns = recorded_ns if self.start_ns is None else min(self.start_ns, recorded_ns)
        self.end_ns = recorded_ns if self.end_ns is None else max(self.end_ns, recorded_ns)


class Storage(Protocol):
    """An opened data file."""

    content: Content

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Messages of these topics (None: all), each time from the beginning; what cannot be read is noted."""

    def close(self) -> None:
        """Let go of the file."""
