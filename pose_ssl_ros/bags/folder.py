"""Which data files make up a bag: a rosbag2 folder with or without its metadata.yaml, a bare file, several of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
import zstandard

from pose_ssl_ros.bags.data_file import MCAP, SQLITE
from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.perception.sources import natural_key

ZSTD_SUFFIXES = (".zstd", ".zst")
_PIECE = 1 << 20


@dataclass
class Files:
    """The data files of a recording in their order, and what metadata.yaml says of them."""

    paths: list[Path]
    distribution: str = ""
    stated: int | None = None  # messages
    folder: Path | None = None


def storage_of(path: Path) -> str:
    """`.mcap` or `.db3` for a data file, packed or not; empty for another file."""
    suffixes = path.suffixes[-2:]
    if suffixes and suffixes[-1] in ZSTD_SUFFIXES:
        suffixes = suffixes[:-1]
    return suffixes[-1] if suffixes and suffixes[-1] in (MCAP, SQLITE) else ""


def find(path: Path | Sequence[Path], problems: Problems) -> Files:
    """The data files behind a name.

    Raises:
        BagError: If there is nothing, or nothing that is a bag.
    """
    if not isinstance(path, (str, Path)):
        parts = [find(item, problems) for item in path]
        if not parts:
            msg = "no bag is given"
            raise BagError(msg)
        counts = [part.stated for part in parts]
        stated = None if None in counts else sum(count for count in counts if count is not None)
        return Files([file for part in parts for file in part.paths], parts[0].distribution, stated, parts[0].folder)
    path = Path(path).expanduser()
    if not path.exists():
        msg = f"there is no bag '{path}'"
        raise BagError(msg)
    if path.is_dir():
        return _folder(path, problems)
    if path.name == "metadata.yaml":
        return _folder(path.parent, problems)
    if path.suffix == ".bag":
        msg = f"'{path}' is a ROS 1 bag; convert it first: rosbags-convert --src {path} --dst {path.stem}"
        raise BagError(msg)
    if not storage_of(path):
        msg = f"'{path}' is no bag: a folder with metadata.yaml, a .mcap or a .db3 file is one"
        raise BagError(msg)
    return Files([path])


def _folder(path: Path, problems: Problems) -> Files:
    present = sorted((file for file in path.iterdir() if file.is_file() and storage_of(file)), key=natural_key)
    metadata = _metadata(path, problems)
    if metadata is None:
        if not present:
            msg = f"'{path}' holds neither metadata.yaml nor a .mcap or .db3 file"
            raise BagError(msg)
        return Files(present, folder=path)
    listed = [path / Path(str(name)).name for name in metadata.get("relative_file_paths") or []]
    for file in listed:
        if not file.is_file():
            problems.note("file", f"{file.name} is named in metadata.yaml but is not there")
    unlisted = [file for file in present if file not in listed]
    if listed and unlisted:
        names = ", ".join(file.name for file in unlisted[:3])
        problems.note("metadata", f"it does not name {names}, which is read too", len(unlisted))
    # By number, for a recorder that was killed lists only the files that it had closed.
    files = [file for file in listed if file.is_file()]
    files = sorted({*files, *unlisted}, key=natural_key) if unlisted else files
    if not files:
        msg = f"'{path}' has a metadata.yaml but none of its data files"
        raise BagError(msg)
    stated = metadata.get("message_count")
    return Files(
        files,
        distribution=str(metadata.get("ros_distro") or ""),
        stated=stated if isinstance(stated, int) else None,
        folder=path,
    )


def _metadata(path: Path, problems: Problems) -> dict[str, Any] | None:
    """Content of metadata.yaml, None where it is missing or makes no sense."""
    file = path / "metadata.yaml"
    if not file.is_file():
        problems.note("metadata", "it is missing; the data files were found by their names")
        return None
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        found = content["rosbag2_bagfile_information"]
        if isinstance(found, dict):
            return found
        reason = "it holds no bag"
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, KeyError) as error:
        reason = str(error).split("\n")[0] or type(error).__name__
    problems.note("metadata", f"it cannot be read: {reason}")
    return None


class Unpacker:
    """Unpacks data files that are compressed as a whole into a temporary folder."""

    def __init__(self) -> None:
        """Make no folder before it is needed."""
        self._room: tempfile.TemporaryDirectory[str] | None = None

    def __call__(self, path: Path, problems: Problems) -> Path:
        """A file that can be read directly; as much of it as can be unpacked.

        Raises:
            BagError: If nothing can be unpacked, or there is no room for it.
        """
        if path.suffix not in ZSTD_SUFFIXES:
            return path
        if self._room is None:
            self._room = tempfile.TemporaryDirectory(prefix="pose_ssl_bag_")
        target = Path(self._room.name) / path.stem
        done = 0
        reason = ""
        try:
            with path.open("rb") as packed, target.open("wb") as out:
                reader = zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True)
                try:
                    while piece := reader.read(_PIECE):
                        done += out.write(piece)
                except zstandard.ZstdError as error:
                    reason = str(error)
        except OSError as error:
            msg = f"'{path.name}' cannot be unpacked to {target.parent}: {error.strerror or error}"
            raise BagError(msg) from error
        if not done:
            msg = f"'{path.name}' cannot be unpacked: {reason or 'it is empty'}"
            raise BagError(msg)
        if reason:
            problems.note("damaged", f"{path.name} cannot be unpacked beyond {done} bytes: {reason}")
        return target

    def close(self) -> None:
        """Remove what was unpacked."""
        if self._room is not None:
            self._room.cleanup()
            self._room = None
