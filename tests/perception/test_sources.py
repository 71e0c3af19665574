"""What the source node can read, and what it says of what it cannot."""

import json
import shutil
from collections import Counter
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from pose_ssl_ros.bags.source import open_input
from pose_ssl_ros.perception.calibration import from_file, from_fov, scaled
from pose_ssl_ros.perception.pacing import Pacer
from pose_ssl_ros.perception.sources import Picture, SourceError, natural_key
from tests.harness import shared


def picture(number, width=64, height=48):
    image = np.full((height, width, 3), 40, np.uint8)
    image[:, (number * 4) % width :, 0] = 220  # the red edge tells the frames apart
    return image


def write_video(path, frames=30, rate=15):
    # The index goes first, as in files made for streaming: such a file still opens when its end is missing.
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def write_folder(folder, numbers):
    folder.mkdir(exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(folder / f"frame_{number}.png"), picture(number)[:, :, ::-1])


def test_a_video_comes_at_its_own_rate(tmp_path):
    write_video(tmp_path / "drive.mp4")
    source = open_input(str(tmp_path / "drive.mp4"))
    items = list(source)
    assert len(items) == 30
    assert items[15].time_ns == pytest.approx(1e9, abs=2)
    assert np.abs(items[3].rgb.astype(int) - picture(3)).mean() < 12  # lossy, but RGB and the right frame
    assert [i.time_ns for i in open_input(str(tmp_path / "drive.mp4"), rate=100.0)][1] == 10_000_000
    assert len(list(source)) == 30  # again from the beginning


def test_a_cut_video_is_said(tmp_path):
    write_video(tmp_path / "whole.mp4", frames=60)
    data = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: int(len(data) * 0.7)])
    seen = []
    with pytest.raises(SourceError, match=r"cut.mp4' ends after \d+ of 60 frames: the file is cut"):
        seen.extend(open_input(str(tmp_path / "cut.mp4")))
    (tmp_path / "stub.mp4").write_bytes(data[:100])
    with pytest.raises(SourceError, match="stub.mp4"):
        open_input(str(tmp_path / "stub.mp4"))


def test_a_folder_is_played_in_the_order_of_its_numbers(tmp_path):
    write_folder(tmp_path / "images", [10, 9, 1])
    (tmp_path / "images" / "notes.txt").write_text("not an image")
    items = list(open_input(str(tmp_path / "images"), rate=5.0))
    assert [i.time_ns for i in items] == [0, 200_000_000, 400_000_000]
    for item, number in zip(items, [1, 9, 10], strict=True):
        assert np.array_equal(item.rgb, picture(number))
    assert natural_key(Path("a9")) < natural_key(Path("a10")) < natural_key(Path("b1"))


def test_pictures_that_cannot_be_decoded_are_counted(tmp_path):
    write_folder(tmp_path / "images", [1, 4])
    (tmp_path / "images" / "frame_2.png").write_bytes(b"not a png")
    (tmp_path / "images" / "frame_3.png").write_bytes(b"")
    source = open_input(str(tmp_path / "images"))
    assert [i.time_ns for i in source] == [0, 300_000_000]
    assert source.skipped == 2
    (tmp_path / "images" / "frame_1.png").unlink()
    (tmp_path / "images" / "frame_4.png").unlink()
    with pytest.raises(SourceError, match="none of the 2 images"):
        list(open_input(str(tmp_path / "images")))


def test_what_is_missing_or_of_no_use_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("not a video")
    (tmp_path / "old.bag").write_bytes(b"#ROSBAG V2.0\n")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "metadata.yaml").write_text("{")
    (tmp_path / "bad.mcap").write_bytes(b"nothing")
    for name, words in (
        ("", "no input is given"),
        (str(tmp_path / "none.mp4"), "does not exist"),
        (str(tmp_path / "empty"), "holds no image"),
        (str(tmp_path / "text.mp4"), "cannot be opened as a video"),
        (str(tmp_path / "old.bag"), "rosbags-convert"),
        (str(tmp_path / "bad"), "cannot be read as a rosbag"),
        (str(tmp_path / "bad.mcap"), "cannot be read as a rosbag"),
        ("97", "no camera number 97"),
    ):
        with pytest.raises(SourceError, match=words):
            open_input(name)


BAGS = {
    "street_mcap": (200, (240, 320, 3)),
    "street_sqlite3": (100, (72, 96, 3)),
    "street_mcap_zstd": (100, (240, 320, 3)),
    "street_split": (120, (240, 320, 3)),
    "street_sqlite3_zstd_file": (30, (72, 96, 3)),
    "street_sqlite3_zstd_message": (30, (72, 96, 3)),
}


