"""The recorder node in a process of its own, over DDS, and `pose-ssl record`."""

import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from harness import CHECKOUT, NodeProcess
from rosbags.highlevel import AnyReader

from pose_ssl_ros.bags.reading import open_recording


def counts(bag):
    with AnyReader([bag]) as reader:
        return {c.topic: c.msgcount for c in reader.connections}


def publish_robot(peer, node, count=12):
    """Camera, odometry, a latched transform, and a topic that nobody needs."""
    from nav_msgs.msg import Odometry
    from sensor_msgs.msg import Image
    from std_msgs.msg import Float32, Header
    from tf2_msgs.msg import TFMessage

    from pose_ssl_ros.nodes.convert import rgb_to_image, to_time
    from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, SENSOR

    topics = {
        "image": peer.publisher(Image, "/camera/image_raw", SENSOR),
        "odom": peer.publisher(Odometry, "/odom", RESULT),
        "tf": peer.publisher(TFMessage, "/tf_static", LATCHED),
        "danger": peer.publisher(Float32, "danger", RESULT),
    }
    topics["tf"].publish(TFMessage())
    for name in ("/camera/image_raw", "/odom", "/tf_static"):
        node.wait_for_output(f"records {name} [")
    peer.wait_for(lambda: all(topics[n].get_subscription_count() for n in ("image", "odom", "tf")), 10)
    rng = np.random.default_rng(0)
    sent = []
    for number in range(1, count + 1):
        header = Header(stamp=to_time(number * 100_000_000), frame_id="camera")
        rgb = rng.integers(0, 255, (24, 32, 3), np.uint8)
        topics["image"].publish(rgb_to_image(rgb, header))
        topics["odom"].publish(Odometry(header=header))
        topics["danger"].publish(Float32(data=0.5))
        sent.append(rgb)
        time.sleep(0.02)
    time.sleep(0.3)
    return sent


def test_live_topics_become_a_whole_bag_at_ctrl_c(peer, tmp_path):
    with NodeProcess("recorder_node", params={"output": str(tmp_path / "live")}) as node:
        sent = publish_robot(peer, node)
        assert not (tmp_path / "live").exists()  # nothing half-written under the final name
        assert node.interrupt() == 0, node.output
    assert counts(tmp_path / "live") == {"/camera/image_raw": 12, "/odom": 12, "/tf_static": 1}
    with open_recording(tmp_path / "live") as recording:
        images = [e.frame.image for e in recording.events() if type(e).__name__ == "ImageEvent"]
        assert not recording.problems
    assert all(np.array_equal(a, b) for a, b in zip(images, sent, strict=True))
    assert [f.name for f in tmp_path.iterdir()] == ["live"]


def test_the_command_records_named_topics_as_jpeg_in_sqlite(peer, tmp_path):
    words = ["--live", "--out", "live", "--topics", "/camera/image_raw,danger,/odom,/tf_static", "--images", "jpeg"]
    command = [sys.executable, "-m", "pose_ssl_ros.cli.main", "record", *words, "--storage", "sqlite3"]
    node = NodeProcess("recorder_node")
    node.command = ["env", "-C", str(tmp_path), f"PYTHONPATH={CHECKOUT}", *command, "--compression", "zstd"]
    with node:
        publish_robot(peer, node)
        assert node.terminate() == 0, node.output
    found = counts(tmp_path / "live")
    assert found.pop("/pose_ssl/danger") == 12
    assert found == {"/camera/image_raw/compressed": 12, "/odom": 12, "/tf_static": 1}
    with open_recording(tmp_path / "live") as recording:
        assert recording.info.storage == "sqlite3"


def test_nothing_to_record_and_a_taken_name_are_said(domain, tmp_path):
    with NodeProcess("recorder_node", params={"output": str(tmp_path / "none")}) as node:
        node.wait_for_output("recording to")
        time.sleep(0.5)
        assert node.interrupt() == 1
        assert "nothing was recorded (topics in sight:" in node.output and "Traceback" not in node.output
    assert not list(tmp_path.iterdir())
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").touch()
    with NodeProcess("recorder_node", params={"output": str(tmp_path / "taken")}) as node:
        assert node.process.wait(20) == 2
        node._reader.join(2)
        assert "is there already" in node.output
    assert (tmp_path / "taken" / "file").exists()


def record(*words, **options):
    command = [sys.executable, "-m", "pose_ssl_ros.cli.main", "record", "--set", "renderer=tiny", *words]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_ctrl_c_leaves_a_whole_shorter_recording(tmp_path):
    bag = tmp_path / "street"
    child = record("--seconds", "600", "--size", "96x72", "--out", str(bag), "--set", "variants=2")
    until = time.monotonic() + 30
    inner = tmp_path / f".street.{child.pid}.tmp" / "street" / "street.mcap"
    while not (inner.exists() and inner.stat().st_size > 100_000):
        assert time.monotonic() < until and child.poll() is None, child.communicate()
        time.sleep(0.05)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=10)
    assert child.returncode == 130, err
    assert "ended early; what is written is whole" in err and "pictures" in out
    with open_recording(bag) as recording:
        events = list(recording.events())
        assert 1 < recording.info.seconds < 500 and not recording.problems
    assert any(type(e).__name__ == "ImageEvent" for e in events)
    assert [f.name for f in tmp_path.iterdir()] == ["street"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seconds", "-1"], "--seconds is -1"),
        (["--seconds", "0.01"], "too short for a picture"),
        (["--size", "big"], "write it as 320x240"),
        (["--size", "4x4"], "parameter 'width' is 4"),
        (["--set", "nonsense=1"], "there is no parameter 'nonsense'"),
        (["--set", "rate"], "write NAME=VALUE"),
        (["--speed", "9"], "must be from 0 to 2 m/s"),
        (["--quality", "0"], "from 1 to 100"),
        (["--storage", "sqlite3", "--compression", "chunk"], "is MCAP's"),
    ],
)
def test_bad_options_are_one_line(words, said, tmp_path, capsys):
    from pose_ssl_ros.cli.main import main

    assert main(["record", "--out", str(tmp_path / "bag"), *words]) in (1, 2)
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_there_is_not_touched(tmp_path, capsys):
    from pose_ssl_ros.cli.main import main

    bag = tmp_path / "bag"
    bag.mkdir()
    (bag / "mine").touch()
    assert main(["record", "--out", str(bag), "--seconds", "1"]) == 1
    assert "is there already" in capsys.readouterr().err
    shutil.rmtree(bag)
