"""The writer: a folder that is whole or not there, and that others read."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import yaml
from rosbags.highlevel import AnyReader
from rosbags.interfaces import QosDurability

from pose_ssl_ros.bags.definitions import store_of, text_and_hash
from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.reading import open_recording
from pose_ssl_ros.bags.writing import BagWriter
from tests import bag_factory as factory
from tests.bag_factory import START_NS, Drive
from tests.harness import CHECKOUT, shared

KINDS = [("mcap", "none"), ("mcap", "chunk"), ("mcap", "file"), ("sqlite3", "none"), ("sqlite3", "message")]


def write_all(path, content, **options):
    with BagWriter(path, **options) as writer:
        for topic, kind, moment, data in content:
            writer.write(topic, kind, moment, data)
    return path


@pytest.mark.parametrize(("storage", "compression"), KINDS)
def test_what_is_written_is_read_back_by_rosbags(tmp_path, storage, compression):
    content = factory.messages(Drive(frames=5))
    bag = write_all(tmp_path / "drive", content, storage=storage, compression=compression, notes={"seed": "3"})
    suffix = {"mcap": ".mcap", "sqlite3": ".db3"}[storage] + (".zstd" if compression == "file" else "")
    assert sorted(p.name for p in bag.iterdir()) == sorted([f"drive{suffix}", "metadata.yaml"])
    assert [p.name for p in tmp_path.iterdir()] == ["drive"]
    with AnyReader([bag]) as reader:
        found = [(c.topic, c.msgtype, t, bytes(d)) for c, t, d in reader.messages()]
    assert sorted(found) == sorted(content)
    metadata = yaml.safe_load((bag / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert metadata["custom_data"] == {"seed": "3"}
    assert metadata["message_count"] == len(content)


def test_latched_topics_are_offered_as_such(tmp_path):
    with BagWriter(tmp_path / "drive") as writer:
        writer.add_topic("/model_info", "vision_msgs/msg/VisionInfo", latched=True)
        writer.add_topic("/model_info", "vision_msgs/msg/VisionInfo")
        for topic, kind, moment, data in factory.messages(Drive(frames=1)):
            writer.write(topic, kind, moment, data)
    with AnyReader([tmp_path / "drive"]) as reader:
        durability = {c.topic: c.ext.offered_qos_profiles[0].durability for c in reader.connections}
    latched = {topic for topic, found in durability.items() if found == QosDurability.TRANSIENT_LOCAL}
    assert latched == {"/model_info", "/tf_static"}
    assert len(durability) == 6  # declared topics without a message are there


def test_the_name_appears_only_when_all_is_there(tmp_path):
    content = factory.messages(Drive(frames=2))
    writer = BagWriter(tmp_path / "deep" / "drive")
    for item in content:
        writer.write(*item)
    assert not (tmp_path / "deep" / "drive").exists()
    assert writer.close() == tmp_path / "deep" / "drive"
    assert writer.close() == tmp_path / "deep" / "drive"  # again does nothing
    with pytest.raises(BagError, match="is closed"):
        writer.write(*content[0])
    with open_recording(tmp_path / "deep" / "drive") as recording:
        assert recording.info.messages == writer.count == len(content)


def test_an_error_leaves_nothing_and_an_interrupt_leaves_a_whole_bag(tmp_path):
    item = factory.messages(Drive(frames=1))[0]
    with pytest.raises(RuntimeError), BagWriter(tmp_path / "failed") as writer:
        writer.write(*item)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt), BagWriter(tmp_path / "stopped") as writer:
        writer.write(*item)
        raise KeyboardInterrupt
    with AnyReader([tmp_path / "stopped"]) as reader:
        assert reader.message_count == 1


def test_a_killed_writer_leaves_no_bag_under_the_name(tmp_path):
    code = (
        "import sys; from pathlib import Path; from pose_ssl_ros.bags.writing import BagWriter\n"
        "writer = BagWriter(Path(sys.argv[1]))\n"
        "print('ready', flush=True)\n"
        "for n in range(10**9): writer.write('/clock', 'rosgraph_msgs/msg/Clock', n, bytes(12))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "drive")], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    left = [p.name for p in tmp_path.iterdir()]
    assert left and all(name.startswith(".drive.") for name in left)
    write_all(tmp_path / "drive", factory.messages(Drive(frames=1)))  # and the name is free
    with open_recording(tmp_path / "drive") as recording:
        assert recording.problems == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"storage": "rosbag1"}, "stored as mcap or sqlite3"),
        ({"compression": "lz4"}, "none, file, message, chunk"),
        ({"storage": "sqlite3", "compression": "chunk"}, "by chunk is MCAP's"),
    ],
)
def test_options_that_do_not_exist(tmp_path, options, said):
    with pytest.raises(BagError, match=said):
        BagWriter(tmp_path / "drive", **options)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("taken", "file"):
        with pytest.raises(BagError, match="is there already"):
            BagWriter(tmp_path / name)
    with pytest.raises(BagError, match="cannot write the bag"):
        BagWriter(tmp_path / "file" / "drive")
    (tmp_path / "free").mkdir()
    with BagWriter(tmp_path / "free") as writer:
        with pytest.raises(BagError, match="definition of 'my_msgs/msg/Thing' is not known"):
            writer.write("/thing", "my_msgs/msg/Thing", 0, b"")
        with pytest.raises(BagError, match="before 1970"):
            writer.write("/clock", "rosgraph_msgs/msg/Clock", -1, bytes(12))
        writer.write("/clock", "rosgraph_msgs/msg/Clock", START_NS, bytes(12))
    assert (tmp_path / "taken" / "notes.txt").read_text() == "mine"


def test_hashes_are_those_of_a_real_ros_2():
    golden = json.loads(shared("golden/messages.json").read_text())["messages"]
    checked = 0
    for vector in golden:
        name = vector["type"]
        if name.split("/")[0] in ("sensor_msgs", "nav_msgs", "tf2_msgs", "vision_msgs", "nav2_msgs", "std_msgs"):
            assert text_and_hash(name)[1] == vector["hash"]
            checked += 1
    assert checked >= 10


def test_the_bags_own_definition_wins_and_one_that_cannot_be_read_is_named():
    from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

    own = MessageDefinition(MessageDefinitionFormat.MSG, "uint32 a\nuint32 b\n")
    store, refused = store_of([("std_msgs/msg/Empty", own)])
    assert refused == []
    assert store.deserialize_cdr(b"\0\1\0\0" + bytes([7, 0, 0, 0, 9, 0, 0, 0]), "std_msgs/msg/Empty").b == 9
    spoiled = MessageDefinition(MessageDefinitionFormat.MSG, "uint32 (((")
    store, refused = store_of([("nav_msgs/msg/Odometry", spoiled)])
    assert refused == ["nav_msgs/msg/Odometry"]
    assert "nav_msgs/msg/Odometry" in store.fielddefs
