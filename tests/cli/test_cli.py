"""The `pose-ssl` command, alone and against running nodes."""

import subprocess
import sys
from collections import deque
from pathlib import Path
from types import SimpleNamespace

import pytest
from harness import NodeProcess, Peer

from pose_ssl_ros.cli import demo, param, show
from pose_ssl_ros.cli.errors import CommandError
from pose_ssl_ros.cli.launch import parse_assignments
from pose_ssl_ros.cli.main import main
from pose_ssl_ros.cli.topic import rate_line

ROOT = Path(__file__).parents[2]


def pose_ssl(*words, timeout=30.0):
    done = subprocess.run(
        [sys.executable, "-m", "pose_ssl_ros.cli.main", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return SimpleNamespace(code=done.returncode, out=done.stdout, err=done.stderr)


def test_show_args_lists_what_included_files_declare(capsys):
    assert main(["launch", "demo.launch.yaml", "--show-args"]) == 0
    text = capsys.readouterr().out
    for name in ("duration", "scenario", "namespace", "odom"):
        assert f"\n  {name} (" in text
    assert "one of street, orbit, mixed" in text
    assert main(["launch", "source", "--show-args"]) == 0  # the ending may be left out
    assert "input (needed)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["launch", "nothing"], "there is no launch file 'nothing' (ours: demo.launch.yaml"),
        (["launch", "sim.launch.yaml", "scenario"], "write name:=value"),
        (["launch", "sim.launch.yaml", "sped:=1"], "declares no argument 'sped'"),
        (["launch", "sim.launch.yaml", "scenario:=moon"], "must be one of street, orbit, mixed"),
        (["launch", "source.launch.yaml"], "argument 'input' is needed"),
        (["launch", "pose_ssl_ros", "nothing"], "there is no launch file 'nothing'"),
        (["run", "nothing"], "has no executable 'nothing' (it has evaluator_node"),
        (["demo", "--seconds", "0"], "--seconds is 0"),
        (["topic", "hz", "x", "--window", "1"], "--window must be at least 2"),
    ],
)
def test_what_is_wrong_is_one_sentence(capsys, words, said):
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.startswith("pose-ssl: error: ")


def test_launch_arguments_may_hold_the_separator():
    assert parse_assignments(["a:=b:=c", "d:="]) == {"a": "b:=c", "d": ""}
    with pytest.raises(CommandError):
        parse_assignments([":=x"])


@pytest.mark.parametrize(
    ("text", "number", "value"),
    [
        ("3", 2, 3),
        ("3.0", 3, 3.0),
        ("true", 1, True),
        ("name", 4, "name"),
        ("", 4, ""),
        ("/a: b: c", 4, "/a: b: c"),
        ("[1, 2.5]", 8, [1.0, 2.5]),
        ("[a, b]", 9, ["a", "b"]),
        ("[true, false]", 6, [True, False]),
    ],
)
def test_parameter_values_are_typed_as_ros_types_them(text, number, value):
    assert param.typed(text) == (number, value)


@pytest.mark.parametrize("text", ["{a: 1}", "[]", "[1, a]", "[[1]]"])
def test_values_that_no_parameter_holds_are_refused(text):
    with pytest.raises(CommandError):
        param.typed(text)


def test_rates_are_of_arrival():
    text = rate_line(deque([10.0, 10.5, 11.5]))
    assert text.startswith("average rate: 1.333\n")
    assert "min: 0.500s max: 1.000s std dev: 0.25000s window: 3" in text
    assert rate_line(deque([10.0])) == "no new messages"


class Inner:
    __slots__ = ("_sec",)

    def __init__(self, sec):
        self._sec = sec

    sec = property(lambda self: self._sec)

    @staticmethod
    def get_fields_and_field_types():
        return {"sec": "int32"}


class Outer:
    stamp, data, names, level, parts = Inner(7), list(range(100)), ["a"], b"\x02", [Inner(1), Inner(2)]

    @staticmethod
    def get_fields_and_field_types():
        return dict.fromkeys(("stamp", "data", "names", "level", "parts"), "")


def test_messages_are_shown_with_long_arrays_cut():
    lines = list(show.lines(Outer()))
    assert lines[:2] == ["stamp:", "  sec: 7"]
    assert lines[2].startswith("data: [0, 1, 2")
    assert lines[2].endswith("15, ... 100 in all]")
    assert lines[3:] == ["names: ['a']", "level: 2", "parts:", "- sec: 1", "- sec: 2"]
    assert "99]" in list(show.lines(Outer(), full=True))[2]


def test_the_end_of_a_demo_names_files_and_numbers(tmp_path):
    (tmp_path / "summary.json").write_text(
        '{"robot_seconds": 60, "wall_seconds": 61.2, "frames": 600, "triplets": 99, "learner_steps": 40,'
        '"model_versions": 3, "collisions": 1, "learner": {"loss": 1.25}, "latency_ms": {"p50": 20, "p95": 41.6},'
        '"heading": {"n": 50, "n_toward_away": 30, "toward_away_accuracy": 0.5, "unknown_rate": null}}'
    )
    text = demo.conclusion(tmp_path)
    assert "60 s in 61 s, 600 frames" in text
    assert "50.0 % right of 30 over the whole run, unknown in its last part" in text
    assert "p50 20 ms, p95 42 ms" in text
    assert str(tmp_path / "summary.json") in text
    assert "report.html" not in text
    (tmp_path / "summary.json").write_text("{")
    assert "cannot be read" in demo.conclusion(tmp_path)


def test_looking_at_a_running_node(peer: Peer, tmp_path) -> None:
    import cv2
    import numpy as np

    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((24, 32, 3), np.uint8))
    params = {"input": str(tmp_path), "rate": 20.0, "loop": True, "horizontal_fov": 1.0}
    with NodeProcess("source_node", params=params) as node:
        node.wait_for_output("playing folder")
        assert "/pose_ssl/source\n" in pose_ssl("node", "list").out
        assert "/pose_ssl/image [sensor_msgs/msg/Image]\n" in pose_ssl("topic", "list", "-t").out
        once = pose_ssl("topic", "echo", "/pose_ssl/camera_info", "--once", "--timeout", "10")
        assert once.code == 0
        assert "\nwidth: 32\n" in once.out
        field = pose_ssl("topic", "echo", "pose_ssl/image", "--once", "--field", "encoding", "--timeout", "10")
        assert field.out == "'rgb8'\n---\n"
        assert "average rate: " in pose_ssl("topic", "hz", "/pose_ssl/image", "--seconds", "2.5").out
        assert "speed\n" in pose_ssl("param", "list", "/pose_ssl/source").out
        assert pose_ssl("param", "get", "/pose_ssl/source", "speed").out == "1.0\n"
        assert pose_ssl("param", "set", "/pose_ssl/source", "speed", "2").out == "set\n"
        refused = pose_ssl("param", "set", "/pose_ssl/source", "speed", "-2")
        assert refused.code == 1
        assert "must be a number from 0.01 to 100" in refused.out
        missing = pose_ssl("param", "get", "/pose_ssl/source", "sped")
        assert (missing.code, "no parameter 'sped'" in missing.err) == (2, True)
    silent = pose_ssl("topic", "echo", "/pose_ssl/image", "--once")
    assert (silent.code, "nobody publishes" in silent.err) == (2, True)


def test_services_are_called(peer: Peer) -> None:
    from std_srvs.srv import SetBool, Trigger

    calls = []

    def pause(request, response):
        calls.append(request.data)
        response.success, response.message = True, "paused"
        return response

    def save(request, response):
        response.success, response.message = False, "disk full"
        return response

    peer.node.create_service(SetBool, "learner/pause", pause)
    peer.node.create_service(Trigger, "learner/save", save)
    good = pose_ssl("service", "call", "/pose_ssl/learner/pause", "true")
    assert good.err == ""
    assert (good.code, good.out, calls) == (0, "success: true\nmessage: 'paused'\n", [True])
    bad = pose_ssl("service", "call", "/pose_ssl/learner/save")
    assert (bad.code, "disk full" in bad.out) == (1, True)
    none = pose_ssl("service", "call", "/pose_ssl/nothing", "--timeout", "2")
    assert (none.code, "is not there" in none.err) == (2, True)
