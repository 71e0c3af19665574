import dataclasses
import json
import re

import numpy as np
import pytest
import yaml
from harness import CHECKOUT

from pose_ssl_ros.evaluation.drive_report import output, page, viewers
from pose_ssl_ros.evaluation.drive_report.catalogue import BY_PATH, Figure, change, figure, interval, say, signed
from pose_ssl_ros.evaluation.drive_report.charts import azimuth_circle
from pose_ssl_ros.evaluation.drive_report.collector import Collector
from pose_ssl_ros.evaluation.drive_report.curves import accuracy_windows, bag_starts
from pose_ssl_ros.evaluation.drive_report.material import Answers, Bag, Material, Model
from pose_ssl_ros.evaluation.drive_report.svg import Panel, clock, time_ticks
from pose_ssl_ros.evaluation.drive_report.tables import (
    heading_confusion,
    identity_confusion,
    models_table,
    object_table,
)
from pose_ssl_ros.evaluation.drive_report.verdict import headline, sentences
from pose_ssl_ros.evaluation.errors import EvaluationError
from pose_ssl_ros.evaluation.judged import JUDGED
from pose_ssl_ros.evaluation.judging import Judge

from .drive_factory import START, S, material

TOWARD_AWAY = BY_PATH["heading.toward_away_accuracy"]


@pytest.fixture(scope="module")
def made():
    return material(2, 2, 60)


@pytest.fixture(scope="module")
def blind():
    return material(1, 1, 30, truth=False, assertions=(), skipped=())


def told(value, low=None, high=None, n=500, tracks=20):
    return {"value": value, "low": low, "high": high, "n": n, "tracks": tracks}


def card(name, **figures):
    """A model with the given figures and nothing else."""
    metrics = {"ground_truth": True}
    for path, value in figures.items():
        node = metrics
        *parts, last = path.split("__")
        for part in parts:
            node = node.setdefault(part, {})
        node[last] = value
    empty = Answers(np.zeros(0, JUDGED))
    return Model(name, metrics, empty, Collector().finish())


def judged(accuracy, reversed_=0.02, name="site", **more):
    return card(
        name,
        heading__toward_away_accuracy=accuracy,
        heading__reversed_rate=told(reversed_),
        heading__unknown_rate=told(0.1),
        heading__majority_rate=0.5,
        **more,
    )


def test_page_holds_everything_itself(made):
    html = page.build(made)
    assert re.findall(r'(?:src|href)="https?:', html) == []
    assert all(s.startswith("data:image/jpeg;base64,") for s in re.findall(r'src="([^"]*)', html))
    assert html.count("<article") == 10
    assert "Left out of this page" not in html
    for words in (
        "Yard, Tuesday morning",
        "The worst moments",
        "Reliability",
        "annotated.mp4#t=",
        "drive_1",
        "object_2",
    ):
        assert words in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in re.findall(r'href="(#[^"]+)"', html)} <= set(ids)


def test_page_without_truth_claims_nothing(blind):
    html = page.build(blind)
    assert "There was no truth" in html
    assert "No answer could be held against a true heading" in html
    assert "Nothing: every picture could be used." in html
    assert "named right" not in html.split("<nav")[0]


def test_words_from_outside_are_escaped(made):
    bad = "<script>alert(1)</script>"
    first = dataclasses.replace(made.models[0], name=bad)
    bag = dataclasses.replace(made.bags[0], name=bad, command_path=bad)
    html = page.build(dataclasses.replace(made, title=bad, models=(first, *made.models[1:]), bags=(bag, made.bags[1])))
    assert bad not in html


def test_page_of_nothing_but_a_model():
    judge = Judge()
    html = page.build(Material((Model("m", judge.metrics(), Answers.of(judge), Collector().finish()),), ()))
    assert "Nothing stood out as wrong" in html and "The model gave no identities" in html
    assert "Left out of this page" not in html
    with pytest.raises(EvaluationError, match="without a model"):
        page.build(Material((), ()))


def test_a_part_that_fails_is_named_and_the_rest_is_there(made):
    metrics = {**made.models[0].metrics, "accuracy_coverage": [7]}
    html = page.build(dataclasses.replace(made, models=(dataclasses.replace(made.models[0], metrics=metrics),)))
    assert "Left out of this page: accuracy and coverage" in html
    assert "Reliability" in html


def test_command_lines_start_two_seconds_early_and_are_quoted():
    bag = Bag("d", "my bags/d", START, 60.0, 600)
    lines = page.play_lines(bag, START + 13_500_000_000)
    assert lines[0] == "ros2 bag play 'my bags/d' --start-offset 11.5"
    assert lines[1] == "pose-ssl replay 'my bags/d' --start 11.5 --seconds 4"
    assert page.play_lines(bag, START + S)[0].endswith("--start-offset 0.0")


