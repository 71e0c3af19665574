"""The comparisons that the issue asks for: one method less another, or one figure against what it must reach."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pose_ssl_ros.benchmark.rows import Row
from pose_ssl_ros.benchmark.table import Table
from pose_ssl_ros.benchmark.tables import DOMAIN_NAMES, EMPTY, Column, Index, number

_ABSOLUTE = "knn.within_30"
_RELATIVE = "pair.within_30"
#: (what, better method, worse method, column of the better, column of the worse or None for the same, paper, aim)
COMPARISONS = (
    ("absolute pose, in domain", "{}+traj", "{}", Column("", "middle", "absolute_pose", "in_domain", _ABSOLUTE), "+4"),
    ("absolute pose, unseen poses", "{}+traj", "{}",
     Column("", "middle", "absolute_pose", "unseen_pose", _ABSOLUTE), "+3"),
    ("absolute pose, unseen categories", "{}+traj", "{}",
     Column("", "middle", "absolute_pose", "unseen_category", _ABSOLUTE), "+4"),
    ("relative pose, unseen categories", "{}+traj", "{}",
     Column("", "middle", "relative_pose", "unseen_category", _RELATIVE), "+4"),
    ("semantics, last feature", "{}+traj", "{}", Column("", "last", "semantic", "in_domain", "knn.accuracy"), "0"),
)  # fmt: skip
#: Objectives that the first comparisons are made for, where both runs are there.
OBJECTIVES = ("vicreg", "simclr", "moco", "simsiam", "byol", "barlow", "dino")
#: Ours against others: (better, worse, what, column, aim).
OURS = (
    ("ours", "vicreg+traj", "absolute pose, unseen categories",
     Column("", "middle", "absolute_pose", "unseen_category", _ABSOLUTE), "+10"),
    ("ours", "vicreg+traj", "absolute pose, unseen categories, axis-then-flip probe",
     Column("", "middle", "absolute_pose", "unseen_category", "axis_flip.within_30"), "+10"),
    ("ours", "vicreg+traj", "semantics, last feature", Column("", "last", "semantic", "in_domain", "knn.accuracy"), ""),
    ("ours", "supervised-azimuth", "absolute pose, unseen categories",
     Column("", "middle", "absolute_pose", "unseen_category", _ABSOLUTE), "> 0"),
    ("ours", "supervised-azimuth", "absolute pose, unseen categories, axis-then-flip probe",
     Column("", "middle", "absolute_pose", "unseen_category", "axis_flip.within_30"), "> 0"),
    ("ours", "supervised-azimuth", "absolute pose, unseen categories, own heads",
     Column("", "head", "absolute_pose", "unseen_category_transfer", "head.within_30"), "> 0"),
)  # fmt: skip
#: Toward/away of ours: (what, task, domain, aim in per cent).
TOWARD_AWAY = (
    ("full probe", "absolute_pose", "in_domain", 97),
    ("full probe", "absolute_pose", "unseen_category", 90),
    ("5 labelled instances per category", "few_shot_5", "in_domain", 93),
    ("5 labelled instances per category", "few_shot_5", "unseen_category", 85),
)

_FIGURES = ("toward_away", "front_back")


def differences(rows: Sequence[Row]) -> Table | None:
    """Points between pairs of methods, with the error of the difference; None if no pair is there."""
    index = Index(rows)
    pairs = [
        (plus.format(name), plain.format(name), what, column, paper)
        for name in OBJECTIVES
        for what, plus, plain, column, paper in COMPARISONS
    ] + list(OURS)
    body = []
    for better, worse, what, column, aim in pairs:
        a, b = index.get(better, column), index.get(worse, column)
        if a is not None and b is not None:
            body.append([f"{better} less {worse}", what, difference(a, b), aim or EMPTY, f"{number(a)} / {number(b)}"])
    if not body:
        return None
    note = (
        "Points within 30° (semantics: accuracy), middle map, kNN; relative pose by the pair probe. After ±: standard "
        "error of the difference of the two means over seeds. `Aim`: what the paper reports or the issue asks for."
    )
    return Table("Differences", note, ["comparison", "figure", "points", "aim", "values"], body)


def difference(a: Row, b: Row) -> str:
    """Points of a over b and, from two seeds on, the standard error of that."""
    points = 100 * (a["mean"] - b["mean"])
    if min(a["seeds"], b["seeds"]) < 2:
        return f"{points:+.1f}"
    error = 100 * math.sqrt(a["std"] ** 2 / a["seeds"] + b["std"] ** 2 / b["seeds"])
    return f"{points:+.1f} ± {error:.1f}"


def toward_away(rows: Sequence[Row], method: str = "ours") -> Table | None:
    """Toward/away of ours by each probe against what it must reach."""
    index = Index(rows)
    body = []
    for what, task, domain, aim in TOWARD_AWAY:
        for probe in ("knn", "linear", "axis_flip"):
            cells = [index.get(method, Column("", "middle", task, domain, f"{probe}.{f}")) for f in _FIGURES]
            texts = [EMPTY if row is None else number(row) for row in cells]
            if cells[0] is not None:
                body.append([f"{what}, {DOMAIN_NAMES[domain]}", probe, *texts, f"{aim}", str(cells[0]["n"])])
    if not body:
        return None
    note = (
        "Per cent of objects within 45° of toward or away: put into the right class of four, and into the right half "
        "(front and back told apart, whatever the border of the class); middle map. Crops: of all headings."
    )
    header = ["labels and domain", "probe", "right class of four", "right half", "aim", "crops"]
    return Table(f"Toward or away: {method}", note, header, body)
