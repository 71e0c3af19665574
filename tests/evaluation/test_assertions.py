"""The assertion language."""

import pytest

from pose_ssl_ros.evaluation.assertions import NAMES, judge, names, parse
from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.judging import Judge

FIGURE = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 120, "tracks": 9}
METRICS = {
    "heading": {"toward_away_accuracy": FIGURE, "by_track": {"unknown_rate": {**FIGURE, "value": 0.25}}},
    "planner": {"false_alarms_per_minute": {"value": None, "low": None, "high": None, "n": 0, "reason": "no truth"}},
    "latency_ms": {"p95": 12.5},
    "coverage": {"value": 1.0, "low": None, "high": None, "n": 4, "tracks": 1},
    "frames": 100,
    "ground_truth": True,
    "curve": [1, 2],
}


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("toward_away>=0.9", True),
        ("toward_away > 0.9", False),
        (" toward_away<=90% ", True),
        ("toward_away<0.9", False),
        ("toward_away==0.9", True),
        ("toward_away!=0.9", False),
        ("toward_away.low>=0.85", False),
        ("toward_away.n>=100", True),
        ("heading.by_track.unknown_rate<=3e-1", True),
        ("latency_p95_ms<=100", True),
        ("frames==100", True),
        ("base-2:toward_away>=.5", True),
        ("false_alarms_per_minute<=0.5", False),
    ],
)
def test_outcomes(text, passed):
    assert judge(parse(text), METRICS).passed is passed


def test_lines_say_what_was_measured():
    line = judge(parse("toward_away>=0.95"), METRICS).line
    assert line.startswith("FAILS: toward_away>=0.95 (measured 0.9, 95 % interval 0.8 to 0.95, 120 observations")
    assert judge(parse("false_alarms_per_minute<=0.5"), METRICS).line.endswith("(not measured: no truth)")
    assert "two tracks" in judge(parse("coverage.low>0.5"), METRICS).words
    assert parse("base-2:toward_away>=.5").model == "base-2"


@pytest.mark.parametrize(
    "text", ["", "toward_away", "toward_away=0.9", ">=0.9", "a>=1>=2", "toward_away>=high", "a>=nan", "a >= ", "a=>1"]
)
def test_what_is_no_assertion_is_refused(text):
    with pytest.raises(EvaluationError, match=r"assertion|finite number"):
        parse(text)


def test_unknown_names_are_listed():
    with pytest.raises(EvaluationError, match=r"did you mean 'toward_away'.*false_alarms_per_minute.*latency_ms\.p95"):
        judge(parse("towardaway>=0.9"), METRICS)
    for text in ("heading>=1", "curve>=1", "heading.by_track.nope>1", "toward_away.nope>1"):
        with pytest.raises(EvaluationError, match="no figure"):
            judge(parse(text), METRICS)


def test_every_short_name_is_a_figure_of_the_judge():
    every = names(Judge().metrics())
    assert not [name for name, path in NAMES.items() if path not in every]
