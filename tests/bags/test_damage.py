"""Damaged and odd bags: everything readable is used, the rest is counted and named, nothing raises or hangs."""

import sqlite3

import numpy as np
import pytest

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.events import CameraEvent, EgoEvent, ImageEvent
from pose_ssl_ros.bags.reading import open_recording
from tests import bag_factory as factory
from tests.bag_factory import START_NS, Drive

HOUR = 3600.0


def read(path):
    """Numbers of the pictures that come, and problems by kind."""
    with open_recording(path) as recording:
        images = [e for e in recording.events() if isinstance(e, ImageEvent)]
        return images, {p.kind: p for p in recording.problems}


def numbers(images):
    return [e.number for e in images]


@pytest.mark.parametrize(
    ("storage", "compression", "parts"),
    [("mcap", "none", 1), ("mcap", "chunk", 1), ("mcap", "none", 3), ("sqlite3", "none", 1), ("sqlite3", "none", 2)],
)
def test_a_cut_bag_gives_what_is_before_the_cut(tmp_path, storage, compression, parts):
    drive = Drive(frames=60, width=160, height=120)
    before = 60 * (parts - 1) // parts
    for share in (0.3, 0.6):
        bag = factory.cut(factory.make(tmp_path / f"{share}", drive, storage, compression, parts), share)
        images, problems = read(bag)
        expected = before + (60 - before) * share
        if compression == "none":  # packed scenes differ in size, so the place of the cut says little
            assert expected - 3 <= len(images) <= expected + 1
        assert numbers(images) == list(range(len(images)))
        for event in images:
            assert np.array_equal(event.frame.image, factory.shot(drive, event.number))
        if len(images) < 60:
            assert problems["cut"].lost and problems["cut"].count == 1
            assert "metadata.yaml states 241" in problems["missing"].words
            if parts == 1:
                assert problems["missing"].count >= 4 * (60 - len(images)) - 3


def test_a_file_that_is_cut_as_a_whole_is_unpacked_as_far_as_it_goes(tmp_path):
    bag = factory.make(tmp_path / "drive", Drive(frames=100, pictures="jpeg", width=160, height=120), "mcap", "file")
    images, problems = read(factory.cut(bag, 0.95))
    assert 20 <= len(images) < 100
    assert numbers(images) == list(range(len(images)))
    assert "cut" in problems and "missing" in problems


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("compression", ["none", "message"])
def test_any_cut_and_any_spoiled_bytes_are_survived(tmp_path, storage, compression):
    whole = factory.make(tmp_path / "whole", Drive(frames=8, pictures="jpeg"), storage, compression)
    file = factory.data_files(whole)[0]
    data = file.read_bytes()
    rng = np.random.default_rng(0)
    outcomes = set()
    for case in range(16):
        spoiled = bytearray(data)
        at = int(rng.integers(len(data)))
        if case % 2:
            spoiled = spoiled[:at]
        else:
            size = int(rng.integers(1, 400))
            spoiled[at : at + size] = rng.bytes(size)
        file.write_bytes(spoiled)
        try:
            images, problems = read(whole)
        except BagError:
            outcomes.add("refused")
            continue
        assert len(images) <= 8
        assert sorted(set(numbers(images))) == numbers(images)
        outcomes.add("named" if problems else "whole")
    assert "named" in outcomes


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_an_index_that_lies_is_not_believed(tmp_path, storage):
    drive = Drive(frames=100, width=160, height=120)  # several chunks
    images, problems = read(factory.lying_index(factory.make(tmp_path / "drive", drive, storage)))
    assert numbers(images) == list(range(100))
    assert set(problems) == {"index"} and not problems["index"].lost
    assert "read from its beginning to its end" in problems["index"].words


