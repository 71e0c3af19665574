"""Writes a benchmark: `benchmark.json`, `benchmark.md`, `benchmark.html` and the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pose_ssl_ros.benchmark import differences, panels, planes, plots, tables
from pose_ssl_ros.benchmark.cache import write
from pose_ssl_ros.benchmark.illustration import Illustration
from pose_ssl_ros.benchmark.page import Picture, html_page, markdown_page
from pose_ssl_ros.benchmark.rows import Row
from pose_ssl_ros.benchmark.table import Table
from pose_ssl_ros.datasets.dataset import Dataset

TITLE = "Pose benchmark"


def write_report(
    out: Path, rows: Sequence[Row], lines: Sequence[str], dataset: Dataset, held: Mapping[str, Illustration]
) -> list[Table]:
    """Write all files.

    Args:
        out: Folder.
        rows: Of the benchmark.
        lines: What was run, and what a reader must know.
        dataset: For the crops in the panels.
        held: Method to what its pictures are made of.

    Returns:
        The tables, the summary first.

    Raises:
        BenchmarkError: If the disk is full or the folder cannot be written.
        DatasetError: If a crop cannot be read.
    """
    write(out / "benchmark.json", json.dumps(list(rows), indent=1, allow_nan=False) + "\n")
    found = all_tables(rows)
    pictures = [*charts(rows), *crops(dataset, held)]
    for picture in pictures:
        write(out / "plots" / picture.file, picture.data)
    write(out / "benchmark.md", markdown_page(TITLE, lines, found, pictures))
    write(out / "benchmark.html", html_page(TITLE, lines, found, pictures))
    return found


def all_tables(rows: Sequence[Row]) -> list[Table]:
    """Every table that has something in it."""
    found = [tables.summary(rows), differences.differences(rows)]
    found += [differences.toward_away(rows, name) for name in ("ours", "base")]
    found += [tables.semantic(rows), tables.layers(rows), *tables.absolute(rows), *tables.relative(rows)]
    found += [*tables.few_shot(rows), tables.calibration(rows)]
    return [table for table in found if table is not None]


def charts(rows: Sequence[Row]) -> list[Picture]:
    """The pictures that are made from rows alone."""
    share, degrees = "per cent of test crops", "degrees"
    drawn = [
        ("absolute_within_30.png", "Absolute pose within 30°, kNN on the middle map",
         lambda t: plots.bars(rows, t, "absolute_pose", "middle", "knn.within_30", share)),
        ("absolute_axis_flip.png", "Absolute pose within 30°, axis-then-flip probe on the middle map",
         lambda t: plots.bars(rows, t, "absolute_pose", "middle", "axis_flip.within_30", share)),
        ("toward_away.png", "Toward or away (the right class of four), axis-then-flip probe on the middle map",
         lambda t: plots.bars(rows, t, "absolute_pose", "middle", "axis_flip.toward_away", share)),
        ("flip_errors.png", "Flip errors (axis right, front and back exchanged), axis-then-flip probe, middle map",
         lambda t: plots.bars(rows, t, "absolute_pose", "middle", "axis_flip.flip_errors", share)),
        ("median_error.png", "Median error of the azimuth, axis-then-flip probe on the middle map",
         lambda t: plots.bars(rows, t, "absolute_pose", "middle", "axis_flip.median_error_deg", degrees)),
        ("relative_within_30.png", "Relative pose within 30°, pair probe on the middle map",
         lambda t: plots.bars(rows, t, "relative_pose", "middle", "pair.within_30", "per cent of pairs")),
        ("own_head.png", "Azimuth within 30° by the method's own head, no labelled crop",
         lambda t: plots.bars(rows, t, "absolute_pose", "head", "head.within_30", share)),
        ("semantic.png", "Semantic accuracy, kNN on the last feature",
         lambda t: plots.bars(rows, t, "semantic", "last", "knn.accuracy", share)),
        ("layers_absolute.png", "Absolute pose: last against middle layer, kNN",
         lambda t: plots.layers(rows, "absolute_pose", "knn.within_30", t)),
        ("layers_relative.png", "Relative pose: last against middle layer, pair probe",
         lambda t: plots.layers(rows, "relative_pose", "pair.within_30", t)),
        ("few_shot_toward_away.png", "Few labels: toward or away, axis-then-flip probe on the middle map",
         lambda t: plots.few_shot(rows, "axis_flip", "toward_away", t, "right in per cent")),
        ("few_shot_within_30.png", "Few labels: azimuth within 30°, axis-then-flip probe on the middle map",
         lambda t: plots.few_shot(rows, "axis_flip", "within_30", t, "within 30° in per cent")),
        ("few_shot_semantic.png", "Few labels: category, linear probe on the last feature",
         lambda t: plots.few_shot(rows, "linear", "accuracy", t, "right in per cent")),
    ]  # fmt: skip
    made = [(file, title, draw(title)) for file, title, draw in drawn]
    return [Picture(file, title, data) for file, title, data in made if data is not None]


def crops(dataset: Dataset, held: Mapping[str, Illustration]) -> list[Picture]:
    """Panels and projections."""
    found = []
    # Those that are compared most come first; the others have a panel of their own.
    first = [name for name in ("ours", "base", "vicreg+traj", "vicreg", "supervised-azimuth", "random") if name in held]
    order = {name: held[name] for name in (*first, *(name for name in held if name not in first))}
    if len(held) > 1:
        for domain in dict.fromkeys(d for one in held.values() for d in one.queries):
            data = panels.compared(dataset, domain, order)
            if data is not None:
                title = f"Neighbours of the same crops under each method: {tables.DOMAIN_NAMES[domain]}"
                found.append(Picture(f"neighbours_{domain}.png", title, data))
    for name, one in held.items():
        if one.queries:
            found.append(
                Picture(f"neighbours_{_file(name)}.png", f"Neighbours: {name}", panels.by_method(dataset, name, one))
            )
    for name, one in held.items():
        if len(one.projected) > 1:
            found.append(Picture(f"plane_{_file(name)}.png", f"On a plane: {name}", planes.draw(dataset, name, one)))
    return found


def _file(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "_" for c in name)
