"""Writing a rosbag2 folder that is whole or not there."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer, WriterError

from pose_ssl_ros.bags.definitions import text_and_hash
from pose_ssl_ros.bags.errors import BagError

STORAGES = {"mcap": StoragePlugin.MCAP, "sqlite3": StoragePlugin.SQLITE3}
#: `chunk` is what rosbag2's `--storage-preset-profile zstd_fast` does: MCAP only, and still seekable.
COMPRESSIONS = {
    "none": CompressionMode.NONE,
    "file": CompressionMode.FILE,
    "message": CompressionMode.MESSAGE,
    "chunk": CompressionMode.STORAGE,
}
_NEVER = QosTime(0, 0)


def _qos(latched: bool) -> Qos:
    durability = QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE
    return Qos(
        QosHistory.KEEP_LAST, 10, QosReliability.RELIABLE, durability, _NEVER, _NEVER,
        QosLiveliness.AUTOMATIC, _NEVER, False,
    )  # fmt: skip


class BagWriter:
    """A rosbag2 folder, written beside its place under a temporary name and renamed by `close`.

    As a context manager it closes at the end and after Ctrl-C (the bag is shorter and whole); after any other
    error nothing is left behind.

    Args:
        path: The folder; must not exist yet, or be an empty folder.
        storage: `mcap` or `sqlite3`.
        compression: `none`, `file`, `message` or `chunk` (MCAP only), by zstd.
        notes: Kept as `custom_data` in metadata.yaml.
    """

    def __init__(
        self,
        path: Path,
        storage: str = "mcap",
        compression: str = "none",
        notes: Mapping[str, str] | None = None,
    ) -> None:
        """Open the temporary folder.

        Raises:
            BagError: If the options are not allowed, the folder is taken or cannot be made.
        """
        if storage not in STORAGES or compression not in COMPRESSIONS:
            msg = (
                f"a bag is stored as {' or '.join(STORAGES)} with compression {', '.join(COMPRESSIONS)}, "
                f"not as '{storage}' with '{compression}'"
            )
            raise BagError(msg)
        if compression == "chunk" and storage != "mcap":
            msg = "compression by chunk is MCAP's; take 'message' or 'file' for sqlite3"
            raise BagError(msg)
        self.path = Path(path).expanduser().absolute()
        self.count = 0
        self._connections: dict[tuple[str, str], Any] = {}
        self._room = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        self._writer: Writer | None = None
        try:
            taken = self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir()))
            if taken:
                msg = f"'{path}' is there already: give another name or remove it first"
                raise BagError(msg)
            shutil.rmtree(self._room, ignore_errors=True)
            self._room.mkdir(parents=True)
            # Inside, the bag has its final name already, because rosbag2 names the data file after the folder.
            writer = Writer(self._room / self.path.name, version=9, storage_plugin=STORAGES[storage])
            writer.set_compression(COMPRESSIONS[compression], CompressionFormat.ZSTD)
            for key, value in (notes or {}).items():
                writer.set_custom_data(key, value)
            writer.open()
        except (OSError, WriterError, sqlite3.Error) as error:
            self._discard()
            raise self._failure(error) from error
        self._writer = writer

    def add_topic(self, topic: str, type_name: str, latched: bool = False) -> None:
        """Declare a topic, also one on which nothing may come; a second time does nothing.

        Args:
            topic: Full name.
            type_name: Such as `nav_msgs/msg/Odometry`.
            latched: Offered as transient local, as /tf_static is, so that `ros2 bag play` latches it again.

        Raises:
            BagError: If the type is not known or the bag is closed.
        """
        if (topic, type_name) in self._connections:
            return
        try:
            text, digest = text_and_hash(type_name)
        except KeyError:
            msg = f"the definition of '{type_name}' is not known: '{topic}' cannot be written"
            raise BagError(msg) from None
        self._connections[(topic, type_name)] = self._open().add_connection(
            topic, type_name, msgdef=text, rihs01=digest, offered_qos_profiles=[_qos(latched)]
        )

    def write(self, topic: str, type_name: str, recorded_ns: int, cdr: bytes | memoryview) -> None:
        """Append a message; the topic is declared by its first one.

        Args:
            topic: Full name.
            type_name: Such as `nav_msgs/msg/Odometry`.
            recorded_ns: Time of recording in nanoseconds, 0 or later.
            cdr: Serialised message with its 4-byte header.

        Raises:
            BagError: If the type is not known, the bag is closed or the disk is full.
        """
        if recorded_ns < 0:
            msg = f"'{topic}': the time of recording {recorded_ns} is before 1970 and has no place in a bag"
            raise BagError(msg)
        connection = self._connections.get((topic, type_name))
        if connection is None:
            self.add_topic(topic, type_name, latched=topic.rsplit("/", 1)[-1] == "tf_static")
            connection = self._connections[(topic, type_name)]
        try:
            self._open().write(connection, recorded_ns, cdr)
        except (OSError, sqlite3.Error, WriterError) as error:
            raise self._failure(error) from error
        self.count += 1

    def _open(self) -> Writer:
        if self._writer is None:
            msg = f"'{self.path}' is closed"
            raise BagError(msg)
        return self._writer

    def close(self) -> Path:
        """Finish, flush to disk and rename; a second call does nothing.

        Raises:
            BagError: If the disk is full or the name was taken meanwhile; then nothing is left behind.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return self.path
        inner = self._room / self.path.name
        try:
            writer.close()
            for file in (*sorted(inner.iterdir()), inner):
                _flush(file)
            inner.replace(self.path)
            _flush(self.path.parent)
        except (OSError, sqlite3.Error, WriterError) as error:
            with contextlib.suppress(Exception):  # the first error is the one to tell
                writer.abort()
            raise self._failure(error) from error
        finally:
            self._discard()
        return self.path

    def abort(self) -> None:
        """Give up and leave nothing behind; does nothing once closed."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(Exception):  # whatever its files say, they are removed
                writer.abort()
            self._discard()

    def _discard(self) -> None:
        shutil.rmtree(self._room, ignore_errors=True)

    def _failure(self, error: Exception) -> BagError:
        reason = getattr(error, "strerror", None) or error
        return BagError(f"cannot write the bag '{self.path}': {reason}")

    def __enter__(self) -> BagWriter:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        """Close, or give up after an error that is not the user's Ctrl-C."""
        if kind is None or issubclass(kind, KeyboardInterrupt):
            self.close()
        else:
            self.abort()


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
