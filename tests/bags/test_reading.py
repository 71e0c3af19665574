"""Whole bags in every storage, read as events; which topic plays which part."""

import json
import math
import tracemalloc
from collections import Counter

import numpy as np
import pytest

from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, ImageEvent, MountingEvent, TruthEvent
from pose_ssl_ros.bags.reading import Topics, frames_at, open_recording
from tests import bag_factory as factory
from tests.bag_factory import START_NS, Drive
from tests.harness import shared

FORMATS = [
    ("mcap", "none", 1),
    ("mcap", "chunk", 1),
    ("mcap", "file", 1),
    ("mcap", "message", 1),
    ("mcap", "none", 3),
    ("sqlite3", "none", 1),
    ("sqlite3", "message", 1),
    ("sqlite3", "file", 2),
]


def events_of(path, topics=None, kind=None):
    with open_recording(path, topics) as recording:
        found = list(recording.events())
        problems = recording.problems
    return [e for e in found if kind is None or isinstance(e, kind)], problems


@pytest.mark.parametrize(("storage", "compression", "parts"), FORMATS)
def test_every_storage_gives_the_same_events(tmp_path, storage, compression, parts):
    drive = Drive(detections=True, objects=2)
    bag = factory.make(tmp_path / "drive", drive, storage, compression, parts)
    events, problems = events_of(bag)
    assert problems == []
    assert Counter(type(e) for e in events) == {
        ImageEvent: 20, CameraEvent: 1, EgoEvent: 20, MountingEvent: 1, TruthEvent: 20, BoxesEvent: 20
    }  # fmt: skip
    assert [e.recorded_ns for e in events] == sorted(e.recorded_ns for e in events)
    images = [e for e in events if isinstance(e, ImageEvent)]
    for number, event in enumerate(images):
        assert (event.number, event.frame.stamp_ns) == (number, START_NS + number * 100_000_000)
        assert event.recorded_ns == event.frame.stamp_ns + 1_000_000
        assert np.array_equal(event.frame.image, factory.shot(drive, number))
    assert images[0].frame.frame_id == factory.FRAME_ID
    camera = next(e.camera for e in events if isinstance(e, CameraEvent))
    assert (camera.width, camera.height, camera.fx, camera.cx) == (64, 48, 64.0, 32.0)
    ego = [e.ego for e in events if isinstance(e, EgoEvent)][10]
    assert (ego.x, ego.speed) == (pytest.approx(0.5), 0.5)
    boxes = next(e for e in events if isinstance(e, BoxesEvent))
    assert tuple(boxes.boxes[0]) == factory.box(0, 64, 48)
    assert boxes.stamp_ns == START_NS


def test_the_mounting_comes_before_the_first_picture_and_once(tmp_path):
    events, _ = events_of(factory.make(tmp_path / "drive"))
    kinds = [type(e) for e in events]
    assert kinds.index(MountingEvent) < kinds.index(ImageEvent)
    mounting = next(e.mounting for e in events if isinstance(e, MountingEvent))
    assert (mounting.x, mounting.height) == (0.3, 0.7)
    assert (mounting.pitch, mounting.yaw) == pytest.approx((0.0, 0.0))


def test_truth_has_azimuth_and_place(tmp_path):
    drive = Drive(frames=1)
    content = factory.messages(drive)
    stamp = drive.start_ns
    turned = factory.STORE.serialize_cdr(
        factory.detections(drive, 0, stamp, azimuth=math.pi / 2), "vision_msgs/msg/Detection2DArray"
    )
    content = [(*m[:3], bytes(turned)) if m[0] == "/ground_truth" else m for m in content]
    straight, _ = events_of(factory.make(tmp_path / "straight", drive), kind=TruthEvent)
    right, _ = events_of(factory.write(tmp_path / "right", content), kind=TruthEvent)
    first, second = straight[0].objects[0], right[0].objects[0]
    assert (first.id, first.category, tuple(first.box)) == ("car_0", "car", factory.box(0, 64, 48))
    turn = (second.azimuth - first.azimuth + math.pi) % (2 * math.pi) - math.pi
    assert abs(turn) == pytest.approx(math.pi / 2)


@pytest.mark.parametrize(("pictures", "exact"), [("jpeg", False), ("png", True)])
def test_compressed_pictures(tmp_path, pictures, exact):
    drive = Drive(frames=3, pictures=pictures)
    images, problems = events_of(factory.make(tmp_path / "drive", drive), kind=ImageEvent)
    assert problems == []
    difference = np.abs(images[2].frame.image.astype(int) - factory.shot(drive, 2))
    assert difference.max() == 0 if exact else difference.mean() < 5


@pytest.mark.parametrize("which", ["bare", "several", "folder of files"])
def test_data_files_without_their_folder(tmp_path, which):
    bag = factory.make(tmp_path / "drive", parts=3)
    files = factory.data_files(bag)
    path = {"bare": files[0], "several": files, "folder of files": factory.without_metadata(bag)}[which]
    images, problems = events_of(path, kind=ImageEvent)
    assert [e.number for e in images] == list(range(6 if which == "bare" else 20))
    assert [p.kind for p in problems] == (["metadata"] if which == "folder of files" else [])


