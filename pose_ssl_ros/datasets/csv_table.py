"""A person's CSV: one row per object in an image, angles in degrees, unknown cells empty."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pose_ssl_ros.datasets.bad_rows import BadRows, Say
from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, DatasetError
from pose_ssl_ros.interfaces import Box

#: Columns that must be there, in any order.
REQUIRED = (
    "path", "x", "y", "w", "h", "category", "instance", "azimuth_deg", "elevation_deg", "sequence", "frame", "split",
)  # fmt: skip
#: Columns that may be there.
OPTIONAL = ("domain", "bearing_deg", "motion_deg", "roll_deg")
#: Greatest number of a frame, and greatest stamp where frames may be stamps.
_GREATEST_FRAME, _GREATEST_STAMP = 2**53, 2**63 - 1


@dataclass(frozen=True)
class Record:
    """One row that can be read, as written; angles in radians, NaN if not known.

    Attributes:
        line: Line of the CSV, the header is 1.
        path: Image, relative to the CSV's folder.
        box: The object in the image, pixels; None for the whole image.
        category, instance, sequence, split, domain: Empty if not known.
        frame: Position within the sequence; 0 without one.
        azimuth, elevation, roll, bearing, motion: As in `Dataset`.
    """

    line: int
    path: str
    box: Box | None
    category: str
    instance: str
    sequence: str
    frame: int
    split: str
    domain: str
    azimuth: float
    elevation: float
    roll: float
    bearing: float
    motion: float


def parse(path: Path, data: bytes, bad: BadRows, say: Say, *, of_recording: bool = False) -> tuple[list[Record], int]:
    """Read the text of a CSV.

    Args:
        path: For the sentences.
        data: Its bytes, UTF-8.
        bad: Takes the rows that cannot be read.
        say: Told about columns that are not used.
        of_recording: The rows speak of a recording's pictures: `path` may be empty, `frame` may be a stamp in
            nanoseconds, and the same box may come in many frames.

    Returns:
        The rows that can be read, and how many rows there are.

    Raises:
        DatasetError: If it is not a CSV in UTF-8, a column is missing (named), or there is no row.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{path} is not UTF-8 text (byte {error.start}); save it as 'CSV UTF-8'"
        raise DatasetError(msg) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = _rows(path, reader)
    header = [name.strip().lower() for name in next(rows, (0, 0, []))[2]]
    _check_header(path, header, say)
    records, total = [], 0
    seen: dict[tuple[object, ...], int] = {}
    for first, last, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        total += 1 + last - first
        if last > first:
            for line in range(first, last + 1):
                bad.add(line, f"lies within a quoted cell that begins on line {first} and goes over several lines")
            continue
        if len(cells) != len(header):
            bad.add(first, f"has {len(cells)} cells, the header has {len(header)}")
            continue
        try:
            row = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
            record = _record(first, row, of_recording=of_recording)
        except DatasetError as error:
            bad.add(first, str(error))
            continue
        twin = _first_of_twins(record, seen, pictures=not of_recording)
        if twin:
            bad.add(first, twin)
        else:
            records.append(record)
    if total == 0:
        msg = f"{path} has no rows"
        raise DatasetError(msg)
    return records, total


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, int, list[str]]]:
    """First line, last line and cells of each row."""
    before = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            msg = f"{path} is no CSV: line {before + 1}: {error} (a quote that is never closed?)"
            raise DatasetError(msg) from error
        line: int = reader.line_num  # type: ignore[attr-defined]
        yield before + 1, line, cells
        before = line


def _check_header(path: Path, header: list[str], say: Say) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        hint = ""
        if len(header) == 1 and any(mark in header[0] for mark in ";\t"):
            hint = " (it is not separated by commas)"
        msg = f"{path} lacks the columns {', '.join(missing)}{hint}; the header must be {','.join(REQUIRED)}"
        raise DatasetError(msg)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        msg = f"{path} has the columns {', '.join(twice)} twice"
        raise DatasetError(msg)
    unused = [name for name in header if name not in REQUIRED + OPTIONAL]
    if unused:
        say(f"{path}: the columns {', '.join(map(repr, unused))} are not used; optional are {', '.join(OPTIONAL)}")


