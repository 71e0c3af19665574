"""Files that exist wholly or not at all, and their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pose_ssl_ros.datasets.dataset import DatasetError


class HashingWriter:
    """A file to write to that hashes and counts what passes."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.bytes = 0

    def write(self, data: Any) -> int:
        """Write bytes."""
        self._file.write(data)
        self._hash.update(data)
        self.bytes += len(data)
        return len(data)

    @property
    def sha256(self) -> str:
        """Hash of all that was written, in hex."""
        return self._hash.hexdigest()


def write_atomic(path: Path, fill: Callable[[HashingWriter], None]) -> HashingWriter:
    """Write a file so that after a crash either the old or the new content is there.

    Args:
        path: The file; its folder is made.
        fill: Writes the content; processes may write the same file at once, the last one stays.

    Returns:
        Size and hash of what was written.

    Raises:
        DatasetError: If the disk is full or the folder cannot be written; an old file is untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            writer = HashingWriter(file)
            fill(writer)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise DatasetError(msg) from error
    finally:
        # A half-written file must not keep a full disk full; after `replace` there is none.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return writer


def write_bytes(path: Path, data: bytes) -> HashingWriter:
    """`write_atomic` of bytes that are at hand."""

    def fill(file: HashingWriter) -> None:
        file.write(data)

    return write_atomic(path, fill)


def sha256_of(path: Path) -> str:
    """Hash of a file in hex, read in pieces.

    Raises:
        DatasetError: If it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    return digest.hexdigest()
