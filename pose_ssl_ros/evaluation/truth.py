"""Where the truth of a recording comes from: a topic, label files, a table, or nowhere.

Every source answers the same question, `at(stamp, index)`: which objects were in this picture?
`None` means that nobody labelled the picture, an empty list that it was labelled and is empty.
"""

from __future__ import annotations

import bisect
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.records import TruthObject

#: Truth this far from the stamp of a picture still belongs to it, nanoseconds (a table that rounds its stamps).
REACH_NS = 10_000_000
#: Frames of a topic that are kept; truth comes beside its picture, so few are needed.
KEPT = 1000


class Truth(Protocol):
    """What was there in each picture of one recording."""

    def at(self, stamp_ns: int, index: int) -> list[TruthObject] | None:
        """True objects of a picture.

        Args:
            stamp_ns: Its stamp.
            index: Its number on its topic, from 0.

        Returns:
            None if the picture is not labelled.
        """


class NoTruth:
    """Nobody knows."""

    def at(self, stamp_ns: int, index: int) -> list[TruthObject] | None:
        """None, always."""
        return None


class ByStamp:
    """Truth by the stamp of the picture, in memory; the nearest within `reach_ns` answers.

    Args:
        frames: True objects by stamp in nanoseconds.
        reach_ns: Greatest distance between the stamps.
    """

    def __init__(self, frames: dict[int, list[TruthObject]], reach_ns: int = REACH_NS) -> None:
        self._frames = frames
        self._stamps = sorted(frames)
        self._reach = reach_ns

    def __len__(self) -> int:
        return len(self._frames)

    def at(self, stamp_ns: int, index: int) -> list[TruthObject] | None:
        """True objects of a picture, or None."""
        place = bisect.bisect_left(self._stamps, stamp_ns)
        near = self._stamps[max(0, place - 1) : place + 1]
        best = min(near, key=lambda stamp: abs(stamp - stamp_ns), default=None)
        return self._frames[best] if best is not None and abs(best - stamp_ns) <= self._reach else None


class ByIndex:
    """Truth by the number of the picture.

    Args:
        frames: True objects by number.
        dense: Whether pictures between the first and the last labelled one that are not listed are empty.
    """

    def __init__(self, frames: dict[int, list[TruthObject]], *, dense: bool = False) -> None:
        self._frames = frames
        self._range = range(min(frames), max(frames) + 1) if dense and frames else range(0)

    def __len__(self) -> int:
        return len(self._frames)

    def at(self, stamp_ns: int, index: int) -> list[TruthObject] | None:
        """True objects of a picture, or None."""
        return self._frames.get(index, [] if index in self._range else None)


class TopicTruth:
    """Truth that comes in messages while the recording is read; only the last `KEPT` frames are remembered."""

    def __init__(self, reach_ns: int = REACH_NS) -> None:
        self._frames: OrderedDict[int, list[TruthObject]] = OrderedDict()
        self._reach = reach_ns
        self.frames = 0

    def add(self, stamp_ns: int, objects: list[TruthObject]) -> None:
        """Take one message in."""
        self.frames += 1
        self._frames[stamp_ns] = objects
        self._frames.move_to_end(stamp_ns)
        while len(self._frames) > KEPT:
            self._frames.popitem(last=False)

    def has(self, stamp_ns: int) -> bool:
        """Whether truth with exactly this stamp has come."""
        return stamp_ns in self._frames

    def at(self, stamp_ns: int, index: int) -> list[TruthObject] | None:
        """True objects of a picture, or None."""
        found = self._frames.get(stamp_ns)
        if found is not None:
            return found
        best = min(self._frames, key=lambda stamp: abs(stamp - stamp_ns), default=None)
        return self._frames[best] if best is not None and abs(best - stamp_ns) <= self._reach else None


def is_file_truth(text: str) -> bool:
    """Whether what a person gave as truth means files and not a topic."""
    path = Path(text)
    return path.suffix.lower() in (".csv", ".txt") or path.exists()


def truth_of_files(path: Path, bag: Path, *, only: bool) -> tuple[Truth, list[str]]:
    """Truth of one recording from a CSV table, a KITTI label file or a folder of them.

    Args:
        path: What the person gave.
        bag: The recording; its name picks the sequence or file.
        only: There is only one recording, so a table without names or a file of another name belongs to it.

    Returns:
        The truth and sentences about what was left out.

    Raises:
        EvaluationError: If there is no such file, or it cannot be read, or nothing in it belongs to the recording.
    """
    from pose_ssl_ros.evaluation.truth_kitti import kitti_truth
    from pose_ssl_ros.evaluation.truth_table import table_truth

    if not path.exists():
        msg = f"there is no truth file '{path}' (a topic's name begins with '/')"
        raise EvaluationError(msg)
    if path.suffix.lower() == ".csv":
        return table_truth(path, bag, only=only)
    return kitti_truth(path, bag, only=only)


def names_of(bag: Path) -> tuple[str, ...]:
    """Names by which label files may mean a recording: its folder's or file's, with and without suffix."""
    path = bag.resolve()
    return tuple(dict.fromkeys((path.name, path.stem, path.name.split(".")[0])))
