"""Figures of the planner experiment: by planner, threshold and kind of encounter, and compared on equal terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pose_ssl_sim.encounters import KINDS

from pose_ssl_ros.experiments.danger_signals import PLANNERS
from pose_ssl_ros.experiments.driving import SAFETY_M
from pose_ssl_ros.experiments.rows import Row, row

NAME = "planner"
#: By name: what is counted of an encounter, and by how much it is scaled.
METRICS = {
    "collisions_per_100": "encounters in which the robot touched the object, per 100",
    "near_misses_per_100": f"encounters without contact in which they came nearer than {SAFETY_M:g} m, per 100",
    "too_near_per_100": f"encounters in which they touched or came nearer than {SAFETY_M:g} m, per 100",
    "seconds_lost": "seconds later at the goal than with nobody there",
    "needless_stops_per_100": "stops without which nothing would have come within the safety distance in 3 s",
    "stops_per_100": "stops, per 100 encounters",
    "stuck_per_100": "encounters not ended within 60 s, per 100",
}
#: What planners are compared by on equal terms: harm by the metric that counts it.
HARMS = {"collisions": "collisions_per_100", "too_near": "too_near_per_100"}
Records = Mapping[int, Mapping[str, Mapping[str, Any]]]


def measures(outcome: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of one drive."""
    near = not outcome["collided"] and outcome["gap"] is not None and outcome["gap"] < SAFETY_M
    return {
        "collisions_per_100": 100.0 * outcome["collided"],
        "near_misses_per_100": 100.0 * near,
        "too_near_per_100": 100.0 * (near or outcome["collided"]),
        "seconds_lost": outcome["lost"],
        "needless_stops_per_100": 100.0 * outcome["needless"],
        "stops_per_100": 100.0 * outcome["stops"],
        "stuck_per_100": 100.0 * outcome["stuck"],
    }


def rows(records: Records, default: float) -> list[Row]:
    """All rows.

    Args:
        records: Of `planner.run`.
        default: The threshold that our planner node has; its variants are named without `@`.

    Returns:
        Of each planner and threshold every metric over all encounters and, as `metric/kind`, over those of a
        kind; then the comparisons of `compared`.
    """
    found = []
    names = list(next(iter(next(iter(records.values())).values()))["outcomes"])
    for name in names:
        planner, _, threshold = name.partition("@")
        for kind in ("", *KINDS):
            by_seed = {seed: _mean(encounters, name, kind) for seed, encounters in records.items()}
            count = min(
                sum(not kind or e["kind"] == kind for e in encounters.values()) for encounters in records.values()
            )
            seconds = float(
                np.mean([sum(e["outcomes"][name]["seconds"] for e in each.values()) for each in records.values()])
            )
            for metric in METRICS:
                values = {seed: figures[metric] for seed, figures in by_seed.items() if figures}
                full = f"{metric}/{kind}" if kind else metric
                variants = [planner, name] if float(threshold) == default else [name]
                found += [row(NAME, variant, full, seconds, values, count) for variant in variants]
    found += compared(records, default)
    return [r for r in found if r is not None]


def _mean(encounters: Mapping[str, Mapping[str, Any]], name: str, kind: str) -> dict[str, float]:
    chosen = [measures(e["outcomes"][name]) for e in encounters.values() if not kind or e["kind"] == kind]
    return {metric: float(np.mean([c[metric] for c in chosen])) for metric in METRICS} if chosen else {}


def curve(
    encounters: Mapping[str, Mapping[str, Any]], planner: str, kind: str = "", harm: str = "collisions_per_100"
) -> list[tuple[float, float, float]]:
    """(seconds lost, harm per 100, threshold) of a seed at each threshold, the most careful last."""
    found = []
    names = list(next(iter(encounters.values()))["outcomes"])
    for name in names:
        who, _, threshold = name.partition("@")
        figures = _mean(encounters, name, kind) if who == planner else {}
        if figures:
            found.append((figures["seconds_lost"], figures[harm], float(threshold)))
    return sorted(found, key=lambda p: -p[2])