def test_verdict_is_three_sentences_with_the_interval():
    said = sentences(Material((judged(told(0.86, 0.8, 0.9)),), ()))
    assert len(said) == 3
    assert "500 sightings of 20 objects" in said[0].words
    assert "86\u00a0% were named right (80–90\u00a0%) and 2\u00a0% the wrong way round" in said[0].words
    assert said[0].tone == "good"


@pytest.mark.parametrize(
    ("accuracy", "reversed_", "tone"),
    [
        (told(0.95, 0.9, 0.99), 0.02, "good"),
        (told(0.95, 0.9, 0.99), 0.3, "bad"),
        (told(0.6, 0.5, 0.7), 0.02, "so"),
        (told(0.95, 0.9, 0.99, tracks=3), 0.0, "so"),
    ],
)
def test_verdict_tones(accuracy, reversed_, tone):
    assert sentences(Material((judged(accuracy, reversed_),), ()))[0].tone == tone


def test_verdict_compares_only_what_the_intervals_tell_apart():
    base = judged(told(0.7, 0.65, 0.75), name="base")
    better = sentences(Material((judged(told(0.86, 0.8, 0.9)), base), ()))[1]
    assert (better.tone, better.words) == (
        "good",
        "It is better than “base”: +16\u00a0points named right, ±0\u00a0points the wrong way round.",
    )
    same = sentences(Material((judged(told(0.72, 0.6, 0.8)), base), ()))[1]
    assert same.tone == "so" and "too small for this drive to show" in same.words
    worse = sentences(Material((judged(told(0.3, 0.2, 0.4)), base), ()))[1]
    assert worse.tone == "bad" and "worse than “base”" in worse.words


def test_verdict_speaks_of_warnings():
    planner = {
        "planner__raised_rate": told(0.95, n=20),
        "planner__seconds_to_raise": told(0.42),
        "planner__held_share": told(0.9),
        "planner__false_alarms_per_minute": told(0.25),
    }
    said = sentences(Material((judged(told(0.9, 0.85, 0.95), **planner),), ()))[2]
    assert said == (
        "good",
        "Danger was raised in 95\u00a0% of 20 threats, 0.4\u00a0s after it began (median), and stayed raised "
        "90\u00a0% of the time; there were 0.25 false alarms a minute.",
    )
    none = sentences(Material((judged(told(0.9)),), ()))[2]
    assert none.tone == "so" and none.words.startswith("Nothing can be said about warnings")


def test_failed_assertions_head_the_page(made):
    assert headline(made) == ("bad", "1 of 2 assertions failed")
    assert headline(dataclasses.replace(made, assertions=())).words.endswith("on this drive")


def test_figures_are_read_as_numbers_and_as_intervals():
    metrics = {"a": {"b": told(0.5, 0.4, 0.6, 10, 3)}, "c": 2, "d": {"value": None, "n": 0, "reason": "why"}, "e": True}
    assert figure(metrics, "a.b") == Figure(0.5, 0.4, 0.6, 10, 3)
    assert figure(metrics, "c").value == 2.0
    assert figure(metrics, "d").reason == "why"
    assert figure(metrics, "e").value is None and figure(metrics, "a.x.y").reason == "not measured"
    assert figure({"a": float("nan")}, "a").value is None


def test_numbers_in_words():
    assert [say(v, "share") for v in (0.123, 0.004, 0.0, None)] == ["12\u00a0%", "0.4\u00a0%", "0\u00a0%", "–"]
    assert (say(12.3, "deg"), say(0.456, "s"), say(3.2, "ms"), say(163.2, "per min")) == (
        "12°", "0.5\u00a0s", "3.2\u00a0ms", "163/min",
    )  # fmt: skip
    assert interval(Figure(0.5, 0.41, 0.6), "share") == "41–60\u00a0%"
    assert interval(Figure(0.5, None, 0.6), "share") == ""
    assert [signed(v, "share") for v in (0.16, -0.16, 0.001)] == [
        "+16\u00a0points",
        "−16\u00a0points",
        "±0\u00a0points",
    ]