def test_a_spoiled_chunk_costs_only_itself(tmp_path):
    drive = Drive(frames=100, width=160, height=120)
    bag = factory.make(tmp_path / "drive", drive, compression="chunk")
    file = factory.data_files(bag)[0]
    from pose_ssl_ros.bags.mcap_walk import walk

    chunks = walk(file).chunks
    assert len(chunks) >= 4
    data = bytearray(file.read_bytes())
    at = chunks[1][0] + chunks[1][1] // 4
    data[at : at + 40] = bytes(40)
    file.write_bytes(data)
    images, problems = read(bag)
    lost = set(range(100)) - {(e.frame.stamp_ns - START_NS) // 10**8 for e in images}
    assert problems["damaged"].count == 1 and f"chunk at byte {chunks[1][0]}" in problems["damaged"].words
    start, end = (round((t - START_NS) / 1e8) for t in chunks[1][2:])
    assert lost and lost <= set(range(start, end + 1))
    assert problems["missing"].count >= 4 * len(lost) - 3


def test_the_head_of_a_record_spoiled_in_the_middle_is_passed_over_by_the_index(tmp_path):
    bag = factory.make(tmp_path / "drive", Drive(frames=100, width=160, height=120))
    file = factory.data_files(bag)[0]
    from pose_ssl_ros.bags.mcap_walk import walk

    chunks = walk(file).chunks
    data = bytearray(file.read_bytes())
    data[chunks[2][0] : chunks[2][0] + 9] = b"\xee" + b"\xff" * 8
    file.write_bytes(data)
    images, problems = read(bag)
    assert problems["damaged"].lost
    assert set(numbers(images)) == set(range(len(images)))
    assert len(images) >= 100 - 100 // len(chunks) - 3
    assert images[-1].recorded_ns == START_NS + 99 * 100_000_000 + 1_000_000


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("content", [b"", b"nothing of the kind"])
def test_a_file_of_rubbish_among_good_ones_is_named(tmp_path, storage, content):
    bag = factory.make(tmp_path / "drive", storage=storage, parts=2)
    factory.data_files(bag)[1].write_bytes(content)
    images, problems = read(bag)
    assert numbers(images) == list(range(10))
    assert problems["file"].count == 1 and factory.data_files(bag)[1].name in problems["file"].words


def test_metadata_that_lies_is_named(tmp_path):
    images, problems = read(factory.lying_metadata(factory.make(tmp_path / "lies")))
    assert len(images) == 20
    assert "it states 810 messages, there are 81" in problems["metadata"].words
    bag = factory.make(tmp_path / "files", parts=2)
    factory.edited_metadata(bag, lambda info: info["relative_file_paths"].pop(0))
    images, problems = read(bag)
    assert numbers(images) == list(range(20))
    assert "does not name files_0.mcap" in problems["metadata"].words
    bag = factory.make(tmp_path / "gone", parts=2)
    factory.data_files(bag)[1].unlink()
    images, problems = read(bag)
    assert numbers(images) == list(range(10))
    assert "gone_1.mcap is named in metadata.yaml but is not there" in problems["file"].words
    (bag / "metadata.yaml").write_text("{")
    images, problems = read(bag)
    assert len(images) == 10 and "cannot be read" in problems["metadata"].words


def test_a_recorder_that_was_killed_leaves_its_log(tmp_path):
    """rosbag2's resilient profile writes ahead: the last messages are in the log, which an index reader passes over."""
    bag = factory.make(tmp_path / "drive", storage="sqlite3")
    file = factory.data_files(bag)[0]
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    row = connection.execute("SELECT topic_id, timestamp, data FROM messages WHERE id=4").fetchone()
    connection.execute(
        "INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)", (row[0], row[1] + 10**10, row[2])
    )
    connection.commit()
    log = file.with_name(file.name + "-wal").read_bytes()
    body = file.read_bytes()
    connection.close()  # which would tidy up
    file.write_bytes(body)
    file.with_name(file.name + "-wal").write_bytes(log)
    factory.without_metadata(bag)
    images, problems = read(bag)
    assert len(images) == 21
    assert "unfinished" in problems


def test_nothing_usable_is_one_sentence(tmp_path):
    (tmp_path / "void").mkdir()
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    (tmp_path / "bad.mcap").write_bytes(b"nothing")
    (tmp_path / "bad.db3").write_bytes(b"")
    blind = factory.write(tmp_path / "blind", [m for m in factory.messages(Drive()) if "image" not in m[0]])
    for path, said in (
        (tmp_path / "none", "there is no bag"),
        (tmp_path / "void", "holds neither metadata.yaml nor a .mcap or .db3 file"),
        (tmp_path / "a.txt", "is no bag"),
        (tmp_path / "old.bag", "rosbags-convert"),
        (tmp_path / "bad.mcap", "cannot be read as a rosbag: 'bad.mcap' is no MCAP file"),
        (tmp_path / "bad.db3", "'bad.db3' is empty"),
        (factory.empty(tmp_path / "empty"), "'empty' is empty: it has no message"),
        (factory.empty(tmp_path / "empty2", "sqlite3"), "'empty2' is empty"),
        (blind, "there is nothing to look at; its topics are /camera/camera_info"),
    ):
        with pytest.raises(BagError, match=said) as raised:
            open_recording(path)
        assert "\n" not in str(raised.value)


def test_pictures_that_change(tmp_path):
    drive = Drive(
        encoding_of={3: "bgr8", 4: "mono8", 5: "16UC1", 6: "bgr8"},
        size_of={8: (3840, 2160)},
        spoiled=frozenset({10}),
        garbled=frozenset({12}),
    )
    images, problems = read(factory.make(tmp_path / "drive", drive))
    assert numbers(images) == [n for n in range(20) if n not in (5, 10, 12)]
    by_number = {e.number: e.frame.image for e in images}
    assert np.array_equal(by_number[3], factory.shot(drive, 3))
    assert by_number[8].shape == (2160, 3840, 3)
    assert problems["picture"].count == 3 and "16UC1" in problems["picture"].words
    assert problems["encoding"].count == 5 and "from rgb8 to bgr8" in problems["encoding"].words
    assert problems["size"].count == 1 and "at 0.8 s: 3840x2160 among 64x48" in problems["size"].words


def test_stamps_that_jump_by_an_hour_and_back(tmp_path):
    stamps = {n: START_NS + n * 10**8 + 3600 * 10**9 for n in range(8, 12)} | {15: 0}
    images, problems = read(factory.make(tmp_path / "drive", Drive(stamp_of=stamps)))
    assert numbers(images) == list(range(20))
    assert problems["stamp_jump"].count == 2 and "by +3600.1 s" in problems["stamp_jump"].words
    assert problems["zero_stamp"].count == 1
    assert images[15].frame.stamp_ns == images[15].recorded_ns
    assert "clock_jump" not in problems


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("shift", [HOUR, -HOUR])
def test_a_recorder_whose_clock_jumps(tmp_path, storage, shift):
    bag = factory.make(tmp_path / "drive", Drive(frames=60, shift_of={30: shift}, width=160, height=120), storage)
    images, problems = read(bag)
    assert [e.frame.stamp_ns for e in images] == [
        START_NS + n * 10**8 + (round(shift * 1e9) if n >= 30 else 0) for n in range(60)
    ]  # as it was recorded, not as the times would sort
    assert problems["clock_jump"].count == problems["stamp_jump"].count == 1
    assert f"{shift + 0.1:+.1f} s" in problems["stamp_jump"].words


def test_values_that_are_no_numbers_are_left_out(tmp_path):
    content = factory.messages(Drive(frames=3))
    drive = Drive(frames=3)
    bad = factory.camera_info(drive, START_NS)
    bad.k[:] = 0
    lost = factory.odometry(0, drive, START_NS)
    lost.pose.pose.position.x = float("nan")
    for topic, kind, item in (
        ("/camera/camera_info", "sensor_msgs/msg/CameraInfo", bad),
        ("/odom", "nav_msgs/msg/Odometry", lost),
    ):
        content.append((topic, kind, START_NS + 10**9, bytes(factory.STORE.serialize_cdr(item, kind))))
    with open_recording(factory.write(tmp_path / "drive", content)) as recording:
        events = list(recording.events())
        assert [(p.kind, p.count) for p in recording.problems] == [("values", 2)]
    assert sum(isinstance(e, EgoEvent) for e in events) == 3
    assert sum(isinstance(e, CameraEvent) for e in events) == 1