def frontier(points: Sequence[tuple[float, float, float]]) -> list[tuple[float, float]]:
    """The points that no other beats in both: (seconds lost, collisions), rising and falling."""
    best: list[tuple[float, float]] = []
    for lost, collisions, _ in sorted(points):
        if not best or collisions < best[-1][1] - 1e-12:
            best.append((lost, collisions))
    return best


def harm_at(points: Sequence[tuple[float, float, float]], lost: float) -> float:
    """Harm per 100 that a planner gets down to for so many seconds lost, by its frontier.

    Between two thresholds a planner may use each of them part of the time, so the line between two points is
    reached; less time than its hastiest threshold loses is not.

    Returns:
        NaN if even its hastiest threshold loses more.
    """
    best = _convex(frontier(points))
    if lost < best[0][0]:
        return float("nan")
    return float(np.interp(lost, [p[0] for p in best], [p[1] for p in best]))


def lost_at(points: Sequence[tuple[float, float, float]], harm: float) -> float:
    """Seconds lost for so little harm per 100, by the frontier; NaN if it never gets there."""
    best = _convex(frontier(points))
    if harm < best[-1][1]:
        return float("nan")
    return float(np.interp(-harm, [-p[1] for p in best], [p[0] for p in best]))


def _convex(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Lower convex hull of points that rise in x and fall in y."""
    hull: list[tuple[float, float]] = []
    for p in points:
        while len(hull) > 1 and (hull[-1][0] - hull[-2][0]) * (p[1] - hull[-2][1]) <= (p[0] - hull[-2][0]) * (
            hull[-1][1] - hull[-2][1]
        ):
            hull.pop()
        hull.append(p)
    return hull


def compared(records: Records, default: float) -> list[Row | None]:
    """Planners on equal terms with ours, by all kinds and of those that pull out.

    The rows' variant is the other planner `against ours`, at the planner node's threshold, or `against ours@T`.
    `seconds_lost` and the harm (see `HARMS`) are taken from the other's frontier over all thresholds, ours stays
    where it is.
    """
    found: list[Row | None] = []
    first = next(iter(next(iter(records.values())).values()))
    count = min(len(e) for e in records.values())
    for ours in (name for name in first["outcomes"] if name.startswith("ours@")):
        at_default = ours == f"ours@{default:g}"
        for planner in PLANNERS:
            if planner == "ours":
                continue
            for kind in ("", "pulling_out"):
                values: dict[str, dict[int, float]] = {}
                for seed, encounters in records.items():
                    for metric, value in _against(encounters, planner, ours, kind).items():
                        values.setdefault(metric, {})[seed] = value
                variant = f"{planner} against {'ours' if at_default else ours}"
                for metric, by_seed in values.items():
                    full = f"{metric}/{kind}" if kind else metric
                    found.append(row(NAME, variant, full, 0.0, by_seed, count))
    return found


def _against(encounters: Mapping[str, Mapping[str, Any]], planner: str, ours: str, kind: str) -> dict[str, float]:
    """One seed's figures of `compared`; empty if there is no such encounter yet."""
    # Time is lost on all encounters: a planner that is careful everywhere pays for it everywhere.
    mine, own = _mean(encounters, ours, ""), _mean(encounters, ours, kind)
    if not mine or not own:
        return {}
    found = {"our_seconds_lost": mine["seconds_lost"]}
    for name, harm in HARMS.items():
        points = _joined(encounters, planner, kind, harm)
        if points:
            found[f"{harm}_at_our_seconds_lost"] = harm_at(points, mine["seconds_lost"])
            found[f"seconds_lost_at_our_{name}"] = lost_at(points, own[harm])
            found[f"our_{harm}"] = own[harm]
    return found


def _joined(
    encounters: Mapping[str, Mapping[str, Any]], planner: str, kind: str, harm: str
) -> list[tuple[float, float, float]]:
    """Seconds lost over all encounters with the harm done in those of a kind, by threshold."""
    everywhere = {p[2]: p[0] for p in curve(encounters, planner)}
    return [(everywhere[t], done, t) for _, done, t in curve(encounters, planner, kind, harm)]
