"""Truth from the CSV table of docs/datasets.md: `sequence` names the recording, `frame` its picture.

`frame` is the picture's number on its topic from 0, or its stamp in nanoseconds.  Which of the two holds for a
whole recording: numbers from a thousand million on are stamps, no recording has so many pictures.
"""

from __future__ import annotations

from pathlib import Path

from pose_ssl_ros.datasets.bad_rows import BadRows
from pose_ssl_ros.datasets.csv_table import Record, parse
from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import ByIndex, ByStamp, Truth, names_of

#: From here on a frame is a stamp.
FIRST_STAMP = 10**9


def table_truth(path: Path, bag: Path, *, only: bool) -> tuple[Truth, list[str]]:
    """Truth of a recording from a table.

    Rows without box are left out: where the object is must be known to tell which answer is meant.

    Args:
        path: The CSV.
        bag: The recording; rows belong to it whose `sequence` is its name.
        only: There is only one recording: a table with no or one single sequence belongs to it whatever its name.

    Returns:
        The truth and sentences about rows that were left out.

    Raises:
        EvaluationError: If the table cannot be read, more than 1 % of its rows are bad, or no row belongs to the
            recording; the sequences there are listed.
    """
    said: list[str] = []
    bad = BadRows(path)
    try:
        records, total = parse(path, path.read_bytes(), bad, said.append, of_recording=True)
        for record in records:
            if record.box is None:
                bad.add(record.line, "has no box")
        bad.refuse(total)
    except (DatasetError, OSError) as error:
        raise EvaluationError(str(error)) from error
    bad.tell(total, said.append)
    rows = [r for r in records if r.box is not None]
    mine = [r for r in rows if r.sequence in names_of(bag)]
    sequences = sorted({r.sequence for r in rows})
    if not mine and only and len(sequences) == 1:
        mine = rows
    if not mine:
        listed = ", ".join(f"'{name}'" for name in sequences[:10]) + (", ..." if len(sequences) > 10 else "")
        hint = f"the sequences there are {listed}; one must be named as the recording"
        msg = f"{path} has no rows of '{bag.name}': {hint}"
        raise EvaluationError(msg)
    frames: dict[int, list[TruthObject]] = {}
    for record in mine:
        frames.setdefault(record.frame, []).append(_object(record))
    stamps = max(frames) >= FIRST_STAMP
    return (ByStamp(frames) if stamps else ByIndex(frames)), said


def _object(record: Record) -> TruthObject:
    assert record.box is not None  # rows without were left out
    return TruthObject(
        # Instances are unique within their category.
        id=f"{record.category} {record.instance}".strip() if record.instance else "",
        category=record.category,
        box=record.box,
        azimuth=record.azimuth,
    )
