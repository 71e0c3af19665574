"""A sound data file, read by rosbags in the order of its index."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import cast

from rosbags.interfaces import ConnectionExtRosbag2, MessageDefinitionFormat
from rosbags.rosbag2 import Reader

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.stored import Content, RawMessage, Stream


class Indexed:
    """One .mcap or .db3 file by rosbags.

    Args:
        path: The file.
        problems: Takes what is left out.
    """

    def __init__(self, path: Path, problems: Problems) -> None:
        """Open it.

        Raises:
            BagError: If rosbags refuses it.
        """
        self._path = path
        self.content = Content()
        try:
            self._reader = Reader(path)
            self._reader.open()
        except Exception as error:  # rosbags lets errors of SQLite, struct and assert through beside its own
            msg = f"'{path.name}' cannot be read: {error}"
            raise BagError(msg) from error
        self._connections = []
        for connection in self._reader.connections:
            encoding = cast("ConnectionExtRosbag2", connection.ext).serialization_format
            if encoding != "cdr":
                problems.note("format", f"{connection.topic} is {encoding}")
                continue
            self._connections.append(connection)
            stream = Stream(connection.topic, connection.msgtype)
            self.content.counts[stream] = self.content.counts.get(stream, 0) + connection.msgcount
            if connection.msgdef.format != MessageDefinitionFormat.NONE:
                self.content.definitions[connection.msgtype] = connection.msgdef
        if self._reader.message_count:
            self.content.start_ns, self.content.end_ns = self._reader.start_time, self._reader.end_time - 1

    def messages(self, topics: Collection[str] | None = None) -> Iterator[RawMessage]:
        """Messages by time of recording.

        Raises:
            BagError: If the content turns out to be damaged.
        """
        wanted = [c for c in self._connections if topics is None or c.topic in topics]
        if not wanted:
            return
        messages = self._reader.messages(connections=wanted)
        while True:
            try:
                connection, moment, data = next(messages)
            except StopIteration:
                return
            except Exception as error:  # as above: a damaged chunk shows as whatever its decoder raises
                msg = f"{self._path.name}: {error}"
                raise BagError(msg) from error
            yield RawMessage(moment, connection.topic, connection.msgtype, data)

    def close(self) -> None:
        """Close the file."""
        if self._reader.is_open:
            self._reader.close()
