"""The pictures of a report, drawn with matplotlib's Agg canvas and returned as PNG bytes."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from pose_ssl_ros.evaluation.samples import Embedded

BLUE, GREEN, RED, AMBER, GREY = "#2563eb", "#16a34a", "#dc2626", "#d97706", "#9ca3af"
#: Told apart by most colour-blind people (Okabe and Ito), then repeated with other markers.
CATEGORY_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#B8A400")
MARKERS = ("o", "^", "s", "D")
DPI = 100


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _axes(axes: Axes, x: str = "", y: str = "") -> Axes:
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(True, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()


def learning_curve(points: Sequence[dict[str, Any]], swaps: Sequence[tuple[float, int]], base: float | None) -> bytes:
    """Accuracy and unknown share over robot time, with a line for each model that took over.

    Args:
        points: `heading.curve` of a summary.
        swaps: (robot seconds, version) of each model that inference took.
        base: Score of always giving the commoner answer, or None.
    """
    figure = _figure(9, 3.8)
    axes = _axes(figure.subplots(), "robot time in s (end of window)", "share of sightings")
    time = [p["robot_seconds"] for p in points]
    value = {k: [np.nan if p[k] is None else p[k] for p in points] for k in points[0]} if points else {}
    if value:
        axes.plot(time, value["toward_away_accuracy"], color=BLUE, marker="o", ms=4, lw=2, label="toward/away right")
        axes.plot(time, value["four_way_accuracy"], color=GREEN, lw=1.2, label="right of four")
        axes.fill_between(time, 0, value["unknown_rate"], color=GREY, alpha=0.3, lw=0, label="unknown")
        axes.plot(time, value["coverage"], color=AMBER, lw=1, ls=":", label="true objects found")
    if base is not None:
        axes.axhline(base, color=RED, lw=1, ls="--", label="always the commoner answer")
    # Many swaps: only some get their number, or they would be a black bar.
    every = max(1, len(swaps) // 12)
    for i, (at, version) in enumerate(swaps):
        axes.axvline(at, color="black", lw=0.5, alpha=0.3)
        if i % every == 0:
            axes.text(at, 1.03, f"v{version}", fontsize=7, ha="center", color="#555")
    axes.set_ylim(0, 1.02)
    axes.set_xlim(left=0)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False, fontsize=8)
    return _png(figure)


def confusion_matrix(counts: Sequence[Sequence[int]], truth: Sequence[str], answer: Sequence[str]) -> bytes:
    """Counts with the share of their row as colour."""
    table = np.asarray(counts, dtype=float)
    share = np.divide(
        table, table.sum(1, keepdims=True), out=np.zeros_like(table), where=table.sum(1, keepdims=True) > 0
    )
    figure = _figure(5.2, 3.6)
    axes = figure.subplots()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (i, j), part in np.ndenumerate(share):
        colour = "white" if part > 0.55 else "black"
        text = f"{part:.0%}\n{int(table[i, j]):,}" if table[i].sum() else "none"
        axes.text(j, i, text, ha="center", va="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(answer)), answer)
    axes.set_yticks(range(len(truth)), truth)
    axes.set_xlabel("answered")
    axes.set_ylabel("true")
    return _png(figure)


def projection(embedded: Embedded) -> bytes:
    """The embedding on its two principal axes, coloured by identity and by azimuth."""
    flat, kept = embedded.plane()
    figure = _figure(10, 4.4)
    left, right = figure.subplots(1, 2)
    categories = sorted({s.category for s in embedded.samples})
    for i, name in enumerate(categories):
        mine = [k for k, s in enumerate(embedded.samples) if s.category == name]
        style = {"color": CATEGORY_COLOURS[i % 8], "marker": MARKERS[(i // 8) % 4]}
        left.scatter(flat[mine, 0], flat[mine, 1], s=14, alpha=0.75, lw=0, label=name, **style)
    left.legend(frameon=False, fontsize=7, markerscale=1.4, loc="best")
    left.set_title(f"by true identity (the plane keeps {kept:.0%} of the variance)", fontsize=9)
    degrees = [math.degrees(s.azimuth) for s in embedded.samples]
    dots = right.scatter(
        flat[:, 0], flat[:, 1], c=degrees, cmap="hsv", norm=Normalize(-180, 180), s=14, lw=0, alpha=0.85
    )
    bar = figure.colorbar(dots, ax=right, ticks=[-180, -90, 0, 90, 180])
    bar.ax.set_yticklabels(["away", "right", "toward", "left", "away"], fontsize=8)
    right.set_title("by true azimuth", fontsize=9)
    for axes in (left, right):
        _axes(axes)
        axes.tick_params(labelsize=7)
    return _png(figure)


def latency_histogram(milliseconds: np.ndarray, budget: float) -> bytes:
    """How long detections took after their image; the tail beyond the 99.5th percentile is one bar."""
    figure = _figure(5.2, 3.2)
    axes = _axes(figure.subplots(), "image to detections in ms", "frames")
    top = max(float(np.percentile(milliseconds, 99.5)), budget * 1.1)
    axes.hist(np.minimum(milliseconds, top), bins=40, range=(0, top), color=BLUE, alpha=0.8)
    marks = [(float(np.percentile(milliseconds, 95)), BLUE, "p95"), (budget, RED, "budget")]
    for at, colour, _ in marks:
        axes.axvline(at, color=colour, lw=1.2, ls="--")
    handles = [Line2D([], [], color=c, ls="--", label=f"{n} {a:.0f} ms") for a, c, n in marks]
    axes.legend(handles=handles, frameon=False, fontsize=8)
    return _png(figure)


def timeline(rows: np.ndarray) -> bytes:
    """Danger, speed and collisions over robot time, and the learner's loss below.

    Args:
        rows: `session.TIMELINE` rows.
    """
    has_loss = bool(np.isfinite(rows["loss"]).any())
    figure = _figure(9, 4.2 if has_loss else 2.8)
    panels = figure.subplots(2 if has_loss else 1, 1, sharex=True, squeeze=False)[:, 0]
    axes = _axes(panels[0], "" if has_loss else "robot time in s", "danger 0..1")
    axes.fill_between(rows["time"], 0, rows["danger"], color=RED, alpha=0.35, lw=0, label="danger")
    axes.set_ylim(0, 1.02)
    other = axes.twinx()
    other.plot(rows["time"], rows["speed"], color=BLUE, lw=1.2, label="speed")
    other.set_ylabel("speed in m/s")
    other.set_ylim(bottom=0)
    other.spines["top"].set_visible(False)
    hits = rows["time"][1:][np.diff(np.nan_to_num(rows["collisions"])) > 0]
    axes.scatter(hits, np.full(len(hits), 0.97), marker="x", color="black", zorder=5, label=f"collision ({len(hits)})")
    handles = axes.get_legend_handles_labels()[0] + other.get_legend_handles_labels()[0]
    axes.legend(handles=handles, frameon=False, fontsize=8, loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
    if has_loss:
        below = _axes(panels[1], "robot time in s", "learner's loss")
        below.plot(rows["time"], rows["loss"], color=GREEN, lw=1.2)
    return _png(figure)


def crop_png(crop: np.ndarray) -> bytes:
    """A crop as PNG."""
    return cv2.imencode(".png", crop[..., ::-1])[1].tobytes()
