"""`pose-ssl bag info`: the verdict, what is missing, and exit codes."""

import json
import subprocess
import sys

import pytest

from pose_ssl_ros.cli.main import main
from tests import bag_factory as factory
from tests.bag_factory import Drive
from tests.harness import CHECKOUT


def info(capsys, *words):
    code = main(["bag", "info", *map(str, words)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_a_good_bag(tmp_path, capsys):
    code, out, _ = info(capsys, factory.make(tmp_path / "drive"))
    assert code == 0
    assert out.splitlines()[0] == "Usable: 20 pictures can be read."
    assert "drive: mcap, 1.9 s, 81 messages" in out
    row = next(line for line in out.splitlines() if "/camera/image_raw" in line)
    assert row.split() == ["/camera/image_raw", "sensor_msgs/msg/Image", "20", "10.0", "64x48", "image"]
    assert "Missing" not in out and "Problems" not in out


def test_what_is_missing_is_said_with_its_cost(tmp_path, capsys):
    drive = Drive(camera_info=False, odom=False, tf_static=False, truth=False, rate=2.0)
    code, out, _ = info(capsys, factory.make(tmp_path / "drive", drive))
    assert code == 0
    for words in ("no intrinsics", "no odometry", "no camera pose", "no ground truth", "only 2.1 pictures per second"):
        assert words in out


def test_a_damaged_bag_has_a_code_of_its_own(tmp_path, capsys):
    bag = factory.cut(factory.make(tmp_path / "drive", Drive(frames=40)), 0.5)
    code, out, _ = info(capsys, bag)
    assert code == 3
    assert out.startswith("Usable in part: ") and "1 data file is cut" in out
    code, out, _ = info(capsys, bag, "--json")
    found = json.loads(out)
    assert code == 3 and found["usable"] is True
    kinds = {p["kind"]: p for p in found["problems"]}
    assert kinds["cut"]["lost"] is True and kinds["missing"]["count"] > 50


@pytest.mark.parametrize("damage", ["empty", "blind", "spoiled", "none"])
def test_an_unusable_bag(tmp_path, capsys, damage):
    bag = tmp_path / "drive"
    if damage == "empty":
        factory.empty(bag)
    elif damage == "blind":
        factory.write(bag, [m for m in factory.messages(Drive()) if "image" not in m[0]])
    elif damage == "spoiled":
        factory.make(bag, Drive(frames=3, spoiled=frozenset({0, 1, 2})))
    code, out, err = info(capsys, bag)
    assert code == 1
    said = {
        "empty": "'drive' is empty",
        "blind": "Not usable: no pictures: nothing can be replayed.",
        "spoiled": "Not usable: no picture can be decoded.",
        "none": "there is no bag",
    }[damage]
    assert said in (err if damage in ("empty", "none") else out)


def test_topics_that_must_be_named(tmp_path, capsys):
    content = factory.messages(Drive(frames=4))
    content += [("/rear/image_raw", *m[1:]) for m in content if m[0] == "/camera/image_raw"]
    content += [("/wheel/odom", *m[1:]) for m in content if m[0] == "/odom"]
    bag = factory.write(tmp_path / "drive", content)
    code, out, _ = info(capsys, bag)
    assert code == 1
    assert "The image topic must be named (--image): 'drive' has 2 image topics" in out
    code, out, _ = info(capsys, bag, "--image", "/rear/image_raw")
    assert code == 0
    assert "'drive' has 2 odometry topics; name one of /odom" in out
    code, out, _ = info(capsys, bag, "--image", "/rear/image_raw", "--odom", "/wheel/odom", "--quick")
    assert code == 0 and out.startswith("Usable: 4 pictures by its index.") and "Missing" not in out


def test_as_a_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "pose_ssl_ros.cli.main", "bag", "info", str(tmp_path / "none")],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pose-ssl: error: there is no bag") and done.stderr.count("\n") == 1
