"""What the learning experiments must show, beside what they showed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pose_ssl_ros.experiments.rows import Row


@dataclass(frozen=True)
class Claim:
    """A figure that is asked for.

    Attributes:
        words: What is asked.
        variant: Whose row, and which metric of it.
        metric: See there.
        seconds: Robot seconds; None: the last that were measured.
        least: Least mean, in shares of 1.
    """

    words: str
    variant: str
    metric: str
    seconds: float | None
    least: float


_HELD = "held_out/toward_away"
ONLINE = (
    Claim("toward/away at least 90 % within 120 s", "ours", _HELD, 120.0, 0.9),
    Claim("toward/away at least 95 % within 10 min", "ours", _HELD, 600.0, 0.95),
    Claim("from random weights 90 % within 15 min", "random weights", _HELD, 900.0, 0.9),
    Claim("at least 5 points above the frozen start model", "ours - frozen", _HELD, None, 0.05),
    Claim("at most 2 points lost on the old site", "ours - frozen", "old_site/toward_away", None, -0.02),
    Claim("small two-tier buffer within 2 points of shuffled", "two-tier, small - shuffled", _HELD, None, -0.02),
)
FORGETTING = (
    Claim("at most 2 points lost on A by B", "ours", "site_a/toward_away_change_by_b", None, -0.02),
    Claim("nothing lost on A after all", "ours - frozen", "site_a/toward_away", None, -0.02),
)


def measured(claim: Claim, rows: Sequence[Row]) -> Row | None:
    """The row that a claim is about: the latest one not after its time; None if it was not measured."""
    found = [r for r in rows if r["variant"] == claim.variant and r["metric"] == claim.metric]
    if claim.seconds is not None:
        found = [r for r in found if r["robot_seconds"] <= claim.seconds]
    return max(found, key=lambda r: float(r["robot_seconds"]), default=None)


def told(claims: Sequence[Claim], rows: Sequence[Row]) -> list[list[str]]:
    """Lines of a table: what is asked, what was measured and when, whether it holds."""
    lines = []
    for claim in claims:
        row = measured(claim, rows)
        if row is None:
            lines.append([claim.words, "not measured", "", ""])
            continue
        sign = "+" if claim.least < 0 or " - " in claim.variant else ""
        value = f"{100 * row['mean']:{sign}.1f} ± {100 * row['std']:.1f}"
        late = claim.seconds is None or row["robot_seconds"] >= claim.seconds
        holds = "yes" if row["mean"] >= claim.least else "no" if late else "not yet"
        lines.append([claim.words, f"{value} ({row['seeds']} seeds)", f"{row['robot_seconds']:g} s", holds])
    return lines
