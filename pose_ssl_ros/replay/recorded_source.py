"""A rosbag as a source of triplets: read and answered as in a replay, without any model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.engine import Replayer
from pose_ssl_ros.replay.progress import Progress
from pose_ssl_ros.replay.results import FrameResult

#: Bytes at both ends of a file that its fingerprint reads: hours of video are not hashed whole.
_ENDS = 1 << 20


class RecordedSource:
    """A recording for `triplet_store`.

    Args:
        path: Of the bag.
        opener: Opens it (`bags.reading.open_recording` with the topics bound).
        config: Parameters of the nodes.
        choice: Words that stand for the topics asked for; others mean other triplets.
    """

    def __init__(self, path: Path, opener: Callable[[], Any], config: ReplayConfig, choice: str = "") -> None:
        self.name = path.name
        self.fingerprint = fingerprint(path, choice)
        self.damaged = False
        self.progress = Progress()
        self._opener, self._config = opener, config
        self._problems: list[str] = []

    def results(self) -> Iterator[FrameResult]:
        """Each answered frame; a bag that cannot be opened gives none and is named in `problems`."""
        self._problems, self.damaged = [], False
        try:
            with self._opener() as recording, Replayer(self._config) as replayer:
                self.progress = replayer.progress
                self.progress.total_s = max(0.0, recording.info.seconds)
                for _, result in replayer.run(recording.events()):
                    yield result
                found = [problem.words for problem in recording.problems]
                self.damaged = bool(found) or replayer.damaged
                self._problems = [*found, *replayer.skipped()]
        except BagError as error:
            self.damaged = True
            self._problems.append(str(error))

    def problems(self) -> list[str]:
        """What was left out and why."""
        return list(self._problems)


def fingerprint(path: Path, choice: str = "") -> str:
    """SHA-256 over names, sizes and both ends of a bag's files.

    Args:
        path: A file or a folder of files.
        choice: Is part of it.

    Raises:
        BagError: If a file cannot be read.
    """
    digest = hashlib.sha256(choice.encode())
    files = sorted(item for item in path.rglob("*") if item.is_file()) if path.is_dir() else [path]
    try:
        for file in files:
            size = file.stat().st_size
            digest.update(f"\0{file.name}\0{size}\0".encode())
            with file.open("rb") as stream:
                digest.update(stream.read(_ENDS))
                if size > 2 * _ENDS:
                    stream.seek(-_ENDS, 2)
                digest.update(stream.read())
    except OSError as error:
        msg = f"'{path}' cannot be read: {error.strerror or error}"
        raise BagError(msg) from error
    return digest.hexdigest()
