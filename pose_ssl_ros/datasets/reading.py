"""Read a dataset: a folder that `writing` made, or a CSV that lists objects in any images.

Example:
    >>> dataset = load(Path("cars.csv"))                # doctest: +SKIP
    >>> dataset.part("train", "in_domain").crops([0])   # doctest: +SKIP
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from pose_ssl_ros.datasets.assembly import assemble, rows_of
from pose_ssl_ros.datasets.bad_rows import BadRows, Say, to_stderr
from pose_ssl_ros.datasets.cropping import crops_of
from pose_ssl_ros.datasets.csv_table import parse
from pose_ssl_ros.datasets.dataset import Dataset, DatasetError
from pose_ssl_ros.datasets.files import sha256_of
from pose_ssl_ros.datasets.shards import Shard, ShardSource
from pose_ssl_ros.datasets.table import COLUMNS, FORMAT, MANIFEST, TABLE, CropRow, row_of


def load(path: Path, *, size: int = 64, cache: Path | None = None, say: Say = to_stderr) -> Dataset:
    """Read a dataset.

    Args:
        path: Folder with a manifest, or a CSV (see docs/datasets.md).
        size: Side of the crops that are cut from a CSV's images; a folder has its own.
        cache: Where the crops of a CSV are kept between runs; None keeps them in memory.
        say: Told what is skipped and what is inferred; stderr by default.

    Raises:
        DatasetError: If it cannot be read, more than 1 % of its rows are bad, or an instance is in two splits.
    """
    path = Path(path)
    if path.is_dir():
        return _load_folder(path, say)
    if path.name in (MANIFEST, TABLE) and (path.parent / MANIFEST).is_file():
        return _load_folder(path.parent, say)
    try:
        data = path.read_bytes()
    except OSError as error:
        msg = f"the dataset {path} cannot be read: {error.strerror or error}"
        raise DatasetError(msg) from error
    bad = BadRows(path)
    records, total = parse(path, data, bad, say)
    bad.refuse(total)
    # Before images are decoded, which may take long: whatever the table alone tells to be wrong.
    assemble(ShardSource(path.parent, (), size), np.arange(len(records)), rows_of(records, path, _silent), path)
    records, source = crops_of(records, path, data, size, cache, bad, say)
    bad.refuse(total)
    bad.tell(total, say)
    return assemble(source, np.arange(len(records)), rows_of(records, path, say), path)


def _silent(_: str) -> None:
    pass


def _load_folder(folder: Path, say: Say) -> Dataset:
    manifest = _manifest(folder)
    try:
        shards = [Shard(s["name"], int(s["crops"]), int(s["bytes"]), str(s["sha256"])) for s in manifest["shards"]]
        size, crops, table = int(manifest["size"]), int(manifest["crops"]), str(manifest["table"]["sha256"])
    except (KeyError, TypeError, ValueError) as error:
        msg = f"{folder / MANIFEST} is damaged: {error!r}"
        raise DatasetError(msg) from error
    if any(Path(shard.name).name != shard.name for shard in shards) or crops != sum(s.crops for s in shards):
        msg = f"{folder / MANIFEST} is damaged: its shards don't hold {crops} crops"
        raise DatasetError(msg)
    source = ShardSource(folder, shards, size)
    if sha256_of(folder / TABLE) != table:
        msg = f"{folder / TABLE} is damaged or was changed: its hash is not the one in {MANIFEST}"
        raise DatasetError(msg)
    bad = BadRows(folder / TABLE)
    row, rows, total = _table(folder / TABLE, [shard.crops for shard in shards], bad)
    if total == 0:
        msg = f"{folder / TABLE} has no rows"
        raise DatasetError(msg)
    bad.refuse(total)
    bad.tell(total, say)
    return assemble(source, np.array(row, dtype=np.int64), rows, folder / TABLE)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        begun = any(folder.glob("crops_*.npy"))
        why = "its writing was not finished; run the same command again" if begun else f"there is no {MANIFEST}"
        msg = f"{folder} is no dataset: {why}"
        raise DatasetError(msg)
    try:
        manifest = json.loads(path.read_bytes())
        found = manifest["format"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"{path} is damaged: {error!r}"
        raise DatasetError(msg) from error
    if found != FORMAT:
        msg = f"{path} has format {found}, this version reads {FORMAT}"
        raise DatasetError(msg)
    return dict(manifest)


def _table(path: Path, counts: list[int], bad: BadRows) -> tuple[list[int], list[CropRow], int]:
    """Index into the source and facts of every row that can be read, and how many rows there are."""
    starts = np.concatenate([[0], np.cumsum(counts)]).tolist()
    taken: set[int] = set()
    index: list[int] = []
    rows: list[CropRow] = []
    total = 0
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if tuple(header) != COLUMNS:
                msg = f"{path} has the columns {','.join(header)}; they must be {','.join(COLUMNS)}"
                raise DatasetError(msg)
            for cells in reader:
                total += 1
                try:
                    at = _position(cells, counts, starts)
                    facts = row_of(cells[2:])
                except DatasetError as error:
                    bad.add(reader.line_num, str(error))
                    continue
                if at in taken:
                    bad.add(reader.line_num, f"crop {cells[1]} of shard {cells[0]} has a row already")
                    continue
                taken.add(at)
                index.append(at)
                rows.append(facts)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        msg = f"{path} cannot be read: {error}"
        raise DatasetError(msg) from error
    return index, rows, total


def _position(cells: list[str], counts: list[int], starts: list[int]) -> int:
    try:
        shard, index = int(cells[0]), int(cells[1])
    except (ValueError, IndexError) as error:
        msg = f"shard and index are {cells[:2]}, not two whole numbers"
        raise DatasetError(msg) from error
    if not 0 <= shard < len(counts) or not 0 <= index < counts[shard]:
        msg = f"there is no crop {index} in shard {shard}"
        raise DatasetError(msg)
    return int(starts[shard]) + index
