"""What a team asserts of a model: `toward_away>=0.9`, one comparison of a figure with a number.

    [MODEL:]NAME OPERATOR NUMBER

NAME is a short name (`NAMES`) or a dotted path into metrics.json such as `heading.by_track.unknown_rate`; a
figure means its value, `.low` and `.high` mean the ends of its interval.  OPERATOR is >=, <=, >, <, == or !=.
A figure that was not measured fails, with the reason.
"""

from __future__ import annotations

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pose_ssl_ros.evaluation.errors import EvaluationError

#: Short names of what teams ask most, by path into metrics.json.
NAMES = {
    "toward_away": "heading.toward_away_accuracy",
    "toward_away_by_track": "heading.by_track.toward_away_accuracy",
    "four_way": "heading.four_way_accuracy",
    "reversed": "heading.reversed_rate",
    "azimuth_error": "heading.azimuth_median_error_deg",
    "azimuth_within_30": "heading.azimuth_within_30deg",
    "axis_error": "heading.axis_median_error_deg",
    "flip_rate": "heading.flip_rate",
    "unknown_rate": "answers.unknown_rate",
    "identity": "identity.accuracy",
    "coverage": "coverage",
    "ece": "calibration.ece",
    "flips_per_track_minute": "stability.flips_per_track_minute",
    "teacher_agreement": "teacher.agreement",
    "seconds_to_raise": "planner.seconds_to_raise",
    "raised_rate": "planner.raised_rate",
    "held_share": "planner.held_share",
    "seconds_to_release": "planner.seconds_to_release",
    "false_alarms_per_minute": "planner.false_alarms_per_minute",
    "latency_p95_ms": "latency_ms.p95",
}
OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(
    r"\s*(?:(?P<model>[^:<>=!]+?)\s*:)?\s*(?P<name>[\w.]+)\s*(?P<sign>>=|<=|==|!=|>|<)\s*(?P<number>\S+)\s*"
)


@dataclass(frozen=True)
class Expression:
    """One assertion as written."""

    text: str
    name: str
    sign: str
    number: float
    model: str = ""  # empty: the model that is judged

    @property
    def path(self) -> str:
        """Where the figure is in metrics.json."""
        head, dot, tail = self.name.partition(".")
        return self.name if head not in NAMES else NAMES[head] + dot + tail


@dataclass(frozen=True)
class Outcome:
    """Whether an assertion holds, and what was measured."""

    expression: str
    passed: bool
    words: str

    @property
    def line(self) -> str:
        """One line for a person."""
        return f"{'holds' if self.passed else 'FAILS'}: {self.expression} ({self.words})"


def parse(text: str) -> Expression:
    """Read an assertion.

    Raises:
        EvaluationError: If it does not have the form of one, or the number is none; says what is allowed.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        hint = " (one comparison only; '=' alone is none)" if "=" in text else ""
        signs = " ".join(OPERATORS)
        msg = f"'{text}' is no assertion{hint}: write NAME OPERATOR NUMBER as in toward_away>=0.9, with one of {signs}"
        raise EvaluationError(msg)
    try:
        number = float(found["number"].removesuffix("%")) / (100.0 if found["number"].endswith("%") else 1.0)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        msg = f"'{text}': '{found['number']}' is not a finite number"
        raise EvaluationError(msg)
    return Expression(text.strip(), found["name"], found["sign"], number, (found["model"] or "").strip())


def check_name(expression: Expression, metrics: Mapping[str, Any]) -> None:
    """Refuse a name that metrics do not have.

    Raises:
        EvaluationError: Lists the names there are.
    """
    _find(expression, metrics)


def judge(expression: Expression, metrics: Mapping[str, Any]) -> Outcome:
    """Hold an assertion against the metrics of a model.

    Args:
        expression: The assertion.
        metrics: As `Judge.metrics()` gives them.

    Raises:
        EvaluationError: If there is no such figure; lists those there are.
    """
    found = _find(expression, metrics)
    figure = found if isinstance(found, Mapping) else {"value": found}
    value = figure["value"]
    if value is None:
        reason = figure.get("reason") or _reason_beside(expression, metrics)
        return Outcome(expression.text, False, f"not measured: {reason}")
    passed = OPERATORS[expression.sign](float(value), expression.number)
    return Outcome(expression.text, passed, f"measured {figure_words(figure)}")


def figure_words(figure: Mapping[str, Any]) -> str:
    """A figure in words: value, interval, what is behind it."""
    words = f"{figure['value']:.4g}"
    if figure.get("low") is not None and figure.get("high") is not None:
        words += f", 95 % interval {figure['low']:.4g} to {figure['high']:.4g}"
    if figure.get("tracks"):
        seen = "1 observation" if figure["n"] == 1 else f"{figure['n']:,} observations"
        words += f", {seen} of {figure['tracks']:,} {figure.get('over', 'tracks')}"
    return words


def names(metrics: Mapping[str, Any]) -> list[str]:
    """Dotted paths of all figures and numbers."""
    return list(_paths(metrics, ""))


def _paths(node: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for key, value in node.items():
        if isinstance(value, Mapping) and "value" not in value:
            yield from _paths(value, f"{prefix}{key}.")
        elif value is None or isinstance(value, (int, float, Mapping)):
            yield f"{prefix}{key}"


def _find(expression: Expression, metrics: Mapping[str, Any]) -> Any:
    """A number, None or a figure.

    Raises:
        EvaluationError: If the path leads to none of these.
    """
    node: Any = metrics
    for key in expression.path.split("."):
        if not isinstance(node, Mapping) or key not in node:
            raise EvaluationError(_unknown(expression, metrics))
        node = node[key]
    is_figure = isinstance(node, Mapping) and "value" in node
    if node is not None and not is_figure and not isinstance(node, (int, float)):
        raise EvaluationError(_unknown(expression, metrics))
    return node


def _unknown(expression: Expression, metrics: Mapping[str, Any]) -> str:
    every = names(metrics)
    near = difflib.get_close_matches(expression.name, [*NAMES, *every], n=1, cutoff=0.7)
    hint = f"; did you mean '{near[0]}'?" if near else "."
    paths = ", ".join(sorted(set(every)))
    return (
        f"'{expression.text}': there is no figure '{expression.name}'{hint} Names are {', '.join(NAMES)}; "
        f"paths are {paths}"
    )


def _reason_beside(expression: Expression, metrics: Mapping[str, Any]) -> str:
    """Why a part of a figure is missing: the figure may tell, or has too few tracks for an interval."""
    parent, _, last = expression.path.rpartition(".")
    node: Any = metrics
    for key in filter(None, parent.split(".")):
        node = node.get(key, {}) if isinstance(node, Mapping) else {}
    if isinstance(node, Mapping) and last in ("low", "high"):
        return str(node.get("reason") or "an interval needs two tracks or more")
    return "there was nothing to count"
