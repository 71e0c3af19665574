"""Curves over the drive: what was answered, how right it was, and what danger was told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pose_ssl_ros.evaluation.drive_report.material import Bag, Model
from pose_ssl_ros.evaluation.drive_report.svg import Panel, picture, tag, text, time_ticks
from pose_ssl_ros.evaluation.metrics import AWAY, TOWARD, toward_or_away
from pose_ssl_ros.evaluation.records import MISSED

#: Points of a curve; more cannot be seen.
POINTS = 400
_SHARES = ((0.0, "0"), (0.5, "50 %"), (1.0, "100 %"))
_TOP, _GAP, _FOOT, _LEFT = 30, 38, 26, 48


def drive_curves(model: Model, bags: Sequence[Bag], width: int, panel_height: int = 96) -> str:
    """Accuracy, unknown share and danger over the time of all bags, with the worst moments as numbers to follow.

    Args:
        model: The one that is judged.
        bags: The recordings, for their names.
        width: Of the picture in pixels; a narrow one for telephones has the same size of letters.
        panel_height: Height of each panel.
    """
    frames = model.collected.frames
    end = max(1.0, float(frames["drive"].max())) if len(frames) else 1.0
    starts = bag_starts(frames)
    windows = accuracy_windows(model, starts, end)
    names = (["Right"] if windows is not None else []) + ["Unknown", "Danger and speed limit"]
    height = _TOP + len(names) * (panel_height + _GAP) - _GAP + _FOOT + (16 if len(bags) > 1 else 0)
    parts = []
    last = len(names) - 1
    for place, name in enumerate(names):
        panel = Panel(_LEFT, _TOP + place * (panel_height + _GAP), width - _LEFT - 12, panel_height, (0.0, end))
        ticks = time_ticks(end, max(3, width // 90)) if place == last else []
        parts.append(panel.frame(_SHARES if name != names[-1] else ((0, "0"), (0.5, "0.5"), (1, "1")), ticks))
        for start in [s for b, s in starts.items() if b > 0]:
            x = panel.at_x(start)
            parts.append(tag("line", x1=x, x2=x, y1=panel.top, y2=panel.top + panel.height, class_="mark"))
        if name == "Right":
            assert windows is not None
            parts.append(_right(panel, windows))
        elif name == "Unknown":
            parts.append(text(_LEFT, panel.top - 8, "unknown, share of answers", "head"))
            if len(frames):
                parts.append(panel.area(*_unknown(frames), "unknown"))
        else:
            parts.append(_danger(panel, frames))
        if place == 0:
            parts.append(_moments(panel, model))
        if place == last and len(bags) > 1:
            low = panel.top + panel_height + 34
            parts += [text(panel.at_x(s), low, bags[b].name[:20], "head") for b, s in starts.items() if b < len(bags)]
    return picture(width, height, parts, "curves over the drive", "wide" if width > 600 else "narrow")


def bag_starts(frames: np.ndarray) -> dict[int, float]:
    """Drive time at which each bag begins."""
    return {int(b): float(frames["drive"][frames["bag"] == b].min()) for b in np.unique(frames["bag"])}


def drive_times(rows: np.ndarray, starts: dict[int, float]) -> np.ndarray:
    """Drive time of judged rows, whose own time begins anew with each bag."""
    offset = np.array([starts.get(int(b), 0.0) for b in rows["bag"]], dtype=float)
    return rows["time"] + offset


def accuracy_windows(model: Model, starts: dict[int, float], end: float) -> tuple[np.ndarray, ...] | None:
    """Shares of right and of reversed toward/away answers in windows: (middle, right, reversed, count), or None."""
    rows = model.answers.rows
    rows = rows[(rows["object"] >= 0) & np.isfinite(rows["truth_azimuth"]) & (rows["answer"] != MISSED)]
    if not len(rows):
        return None
    two = toward_or_away(rows["truth_azimuth"])
    rows, two = rows[two >= 0], two[two >= 0]
    if not len(rows):
        return None
    window = max(2.0, end / 60)
    number = (drive_times(rows, starts) / window).astype(int)
    count = np.bincount(number).astype(float)
    right = np.bincount(number, rows["answer"] == two, len(count))
    opposite = np.where(two == TOWARD, AWAY, TOWARD)
    turned = np.bincount(number, rows["answer"] == opposite, len(count))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.arange(len(count)) + 0.5) * window, right / count, turned / count, count


def _right(panel: Panel, windows: tuple[np.ndarray, ...]) -> str:
    time, right, turned, count = windows
    dots = [
        tag(
            "circle",
            tag("title", f"{r:.0%} of {int(n)}"),
            cx=panel.at_x(t),
            cy=panel.at_y(r),
            r=2.6,
            class_="dot right",
        )
        for t, r, n in zip(time, right, count, strict=True)
        if n
    ]
    return "".join(
        [
            _legend(panel, (("right", "toward/away right"), ("reversed", "the wrong way round"))),
            panel.area(time, turned, "reversed"),
            panel.line(time, right, "right"),
            *dots,
        ]
    )


def _legend(panel: Panel, entries: Sequence[tuple[str, str]]) -> str:
    x, parts = panel.left, []
    for class_, words in entries:
        parts.append(tag("rect", x=x, y=panel.top - 16, width=9, height=9, rx=2, class_=f"key {class_}"))
        parts.append(text(x + 14, panel.top - 8, words, "head"))
        x += 30 + 6.6 * len(words)
    return "".join(parts)


def _thin(frames: np.ndarray, values: np.ndarray, how: str) -> tuple[np.ndarray, np.ndarray]:
    """At most POINTS points; of the values that fall together the mean or the greatest."""
    if len(frames) <= POINTS:
        return frames["drive"], values
    edges = np.linspace(0, len(frames), POINTS + 1).astype(int)[:-1]
    if how == "max":
        return frames["drive"][edges], np.maximum.reduceat(values, edges)
    return frames["drive"][edges], np.add.reduceat(values, edges) / np.diff(np.append(edges, len(frames)))


def _unknown(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    answered = frames["objects"].astype(float)
    seconds = max(1.0, (float(frames["drive"][-1]) - float(frames["drive"][0])) / 200)
    number = ((frames["drive"] - frames["drive"][0]) / seconds).astype(int)
    total, unknown = np.bincount(number, answered), np.bincount(number, frames["unknown"].astype(float))
    middle = frames["drive"][0] + (np.arange(len(total)) + 0.5) * seconds
    with np.errstate(invalid="ignore", divide="ignore"):
        return middle, np.where(total > 0, unknown / total, np.nan)


def _danger(panel: Panel, frames: np.ndarray) -> str:
    legend = _legend(panel, (("danger", "danger"), ("limit", "speed limit")))
    if not len(frames):
        return legend
    danger = panel.area(*_thin(frames, np.nan_to_num(frames["danger"], nan=1.0), "max"), "danger")
    limit = np.clip(np.nan_to_num(frames["speed_limit"]) / 100, 0, 1)
    return legend + danger + panel.line(*_thin(frames, limit, "mean"), "limit")


def _moments(panel: Panel, model: Model) -> str:
    """Numbers on the upper edge, moved apart where they would cover each other, that lead to the moments."""
    parts = []
    placed: list[float] = []
    for number, moment in sorted(enumerate(model.collected.moments, 1), key=lambda item: item[1].drive):
        x = panel.at_x(moment.drive)
        parts.append(tag("line", x1=x, x2=x, y1=panel.top, y2=panel.top + panel.height, class_="mark worst"))
        shown = max(x, placed[-1] + 17) if placed else x
        shown = min(shown, panel.left + panel.width)
        placed.append(shown)
        dot = tag("circle", cx=shown, cy=panel.top + 2, r=8, class_="badge") + text(
            shown, panel.top + 6, str(number), "badge-number", "middle"
        )
        parts.append(tag("a", dot, href=f"#moment-{number}", aria_label=f"moment {number}"))
    return "".join(parts)
