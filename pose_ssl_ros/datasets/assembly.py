"""From rows to a `Dataset`: names become numbers, instances are kept apart, and what is missing is inferred."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pose_ssl_ros.datasets.bad_rows import Say
from pose_ssl_ros.datasets.csv_table import Record
from pose_ssl_ros.datasets.dataset import DOMAINS, SPLITS, CropSource, Dataset, DatasetError
from pose_ssl_ros.datasets.table import CropRow

_NAMED = 5


def assemble(source: CropSource, row: np.ndarray, rows: Sequence[CropRow], name: Path) -> Dataset:
    """Build the arrays.

    Args:
        source: Pixels.
        row: (n,) index of each crop in the source.
        rows: n facts.
        name: The file, for the error.

    Raises:
        DatasetError: If an instance is in two splits.
    """
    _refuse_leaks(rows, name)
    categories = tuple(sorted({r.category for r in rows if r.category}))
    number = {category: index for index, category in enumerate(categories)}
    return Dataset(
        source=source,
        row=np.asarray(row, dtype=np.int64),
        categories=categories,
        category=np.array([number.get(r.category, -1) for r in rows], dtype=np.int64),
        instance=_numbered([(r.category, str(r.instance)) for r in rows]),
        split=np.array([SPLITS.index(r.split) for r in rows], dtype=np.int8),
        domain=np.array([DOMAINS.index(r.domain) for r in rows], dtype=np.int8),
        azimuth=np.array([r.azimuth for r in rows], dtype=np.float32),
        elevation=np.array([r.elevation for r in rows], dtype=np.float32),
        roll=np.array([r.roll for r in rows], dtype=np.float32),
        trajectory=_numbered([_trajectory(r) for r in rows]),
        step=np.array([r.step for r in rows], dtype=np.int64),
        bearing=np.array([r.bearing for r in rows], dtype=np.float32),
        motion=np.array([r.motion for r in rows], dtype=np.float32),
    )


def rows_of(records: Sequence[Record], path: Path, say: Say) -> list[CropRow]:
    """A CSV's rows with instance, split and domain filled in where they are empty; each inference is said.

    Raises:
        DatasetError: If only some rows have a split.
    """
    rows = _with_splits(_with_instances(records, path, say), path, say)
    rows = _with_domains(rows, path, say)
    views = Counter(_trajectory(row) for row in rows)
    single = {key for key, count in views.items() if key is not None and count == 1}
    if single:
        say(f"{path}: {len(single)} of {len(views) - (None in views)} sequences have one frame: no triplet from them")
        rows = [replace(row, trajectory=-1) if _trajectory(row) in single else row for row in rows]
    return rows


def split_of_instances(names: Sequence[str]) -> dict[str, str]:
    """Divide instances 60/20/20 in the order of the hash of their names.

    At least one of two goes to test and one of three to val; what a name gets does not depend on the order given.
    """
    ordered = sorted(set(names), key=lambda name: (hashlib.sha256(name.encode()).hexdigest(), name))
    count = len(ordered)
    test = max(1, round(0.2 * count)) if count > 1 else 0
    val = max(1, round(0.2 * count)) if count > 2 else 0
    return {name: "test" if i < test else "val" if i < test + val else "train" for i, name in enumerate(ordered)}


def _trajectory(row: CropRow) -> tuple[str, str, str] | None:
    """What tells a trajectory from all others; None if the crop has none."""
    if row.trajectory in (-1, ""):
        return None
    return row.category, str(row.instance), str(row.trajectory)


def _numbered(keys: Sequence[Hashable]) -> np.ndarray:
    """(n,) int64: numbers of the keys in the order in which they are first met; -1 for None."""
    numbers: dict[Hashable, int] = {}
    return np.array([-1 if key is None else numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)


def _refuse_leaks(rows: Sequence[CropRow], name: Path) -> None:
    splits: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        splits.setdefault((row.category, str(row.instance)), set()).add(row.split)
    leaks = sorted(key for key, found in splits.items() if len(found) > 1)
    if leaks:
        named = "; ".join(
            f"{category} {instance}".strip()
            + f" in {' and '.join(s for s in SPLITS if s in splits[category, instance])}"
            for category, instance in leaks[:_NAMED]
        )
        more = f"; and {len(leaks) - _NAMED} more" if len(leaks) > _NAMED else ""
        msg = f"{name}: {len(leaks)} instances are in more than one split, so tests would know them: {named}{more}"
        raise DatasetError(msg)


def _with_instances(records: Sequence[Record], path: Path, say: Say) -> list[CropRow]:
    rows, unnamed = [], 0
    for r in records:
        instance = r.instance
        if not instance:
            unnamed += 1
            instance = f"sequence {r.sequence}" if r.sequence else f"line {r.line}"
        rows.append(
            CropRow(
                category=r.category,
                instance=instance,
                split=r.split,
                domain=r.domain,
                azimuth=r.azimuth,
                elevation=r.elevation,
                roll=r.roll,
                trajectory=r.sequence or -1,
                step=r.frame,
                bearing=r.bearing,
                motion=r.motion,
            )
        )
    if unnamed:
        say(f"{path}: {unnamed} rows have no instance: their sequence counts as one, without a sequence the row does")
    return rows


def _with_splits(rows: list[CropRow], path: Path, say: Say) -> list[CropRow]:
    empty = sum(not row.split for row in rows)
    if not empty:
        return rows
    if empty < len(rows):
        msg = f"{path}: {empty} of {len(rows)} rows have no split; fill the column for all rows or for none"
        raise DatasetError(msg)
    named: dict[str, list[str]] = {}
    for row in rows:
        named.setdefault(row.category, []).append(str(row.instance))
    splits = {category: split_of_instances(instances) for category, instances in named.items()}
    rows = [replace(row, split=splits[row.category][str(row.instance)]) for row in rows]
    counts = Counter(split for of in splits.values() for split in of.values())
    said = ", ".join(f"{counts[split]} {split}" for split in SPLITS)
    say(f"{path} has no split: instances of each category are divided 60/20/20 by the hash of their name ({said})")
    return rows


def _with_domains(rows: list[CropRow], path: Path, say: Say) -> list[CropRow]:
    taught = {row.category for row in rows if row.split == "train"}
    unseen = sorted({row.category for row in rows if row.category and not row.domain} - taught)
    if unseen:
        say(f"{path}: no row to train on of {', '.join(unseen)}: domain unseen_category")
    new = set(unseen)
    filled = ("unseen_category" if row.category in new else "in_domain" for row in rows)
    return [row if row.domain else replace(row, domain=domain) for row, domain in zip(rows, filled, strict=True)]
