"""The tables of a benchmark, made from its rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pose_ssl_ros.benchmark.measures import DOMAINS
from pose_ssl_ros.benchmark.rows import Row
from pose_ssl_ros.benchmark.table import Table

DOMAIN_NAMES = {
    "in_domain": "in domain",
    "unseen_pose": "unseen poses",
    "unseen_category": "unseen categories",
    "unseen_category_transfer": "unseen categories, probe too",
}
FIGURE_NAMES = {
    "accuracy": "accuracy",
    "within_30": "within 30°",
    "median_error_deg": "median error",
    "toward_away": "toward/away",
    "front_back": "front/back",
    "flip_errors": "flip errors",
    "axis_errors": "axis errors",
    "four_way": "four-way",
    "unknown": "unknown",
    "ece": "calibration error",
}
#: Figures of which less is better.
LOW_IS_GOOD = ("median_error_deg", "flip_errors", "axis_errors", "unknown", "ece")
EMPTY = "–"
ABSOLUTE_PROBES = ("knn", "linear", "axis_flip")
SHOTS = ("few_shot_1", "few_shot_5", "few_shot_20")


@dataclass(frozen=True)
class Column:
    """One column: a heading and where in the rows its numbers are."""

    heading: str
    layer: str
    task: str
    domain: str
    metric: str


class Index:
    """Rows by what they measure."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows = {(r["method"], r["layer"], r["task"], r["domain"], r["metric"]): r for r in rows}
        self.methods = list(dict.fromkeys(key[0] for key in self._rows))

    def get(self, method: str, column: Column) -> Row | None:
        """The row of a method in a column; None if it was not measured."""
        return self._rows.get((method, column.layer, column.task, column.domain, column.metric))

    def metrics(self, task: str) -> set[tuple[str, str, str]]:
        """(layer, domain, metric) that any method has for a task."""
        return {(key[1], key[3], key[4]) for key in self._rows if key[2] == task}


def figure_of(metric: str) -> str:
    """`within_30` of `knn.within_30`."""
    return metric.rpartition(".")[2]


def number(row: Row, signed: bool = False) -> str:
    """Mean ± deviation: shares in per cent, errors in degrees; one seed goes without deviation."""
    degrees = row["metric"].endswith("_deg")
    scale, unit = (1.0, "°") if degrees else (100.0, "")
    mean = f"{scale * row['mean']:+.1f}" if signed else f"{scale * row['mean']:.1f}"
    return mean + unit + (f" ± {scale * row['std']:.1f}" if row["seeds"] > 1 else "")


def by_method(title: str, note: str, rows: Sequence[Row], columns: Sequence[Column]) -> Table | None:
    """One line per method; the best of each column bold; None if nothing was measured."""
    index = Index(rows)
    columns = [c for c in columns if any(index.get(m, c) for m in index.methods)]
    methods = [m for m in index.methods if any(index.get(m, c) for c in columns)]
    if not columns or not methods:
        return None
    best = {c: _best([index.get(m, c) for m in methods], c.metric) for c in columns}
    body = []
    for method in methods:
        cells = [method]
        for column in columns:
            row = index.get(method, column)
            text = EMPTY if row is None else number(row)
            cells.append(f"**{text}**" if row is not None and row is best[column] and len(methods) > 1 else text)
        body.append(cells)
    return Table(title, note, ["method", *(c.heading for c in columns)], body)


def _best(rows: Sequence[Row | None], metric: str) -> Row | None:
    there = [row for row in rows if row is not None]
    choose = min if figure_of(metric) in LOW_IS_GOOD else max
    return choose(there, key=lambda row: row["mean"]) if there else None


def summary(rows: Sequence[Row]) -> Table | None:
    """What the paper's tables show, on one line per method."""
    columns = [Column("semantic, last", "last", "semantic", "in_domain", "knn.accuracy")]
    for domain in DOMAINS[:3]:
        columns.append(
            Column(f"pose, {DOMAIN_NAMES[domain]}", "middle", "absolute_pose", domain, "knn.within_30"),
        )
    for domain in DOMAINS[:3]:
        columns.append(Column(f"relative, {DOMAIN_NAMES[domain]}", "middle", "relative_pose", domain, "pair.within_30"))
    note = (
        "Per cent, mean ± deviation between seeds; the best of a column is bold. Semantic: kNN on the last feature. "
        "Pose: kNN on the middle map, azimuth within 30°. Relative: turn between two views, within 30°, middle map."
    )
    return by_method("Summary", note, rows, columns)


def absolute(rows: Sequence[Row]) -> list[Table]:
    """Absolute pose, a table for each layer, probe and domain set that was measured."""
    present = Index(rows).metrics("absolute_pose")
    tables = []
    figures = ("within_30", "median_error_deg", "toward_away", "front_back", "flip_errors")
    for layer in ("middle", "last", "head"):
        for probe in (*ABSOLUTE_PROBES, "head"):
            columns = [
                Column(f"{DOMAIN_NAMES[d]}: {FIGURE_NAMES[f]}", layer, "absolute_pose", d, f"{probe}.{f}")
                for d in DOMAINS
                for f in figures
                if (layer, d, f"{probe}.{f}") in present
            ]
            title = f"Absolute pose: {_probe_name(probe)}, {_layer_name(layer)}"
            table = by_method(title, _ABSOLUTE_NOTE, rows, columns)
            if table is not None:
                tables.append(table)
    return tables


