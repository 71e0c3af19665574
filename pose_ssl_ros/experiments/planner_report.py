"""Plots and page of the planner experiment, from its records alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pose_ssl_sim.encounters import KINDS

from pose_ssl_ros.benchmark.style import new_figure, png, quiet
from pose_ssl_ros.experiments.danger_signals import PLANNERS
from pose_ssl_ros.experiments.page import Grid, Plot, page
from pose_ssl_ros.experiments.planner_figures import METRICS, Records, curve
from pose_ssl_ros.experiments.rows import Row, find

COLOURS = {"ours": "#D55E00", "oracle": "#009E73", "distance": "#0072B2", "ttc": "#8A6FB0"}
MARKERS = {"ours": "o", "oracle": "D", "distance": "s", "ttc": "^"}
_WORDS = {kind: kind.replace("_", " ") for kind in KINDS}
_HARMS = {"collisions_per_100": "Collisions", "too_near_per_100": "Contacts and near misses"}
_SHOWN = ("collisions_per_100", "too_near_per_100", "seconds_lost", "needless_stops_per_100", "stuck_per_100")


def trade_off(records: Records, default: float, kind: str, harm: str = "collisions_per_100") -> Plot:
    """Harm (collisions, or whoever came too near) against seconds lost, a point for each threshold."""
    figure = new_figure(8.2, 4.6)
    axes = quiet(figure.add_subplot(), grid="both")
    for planner in PLANNERS:
        lines = [curve(encounters, planner, kind, harm) for encounters in records.values()]
        everywhere = [curve(encounters, planner) for encounters in records.values()]
        if not all(lines):  # no encounter of this kind yet
            continue
        done = np.mean([[p[1] for p in line] for line in lines], axis=0)
        lost = np.mean([[p[0] for p in line] for line in everywhere], axis=0)
        colour = COLOURS[planner]
        axes.plot(lost, done, color=colour, marker=MARKERS[planner], ms=5, lw=1.6, label=planner)
        for x, y, point in zip(lost, done, lines[0], strict=True):
            axes.annotate(f"{point[2]:g}", (x, y), (4, 4), textcoords="offset points", fontsize=6.5, color=colour)
            if planner == "ours" and abs(point[2] - default) < 1e-9:
                axes.plot([x], [y], "o", ms=13, mfc="none", mec=colour, mew=1.6)
    axes.set_xlabel("seconds lost per encounter, all kinds", fontsize=9)
    name = _HARMS[harm]
    axes.set_ylabel(f"{name.lower()} per 100 encounters", fontsize=9)
    axes.set_ylim(bottom=-0.5)
    if axes.lines:
        axes.legend(frameon=False, fontsize=9)
    words = f"encounters of the kind '{_WORDS[kind]}'" if kind else "all kinds of encounter"
    note = (
        "Each point is a threshold (the number beside it), averaged over seeds; down and left is better. "
        "The circle is ours at the threshold of the planner node."
    )
    return Plot(f"{name} against time lost: {words}", png(figure), note)


def kinds_plot(rows: Sequence[Row], variants: Sequence[str]) -> Plot:
    """Collisions and seconds lost by kind of encounter."""
    figure = new_figure(9.6, 3.6)
    for place, metric in enumerate(("collisions_per_100", "seconds_lost")):
        axes = quiet(figure.add_subplot(1, 2, place + 1), grid="y")
        wide = 0.8 / len(variants)
        for i, variant in enumerate(variants):
            found = [find(rows, variant, f"{metric}/{kind}") for kind in KINDS]
            values = [r["mean"] if r else 0.0 for r in found]
            errors = [r["std"] if r else 0.0 for r in found]
            colour = COLOURS[variant.split("@")[0]]
            at = np.arange(len(KINDS)) + (i - (len(variants) - 1) / 2) * wide
            axes.bar(at, values, wide * 0.92, yerr=errors, color=colour, label=variant, error_kw={"lw": 0.8})
        axes.set_xticks(range(len(KINDS)), [_WORDS[k].replace(" ", "\n") for k in KINDS], fontsize=8)
        axes.set_title(METRICS[metric] if place else "collisions per 100 encounters", fontsize=9)
        axes.set_ylim(bottom=0)
        if place == 0:
            axes.legend(frameon=False, fontsize=8)
    return Plot(
        "By kind of encounter",
        png(figure),
        "Distance and time to contact at the threshold at which they lose about as much time as ours does.",
    )


def equal_time_variants(records: Records, rows: Sequence[Row], default: float) -> list[str]:
    """Ours and the oracle at the planner's threshold, the others at the one whose time lost comes nearest to ours."""
    ours = find(rows, "ours", "seconds_lost")
    target = ours["mean"] if ours else 0.0
    chosen = []
    names = list(next(iter(next(iter(records.values())).values()))["outcomes"])
    for planner in PLANNERS:
        if planner in ("ours", "oracle"):
            chosen.append(f"{planner}@{default:g}")
            continue
        found = [(find(rows, n, "seconds_lost"), n) for n in names if n.startswith(f"{planner}@")]
        chosen.append(min(((abs(r["mean"] - target), n) for r, n in found if r), default=(0.0, ""))[1])
    return [name for name in chosen if name]


