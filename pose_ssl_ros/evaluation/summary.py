"""summary.json: the figures of a session under fixed names."""

from __future__ import annotations

from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.identity import identity_metrics
from pose_ssl_ros.evaluation.metrics import (
    confusion,
    heading_metrics,
    percentiles,
    ratio,
    toward_or_away,
)
from pose_ssl_ros.evaluation.moving import MOVING, PARKED
from pose_ssl_ros.evaluation.records import MISSED
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.evaluation.windows import window_of
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

#: Names under which the learner's and others' diagnostics may be found, best first.
LOSS, RANK, STEPS = ("loss", "loss_total"), ("embedding_rank", "rank"), ("steps", "learner_steps", "step")


def figures(rows: np.ndarray, toward_width: float) -> dict[str, Any]:
    """Heading figures of a set of sightings with coverage and the number of true objects."""
    matched = rows[rows["answer"] != MISSED]
    result = heading_metrics(matched["truth_azimuth"], matched["answer"], matched["azimuth"], toward_width)
    result["coverage"] = ratio(len(matched), len(rows))
    result["objects"] = len(np.unique(matched["object"]))
    return result


def curve(rows: np.ndarray, window: float, toward_width: float) -> list[dict[str, Any]]:
    """Heading figures over windows of robot time; windows without sightings are left out."""
    points = []
    number = window_of(rows["time"], window)
    for index in np.unique(number):
        part = figures(rows[number == index], toward_width)
        keys = ("n", "n_toward_away", "toward_away_accuracy", "four_way_accuracy", "unknown_rate", "coverage")
        points.append({"robot_seconds": float((index + 1) * window), **{key: part[key] for key in keys}})
    return points


def _first(session: Session, node: str, keys: tuple[str, ...]) -> float | None:
    for key in keys:
        value = session.number(node, key)
        if value is not None:
            return value
    return None


def learner_steps(session: Session) -> int:
    """Steps the learner took: its diagnostics, or the newest model's card if they say less."""
    told = _first(session, "learner", STEPS) or 0
    cards = [float(m.card.training.get("steps", 0)) for m in session.models.values()]
    return int(max([told, *cards]))


def _heading(session: Session, rows: np.ndarray) -> dict[str, Any]:
    width = session.config.toward_width
    matched = rows[rows["answer"] != MISSED]
    heading = figures(rows, width)
    two = rows[toward_or_away(rows["truth_azimuth"]) >= 0] if len(rows) else rows
    right = int((two["answer"] == toward_or_away(two["truth_azimuth"])).sum()) if len(two) else 0
    heading["curve"] = curve(rows, session.config.window, width)
    heading["toward_away_accuracy_with_missed"] = ratio(right, len(two))
    start = session.robot_seconds * 2 / 3
    heading["final"] = {"from_robot_seconds": start, **figures(rows[rows["time"] >= start], width)}
    heading["final_parked"] = figures(rows[(rows["time"] >= start) & (rows["moving"] == PARKED)], width)
    heading["parked"] = figures(rows[rows["moving"] == PARKED], width)
    heading["moving"] = figures(rows[rows["moving"] == MOVING], width)
    matrix = confusion(matched["truth_azimuth"], matched["answer"], width)
    heading["confusion"] = {
        "rows": "truth",
        "columns": "answer",
        "truth": HEADINGS_AND_UNKNOWN[:4],
        "answer": HEADINGS_AND_UNKNOWN,
        "counts": matrix.tolist(),
    }
    by_category = {}
    for index, name in enumerate(session.categories.names):
        part = figures(rows[rows["category"] == index], width)
        by_category[name] = {k: part[k] for k in ("n", "coverage", "toward_away_accuracy", "unknown_rate")}
    heading["by_category"] = by_category
    return heading


def _models(session: Session, rows: np.ndarray) -> list[dict[str, Any]]:
    versions = []
    for version, record in sorted(session.models.items()):
        part = figures(rows[rows["version"] == version], session.config.toward_width)
        keys = ("n", "n_toward_away", "toward_away_accuracy", "unknown_rate", "azimuth_median_error_deg")
        versions.append(
            {
                "version": version,
                "parent": record.card.parent,
                "sha256": record.card.sha256,
                "objective": record.card.objective,
                "published_robot_seconds": record.published,
                "swapped_robot_seconds": record.swapped,
                "heading_ready": record.card.heading_ready,
                "identity_ready": record.card.identity_ready,
                "training": dict(record.card.training),
                "heading": {key: part[key] for key in keys},
            }
        )
    return versions


def summarize(session: Session, *, finished: bool = False, extras: dict[str, Any] | None = None) -> dict[str, Any]:
    """Everything worth keeping of a session.

    Args:
        session: The run so far.
        finished: Whether the run came to its end.
        extras: More entries, e.g. what became of the video.

    Returns:
        Plain values; None where nothing could be measured (accuracy without
        ground truth, collisions without a simulation).
    """
    with session.lock:
        rows = session.sightings.rows.copy()
        latency = session.latency.rows["ms"].copy()
        categories, identities = session.categories.names, session.identities.names
        counts = session.counts
        seconds = session.robot_seconds
        matched = rows[rows["answer"] != MISSED]
        late = matched[matched["time"] >= seconds * 2 / 3]
        answered = sum(counts.by_heading)
        collisions = session.number("sim", "collisions")
        return {
            "seed": session.config.seed,
            "scenario": session.config.scenario,
            "finished": finished,
            "ground_truth": session.truth_seen,
            "robot_seconds": seconds,
            "wall_seconds": session.wall_seconds,
            "frames": max(counts.images, counts.answered),
            "frames_dropped": max(0, counts.images - counts.answered),
            "triplets": counts.triplets,
            "learner_steps": learner_steps(session),
            "triplets_per_second": ratio(counts.triplets, seconds),
            "model_versions": _models(session, rows),
            "heading": _heading(session, rows),
            "identity": {
                **identity_metrics(matched["category"], matched["identity"], categories, identities),
                # Prototypes may be numbered anew by every model: the last third has fewer models to mix.
                "final": identity_metrics(late["category"], late["identity"], categories, identities),
            },
            "coverage": ratio(len(matched), len(rows)),
            "latency_ms": {**percentiles(latency), "n": len(latency)},
            "collisions": None if collisions is None else int(collisions),
            "learner": {
                "loss": _first(session, "learner", LOSS),
                "embedding_rank": _first(session, "learner", RANK),
                "state": session.message("learner"),
                "diagnostics": session.values("learner"),
            },
            "inference": {"state": session.message("inference"), "diagnostics": session.values("inference")},
            "answers": {
                "n": answered,
                "unknown_rate": ratio(counts.by_heading[4], answered),
                "by_heading": dict(zip(HEADINGS_AND_UNKNOWN, counts.by_heading, strict=True)),
            },
            "time_jumps": counts.jumps,
            "sightings_stride": session.sightings.stride,
            **(extras or {}),
        }