def _record(line: int, cell: dict[str, str], *, of_recording: bool = False) -> Record:
    if not cell["path"] and not of_recording:
        msg = "path is empty"
        raise DatasetError(msg)
    _one_of("split", cell["split"], SPLITS)
    _one_of("domain", cell.get("domain", ""), DOMAINS)
    frame = _frame(cell["frame"], _GREATEST_STAMP if of_recording else _GREATEST_FRAME)
    if cell["sequence"] and frame is None:
        msg = f"it belongs to the sequence '{cell['sequence']}' but has no frame number"
        raise DatasetError(msg)
    if of_recording and frame is None:
        msg = "it has no frame: the picture's number or its stamp in nanoseconds"
        raise DatasetError(msg)
    return Record(
        line=line,
        path=cell["path"],
        box=_box(cell),
        category=cell["category"],
        instance=cell["instance"],
        sequence=cell["sequence"],
        frame=frame or 0,
        split=cell["split"],
        domain=cell.get("domain", ""),
        azimuth=_angle("azimuth_deg", cell, 360.0),
        elevation=_angle("elevation_deg", cell, 90.0),
        roll=_angle("roll_deg", cell, 360.0),
        bearing=_angle("bearing_deg", cell, math.inf),
        motion=_angle("motion_deg", cell, 360.0),
    )


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> None:
    if text and text not in allowed:
        msg = f"{name} is '{text}', it must be {', '.join(allowed)} or empty"
        raise DatasetError(msg)


def _number(name: str, text: str) -> float:
    """The number in a cell, NaN if the cell is empty."""
    if not text:
        return math.nan
    try:
        value = float(text)
    except ValueError as error:
        msg = f"{name} is '{text}', it must be a number or empty"
        raise DatasetError(msg) from error
    if not math.isfinite(value):
        msg = f"{name} is '{text}', it must be a finite number or empty"
        raise DatasetError(msg)
    return value


def _frame(text: str, greatest: int) -> int | None:
    """The whole number in a cell, exact for stamps too; None if the cell is empty."""
    try:
        frame = int(text)
    except ValueError:
        value = _number("frame", text)
        if math.isnan(value):
            return None
        frame = int(value) if value == int(value) else greatest + 1
    if abs(frame) > greatest:
        msg = f"frame is '{text}', it must be a whole number"
        raise DatasetError(msg)
    return frame


def _box(cell: dict[str, str]) -> Box | None:
    x, y, w, h = (_number(name, cell[name]) for name in "xywh")
    empty = [name for name in "xywh" if not cell[name]]
    if len(empty) == 4:
        return None
    if empty:
        msg = f"the box has no {', '.join(empty)}; give all of x, y, w, h or none"
        raise DatasetError(msg)
    if w <= 0 or h <= 0:
        msg = f"the box is {w:g} wide and {h:g} high, both must be positive"
        raise DatasetError(msg)
    return Box(x, y, w, h)


def _angle(name: str, cell: dict[str, str], limit: float) -> float:
    """Radians within (-pi, pi] of a cell in degrees within -limit..limit."""
    degrees = _number(name, cell.get(name, ""))
    if abs(degrees) > limit:
        msg = f"{name} is {degrees:g}, it must be from {-limit:g} to {limit:g}"
        raise DatasetError(msg)
    return math.radians(-((180.0 - degrees) % 360.0 - 180.0))


def _first_of_twins(record: Record, seen: dict[tuple[object, ...], int], *, pictures: bool) -> str:
    """Why a row cannot stand beside an earlier one, empty if it can."""
    crop = ("crop", record.path, record.box)
    if pictures and crop in seen:
        return f"the same image and box as line {seen[crop]}"
    view = ("view", record.category, record.instance, record.sequence, record.frame)
    if record.sequence and view in seen:
        return f"frame {record.frame} of the sequence '{record.sequence}' is on line {seen[view]} already"
    seen[crop] = record.line
    if record.sequence:
        seen[view] = record.line
    return ""
