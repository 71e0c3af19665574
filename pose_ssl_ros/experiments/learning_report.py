"""Plots and page of the learning experiments, from their rows alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pose_ssl_ros.benchmark.style import new_figure, png, quiet
from pose_ssl_ros.experiments.claims import FORGETTING, ONLINE, told
from pose_ssl_ros.experiments.page import Grid, Plot, page
from pose_ssl_ros.experiments.rows import Row
from pose_ssl_ros.experiments.stream_figures import METRICS
from pose_ssl_ros.experiments.variants import VARIANTS

COLOURS = {
    "ours": "#D55E00",
    "frozen": "#6B7280",
    "frozen, probes refitted": "#B0B6C0",
    "random weights": "#0072B2",
    "labels": "#009E73",
    "labels, taught only": "#7BC8A4",
    "no trajectory": "#CC79A7",
    "shuffled": "#2F6B6B",
    "two-tier, small": "#E69F00",
    "fifo, small": "#7F5AA8",
    "no buffer": "#8C564B",
    "random, batch norm": "#56B4E9",
}
_TABLE = ("toward_away", "toward_away_told", "reversed", "unknown", "four_way", "identity_nmi", "coverage")
_HEADS = (
    "ours",
    "frozen",
    "frozen, probes refitted",
    "random weights",
    "labels",
    "labels, taught only",
    "no trajectory",
    "random, batch norm",
)
_BUFFERS = ("ours", "two-tier, small", "fifo, small", "no buffer", "shuffled", "frozen")


def curve(rows: Sequence[Row], metric: str, variants: Sequence[str], title: str, note: str) -> Plot:
    """A figure against robot seconds, a line for each variant, one deviation between seeds around it."""
    figure = new_figure(8.6, 4.2)
    axes = quiet(figure.add_subplot(), grid="both")
    for variant in variants:
        points = sorted((r["robot_seconds"], r["mean"], r["std"]) for r in _of(rows, variant, metric))
        if not points:
            continue
        at, mean, std = (np.array(column) for column in zip(*points, strict=True))
        colour = COLOURS.get(variant, "#444444")
        width = 2.4 if variant == "ours" else 1.4
        axes.plot(at, 100 * mean, marker="o", ms=3.5, label=variant, color=colour, lw=width)
        axes.fill_between(at, 100 * (mean - std), 100 * (mean + std), color=colour, alpha=0.12, lw=0)
    axes.set_xlabel("robot seconds", fontsize=9)
    axes.set_ylabel("percent", fontsize=9)
    axes.set_ylim(0, 100)
    if axes.lines:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Plot(title, png(figure), note)


def table(rows: Sequence[Row], place: str, variants: Sequence[str], title: str, at: float | None = None) -> Grid:
    """All figures of the variants at a place, at the last time that was measured or at `at`."""
    lines: list[list[str]] = []
    foremost: list[int] = []
    seconds = 0.0
    for variant in variants:
        cells = [variant]
        for metric in _TABLE:
            found = [r for r in _of(rows, variant, f"{place}/{metric}") if at is None or r["robot_seconds"] == at]
            last = max(found, key=lambda r: float(r["robot_seconds"]), default=None)
            if last is None:
                cells.append("")
                continue
            seconds = max(seconds, float(last["robot_seconds"]))
            scale, digits = (1, 2) if metric == "identity_nmi" else (100, 1)
            spread = f" ± {scale * last['std']:.{digits}f}" if last["seeds"] > 1 else ""
            cells.append(f"{scale * last['mean']:.{digits}f}{spread}")
        if any(cells[1:]):
            if variant == "ours":
                foremost.append(len(lines))
            lines.append(cells)
    columns = ["variant", *(name.replace("_", " ") for name in _TABLE)]
    note = "; ".join(f"{name.replace('_', ' ')}: {METRICS[name]}" for name in _TABLE)
    return Grid(f"{title}, at {seconds:g} robot seconds", columns, lines, foremost, f"Percent, NMI 0 to 1. {note}.")


def claims_table(lines: Sequence[Sequence[str]]) -> Grid:
    """What is asked for and what was measured."""
    return Grid("What is asked for", ["asked for", "measured, points of 100", "at", "holds"], lines)


def online_report(rows: Sequence[Row], facts: Sequence[str]) -> tuple[str, Mapping[str, Plot]]:
    """Page and plots of the online curve."""
    variants = _present(rows)
    held = "Models set aside on the way, on drives at the same site that none of them learned from (other seeds)."
    plots = {
        "toward_away": curve(rows, "held_out/toward_away", _HEADS, "Toward or away, new site", held),
        "buffers": curve(rows, "held_out/toward_away", _BUFFERS, "Toward or away by buffer, new site", held),
        "told": curve(rows, "held_out/toward_away_told", _HEADS, "Toward or away of those told a heading", held),
        "four_way": curve(rows, "held_out/four_way", _HEADS, "Four headings, new site", held),
        "identity": curve(rows, "held_out/identity_nmi", _HEADS, "Identity (NMI x 100), new site", held),
        "stream": curve(
            rows,
            "stream/toward_away",
            [v for v in variants if v != "shuffled"],
            "Toward or away on the stream itself",
            "Each answer was given before the picture was learned from; windows of robot time.",
        ),
        "old_site": curve(rows, "old_site/toward_away", _HEADS, "Toward or away on streets, the old site", held),
    }
    parts: list[Grid | Plot] = [
        claims_table(told(ONLINE, rows)),
        plots["toward_away"],
        table(rows, "held_out", variants, "New site, held out"),
        table(rows, "old_site", variants, "Old site, held out"),
        *(plot for name, plot in plots.items() if name != "toward_away"),
        _what(variants),
    ]
    return page("Does it get better at its site while it works?", verdict(rows), parts, facts), plots


def forgetting_report(rows: Sequence[Row], facts: Sequence[str]) -> tuple[str, Mapping[str, Plot]]:
    """Page and plots of forgetting."""
    variants = _present(rows)
    note = "Models at the end of each stretch (streets, warehouse, streets), on drives that none of them learned from."
    plots = {
        "site_a": curve(rows, "site_a/toward_away", variants, "Toward or away on A (streets)", note),
        "site_b": curve(rows, "site_b/toward_away", variants, "Toward or away on B (warehouse)", note),
        "identity_a": curve(rows, "site_a/identity_nmi", variants, "Identity on A (NMI x 100)", note),
    }
    parts: list[Grid | Plot] = [claims_table(told(FORGETTING, rows)), *plots.values()]
    for place, name in (("site_a", "A, streets"), ("site_b", "B, warehouse")):
        parts += [table(rows, place, variants, name, at) for at in _times(rows, place)]
    parts.append(_what(variants))
    said = [f"{line[0]}: {line[1]} at {line[2]}." for line in told(FORGETTING, rows) if line[2]]
    return page("Is anything lost?", said or ["Nothing was measured."], parts, facts), plots


def verdict(rows: Sequence[Row]) -> list[str]:
    """What came out, in sentences."""
    said = []
    for variant in ("ours", "frozen", "random weights", "labels"):
        found = sorted(_of(rows, variant, "held_out/toward_away"), key=lambda r: float(r["robot_seconds"]))
        if found:
            first, last = found[0], found[-1]
            said.append(
                f"{variant[0].upper()}{variant[1:]}: toward or away right for {100 * first['mean']:.1f} % at "
                f"{first['robot_seconds']:g} s and {100 * last['mean']:.1f} ± {100 * last['std']:.1f} % at "
                f"{last['robot_seconds']:g} s on the new site ({last['seeds']} seeds)."
            )
    return said or ["Nothing was measured."]


def _what(variants: Sequence[str]) -> Grid:
    return Grid("Variants", ["variant", "what it is"], [[v, VARIANTS[v].words] for v in variants if v in VARIANTS])


def _present(rows: Sequence[Row]) -> list[str]:
    there = {r["variant"] for r in rows}
    return [variant for variant in VARIANTS if variant in there]


def _times(rows: Sequence[Row], place: str) -> list[float]:
    return sorted({float(r["robot_seconds"]) for r in rows if r["metric"] == f"{place}/toward_away"})


def _of(rows: Sequence[Row], variant: str, metric: str) -> list[Row]:
    return [r for r in rows if r["variant"] == variant and r["metric"] == metric]
