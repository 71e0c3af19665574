"""Names, command lines, the import path and discovery ranges."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from harness import Peer

from pose_ssl_ros import embedded
from pose_ssl_ros.embedded import arguments, names, path


def test_names_are_expanded_and_remapped() -> None:
    rules = [
        names.Remap("image", "/camera/image_raw"),
        names.Remap("~/set", "set"),
        names.Remap("only", "mine", "b"),
        names.Remap("/abs", "rel"),
    ]

    def resolve(name: str, node: str = "a") -> str:
        return names.remap(name, rules, node, "/ns")

    assert resolve("image") == resolve("/ns/image") == "/camera/image_raw"
    assert resolve("/image") == "/image"
    assert resolve("~/set") == "/ns/set"
    assert resolve("~/other") == "/ns/a/other"
    assert (resolve("only"), resolve("only", "b")) == ("/ns/only", "/ns/mine")
    assert resolve("/abs") == "/ns/rel"
    for bad in ("a//b", "1x", "a b", "", "a/"):
        with pytest.raises(ValueError, match="Invalid topic name"):
            resolve(bad)


def test_command_lines() -> None:
    words = ["x", "--ros-args", "-r", "a:=b", "-r", "n:c:=d", "-p", "n:k:=1", "--log-level", "q:=warn"]
    words += ["-p", "t:={u: 2}", "--", "y"]
    parsed = arguments.parse(words)
    assert parsed.rest == ["x", "y"]
    assert parsed.remaps == [names.Remap("a", "b"), names.Remap("c", "d", "n")]
    assert parsed.overrides("/any/n") == {"k": 1, "t.u": 2} and parsed.overrides("/any/m") == {"t.u": 2}
    assert parsed.log_levels == [("q", "warn")]
    for bad in (["-p", "x"], ["-r"], ["--strange"], ["--params-file", "nowhere.yaml"]):
        with pytest.raises(arguments.UnknownROSArgsError):
            arguments.parse(["--ros-args", *bad])


def test_node_patterns_of_parameter_files() -> None:
    cases = {
        ("/**", "/a/b"): True, ("/**/b", "/a/b"): True, ("/**/b", "/b"): True, ("/*/b", "/a/b"): True,
        ("/*/b", "/b"): False, ("b", "/b"): True, ("b", "/a/b"): False, ("/a/**", "/a/x/y"): True,
        ("/a.", "/ab"): False,
    }  # fmt: skip
    for (pattern, node), expected in cases.items():
        assert arguments.matches(pattern, node) is expected, (pattern, node)


def test_the_underlay_never_hides_a_real_rclpy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tmp_path / "real"
    (real / "rclpy").mkdir(parents=True)
    (real / "rclpy" / "__init__.py").write_text("", "utf-8")
    monkeypatch.delitem(sys.modules, "rclpy", raising=False)
    monkeypatch.setattr(sys, "path", [str(path.UNDERLAY), str(real)])
    assert not embedded.activate()
    assert str(path.UNDERLAY) not in sys.path
    assert str(path.UNDERLAY) not in embedded.environment({"PYTHONPATH": str(path.UNDERLAY)})["PYTHONPATH"]
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert embedded.activate() and sys.path[0] == str(path.UNDERLAY)
    entries = embedded.environment({"PYTHONPATH": "/some/where"})["PYTHONPATH"].split(os.pathsep)
    assert entries[0] == str(path.UNDERLAY) and "/some/where" in entries


def test_discovery_ranges_meet_or_do_not(domain: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOCALHOST finds LOCALHOST; OFF finds nobody."""
    from std_msgs.msg import String

    code = (
        "import rclpy, sys, time\nfrom rclpy.node import Node\n"
        "with rclpy.init(args=[]):\n"
        "    n = Node('seeker'); end = time.time() + float(sys.argv[1])\n"
        "    while time.time() < end and not n.count_publishers('/found'): time.sleep(0.02)\n"
        "    print(n.count_publishers('/found'))\n"
    )

    def seen(range_: str, seconds: str) -> str:
        env = embedded.environment({**os.environ, "ROS_AUTOMATIC_DISCOVERY_RANGE": range_})
        done = subprocess.run(
            [sys.executable, "-c", code, seconds], env=env, capture_output=True, text=True, timeout=30
        )
        return done.stdout.strip() or done.stderr

    with Peer("found") as peer:
        peer.publisher(String, "/found")
        assert seen("LOCALHOST", "15") == "1"
        assert seen("OFF", "1") == "0"
