"""What `pose-ssl evaluate` writes and prints: metrics.json, the table on the terminal, report.html."""

from __future__ import annotations

import argparse
import hashlib
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

#: Name of the film beside the report.
FILM = "annotated.mp4"
#: Figures of the table on the terminal: words, path into metrics.json, as a share.
SHOWN = (
    ("toward/away right", "heading.toward_away_accuracy", True),
    ("  each track alike", "heading.by_track.toward_away_accuracy", True),
    ("  front and back confused", "heading.reversed_rate", True),
    ("four headings right", "heading.four_way_accuracy", True),
    ("azimuth error, degrees", "heading.azimuth_median_error_deg", False),
    ("azimuth within 30 degrees", "heading.azimuth_within_30deg", True),
    ("identity right", "identity.accuracy", True),
    ("true objects detected", "coverage", True),
    ("answers unknown", "answers.unknown_rate", True),
    ("calibration error", "calibration.ece", False),
    ("flips per track-minute", "stability.flips_per_track_minute", False),
    ("agrees with motion", "teacher.agreement", True),
    ("threats told at all", "planner.raised_rate", True),
    ("seconds until danger is raised", "planner.seconds_to_raise", False),
    ("time that it stays raised", "planner.held_share", True),
    ("seconds until it is released", "planner.seconds_to_release", False),
    ("false alarms per minute", "planner.false_alarms_per_minute", False),
    ("work per frame, p95, ms", "latency_ms.p95", False),
)


class Candidate(NamedTuple):
    """A model to be judged."""

    name: str
    path: Path | None  # None: no model, every heading unknown


class Entry(NamedTuple):
    """A judged model."""

    candidate: Candidate
    judged: Any
    metrics: dict[str, Any]
    collected: Any
    about: dict[str, Any]


def about(candidate: Candidate) -> dict[str, Any]:
    """Where a model comes from."""
    if candidate.path is None:
        return {"path": "", "words": "no model: every heading is unknown"}
    from pose_ssl_ros.modelfile import read_version

    content = candidate.path.read_bytes()
    card = read_version(content)
    return {
        "path": str(candidate.path),
        "file_sha256": hashlib.sha256(content).hexdigest(),
        "weights_sha256": card.sha256,
        "version": card.version,
        "parent": card.parent,
        "objective": card.objective,
        "heading_ready": card.heading_ready,
        "identity_ready": card.identity_ready,
        "training": dict(card.training),
    }


def facts(
    arguments: argparse.Namespace,
    entries: Sequence[Entry],
    outcomes: Sequence[Any],
    configs: Sequence[Any],
    notes: Sequence[str],
    *,
    interrupted: bool,
) -> dict[str, Any]:
    """metrics.json."""
    from pose_ssl_ros.parameters import to_values

    first = entries[0].judged
    left = [{"bag": x.bag, "kind": x.kind, "count": x.count, "words": x.words, "lost": x.lost} for x in first.left]
    left += [{"bag": "", "kind": "truth", "count": 1, "words": words, "lost": True} for words in notes]
    settings = dict(to_values(configs[0]))
    for prefix, config in zip(("judge", "report"), configs[1:], strict=True):
        settings |= {f"{prefix}.{name}": value for name, value in to_values(config).items()}
    return {
        "judged": entries[0].candidate.name,
        "models": {
            e.candidate.name: {"about": e.about, **e.metrics, "wall_seconds": e.judged.seconds} for e in entries
        },
        "bags": [
            {"name": drive.path.name, "seconds": info.seconds, "frames": frames} for drive, info, frames in first.infos
        ],
        "truth": _truth_words(arguments.truth, first),
        "assertions": [{"expression": o.expression, "passed": o.passed, "words": o.words} for o in outcomes],
        "left_out": left,
        "interrupted": interrupted,
        "settings": settings,
        "command": shlex.join(["pose-ssl", *sys.argv[1:]]),
    }


def _truth_words(given: str, judged: Any) -> str:
    """Where the truth came from; empty if there was none."""
    if not judged.judge.labelled:
        return ""
    return given or "the topic of ground truth in the bag"


def table(entries: Sequence[Entry]) -> str:
    """The figures that people ask for first, a column for each model."""
    rows = [["", *(entry.candidate.name for entry in entries)]]
    for words, path, as_share in SHOWN:
        cells = [_cell(entry.metrics, path, as_share) for entry in entries]
        if any(cells):
            rows.append([words, *(cell or "-" for cell in cells)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cell(metrics: Mapping[str, Any], path: str, as_share: bool) -> str:
    """A figure with its interval; empty if it was not measured."""
    node: Any = metrics
    for key in path.split("."):
        node = node[key]
    figure = node if isinstance(node, Mapping) else {"value": node}
    if figure["value"] is None:
        return ""
    form: Callable[[float], str] = (lambda v: f"{100 * v:.0f}") if as_share else (lambda v: f"{v:.3g}")
    text = form(figure["value"]) + (" %" if as_share else "")
    if figure.get("low") is not None and figure.get("high") is not None:
        text += f" ({form(figure['low'])} to {form(figure['high'])})"
    return text


def _bags(judged: Any, drives: Sequence[Any]) -> Iterator[Any]:
    """What the report tells of each recording, those that could not be used too: results count them."""
    from pose_ssl_ros.evaluation.drive_report.material import Bag

    read = {id(drive): (info, frames) for drive, info, frames in judged.infos}
    for drive in drives:
        info, frames = read.get(id(drive), (None, 0))
        name, path = drive.path.name, str(drive.path)
        if info is None:
            yield Bag(name, path, 0, 0.0, 0)
        else:
            roles = {role: topic for role, topic in asdict(info.roles).items() if topic}
            yield Bag(name, path, info.start_ns, info.seconds, frames, info.storage, roles)


def report(
    arguments: argparse.Namespace,
    out: Path,
    drives: Sequence[Any],
    entries: Sequence[Entry],
    outcomes: Sequence[Any],
    told: Mapping[str, Any],
) -> None:
    """Write report.html and what opens the result bag in Foxglove and RViz."""
    from pose_ssl_ros.cli.share import find_share
    from pose_ssl_ros.evaluation.drive_report import material, output

    made = material.Material(
        models=tuple(
            material.Model(e.candidate.name, e.metrics, material.Answers.of(e.judged.judge), e.collected, e.about)
            for e in entries
        ),
        bags=tuple(_bags(entries[0].judged, drives)),
        title=arguments.title,
        truth=told["truth"],
        settings=told["settings"],
        skipped=tuple(material.Skipped(x["bag"], x["kind"], x["count"], x["words"]) for x in told["left_out"]),
        assertions=tuple(material.Assertion(o.expression, o.passed, o.words) for o in outcomes),
        video=FILM if (out / FILM).exists() else "",
        result_bags=tuple(
            str(p.relative_to(out)) for p in (out / "bag", *sorted((out / "bags").glob("*"))) if p.is_dir()
        ),
        command=told["command"],
    )
    template = find_share() / "rviz" / "replay.rviz"
    output.write(made, out, template.read_text(encoding="utf-8") if template.is_file() else "")
