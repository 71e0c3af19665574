"""Truth from KITTI-style label files, of objects (a file per picture) and of tracking (a file per recording).

Source: Geiger, Lenz, Urtasun, "Are we ready for autonomous driving? The KITTI vision benchmark suite", CVPR 2012,
and the readme of its development kits for the columns.  Boxes are left, top, right, bottom in pixels; the location
is the middle of the underside in the camera's frame (x right, y down, z ahead); alpha, the observation angle, is
our azimuth + pi/2 (`viewpoint`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import ByIndex, Truth, names_of
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.viewpoint import wrap

#: Columns of a row after `type`, without and with the score of a result file.
_VALUES = (14, 15)
#: Regions that nobody labelled.
_NOTHING = "dontcare"
#: Share that is seen by `occluded`: fully, partly, largely hidden, not known.
_VISIBLE = {0: 1.0, 1: 0.6, 2: 0.2, 3: 1.0}
#: Share that the border cuts off by `truncated` of tracking labels; those of objects give the share itself.
_CUT_OFF = {0: 0.0, 1: 0.25, 2: 0.75}
#: KITTI's mark for an angle that is not known.
_NO_ANGLE = -10.0
#: Rows that are named; all are counted.
_NAMED = 10


def kitti_truth(path: Path, bag: Path, *, only: bool) -> tuple[Truth, list[str]]:
    """Truth of a recording.

    A file is read as tracking labels.  In a folder, files named by number (`000000.txt`) are object labels of
    the pictures in order; or the folder holds a folder of such files, or a tracking file, named as the recording.

    Args:
        path: File or folder.
        bag: The recording.
        only: There is only one recording.

    Returns:
        The truth and sentences about rows that were left out.

    Raises:
        EvaluationError: If nothing belongs to the recording, or no row can be read.
    """
    if path.is_file():
        return _tracking(path)
    for name in names_of(bag):
        if (path / name).is_dir():
            return _objects(path / name)
        if (path / f"{name}.txt").is_file():
            return _tracking(path / f"{name}.txt")
    files = _numbered(path)
    if only and len(files) == 1 and _is_tracking(files[0]):
        return _tracking(files[0])
    if only and files:
        return _objects(path)
    several = "several recordings need one each, named as the recording" if not only else "no files like 000000.txt"
    names = " or ".join(f"'{name}'" for name in names_of(bag))
    msg = f"{path} holds no labels of {bag.name}: no folder or .txt named {names}, and {several}"
    raise EvaluationError(msg)


def _numbered(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.txt") if re.fullmatch(r"\d+", p.stem))


def _is_tracking(path: Path) -> bool:
    """Whether the first row begins with two numbers and a name."""
    first = next((line.split() for line in _lines(path) if line.split()), [])
    return len(first) > 2 and _number(first[0]) is not None and _number(first[2]) is None


def _objects(folder: Path) -> tuple[Truth, list[str]]:
    files = _numbered(folder)
    if not files:
        msg = f"{folder} holds no label files like 000000.txt"
        raise EvaluationError(msg)
    frames: dict[int, list[TruthObject]] = {}
    bad: list[str] = []
    rows = 0
    for path in files:
        if _is_tracking(path):
            msg = f"{path} holds tracking labels among those of objects; give the file itself"
            raise EvaluationError(msg)
        frames[int(path.stem)] = found = []
        for line, cells in _rows(path):
            rows += 1
            try:
                item = _object("", cells)
            except EvaluationError as error:
                bad.append(f"{path.name} line {line}: {error}")
                continue
            if item is not None:
                found.append(item)
    return ByIndex(frames), _told(folder, bad, rows)


def _tracking(path: Path) -> tuple[Truth, list[str]]:
    frames: dict[int, list[TruthObject]] = {}
    bad: list[str] = []
    rows = 0
    for line, cells in _rows(path):
        rows += 1
        try:
            if len(cells) < 3:
                msg = f"has {len(cells)} columns"
                raise EvaluationError(msg)
            frame, track = (_whole(name, text) for name, text in zip(("frame", "track"), cells, strict=False))
            item = _object(str(track), cells[2:])
        except EvaluationError as error:
            bad.append(f"{path.name} line {line}: {error}")
            continue
        found = frames.setdefault(frame, [])
        if item is not None:
            found.append(item)
    if not rows:
        msg = f"{path} has no rows"
        raise EvaluationError(msg)
    return ByIndex(frames, dense=True), _told(path, bad, rows)


def _told(path: Path, bad: list[str], rows: int) -> list[str]:
    """Sentences about bad rows.

    Raises:
        EvaluationError: If no row could be read.
    """
    if not bad:
        return []
    listed = "; ".join(bad[:_NAMED]) + ("; ..." if len(bad) > _NAMED else "")
    if len(bad) == rows:
        msg = f"none of the {rows} rows of {path} can be read: {listed}"
        raise EvaluationError(msg)
    return [f"{len(bad)} of {rows} rows of {path.name} can't be read and are skipped: {listed}"]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        msg = f"{path} cannot be read as text: {error}"
        raise EvaluationError(msg) from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line from 1 and cells of each row that is not empty."""
    for number, line in enumerate(_lines(path), 1):
        cells = line.split()
        if cells:
            yield number, cells


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(name: str, text: str) -> int:
    value = _number(text)
    if value is None or value != int(value):
        msg = f"{name} is '{text}', it must be a whole number"
        raise EvaluationError(msg)
    return int(value)


def _object(track: str, cells: list[str]) -> TruthObject | None:
    """One row from `type` on; None for regions that nobody labelled.

    Raises:
        EvaluationError: If it cannot be read.
    """
    category, texts = cells[0], cells[1:]
    if len(texts) not in _VALUES:
        msg = f"has {len(texts) + 1} columns from the type on, it must have 15 (or 16 with a score)"
        raise EvaluationError(msg)
    values = [_number(text) for text in texts]
    numbers = [value for value in values if value is not None]
    if len(numbers) != len(values):
        msg = f"'{texts[values.index(None)]}' is no number"
        raise EvaluationError(msg)
    if category.lower() == _NOTHING:
        return None
    truncated, occluded, alpha, left, top, right, bottom = numbers[:7]
    if right <= left or bottom <= top:
        msg = f"the box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) has no size"
        raise EvaluationError(msg)
    x, y, z, yaw = numbers[10:14]
    placed = z > 0
    height = numbers[7]
    cut = _CUT_OFF.get(int(truncated), 0.0) if track else min(1.0, max(0.0, truncated))  # -1: not known
    return TruthObject(
        id=track,
        category=category.lower(),
        box=Box(left, top, right - left, bottom - top),
        azimuth=_azimuth(alpha, yaw, x, z),
        position=(x, y - max(0.0, height) / 2, z) if placed else None,
        visible=_VISIBLE.get(int(occluded), 1.0) * (1.0 - cut),
    )


def _azimuth(alpha: float, yaw: float, x: float, z: float) -> float:
    """Viewpoint azimuth; NaN if neither the observation angle nor the yaw is known."""
    if alpha <= _NO_ANGLE:
        if yaw <= _NO_ANGLE or z <= 0:
            return math.nan
        alpha = yaw - math.atan2(x, z)
    return wrap(alpha - math.pi / 2)
