"""`pose-ssl replay` on real bags: what it writes, what it says of damage, and how it ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bag_factory import STORE, Drive, cut, empty, make
from model_factory import make_model
from rosbags.highlevel import AnyReader

from pose_ssl_ros.cli.main import main

QUICK = ("--set", "triplet.proposals.method=contrast", "--set", "triplet.proposals.min_height=0.05")
HEADINGS = "/pose_ssl/headings"


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    path.write_bytes(make_model())
    return path


@pytest.fixture(scope="module")
def bag(tmp_path_factory):
    return make(tmp_path_factory.mktemp("bags") / "drive", Drive(frames=20, width=160, height=120))


def replay(bag, out, model, *options):
    return main(["replay", str(bag), "--model", str(model), "--out", str(out), *QUICK, *options])


def read(path):
    """(topic, time of recording, bytes) in the order of the reader."""
    with AnyReader([path], default_typestore=STORE) as reader:
        return [(c.topic, moment, bytes(raw)) for c, moment, raw in reader.messages()]


def stamps(path, topic=HEADINGS):
    with AnyReader([path], default_typestore=STORE) as reader:
        wanted = [c for c in reader.connections if c.topic == topic]
        headers = [reader.deserialize(raw, c.msgtype).header for c, _, raw in reader.messages(connections=wanted)]
    return [h.stamp.sec * 10**9 + h.stamp.nanosec for h in headers]


def facts(out):
    return json.loads((out / "replay.json").read_text())


def test_every_picture_is_answered_under_its_own_stamp_and_two_runs_are_equal(bag, model, tmp_path, capsys):
    for name in ("one", "two"):
        assert replay(bag, tmp_path / name, model) == 0
    start = Drive().start_ns
    assert stamps(tmp_path / "one" / "bag") == [start + i * 100_000_000 for i in range(20)]
    assert read(tmp_path / "one" / "bag") == read(tmp_path / "two" / "bag")
    found = facts(tmp_path / "one")
    assert (found["frames"], found["damaged"], found["interrupted"]) == (20, False, False)
    assert found["counts"]["objects"] > 10
    assert found["settings"]["triplet.proposals.method"] == "contrast"
    assert "20 frames of 1.9 s" in capsys.readouterr().out


def test_sqlite_in_and_sqlite_out_say_the_same(bag, model, tmp_path):
    other = make(tmp_path / "drive", Drive(frames=20, width=160, height=120), storage="sqlite3", compression="message")
    assert replay(bag, tmp_path / "mcap", model) == 0
    assert replay(other, tmp_path / "sqlite3", model, "--storage", "sqlite3") == 0
    assert list((tmp_path / "sqlite3" / "bag").glob("*.db3"))
    assert sorted(read(tmp_path / "mcap" / "bag")) == sorted(read(tmp_path / "sqlite3" / "bag"))


def test_the_input_is_copied_byte_for_byte_beside_the_answers(bag, model, tmp_path):
    assert replay(bag, tmp_path / "out", model, "--with-input") == 0
    copied = [m for m in read(tmp_path / "out" / "bag") if not m[0].startswith("/pose_ssl/")]
    assert sorted(copied) == sorted(read(bag))
    assert facts(tmp_path / "out")["not_copied"] == {}


def test_a_part_of_the_drive(bag, model, tmp_path):
    assert replay(bag, tmp_path / "out", model, "--start", "0.5", "--seconds", "1") == 0
    start = Drive().start_ns
    assert stamps(tmp_path / "out" / "bag") == [start + i * 100_000_000 for i in range(5, 15)]


def test_a_cut_bag_gives_what_is_readable_and_says_so(model, tmp_path, capsys):
    broken = cut(make(tmp_path / "drive", Drive(frames=20, width=160, height=120)), 0.6)
    assert replay(broken, tmp_path / "out", model) == 3
    answered = stamps(tmp_path / "out" / "bag")
    assert 8 <= len(answered) < 20
    assert "lost: 1 data file is cut" in capsys.readouterr().out
    assert facts(tmp_path / "out")["damaged"]


def test_spoiled_pictures_are_counted_and_the_others_answered(model, tmp_path, capsys):
    drive = Drive(frames=10, width=160, height=120, pictures="jpeg", spoiled=frozenset({3, 4}))
    assert replay(make(tmp_path / "drive", drive), tmp_path / "out", model) == 3
    assert len(stamps(tmp_path / "out" / "bag")) == 8
    assert "lost: 2 pictures cannot be decoded" in capsys.readouterr().out


def test_stamps_that_jump_by_an_hour_lose_nothing(model, tmp_path, capsys):
    drive = Drive(frames=20, width=160, height=120, shift_of={8: 3600.0, 14: -7200.0})
    assert replay(make(tmp_path / "drive", drive), tmp_path / "out", model) == 0
    assert len(stamps(tmp_path / "out" / "bag")) == 20
    said = capsys.readouterr().out
    assert "the stamps of the pictures jump 2 times" in said
    assert "tracks began anew" in said


@pytest.mark.parametrize("kind", ["empty", "missing", "not a bag", "no picture is readable"])
def test_nothing_usable_is_one_sentence_and_leaves_no_bag(kind, model, tmp_path, capsys):
    path = tmp_path / "drive"
    if kind == "empty":
        empty(path)
    elif kind == "not a bag":
        path.write_text("hello")
    elif kind == "no picture is readable":
        make(path, Drive(frames=3, pictures="jpeg", spoiled=frozenset(range(3))))
    assert replay(path, tmp_path / "out", model) == 1
    said = capsys.readouterr().err
    assert said.startswith("pose-ssl: error: ")
    assert said.count("\n") == 1
    assert not (tmp_path / "out" / "bag").exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--rate", "0"), 2, "--rate is '0' but must be max, real"),
        (("--set", "triplet.size=1"), 2, "'triplet.size' is 1 but must be an integer from 16"),
        (("--set", "camera_height=1.0"), 2, "must begin with triplet., inference. or planner."),
        (("--set", "learner.batch=8"), 2, "need --learn"),
        (("--image", "/nope"), 1, "there is no topic '/nope'; the image topics are /camera/image_raw"),
        (("--learn", "--from", "nowhere"), 1, "there are no weights 'nowhere/encoder.safetensors'"),
    ],
)
def test_mistakes_are_told_before_any_work(options, code, words, bag, model, tmp_path, capsys):
    assert replay(bag, tmp_path / "out", model, *options) == code
    assert words in capsys.readouterr().err


def test_a_result_is_never_overwritten(bag, model, tmp_path, capsys):
    assert replay(bag, tmp_path, model, "--seconds", "0.5") == 0
    before = read(tmp_path / "bag")
    assert replay(bag, tmp_path, model) == 1
    assert "is there already" in capsys.readouterr().err
    assert read(tmp_path / "bag") == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_early_it_leaves_a_whole_shorter_bag(number, bag, model, tmp_path):
    words = [sys.executable, "-m", "pose_ssl_ros.cli.main", "replay", str(bag), "--model", str(model),
             "--out", str(tmp_path / "out"), "--rate", "0.1", *QUICK]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 20
        while not list((tmp_path / "out").glob(".bag.*.tmp/bag/*")) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.2)  # at a tenth of real time a picture comes each second
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "ended early" in said
    assert 1 <= len(stamps(tmp_path / "out" / "bag")) < 20
    assert facts(tmp_path / "out")["interrupted"]
    assert [p.name for p in (tmp_path / "out").iterdir() if p.name.startswith(".")] == []


def test_publish_plays_it_into_the_nodes_that_are_running(bag, peer):
    from sensor_msgs.msg import Image
    from vision_msgs.msg import Detection2DArray

    images, _ = peer.collect(Image, "image"), peer.collect(Detection2DArray, "tracks")
    words = [sys.executable, "-m", "pose_ssl_ros.cli.main", "replay", str(bag), "--publish", "--rate", "5"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found = [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in images]
    assert len(found) >= 18  # a peer may miss the first ones
    assert found == sorted(found)
    assert set(found) <= {Drive().start_ns + i * 100_000_000 for i in range(20)}