@pytest.mark.parametrize("name", BAGS)
def test_bags_of_every_kind(name):
    source = open_input(str(shared(f"golden/bags/{name}")))
    items = list(source)
    source.close()
    pictures = [item for item in items if isinstance(item, Picture)]
    count, shape = BAGS[name]
    assert (len(pictures), pictures[0].rgb.shape, source.skipped) == (count, shape, 0)
    assert [item.time_ns for item in items] == sorted(item.time_ns for item in items)
    assert pictures[0].frame_id == "camera_optical_frame"
    truth = json.loads(shared("golden/bags/street_truth.json").read_text())
    assert truth is not None
    topics = Counter(item.topic for item in items if not isinstance(item, Picture))
    assert set(topics) == {"camera_info", "odom", "/tf", "ground_truth"}


def test_the_topic_of_a_bag_can_be_chosen():
    path = str(shared("golden/bags/street_mcap"))
    raw = open_input(path, topic="camera/image_raw")
    assert next(item for item in raw if isinstance(item, Picture)).rgb.shape == (72, 96, 3)
    with pytest.raises(SourceError, match="image topics: /camera/image_raw, /camera/image_raw/compressed"):
        open_input(path, topic="/front")


@pytest.mark.parametrize("storage", ["street_mcap", "street_sqlite3"])
def test_a_cut_bag_is_said(tmp_path, storage):
    copy = tmp_path / "cut"
    shutil.copytree(shared(f"golden/bags/{storage}"), copy)
    file = next(path for path in copy.iterdir() if path.suffix in (".mcap", ".db3"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    with pytest.raises(SourceError, match="cut"):
        list(open_input(str(copy)))


def test_calibration_files(tmp_path):
    good = tmp_path / "camera.yaml"
    good.write_text("image_width: 640\nimage_height: 480\n"
                    "camera_matrix: {rows: 3, cols: 3, data: [500, 0, 320, 0, 510, 240, 0, 0, 1]}\n")  # fmt: skip
    camera = from_file(good)
    assert (camera.width, camera.height, camera.fx, camera.fy, camera.cx, camera.cy) == (640, 480, 500, 510, 320, 240)
    half = scaled(camera, 320, 240)
    assert (half.fx, half.fy, half.cx, half.cy) == (250, 255, 160, 120)
    for text in ("", "image_width: 3", "{", "image_width: 64\nimage_height: 48\ncamera_matrix: {data: [0,0,0,0,0,0]}"):
        bad = tmp_path / "bad.yaml"
        bad.write_text(text)
        with pytest.raises(SourceError, match="bad.yaml"):
            from_file(bad)
    with pytest.raises(SourceError, match="none.yaml"):
        from_file(tmp_path / "none.yaml")


def test_a_right_angle_of_view_has_a_focal_length_of_half_the_width():
    camera = from_fov(200, 100, np.pi / 2)
    assert camera.fx == pytest.approx(100)
    assert camera.bearing(camera.cx) == 0
    assert camera.bearing(camera.cx + 100) == pytest.approx(np.pi / 4)


class FakeTime:
    def __init__(self):
        self.seconds = 100.0

    def now(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


def pacer(time, ticks):
    return Pacer(ticks.append, lambda: False, time.now, time.sleep)


def test_playback_keeps_the_recorded_distances():
    time, ticks = FakeTime(), []
    play = pacer(time, ticks)
    arrivals = []
    for recorded in (5.0, 5.1, 5.4, 6.0):
        assert play.wait(round(recorded * 1e9), speed=2.0)
        arrivals.append(time.seconds - 100.0)
    assert arrivals == pytest.approx([0.0, 0.05, 0.2, 0.5])
    assert ticks == sorted(ticks)
    assert all(5.0e9 <= tick <= 6.0e9 for tick in ticks)
    assert len(ticks) >= 20  # the clock runs between messages


def test_time_lost_by_a_slow_reader_is_given_up_beyond_half_a_second():
    time = FakeTime()
    play = pacer(time, [])
    play.wait(0, 1.0)
    time.seconds += 10.0
    assert play.wait(1_000_000_000, 1.0)  # 9 s late: at once
    before = time.seconds
    play.wait(2_000_000_000, 1.0)
    assert time.seconds - before == pytest.approx(0.5)  # half a second is caught up, the rest is not


def test_a_recording_that_jumps_back_is_due_at_once():
    time = FakeTime()
    play = pacer(time, [])
    play.wait(50_000_000_000, 1.0)
    play.wait(10_000_000_000, 1.0)
    assert time.seconds == 100.0


def test_waiting_can_be_ended():
    time = FakeTime()
    play = Pacer(lambda _: None, lambda: time.seconds > 101.0, time.now, time.sleep)
    play.wait(0, 1.0)
    assert not play.wait(60_000_000_000, 1.0)
    assert time.seconds < 101.1
