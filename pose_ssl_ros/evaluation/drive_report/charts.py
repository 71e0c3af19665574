"""Square pictures: azimuth on a circle, reliability, and accuracy against coverage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.drive_report.catalogue import number
from pose_ssl_ros.evaluation.drive_report.material import Model
from pose_ssl_ros.evaluation.drive_report.svg import Panel, picture, tag, text
from pose_ssl_ros.evaluation.metrics import azimuth_errors

#: Dots of the circle; more cannot be told apart.
DOTS = 1500
_SIZE, _RIM, _HOLE = 360, 142, 42
_TICKS = ((0.0, "0"), (0.5, "50 %"), (1.0, "100 %"))


def azimuth_circle(model: Model) -> str | None:
    """Each answer at its true azimuth, the farther out the more it is off; None without any.

    As seen from above with us below: towards at the bottom, away at the top.
    """
    rows = model.answers.rows
    rows = rows[np.isfinite(rows["truth_azimuth"]) & np.isfinite(rows["azimuth"])]
    if not len(rows):
        return None
    errors = azimuth_errors(rows["truth_azimuth"], rows["azimuth"])
    keep = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), DOTS)).astype(int))
    middle = _SIZE / 2
    parts = [
        tag("circle", cx=middle, cy=middle, r=_radius(math.pi), class_="zone far"),
        tag("circle", cx=middle, cy=middle, r=_radius(math.pi / 2), class_="zone mid"),
        tag("circle", cx=middle, cy=middle, r=_radius(math.pi / 6), class_="zone near"),
    ]
    for words, x, y in (
        ("toward", middle, _SIZE - 14),
        ("away", middle, 22),
        ("left", 20, middle + 4),
        ("right", _SIZE - 20, middle + 4),
    ):
        parts.append(text(x, y, words, "head", "middle"))
    for quarter in range(4):
        angle = math.pi / 4 + quarter * math.pi / 2
        x, y = math.sin(angle) * _RIM, math.cos(angle) * _RIM
        parts.append(tag("line", x1=middle, y1=middle, x2=middle + x, y2=middle + y, class_="grid"))
    for place in keep:
        angle, error = float(rows["truth_azimuth"][place]), float(errors[place])
        r = _radius(error)
        tone = "near" if error <= math.pi / 6 + 1e-9 else "far" if error > math.pi / 2 else "mid"
        parts.append(
            tag(
                "circle",
                cx=middle - math.sin(angle) * r,
                cy=middle + math.cos(angle) * r,
                r=2.1,
                class_=f"dot {tone}",
            )
        )
    for degrees in (30, 90, 180):
        parts.append(text(middle + 3, middle - _radius(math.radians(degrees)) + 11, f"{degrees}°", "tick halo"))
    share = float(np.mean(errors <= math.pi / 6 + 1e-9))
    title = f"azimuth errors on a circle, {model.name}: {share:.0%} of {len(rows):,} within 30 degrees"
    return picture(_SIZE, _SIZE, parts, title, "square")


def _radius(error: float) -> float:
    return _HOLE + error / math.pi * (_RIM - _HOLE)


def reliability(models: Sequence[Model]) -> str | None:
    """Share that was right against the probability that was told, in bins; None without bins."""
    series: list[list[tuple[float, float, int]]] = []
    for model in models:
        bins = (model.metrics.get("calibration") or {}).get("reliability") or []
        series.append(
            [
                (said, right, int(b.get("n") or 0))
                for b in bins
                if (said := number(b.get("confidence"))) is not None
                and (right := number(b.get("accuracy"))) is not None
            ]
        )
    if not any(series):
        return None
    panel = Panel(50, 26, 270, 270, (0.0, 1.0))
    parts = [panel.frame(_TICKS, _TICKS), panel.line((0, 1), (0, 1), "ideal")]
    for place, points in enumerate(series[:4]):
        most = max((n for _, _, n in points), default=1)
        parts.append(panel.line([c for c, _, _ in points], [a for _, a, _ in points], f"m{place}"))
        parts += [
            tag(
                "circle",
                tag("title", f"told {c:.0%}, right {a:.0%} of {n:,}"),
                cx=panel.at_x(c),
                cy=panel.at_y(a),
                r=2.5 + 5 * math.sqrt(n / most),
                class_=f"dot m{place}",
            )
            for c, a, n in points
        ]
    parts += [text(50, 14, "answers that were right", "head"), text(185, 334, "probability told", "head", "middle")]
    return picture(340, 344, parts, "reliability: told probability against share that was right", "square")


def coverage_curve(models: Sequence[Model]) -> str | None:
    """Accuracy if only the surest answers were given; None without points."""
    series = []
    for model in models:
        points = model.metrics.get("accuracy_coverage") or []
        series.append((_pairs(points, "four_way_accuracy"), _pairs(points, "toward_away_accuracy")))
    if not any(four or two for four, two in series):
        return None
    panel = Panel(50, 26, 270, 270, (0.0, 1.0))
    parts = [panel.frame(_TICKS, _TICKS)]
    for place, (four, two) in enumerate(series[:4]):
        for points, style in ((two, f"m{place}"), (four, f"m{place} thin")):
            parts.append(panel.line([c for c, _ in points], [a for _, a in points], style))
    parts += [
        text(50, 14, "right (bold: toward/away, thin: of four)", "head"),
        text(185, 334, "share of objects answered", "head", "middle"),
    ]
    return picture(340, 344, parts, "accuracy against share of objects answered", "square")


def _pairs(points: Sequence[Mapping[str, Any]], name: str) -> list[tuple[float, float]]:
    found = [(number(p.get("coverage")), number(p.get(name))) for p in points]
    return [(c, a) for c, a in found if c is not None and a is not None]


def interval_bar(value: float, low: float | None, high: float | None, top: float) -> str:
    """A value with its interval on a line from 0 to a top."""
    panel = Panel(4, 0, 152, 12, (0.0, top))
    parts = [tag("line", x1=4, x2=156, y1=6, y2=6, class_="grid")]
    if low is not None and high is not None:
        a, b = panel.at_x(max(0.0, low)), panel.at_x(min(top, high))
        parts.append(tag("line", x1=a, x2=max(b, a + 1), y1=6, y2=6, class_="span"))
    parts.append(tag("circle", cx=panel.at_x(min(max(value, 0.0), top)), cy=6, r=4, class_="dot m0"))
    return picture(160, 12, parts, "value with its interval", "bar")
