"""Rows of the page's tables: cells with what is shown, what is sorted by, and how it sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.evaluation.drive_report.catalogue import (
    BY_PATH,
    GROUPS,
    MAIN,
    MAIN_WITHOUT_TRUTH,
    SHARE,
    Known,
    change,
    figure,
    interval,
    number,
    say,
)
from pose_ssl_ros.evaluation.drive_report.material import Material, Model
from pose_ssl_ros.evaluation.metrics import confusion, toward_or_away
from pose_ssl_ros.evaluation.records import MISSED, UNKNOWN_INDEX
from pose_ssl_ros.viewpoint import HEADINGS, HEADINGS_AND_UNKNOWN

#: Identities that get a column of their own in the confusion of identities, and objects listed.
MOST_IDENTITIES, MOST_OBJECTS = 10, 60


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    shown: str
    key: float | str | None = None  # what is sorted by; None comes last
    note: str = ""  # smaller, below
    tone: str = ""  # good, bad
    share: float | None = None  # 0..1, colours the cell


@dataclass(frozen=True)
class Table:
    """A table that sorts by click."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    groups: tuple[str, ...] = ()  # by row, "" for none
    class_: str = ""


def _known_cell(model: Model, other: Model | None, known: Known) -> Cell:
    found = figure(model.metrics, known.path)
    if found.value is None:
        return Cell("–", None, found.reason)
    note = interval(found, known.unit)
    tone = ""
    step = change(found, figure(other.metrics, known.path), known) if other is not None else None
    if step is not None:
        note = f"{note} · {step.words}" if note else step.words
        tone = step.tone if step.tone != "so" else ""
    return Cell(say(found.value, known.unit), found.value, note, tone)


def models_table(material: Material) -> Table:
    """One row for each model; the small print is the interval, and for all but the reference the difference to it."""
    paths = MAIN if material.models[0].metrics.get("ground_truth") else MAIN_WITHOUT_TRUTH
    known = [BY_PATH[path] for path in paths]
    known = [k for k in known if any(figure(m.metrics, k.path).value is not None for m in material.models)]
    reference = material.models[1] if len(material.models) > 1 else None
    rows = []
    for place, model in enumerate(material.models):
        name = "judged here" if place == 0 else "compared with" if model is reference else ""
        cells = [_known_cell(model, None if model is reference else reference, k) for k in known]
        rows.append((Cell(model.name, model.name.lower(), name), *cells))
    return Table(("model", *(k.short or k.words for k in known)), tuple(rows), class_="cards")


def figures_table(material: Material) -> Table:
    """Every figure with its interval, one column for each model, and the difference between the first two."""
    models = material.models[:4]
    heads = ["figure", *(m.name for m in models)]
    if len(models) > 1:
        heads.append("difference")
    rows, groups = [], []
    for name, group in GROUPS:
        for known in group:
            found = [figure(m.metrics, known.path) for m in models]
            if all(f.value is None and f.reason in ("", "not measured") for f in found):
                continue
            cells = [Cell(known.words, known.words)]
            for item in found:
                parts = [interval(item, known.unit), f"n {item.n:,}" if item.n and item.value is not None else ""]
                note = " · ".join(filter(None, parts)) if item.value is not None else item.reason
                cells.append(Cell(say(item.value, known.unit), item.value, note))
            if len(models) > 1:
                step = change(found[0], found[1], known)
                tone = step.tone if step and step.tone != "so" else ""
                key = None if step is None else (found[0].value or 0.0) - (found[1].value or 0.0)
                cells.append(Cell(step.words if step else "–", key, "", tone))
            rows.append(tuple(cells))
            groups.append(name)
    return Table(tuple(heads), tuple(rows), tuple(groups))


def heading_confusion(model: Model) -> Table | None:
    """True heading by answer; None without truth."""
    given = (model.metrics.get("heading") or {}).get("confusion") or {}
    counts = given.get("counts")
    if counts is None:
        rows = model.answers.rows
        rows = rows[np.isfinite(rows["truth_azimuth"]) & (rows["answer"] != MISSED)]
        counts = confusion(rows["truth_azimuth"], rows["answer"]).tolist() if len(rows) else [[0] * 5] * 4
    if not np.sum(counts):
        return None
    return _matrix(counts, given.get("truth") or HEADINGS, given.get("answer") or HEADINGS_AND_UNKNOWN)


