"""Bags that a real ROS 2 Jazzy recorded, held against readers that have nothing to do with ours."""

import collections
import json
import math
import sqlite3

import pytest
import yaml
import zstandard
from harness import shared
from mcap.reader import make_reader

from pose_ssl_ros.bags.events import ImageEvent, TruthEvent
from pose_ssl_ros.bags.reading import open_recording
from pose_ssl_ros.bags.topics import Topics

BAGS = (
    "street_mcap", "street_mcap_zstd", "street_split", "street_sqlite3", "street_sqlite3_zstd_file",
    "street_sqlite3_zstd_message",
)  # fmt: skip
JPEG = "/camera/image_raw/compressed"


def golden(name):
    return shared(f"golden/bags/{name}")


def stated(bag):
    return yaml.safe_load((bag / "metadata.yaml").read_text())["rosbag2_bagfile_information"]


def by_mcap(path):
    """(time, topic, type, bytes) by the reader of MCAP's makers."""
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file).iter_messages(log_time_order=False):
            yield message.log_time, channel.topic, schema.name, message.data


def by_sqlite(path, mode, folder):
    """The same with SQL and the zstd library."""
    if mode == "FILE":
        plain = folder / path.stem
        with path.open("rb") as packed, plain.open("wb") as unpacked:
            zstandard.ZstdDecompressor().copy_stream(packed, unpacked)
        path = plain
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT timestamp, name, type, data FROM messages JOIN topics ON topics.id = topic_id"
        ).fetchall()
    connection.close()
    for moment, topic, kind, data in rows:
        if mode == "MESSAGE":
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        yield moment, topic, kind, data


def independent(bag, folder):
    info = stated(bag)
    for name in info["relative_file_paths"]:
        if info["storage_identifier"] == "mcap":
            yield from by_mcap(bag / name)
        else:
            yield from by_sqlite(bag / name, info["compression_mode"], folder)


@pytest.mark.parametrize("name", BAGS)
def test_every_message_is_read_byte_for_byte(name, tmp_path):
    bag = golden(name)
    with open_recording(bag, strict=False) as recording:
        ours = [(m.recorded_ns, m.topic, m.type_name, bytes(m.cdr)) for m in recording.messages()]
        counted = {t.name: t.count for t in recording.info.topics}
        assert recording.problems == [] or {p.kind for p in recording.problems} <= {"ambiguous"}
        assert recording.info.distribution == "jazzy"
    assert [m[0] for m in ours] == sorted(m[0] for m in ours)
    assert sorted(ours) == sorted(independent(bag, tmp_path))
    info = stated(bag)
    counts = {t["topic_metadata"]["name"]: t["message_count"] for t in info["topics_with_message_count"]}
    assert collections.Counter(m[1] for m in ours) == {k: v for k, v in counts.items() if v}
    assert {k: v for k, v in counted.items() if v} == {k: v for k, v in counts.items() if v}
    assert len(ours) == info["message_count"]


@pytest.mark.parametrize("name", BAGS)
def test_truth_is_what_the_simulation_wrote_down(name):
    written = json.loads(golden("street_truth.json").read_text())
    picture = "/camera/image_raw" if "sqlite3" in name else JPEG
    with open_recording(golden(name), Topics(image=picture)) as recording:
        events = list(recording.events())
    truths = [e for e in events if isinstance(e, TruthEvent)]
    images = [e.frame for e in events if isinstance(e, ImageEvent)]
    first = truths[0].stamp_ns
    assert len(truths) in (200, 120, 100, 60)
    for number, event in enumerate(truths):
        assert event.stamp_ns == first + number * 100_000_000
        expected = {item["id"]: item for item in written["truth"][number]}
        assert {o.id for o in event.objects} == expected.keys()
        for item in event.objects:
            wanted = expected[item.id]
            assert item.category == wanted["category"]
            assert list(item.box) == pytest.approx(wanted["box"], abs=1e-6)
            assert math.remainder(item.azimuth - wanted["azimuth"], 2 * math.pi) == pytest.approx(0, abs=1e-6)
            x, _, z = item.position
            assert math.atan2(x, z) == pytest.approx(wanted["bearing"], abs=1e-6)
            assert math.hypot(x, z) == pytest.approx(wanted["range"], rel=1e-6)
    size = (72, 96, 3) if picture.endswith("raw") else (240, 320, 3)
    assert {i.image.shape for i in images} == {size}
    assert {i.stamp_ns for i in images} <= {e.stamp_ns for e in truths}
