"""report.html of recorded drives: one file with everything in it, no links to the outside but the film beside it."""

from __future__ import annotations

import base64
import json
import logging
import shlex
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import jinja2

from pose_ssl_ros.evaluation.drive_report import charts, tables
from pose_ssl_ros.evaluation.drive_report.curves import drive_curves
from pose_ssl_ros.evaluation.drive_report.faults import KINDS
from pose_ssl_ros.evaluation.drive_report.material import Bag, Material, Moment
from pose_ssl_ros.evaluation.drive_report.svg import clock
from pose_ssl_ros.evaluation.drive_report.verdict import headline, sentences
from pose_ssl_ros.evaluation.errors import EvaluationError

log = logging.getLogger(__name__)
T = TypeVar("T")

#: A link to a moment starts so many seconds before it.
LEAD = 2.0
#: Prototypes shown; the others are named.
PROTOTYPES = 24


def build(material: Material) -> str:
    """Make the page.

    Args:
        material: What is known of the drives and what was said of them.

    Returns:
        HTML with styles, pictures and code inside.

    Raises:
        EvaluationError: If there is no model.
    """
    if not material.models:
        msg = "there is no report without a model"
        raise EvaluationError(msg)
    left_out: list[str] = []

    def part(name: str, make: Callable[[], T]) -> T | None:
        """A part of the page; one that fails is named and the others are shown."""
        try:
            return make()
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
            log.exception("the part '%s' of the report failed", name)
            left_out.append(f"{name} ({error})")
            return None

    model, models = material.models[0], material.models
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pose_ssl_ros.evaluation.drive_report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, jpeg=_jpeg)
    wide = part("curves", lambda: drive_curves(model, material.bags, 1040))
    return environment.get_template("page.html.j2").render(
        material=material,
        model=model,
        title=material.title or ", ".join(bag.name for bag in material.bags) or "Drive",
        headline=headline(material),
        sentences=sentences(material),
        seconds=sum(bag.seconds for bag in material.bags),
        frames=sum(bag.frames for bag in material.bags),
        tiles=part("figures at the top", lambda: tables.tiles(material)) or [],
        interval_bar=charts.interval_bar,
        comparison=part("table of models", lambda: tables.models_table(material)),
        figures=part("table of figures", lambda: tables.figures_table(material)),
        categories=part("categories", lambda: tables.category_table(model)),
        objects=part("objects", lambda: tables.object_table(model)),
        curves=(wide, part("narrow curves", lambda: drive_curves(model, material.bags, 340, 84))),
        circles=[(m.name, part(f"circle of {m.name}", partial(charts.azimuth_circle, m))) for m in models[:2]],
        headings=[(m.name, part(f"confusion of {m.name}", partial(tables.heading_confusion, m))) for m in models[:2]],
        identities=part("confusion of identities", lambda: tables.identity_confusion(model)),
        reliability=part("reliability", lambda: charts.reliability(models)),
        coverage=part("accuracy and coverage", lambda: charts.coverage_curve(models)),
        moments=[_moment(material, number, moment) for number, moment in enumerate(model.collected.moments, 1)],
        prototypes=model.collected.prototypes[:PROTOTYPES],
        more_prototypes=model.collected.prototypes[PROTOTYPES:],
        settings=[(name, _setting(value)) for name, value in sorted(material.settings.items())],
        abouts=[(m.name, sorted((k, _setting(v)) for k, v in m.about.items())) for m in models],
        left_out=left_out,
    )


def _jpeg(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _setting(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value)
    except TypeError:
        return str(value)


def play_lines(bag: Bag, recorded_ns: int) -> tuple[str, str]:
    """Command lines that show a moment again: by ROS's own player, and by ours."""
    offset = max(0.0, (recorded_ns - bag.start_ns) / 1e9 - LEAD)
    path = shlex.quote(bag.command_path)
    return (
        f"ros2 bag play {path} --start-offset {offset:.1f}",
        f"pose-ssl replay {path} --start {offset:.1f} --seconds {2 * LEAD:.0f}",
    )


def _moment(material: Material, number: int, moment: Moment) -> Mapping[str, Any]:
    bag = material.bags[moment.bag] if 0 <= moment.bag < len(material.bags) else None
    lines = play_lines(bag, moment.recorded_ns) if bag is not None else ()
    at = max(0.0, (moment.recorded_ns - bag.start_ns) / 1e9) if bag is not None else moment.drive
    return {
        "number": number,
        "kind": KINDS.get(moment.kind, moment.kind),
        "tone": "bad" if moment.kind in ("reversed", "missed", "motion") else "so",
        "moment": moment,
        "bag": bag.name if bag is not None else f"bag {moment.bag}",
        "at": clock(at),
        "seconds": at,
        "lines": lines,
        "film": f"{material.video}#t={max(0.0, moment.drive - LEAD):.1f}" if material.video else "",
    }