def identity_confusion(model: Model) -> Table | None:
    """True category by identity that was given, commonest first; None without either."""
    rows = model.answers.rows
    rows = rows[(rows["category"] >= 0) & (rows["answer"] != MISSED)]
    if not len(rows) or not np.any(rows["identity"] >= 0):
        return None
    columns = rows["identity"].astype(int)
    common = [int(i) for i in np.argsort(-np.bincount(columns[columns >= 0]), kind="stable")[:MOST_IDENTITIES]]
    common = [i for i in common if np.any(columns == i)]
    names = [model.answers.identities[i] for i in common]
    more = bool(np.any((columns >= 0) & ~np.isin(columns, common)))
    categories = sorted(set(rows["category"].tolist()), key=lambda c: -int((rows["category"] == c).sum()))
    counts = []
    for category in categories:
        mine = columns[rows["category"] == category]
        line = [int((mine == i).sum()) for i in common]
        counts.append(
            line + ([len(mine) - sum(line) - int((mine < 0).sum())] if more else []) + [int((mine < 0).sum())]
        )
    heads = names + (["others"] if more else []) + ["none"]
    if not any(line[-1] for line in counts):
        counts, heads = [line[:-1] for line in counts], heads[:-1]
    return _matrix(counts, [model.answers.categories[c] for c in categories], heads)


def _matrix(counts: Sequence[Sequence[int]], truth: Sequence[str], answer: Sequence[str]) -> Table:
    rows = []
    for name, line in zip(truth, counts, strict=True):
        total = sum(line)
        cells = [Cell(name, name, f"{total:,}")]
        for count in line:
            share = count / total if total else None
            cells.append(Cell(say(share, SHARE), share, f"{count:,}", share=share))
        rows.append(tuple(cells))
    return Table(("true", *answer), tuple(rows), class_="matrix")


def category_table(model: Model) -> Table | None:
    """Toward/away by true category; None without categories."""
    given = (model.metrics.get("heading") or {}).get("by_category") or {}
    rows = []
    for name, part in given.items():
        if not part.get("n"):
            continue
        cells = [Cell(name or "not named", (name or "").lower()), Cell(f"{part['n']:,}", float(part["n"]))]
        for key in ("toward_away_accuracy", "reversed_rate", "four_way_accuracy", "unknown_rate"):
            found = figure(part, key)
            cells.append(Cell(say(found.value, SHARE), found.value, interval(found, SHARE)))
        rows.append(tuple(cells))
    heads = ("category", "sightings", "toward/away", "reversed", "four-way", "unknown")
    return Table(heads, tuple(sorted(rows, key=lambda r: -float(r[1].key or 0))), class_="cards") if rows else None


def object_table(model: Model) -> Table | None:
    """True objects, those with the most wrong answers first; None without truth."""
    rows = model.answers.rows
    rows = rows[(rows["object"] >= 0) & np.isfinite(rows["truth_azimuth"])]
    if not len(rows):
        return None
    lines = []
    for number_ in np.unique(rows["object"]):
        mine = rows[rows["object"] == number_]
        two = toward_or_away(mine["truth_azimuth"])
        asked = (two >= 0) & (mine["answer"] != MISSED)
        right = int((mine["answer"] == two)[asked].sum())
        accuracy = right / int(asked.sum()) if asked.any() else None
        unknown = float(np.mean(mine["answer"] == UNKNOWN_INDEX))
        missed = float(np.mean(mine["answer"] == MISSED))
        place = int(mine["category"][0])
        category = model.answers.categories[place] if place >= 0 else ""
        name = model.answers.objects[int(number_)]
        lines.append(
            (
                int(asked.sum()) - right,
                (
                    Cell(name, name.lower(), category),
                    Cell(f"{len(mine):,}", float(len(mine))),
                    Cell(say(accuracy, SHARE), accuracy),
                    Cell(say(unknown, SHARE), unknown),
                    Cell(say(missed, SHARE), missed),
                ),
            )
        )
    lines.sort(key=lambda line: -line[0])
    return Table(
        ("bag/object", "frames", "toward/away", "unknown", "not seen"), tuple(c for _, c in lines[:MOST_OBJECTS])
    )


def tiles(material: Material) -> list[tuple[str, Cell, float | None, tuple[float | None, float | None], float]]:
    """The foremost figures: words, cell, value, interval, and the end of the scale."""
    model = material.models[0]
    reference = material.models[1] if len(material.models) > 1 else None
    paths = (
        MAIN[:5] + MAIN[6:9]
        if figure(model.metrics, MAIN[0]).value is not None
        else ("answers.unknown_rate", "teacher.agreement", "stability.flips_per_track_minute", "latency_ms.p95")
    )
    found = []
    for path in paths:
        known = BY_PATH[path]
        item = figure(model.metrics, path)
        if item.value is None:
            continue
        top = {"share": 1.0, "deg": 180.0}.get(known.unit, max(1.0, 1.2 * (item.high or item.value)))
        cell = _known_cell(model, reference, known)
        found.append((known.words, cell, number(item.value), (item.low, item.high), top))
    return found