def test_a_change_counts_only_where_intervals_are_apart():
    low, high = Figure(0.5, 0.4, 0.6), Figure(0.8, 0.7, 0.9)
    assert change(high, low, TOWARD_AWAY).tone == "good"
    assert change(low, high, TOWARD_AWAY).tone == "bad"
    assert change(Figure(0.65, 0.5, 0.8), low, TOWARD_AWAY).tone == "so"
    assert change(Figure(0.9), low, TOWARD_AWAY).tone == "so"
    assert change(Figure(None), low, TOWARD_AWAY) is None
    assert change(high, low, BY_PATH["heading.reversed_rate"]).tone == "bad"


def test_tables_agree_with_the_metrics(made):
    model = made.models[0]
    matrix = heading_confusion(model)
    assert [[int(c.note.replace(",", "")) for c in row[1:]] for row in matrix.rows] == model.metrics["heading"][
        "confusion"
    ]["counts"]
    assert heading_confusion(dataclasses.replace(model, metrics={})).rows == matrix.rows
    shares = np.array([[cell.share for cell in row[1:]] for row in identity_confusion(model).rows])
    assert shares.sum(1) == pytest.approx(1.0)
    assert len(object_table(model).rows) == model.metrics["objects"] == 8
    row = models_table(made).rows[0]
    assert row[1].key == model.metrics["heading"]["toward_away_accuracy"]["value"]


def test_windows_count_right_and_reversed():
    rows = np.zeros(6, JUDGED)
    rows["time"] = [0.1, 0.2, 0.3, 2.1, 2.2, 0.1]
    rows["bag"] = [0, 0, 0, 0, 0, 1]
    rows["truth_azimuth"] = [0, 0, np.pi, 0, np.pi / 2, 0]
    rows["answer"] = [0, 2, 0, 4, 1, 0]
    model = dataclasses.replace(card("m"), answers=Answers(rows))
    time, right, turned, count = accuracy_windows(model, {0: 0.0, 1: 4.0}, 6.0)
    assert time.tolist() == [1, 3, 5] and count.tolist() == [3, 1, 1]
    assert right.tolist() == pytest.approx([1 / 3, 0, 1])
    assert turned.tolist() == pytest.approx([2 / 3, 0, 0])


def test_the_circle_puts_right_answers_in_and_flips_out():
    rows = np.zeros(2, JUDGED)
    rows["azimuth"] = [0.0, np.pi]
    drawn = azimuth_circle(dataclasses.replace(card("m"), answers=Answers(rows)))
    dots = re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="2.1" class="dot (\w+)"', drawn)
    assert dots == [("180", "222", "near"), ("180", "322", "far")]  # below: towards us
    assert "50% of 2 within" in drawn
    assert azimuth_circle(card("m")) is None


def test_lines_break_where_nothing_is_known():
    panel = Panel(0, 0, 10, 10, (0, 4))
    assert panel.line([0, 1, 2, 3, 4], [0, 1, np.nan, 1, 0], "x").count("M") == 2
    assert panel.area([0, 1], [np.nan, np.nan], "x").count("L") == 0


def test_times_are_round():
    assert [clock(s) for s in (0, 59.6, 3661)] == ["0:00", "1:00", "1:01:01"]
    assert [t for t, _ in time_ticks(61, 7)] == [0, 10, 20, 30, 40, 50, 60]
    assert len(time_ticks(10 * 3600, 8)) <= 11


def test_bags_begin_one_after_the_other(made):
    starts = bag_starts(made.models[0].collected.frames)
    assert starts[0] == 0.0 and starts[1] == pytest.approx(5.9 + 1.0)


def test_layouts_name_the_topics_of_the_drive(made, tmp_path):
    template = (CHECKOUT / "rviz" / "replay.rviz").read_text(encoding="utf-8")
    files = output.write(made, tmp_path, template)
    assert sorted(f.name for f in files) == ["foxglove.json", "replay.rviz", "report.html"]
    layout = json.loads((tmp_path / "foxglove.json").read_text())
    assert layout["configById"]["Image!picture"]["imageMode"]["imageTopic"] == "/camera/image_raw"

    def leaves(node):
        return [node] if isinstance(node, str) else leaves(node["first"]) + leaves(node["second"])

    assert sorted(leaves(layout["layout"])) == sorted(layout["configById"])
    rviz = yaml.safe_load((tmp_path / "replay.rviz").read_text())
    topics = {d["Name"]: d["Topic"]["Value"] for d in rviz["Visualization Manager"]["Displays"] if "Topic" in d}
    assert topics["Camera"] == "/camera/image_raw" and topics["Odometry"] == "/odom"
    assert topics["Danger zones"] == "/pose_ssl/danger_zones"
    compressed = viewers.rviz(template, {"image": "/cam/image/compressed"})
    assert "Value: /cam/image\n" in compressed
