"""report.html: one file with everything in it, no links to the outside."""

from __future__ import annotations

import base64
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jinja2
import numpy as np

from pose_ssl_ros.evaluation import plots
from pose_ssl_ros.evaluation.samples import Embedded
from pose_ssl_ros.evaluation.template import PAGE
from pose_ssl_ros.evaluation.verdicts import LATENCY_BUDGET_MS, percent, verdicts

log = logging.getLogger(__name__)

#: Neighbour panels: queries, and neighbours of each.
QUERIES, NEIGHBOURS = 8, 7


@dataclass
class Material:
    """What a report is made of, besides the summary."""

    timeline: np.ndarray | None = None
    latency_ms: np.ndarray | None = None
    embedded: Embedded | None = None
    embedding_note: str = ""  # why there is no embedding
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Neighbours:
    """A query crop and its nearest neighbours, ready for the page."""

    query: dict[str, str]
    found: list[dict[str, str]]


def data_uri(png: bytes) -> str:
    """PNG bytes as the source of an image element."""
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _degrees(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.0f}°"


def _number(value: float | None, form: str = ",.0f") -> str:
    return "not measured" if value is None else format(value, form)


def _crop(embedded: Embedded, index: int, cosine: float | None = None) -> dict[str, str]:
    sample = embedded.samples[index]
    words = f"{sample.category} {math.degrees(sample.azimuth):+.0f}°"
    return {
        "src": data_uri(plots.crop_png(sample.crop)),
        "caption": words if cosine is None else f"{words} · {cosine:.2f}",
    }


def neighbour_panels(embedded: Embedded) -> list[Neighbours]:
    """Nearest neighbours of a few queries, never the same object; rows without any are left out."""
    panels = []
    for query in embedded.queries(QUERIES):
        near = embedded.neighbours(query, NEIGHBOURS)
        if near:
            found = []
            for index, cosine in near:
                crop = _crop(embedded, index, cosine)
                same = embedded.samples[index].category == embedded.samples[query].category
                turn = embedded.samples[index].azimuth - embedded.samples[query].azimuth
                crop["tone"] = ("good" if math.cos(turn) > math.cos(math.radians(45)) else "bad") if same else "so"
                found.append(crop)
            panels.append(Neighbours(_crop(embedded, query), found))
    return panels


def _tiles(summary: dict[str, Any]) -> list[tuple[str, str]]:
    heading, final, latency = summary["heading"], summary["heading"]["final"], summary["latency_ms"]
    ms = {k: "not measured" if latency[k] is None else f"{latency[k]:.0f} ms" for k in ("p50", "p95", "p99")}
    return [
        ("toward/away, last third", percent(final["toward_away_accuracy"])),
        ("toward/away, whole run", percent(heading["toward_away_accuracy"])),
        ("right of four, last third", percent(final["four_way_accuracy"])),
        ("unknown, last third", percent(final["unknown_rate"])),
        ("azimuth error, median", _degrees(final["azimuth_median_error_deg"])),
        ("axis error, median", _degrees(final["axis_median_error_deg"])),
        ("azimuth flipped", percent(final["flip_rate"])),
        ("objects found", percent(summary["coverage"])),
        ("identity", percent(summary["identity"]["accuracy"])),
        ("latency p50 / p95 / p99", " / ".join(ms.values()) if latency["p50"] is not None else "not measured"),
        ("triplets", f"{summary['triplets']:,} ({_number(summary['triplets_per_second'], '.1f')} per s)"),
        ("learner steps", f"{summary['learner_steps']:,}"),
        ("models published", str(len(summary["model_versions"]))),
        ("frames (unanswered)", f"{summary['frames']:,} ({summary['frames_dropped']:,})"),
        ("collisions", _number(summary["collisions"])),
        ("robot time / wall time", f"{summary['robot_seconds']:.0f} s / {summary['wall_seconds']:.0f} s"),
    ]


def _split_rows(summary: dict[str, Any]) -> list[tuple[str, ...]]:
    heading = summary["heading"]
    named = [
        ("whole run", heading),
        ("last third", heading["final"]),
        ("moving", heading["moving"]),
        ("parked", heading["parked"]),
        ("parked, last third", heading["final_parked"]),
    ]
    return [
        (
            name,
            f"{part['n']:,}",
            str(part["objects"]),
            percent(part["coverage"]),
            percent(part["toward_away_accuracy"]),
            percent(part["majority_rate"]),
            percent(part["reversed_rate"]),
            percent(part["unknown_rate"]),
            _degrees(part["azimuth_median_error_deg"]),
            _degrees(part["axis_median_error_deg"]),
            percent(part["flip_rate"]),
        )
        for name, part in named
    ]


def build(summary: dict[str, Any], material: Material, deadline: float | None = None) -> str:
    """Make the page.

    Args:
        summary: As `summary.summarize` gives it.
        material: Rows and crops for the pictures.
        deadline: Monotonic time at which no further picture is begun; the page says what it left out.

    Returns:
        HTML with all pictures and styles inside.
    """
    left_out: list[str] = []

    def picture(name: str, draw: Callable[[], bytes]) -> str | None:
        if deadline is not None and time.monotonic() > deadline:
            left_out.append(f"{name} (no time left)")
            return None
        try:
            return data_uri(draw())
        except (ValueError, IndexError, TypeError, RuntimeError) as error:
            log.exception("the picture '%s' failed", name)
            left_out.append(f"{name} ({error})")
            return None

    heading = summary["heading"]
    swaps = [
        (m["swapped_robot_seconds"], m["version"])
        for m in summary["model_versions"]
        if m["swapped_robot_seconds"] is not None
    ]
    pictures: dict[str, str | None] = {}
    if heading["curve"]:
        pictures["curve"] = picture(
            "learning curve", lambda: plots.learning_curve(heading["curve"], swaps, heading["majority_rate"])
        )
    if heading["n"]:
        table = heading["confusion"]
        pictures["confusion"] = picture(
            "confusion matrix", lambda: plots.confusion_matrix(table["counts"], table["truth"], table["answer"])
        )
    latency, rows, embedded = material.latency_ms, material.timeline, material.embedded
    if latency is not None and len(latency):
        pictures["latency"] = picture("latency", lambda: plots.latency_histogram(latency, LATENCY_BUDGET_MS))
    if embedded is not None:
        pictures["projection"] = picture("projection", lambda: plots.projection(embedded))
    if rows is not None and len(rows) > 1:
        pictures["timeline"] = picture("timeline", lambda: plots.timeline(rows))
    panels = neighbour_panels(embedded) if embedded is not None else []
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(PAGE).render(
        summary=summary,
        verdicts=verdicts(summary),
        tiles=_tiles(summary),
        split=_split_rows(summary),
        pictures=pictures,
        panels=panels,
        note=material.embedding_note,
        crops=len(embedded.samples) if embedded is not None else 0,
        settings=sorted(material.settings.items()),
        models=summary["model_versions"][-15:],
        hidden_models=max(0, len(summary["model_versions"]) - 15),
        left_out=left_out,
        percent=percent,
        number=_number,
    )