def report(records: Records, rows: Sequence[Row], default: float, facts: Sequence[str]) -> str:
    """The page.

    Args:
        records: Of `planner.run`.
        rows: Of `planner_figures.rows`.
        default: Threshold of our planner node.
        facts: How it was made.
    """
    variants = equal_time_variants(records, rows, default)
    count = sum(len(e) for e in records.values())
    parts: list[Grid | Plot] = [
        _comparison(rows),
        trade_off(records, default, ""),
        trade_off(records, default, "", "too_near_per_100"),
        trade_off(records, default, "pulling_out"),
        kinds_plot(rows, variants),
    ]
    parts += [_by_kind(rows, variants, metric) for metric in _SHOWN]
    parts.append(_all_thresholds(rows, records))
    return page("Which planner hits less and waits less?", verdict(rows, count), parts, facts)


def verdict(rows: Sequence[Row], count: int) -> list[str]:
    """What came out, in sentences."""
    ours, lost = find(rows, "ours", "collisions_per_100"), find(rows, "ours", "seconds_lost")
    oracle, pulling = find(rows, "oracle", "collisions_per_100"), find(rows, "ours", "collisions_per_100/pulling_out")
    if ours is None or lost is None:
        return ["Nothing was measured."]
    said = [
        f"Ours touched somebody in {ours['mean']:.1f} of 100 encounters and lost {lost['mean']:.1f} s in each"
        + (f"; the oracle with true headings in {oracle['mean']:.1f}." if oracle else ".")
    ]
    for planner, words in (("distance", "minds distance only"), ("ttc", "minds time to contact only")):
        same = find(rows, f"{planner} against ours", "collisions_per_100_at_our_seconds_lost")
        wait = find(rows, f"{planner} against ours", "seconds_lost_at_our_collisions")
        if same is not None:
            said.append(
                f"A planner that {words} has {same['mean']:.1f} per 100 where it loses the same time"
                + (f", and loses {wait['mean']:.1f} s to get down to as few as ours." if wait else ".")
            )
        else:
            said.append(f"A planner that {words} loses more time than ours at every threshold tried.")
    if pulling is not None:
        line = f"Of those that pull out of a stand, ours touched {pulling['mean']:.1f} per 100"
        same = find(rows, "distance against ours", "collisions_per_100_at_our_seconds_lost/pulling_out")
        said.append(line + (f", distance {same['mean']:.1f} at the same time lost." if same else "."))
    return said


def _cell(found: Row | None, digits: int = 1) -> str:
    if found is None:
        return "n/a"
    return (
        f"{found['mean']:.{digits}f} ± {found['std']:.{digits}f}"
        if found["seeds"] > 1
        else f"{found['mean']:.{digits}f}"
    )


def _comparison(rows: Sequence[Row]) -> Grid:
    names = (
        ("collisions_per_100_at_our_seconds_lost", "collisions per 100 at our time lost"),
        ("our_collisions_per_100", "ours"),
        ("seconds_lost_at_our_collisions", "seconds lost at our collisions"),
        ("our_seconds_lost", "ours"),
        ("too_near_per_100_at_our_seconds_lost", "too near per 100 at our time lost"),
        ("our_too_near_per_100", "ours"),
        ("seconds_lost_at_our_too_near", "seconds lost at our too near"),
    )
    lines = []
    for planner in PLANNERS:
        for kind in ("", "pulling_out"):
            cells = [
                _cell(find(rows, f"{planner} against ours", f"{metric}/{kind}" if kind else metric))
                for metric, _ in names
            ]
            if planner != "ours":
                lines.append([f"{planner}, {_WORDS[kind] if kind else 'all kinds'}", *cells])
    note = (
        "Taken from the convex frontier over each planner's thresholds, seed by seed; n/a: no threshold tried gets "
        "there. Time is that lost over all kinds in every line: who is careful at stands pays for it at all of them."
    )
    return Grid("On equal terms with ours", ["", *(words for _, words in names)], lines, note=note)


def _by_kind(rows: Sequence[Row], variants: Sequence[str], metric: str) -> Grid:
    lines = [
        [variant, *(_cell(find(rows, variant, f"{metric}/{k}" if k else metric)) for k in ("", *KINDS))]
        for variant in variants
    ]
    return Grid(
        METRICS[metric][0].upper() + METRICS[metric][1:],
        ["planner@threshold", "all", *(_WORDS[k] for k in KINDS)],
        lines,
        [i for i, v in enumerate(variants) if v.startswith("ours")],
    )


def _all_thresholds(rows: Sequence[Row], records: Records) -> Grid:
    names = list(next(iter(next(iter(records.values())).values()))["outcomes"])
    lines = [[name, *(_cell(find(rows, name, metric)) for metric in _SHOWN)] for name in names]
    return Grid("Every threshold", ["planner@threshold", *(m.replace("_", " ") for m in _SHOWN)], lines)