_ABSOLUTE_NOTE = (
    "Shares in per cent, median error in degrees. Toward/away: of objects within 45° of either, how many are put "
    "into the right class of four; front/back: into the right half. Flip errors: share whose axis is within 30° while "
    "the azimuth is more than 90° off."
)


def _probe_name(probe: str) -> str:
    names = {"knn": "kNN probe", "linear": "linear probe", "axis_flip": "axis-then-flip probe", "head": "own head"}
    return names.get(probe, probe)


def _layer_name(layer: str) -> str:
    return {"middle": "middle map", "last": "last feature", "head": "no labels at all"}.get(layer, layer)


def layers(rows: Sequence[Row]) -> Table | None:
    """Middle less last layer in points, per domain."""
    index = Index(rows)
    header, body = ["method"], []
    columns = [
        (f"{name}, {DOMAIN_NAMES[domain]}", task, domain, metric)
        for name, task, metric in (
            ("absolute", "absolute_pose", "knn.within_30"),
            ("relative", "relative_pose", "pair.within_30"),
        )
        for domain in DOMAINS[:3]
    ]
    columns.append(("semantic", "semantic", "in_domain", "knn.accuracy"))
    for method in index.methods:
        cells = [method]
        for _, task, domain, metric in columns:
            middle = index.get(method, Column("", "middle", task, domain, metric))
            last = index.get(method, Column("", "last", task, domain, metric))
            cells.append(EMPTY if middle is None or last is None else f"{100 * (middle['mean'] - last['mean']):+.1f}")
        if any(cell != EMPTY for cell in cells[1:]):
            body.append(cells)
    header += [name for name, *_ in columns]
    if not body:
        return None
    note = (
        "Points that reading the middle map gives over the last feature (kNN; relative pose by the pair probe). "
        "The paper reports +9 in domain, +20 on unseen poses, +11 on unseen categories."
    )
    return Table("Middle against last layer", note, header, body)


def relative(rows: Sequence[Row]) -> list[Table]:
    """Relative pose per layer."""
    tables = []
    for layer in ("middle", "last"):
        columns = [
            Column(f"{DOMAIN_NAMES[d]}: {FIGURE_NAMES[f]}", layer, "relative_pose", d, f"pair.{f}")
            for d in DOMAINS
            for f in ("within_30", "median_error_deg")
        ]
        note = "The turn between two views of one object, by the pair probe."
        table = by_method(f"Relative pose: {_layer_name(layer)}", note, rows, columns)
        if table is not None:
            tables.append(table)
    return tables


def semantic(rows: Sequence[Row]) -> Table | None:
    """Identity by both probes on both layers."""
    columns = [
        Column(f"{DOMAIN_NAMES[d]}: {probe}, {layer}", layer, "semantic", d, f"{probe}.accuracy")
        for d in DOMAINS[:3]
        for layer in ("last", "middle")
        for probe in ("knn", "linear")
    ]
    return by_method("Semantic accuracy", "Categories named right, per cent, on instances never seen.", rows, columns)


def few_shot(rows: Sequence[Row]) -> list[Table]:
    """1, 5 and 20 labelled instances per category, a table per probe and figure."""
    tables = []
    present = {key for shot in SHOTS for key in Index(rows).metrics(shot)}
    for probe in (*ABSOLUTE_PROBES, "pair"):
        for figure in ("toward_away", "within_30", "accuracy"):
            columns = [
                Column(f"{DOMAIN_NAMES[d]}, {shot.rpartition('_')[2]} ({layer})", layer, shot, d, f"{probe}.{figure}")
                for layer in ("middle", "last")
                for d in DOMAINS
                for shot in SHOTS
                if (layer, d, f"{probe}.{figure}") in present
            ]
            title = f"Few-shot: {FIGURE_NAMES[figure]}, {_probe_name(probe)}"
            table = by_method(title, "By labelled instances per category, per cent.", rows, columns)
            if table is not None:
                tables.append(table)
    return tables


def calibration(rows: Sequence[Row]) -> Table | None:
    """How far to trust a heading: share of unknown answers and calibration error."""
    columns = [
        Column(f"{DOMAIN_NAMES[d]}, {_probe_name(probe)}: {FIGURE_NAMES[f]}", layer, "absolute_pose", d, f"{probe}.{f}")
        for probe, layer in (*((p, "middle") for p in ABSOLUTE_PROBES), ("head", "head"))
        for d in DOMAINS
        for f in ("unknown", "ece")
    ]
    note = "Share of `unknown` answers and expected calibration error of the probabilities, per cent, middle map."
    return by_method("Calibration", note, rows, columns)