GOLDEN = {
    "street_mcap": (200, 100, "jazzy"),
    "street_sqlite3": (200, 100, "jazzy"),
    "street_mcap_zstd": (100, 50, "jazzy"),
    "street_split": (120, 60, "jazzy"),
    "street_sqlite3_zstd_file": (60, 30, "jazzy"),
    "street_sqlite3_zstd_message": (60, 30, "jazzy"),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_bags_of_a_real_ros_2(name):
    frames, pictures, distribution = GOLDEN[name]
    truth = json.loads(shared("golden/bags/street_truth.json").read_text())["truth"]
    with open_recording(shared(f"golden/bags/{name}"), Topics(image="/camera/image_raw")) as recording:
        events = list(recording.events())
        assert recording.problems == []
        assert recording.info.distribution == distribution
        assert recording.info.seconds == pytest.approx((frames - 1) / 10)
    counts = Counter(type(e) for e in events)
    assert (counts[ImageEvent], counts[EgoEvent], counts[TruthEvent]) == (pictures, frames, frames)
    assert (counts[CameraEvent], counts[MountingEvent]) == (1, 1)
    for event, objects in zip((e for e in events if isinstance(e, TruthEvent)), truth, strict=False):
        for found, stated in zip(event.objects, objects, strict=True):
            assert found.id == stated["id"]
            turn = found.azimuth - stated["azimuth"]
            assert math.cos(turn) > 1 - 1e-9


def test_several_topics_of_a_type_must_be_named():
    path = shared("golden/bags/street_mcap")
    with pytest.raises(BagError) as raised:
        open_recording(path)
    words = str(raised.value)
    assert "has 2 image topics; name one of" in words
    assert "/camera/image_raw (sensor_msgs/Image, 100 messages, 4.97 Hz, 96x72)" in words
    assert "/camera/image_raw/compressed (sensor_msgs/CompressedImage, 200 messages, 10 Hz, 320x240)" in words
    with open_recording(path, Topics(image="camera/image_raw/compressed")) as recording:
        assert recording.info.roles == Topics(
            "/camera/image_raw/compressed", "/camera/camera_info", "/odom", "", "/ground_truth"
        )


@pytest.mark.parametrize(
    ("topics", "said"),
    [
        (Topics(image="/front"), r"there is no topic '/front'; the image topics are /camera/image_raw \(sensor_msgs"),
        (Topics(image="/odom"), "'/odom' is nav_msgs/msg/Odometry; the image topics are"),
        (Topics(odom="/wheels"), "no topic '/wheels'; the odometry topics are /odom"),
        (Topics(truth="/labels"), "the ground truth topics are /ground_truth"),
    ],
)
def test_a_wrong_name_is_said_with_the_right_ones(tmp_path, topics, said):
    with pytest.raises(BagError, match=said):
        open_recording(factory.make(tmp_path / "drive"), topics)


def test_a_part_can_be_left_out(tmp_path):
    events, _ = events_of(factory.make(tmp_path / "drive"), Topics(odom="none", truth="none"))
    assert {type(e) for e in events} == {ImageEvent, CameraEvent, MountingEvent}


def test_our_own_answers_are_no_detector(tmp_path):
    content = factory.messages(Drive(frames=2))
    ours = [("/pose_ssl/detections", *m[1:]) for m in content if m[0] == "/ground_truth"]
    events, _ = events_of(factory.write(tmp_path / "drive", content + ours))
    assert not any(isinstance(e, BoxesEvent) for e in events)


def test_two_odometries_must_be_named_and_none_will_do(tmp_path):
    content = factory.messages(Drive(frames=4))
    content += [("/odometry/filtered", *m[1:]) for m in content if m[0] == "/odom"]
    bag = factory.write(tmp_path / "drive", content)
    with pytest.raises(BagError, match="2 odometry topics; name one of /odom .*, /odometry/filtered"):
        open_recording(bag)
    assert len(events_of(bag, Topics(odom="/odometry/filtered"), EgoEvent)[0]) == 4
    assert events_of(bag, Topics(odom="none"), EgoEvent)[0] == []


def test_frames_at_finds_pictures_by_their_stamps(tmp_path):
    drive = Drive(spoiled=frozenset({5}), stamp_of={6: 0})
    bag = factory.make(tmp_path / "drive", drive)
    moment = [START_NS + n * 100_000_000 for n in range(20)]
    wanted = [moment[7], moment[3], moment[5], 12345, moment[6] + 1_000_000]
    found = list(frames_at(bag, Topics(), wanted))
    assert [e.number for e in found] == [3, 6, 7]  # the fifth cannot be decoded; the sixth is known by its recording
    assert np.array_equal(found[2].frame.image, factory.shot(drive, 7))
    assert list(frames_at(bag, Topics(), [])) == []


def test_a_second_pass_begins_anew(tmp_path):
    with open_recording(factory.make(tmp_path / "drive", Drive(spoiled=frozenset({2})))) as recording:
        first = [e.number for e in recording.events() if isinstance(e, ImageEvent)]
        second = [e.number for e in recording.events() if isinstance(e, ImageEvent)]
        assert first == second == [n for n in range(20) if n != 2]
        assert [(p.kind, p.count) for p in recording.problems] == [("picture", 1)]


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
def test_memory_does_not_grow_with_the_bag(tmp_path, storage):
    peaks = []
    for frames in (30, 120):
        bag = factory.make(tmp_path / f"{frames}", Drive(frames=frames, width=320, height=240), storage)
        for pass_number in range(2):  # the first one fills the caches of the libraries
            tracemalloc.start()
            with open_recording(bag) as recording:
                assert sum(isinstance(e, ImageEvent) for e in recording.events()) == frames
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            if pass_number:
                peaks.append(peak)
    assert peaks[1] < peaks[0] + 3_000_000  # ninety more pictures of 230 kB each would be 20 MB
