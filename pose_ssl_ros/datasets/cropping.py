"""Crops of a CSV's rows: images decoded once, kept in memory or in a cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from pose_ssl_ros.datasets.bad_rows import BadRows, Say
from pose_ssl_ros.datasets.csv_table import Record
from pose_ssl_ros.datasets.dataset import CropSource, DatasetError
from pose_ssl_ros.datasets.files import HashingWriter, write_atomic, write_bytes
from pose_ssl_ros.datasets.pictures import read_picture
from pose_ssl_ros.datasets.shards import ArraySource, Shard, ShardSource
from pose_ssl_ros.datasets.table import shard_name
from pose_ssl_ros.interfaces import Box
from pose_ssl_ros.perception.crops import CropError, cut

#: Version of how crops are cut; part of the cache's key.
_CUTTING = 1
_INDEX = "index.json"
_BLOCK = 4096
_REPORT_EVERY = 5.0  # seconds


def crops_of(
    records: Sequence[Record], csv: Path, data: bytes, size: int, cache: Path | None, bad: BadRows, say: Say
) -> tuple[list[Record], CropSource]:
    """Decode and cut all rows.

    Args:
        records: Rows; paths relative to the CSV's folder.
        csv: The CSV.
        data: Its bytes, for the cache's key.
        size: Side of the crops.
        cache: Folder in which crops are kept between runs; None keeps them in memory.
        bad: Takes the rows whose image or box cannot be used.
        say: Told how far it is when it takes long.

    Returns:
        The rows whose crop is there, and the source in which the crop of the k-th of them is row k.

    Raises:
        DatasetError: If the cache cannot be written.
    """
    if cache is None:
        blocks = [crops for crops, _ in _blocks(records, csv.parent, size, bad, say)]
        source: CropSource = ArraySource(np.concatenate(blocks) if blocks else np.empty((0, size, size, 3), np.uint8))
    else:
        folder = cache / _key(records, csv.parent, data, size)
        held = _cached(folder, size, bad)
        source = held if held is not None else _fill(folder, records, csv.parent, size, bad, say)
    return [record for record in records if record.line not in bad.reasons], source


def cut_object(rgb: np.ndarray, box: Box | None, size: int) -> np.ndarray:
    """The crop (size, size, 3) of a box as robots cut it; without a border if the box is the whole image.

    Raises:
        CropError: If the box lies outside the image.
    """
    height, width = rgb.shape[:2]
    whole = Box(0.0, 0.0, float(width), float(height))
    if box is None or box == whole:
        return cut(rgb, whole, size, margin=0.0)
    return cut(rgb, box, size)


def _cut_group(path: Path, group: Sequence[Record], size: int) -> list[tuple[int, np.ndarray | str]]:
    """Line and crop, or reason, of all rows of one image."""
    try:
        rgb = read_picture(path)
    except DatasetError as error:
        return [(record.line, str(error)) for record in group]
    found: list[tuple[int, np.ndarray | str]] = []
    for record in group:
        try:
            found.append((record.line, cut_object(rgb, record.box, size)))
        except CropError as error:
            found.append((record.line, str(error)))
    return found


def _blocks(
    records: Sequence[Record], folder: Path, size: int, bad: BadRows, say: Say
) -> Iterator[tuple[np.ndarray, int]]:
    """Crops (n, S, S, 3) of each block of rows, in order and without bad rows, and how many rows are done."""
    begin = told = time.monotonic()
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for start in range(0, len(records), _BLOCK):
            block = records[start : start + _BLOCK]
            groups: dict[str, list[Record]] = {}
            for record in block:
                groups.setdefault(record.path, []).append(record)
            crops: dict[int, np.ndarray] = {}
            seen = start
            for result in pool.map(lambda item: _cut_group(folder / item[0], item[1], size), groups.items()):
                for line, crop in result:
                    if isinstance(crop, str):
                        bad.add(line, crop)
                    else:
                        crops[line] = crop
                seen += len(result)
                now = time.monotonic()
                if now - told > _REPORT_EVERY:
                    told, rate = now, seen / (now - begin)
                    left = (len(records) - seen) / rate
                    say(f"  {seen} of {len(records)} crops cut, {rate:.0f} a second, {left:.0f} s left")
            if crops:
                yield np.stack([crops[r.line] for r in block if r.line in crops]), seen


def _key(records: Sequence[Record], folder: Path, data: bytes, size: int) -> str:
    """Name of the cache folder: changes with the CSV, any image file, the size and the way of cutting."""
    digest = hashlib.sha256(data)
    digest.update(f"{_CUTTING} {size} {folder.resolve()}".encode())
    for path in sorted({record.path for record in records}):
        try:
            facts = (folder / path).stat()
        except OSError:
            digest.update(f"{path} missing".encode())
        else:
            digest.update(f"{path} {facts.st_size} {facts.st_mtime_ns}".encode())
    return digest.hexdigest()[:32]


def _cached(folder: Path, size: int, bad: BadRows) -> ShardSource | None:
    """What an earlier run kept, with its bad rows; None if nothing or damaged."""
    try:
        index = json.loads((folder / _INDEX).read_bytes())
        source = ShardSource(folder, [Shard(**shard) for shard in index["shards"]], size)
        reasons = {int(line): str(reason) for line, reason in index["bad"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # DatasetError is a ValueError
        return None  # cut again
    for line, reason in reasons.items():
        bad.add(line, reason)
    return source


def _fill(folder: Path, records: Sequence[Record], images: Path, size: int, bad: BadRows, say: Say) -> ShardSource:
    shards = []
    before = set(bad.reasons)
    for number, (crops, _) in enumerate(_blocks(records, images, size, bad, say)):

        def fill(file: HashingWriter, crops: np.ndarray = crops) -> None:
            np.lib.format.write_array(file, crops, version=(1, 0), allow_pickle=False)

        done = write_atomic(folder / shard_name(number), fill)
        shards.append(Shard(shard_name(number), len(crops), done.bytes, done.sha256))
    reasons = {line: reason for line, reason in bad.reasons.items() if line not in before}
    index = {"shards": [vars(shard) for shard in shards], "bad": reasons}
    write_bytes(folder / _INDEX, json.dumps(index).encode())
    return ShardSource(folder, shards, size)
