"""Bars, layers and few-shot curves of a benchmark, from its rows alone."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from pose_ssl_ros.benchmark.measures import DOMAINS
from pose_ssl_ros.benchmark.rows import Row
from pose_ssl_ros.benchmark.style import MARKERS, colours, foremost, new_figure, png, quiet
from pose_ssl_ros.benchmark.tables import DOMAIN_NAMES, Column, Index

#: Most lines in a picture of curves.
_LINES = 8


def bars(rows: Sequence[Row], title: str, task: str, layer: str, metric: str, unit: str) -> bytes | None:
    """One panel per domain, one bar per method with its deviation; None if nothing was measured.

    Args:
        rows: Of the benchmark.
        title: Above all.
        task: What is drawn, as in the rows.
        layer: Likewise.
        metric: Likewise.
        unit: Label of the axis; shares are drawn in per cent.
    """
    index = Index(rows)
    columns = [Column(DOMAIN_NAMES[d], layer, task, d, metric) for d in DOMAINS]
    columns = [c for c in columns if any(index.get(m, c) for m in index.methods)]
    methods = [m for m in index.methods if any(index.get(m, c) for c in columns)]
    if not methods:
        return None
    colour = colours(index.methods)
    scale = 1.0 if metric.endswith("_deg") else 100.0
    figure = new_figure(1.9 + 2.5 * len(columns), 1.15 + 0.3 * len(methods))
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    panels = figure.subplots(1, len(columns), sharey=True, sharex=True, squeeze=False)[0]
    for axes, column in zip(panels, columns, strict=True):
        quiet(axes).set_title(column.heading, fontsize=9)
        for place, name in enumerate(methods):
            row = index.get(name, column)
            if row is not None:
                _bar(axes, place, row, scale, colour[name])
        axes.set_xlabel(unit, fontsize=8)
        axes.tick_params(axis="y", length=0)
    panels[0].set_yticks(range(len(methods)), methods, fontsize=9)
    panels[0].invert_yaxis()
    if scale == 100.0:
        # Room for the number behind a bar that reaches the end.
        panels[0].set_xlim(0, 118)
        panels[0].set_xticks([0, 25, 50, 75, 100])
    else:
        panels[0].set_xlim(0, panels[0].get_xlim()[1] * 1.12)
    return png(figure)


def _bar(axes: Axes, place: int, row: Row, scale: float, colour: str) -> None:
    mean, std = scale * row["mean"], scale * row["std"]
    error = std if row["seeds"] > 1 else None
    axes.barh(place, mean, height=0.7, color=colour, xerr=error, error_kw={"ecolor": "#222", "capsize": 2, "lw": 1})
    axes.text(mean + (error or 0) + 1.5, place, f"{mean:.0f}", va="center", fontsize=7.5, color="#222")


def layers(rows: Sequence[Row], task: str, metric: str, title: str) -> bytes | None:
    """Last against middle layer, a line from one to the other; None if nothing was measured on both."""
    index = Index(rows)
    domains = [d for d in DOMAINS[:3] if any(_both(index, m, task, d, metric) for m in index.methods)]
    methods = [m for m in index.methods if any(_both(index, m, task, d, metric) for d in domains)]
    if not methods:
        return None
    colour = colours(index.methods)
    figure = new_figure(1.9 + 2.7 * len(domains), 1.45 + 0.3 * len(methods))
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    panels = figure.subplots(1, len(domains), sharey=True, sharex=True, squeeze=False)[0]
    for axes, domain in zip(panels, domains, strict=True):
        quiet(axes).set_title(DOMAIN_NAMES[domain], fontsize=9)
        for place, name in enumerate(methods):
            both = _both(index, name, task, domain, metric)
            if both is None:
                continue
            last, middle = (100 * row["mean"] for row in both)
            axes.plot([last, middle], [place, place], color=colour[name], lw=2.5, alpha=0.5)
            axes.plot(last, place, "o", mfc="white", mec=colour[name], mew=1.5, ms=7)
            axes.plot(middle, place, "o", color=colour[name], ms=7)
            text = f"{middle - last:+.0f}"
            axes.annotate(
                text, (max(last, middle), place), (8, 0), textcoords="offset points", va="center", fontsize=7.5
            )
        axes.set_xlabel("within 30° in per cent", fontsize=8)
        axes.tick_params(axis="y", length=0)
        axes.margins(x=0.12)
    panels[0].set_yticks(range(len(methods)), methods, fontsize=9)
    panels[0].set_ylim(len(methods) - 0.5, -0.5)
    marks = [
        Line2D([], [], ls="", marker="o", mfc="white", mec="#444", mew=1.5, ms=7, label="last feature"),
        Line2D([], [], ls="", marker="o", color="#444", ms=7, label="middle map"),
    ]
    figure.legend(handles=marks, loc="outside lower right", ncols=2, frameon=False, fontsize=8)
    return png(figure)


def _both(index: Index, method: str, task: str, domain: str, metric: str) -> tuple[Row, Row] | None:
    last = index.get(method, Column("", "last", task, domain, metric))
    middle = index.get(method, Column("", "middle", task, domain, metric))
    return None if last is None or middle is None else (last, middle)


def few_shot(rows: Sequence[Row], probe: str, figure_name: str, title: str, unit: str) -> bytes | None:
    """Accuracy over labelled instances per category, a line per method and a panel per domain.

    The mark at the right end is the probe with all labels. None without two numbers of instances.
    """
    index = Index(rows)
    metric = f"{probe}.{figure_name}"
    layer = "last" if figure_name == "accuracy" else "middle"
    tasks = sorted({r["task"] for r in rows if r["task"].startswith("few_shot_")}, key=_shots)
    domains = [d for d in DOMAINS if any(index.get(m, Column("", layer, t, d, metric)) for m in index.methods
                                         for t in tasks)]  # fmt: skip
    if len(tasks) < 2 or not domains:
        return None
    full = "semantic" if layer == "last" else "absolute_pose"
    colour = colours(index.methods)
    methods = foremost(index.methods, _LINES)
    figure = new_figure(1.2 + 2.9 * len(domains), 3.6)
    figure.suptitle(title, fontsize=11, x=0.01, ha="left")
    panels = figure.subplots(1, len(domains), sharey=True, squeeze=False)[0]
    for axes, domain in zip(panels, domains, strict=True):
        quiet(axes, "both").set_title(DOMAIN_NAMES[domain], fontsize=9)
        for number, name in enumerate(methods):
            # Side by side, or the deviations of all methods lie on one line.
            aside = 0.05 * (number - (len(methods) - 1) / 2)
            found = [index.get(name, Column("", layer, task, domain, metric)) for task in tasks]
            places = [i + aside for i, row in enumerate(found) if row is not None]
            there = [row for row in found if row is not None]
            look = {"color": colour[name], "marker": MARKERS[number % len(MARKERS)], "ms": 5, "capsize": 2}
            if there:
                mean, std = [100 * r["mean"] for r in there], [100 * r["std"] for r in there]
                axes.errorbar(places, mean, yerr=std, lw=1.5, label=name, **look)  # type: ignore[arg-type]
            every = index.get(name, Column("", layer, full, domain, metric))
            if there and every is not None:
                end = [places[-1], len(tasks) + aside]
                axes.plot(end, [mean[-1], 100 * every["mean"]], color=colour[name], lw=1, ls=":")
                axes.errorbar(end[1], 100 * every["mean"], yerr=100 * every["std"], **look)  # type: ignore[arg-type]
        axes.set_xticks(range(len(tasks) + 1), [*(str(_shots(task)) for task in tasks), "all"])
        axes.set_xlabel("labelled instances per category", fontsize=8)
    panels[0].set_ylabel(unit, fontsize=8)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside right center", frameon=False, fontsize=8)
    return png(figure)


def _shots(task: str) -> int:
    return int(task.rpartition("_")[2])
