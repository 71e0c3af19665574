import math
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.draw import annotate, danger_colour, ground_arrow
from pose_ssl_ros.evaluation.recorder import Recorder
from pose_ssl_ros.evaluation.records import Answer
from pose_ssl_ros.evaluation.samples import SampleBank
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.evaluation.video import VideoError, VideoWriter
from pose_ssl_ros.interfaces import Box, CameraModel

from .conftest import play

CAMERA = CameraModel(320, 240, 290.0, 290.0, 160.0, 120.0)
BOX = Box(140, 110, 40, 40)


def tip_and_tail(azimuth, box=BOX):
    points = ground_arrow(box, azimuth, CAMERA)
    return points[3], (points[0] + points[6]) / 2


def test_toward_points_down_the_picture_and_away_up():
    tip, tail = tip_and_tail(0.0)
    assert tip[1] > tail[1] + 5
    assert tip[0] == pytest.approx(tail[0], abs=1)
    tip, tail = tip_and_tail(math.pi)
    assert tip[1] < tail[1] - 2


def test_left_points_left_and_right_right():
    tip, tail = tip_and_tail(math.pi / 2)
    assert tip[0] < tail[0] - 10
    tip, tail = tip_and_tail(-math.pi / 2)
    assert tip[0] > tail[0] + 10


def test_arrow_of_a_box_without_size_is_none():
    assert ground_arrow(Box(0, 0, 0, 5), 0.0, CAMERA) is None


@pytest.mark.parametrize("shape", [(240, 320, 3), (481, 641, 3), (37, 53, 3)])
def test_picture_has_even_sizes_and_keeps_proportions(shape):
    made = annotate(np.zeros(shape, np.uint8), [], [], width=320)
    assert made.shape[0] % 2 == 0
    assert made.shape[1] == 320
    assert made.shape[0] == pytest.approx(320 * shape[0] / shape[1], abs=2)


def test_boxes_beyond_the_picture_are_drawn_without_fuss():
    rgb = np.zeros((240, 320, 3), np.uint8)
    wild = [
        Answer("1", Box(-50, -50, 100, 100), azimuth=0.1, heading=(1, 0, 0, 0, 0)),
        Answer("2", Box(1e12, 0, 5, 5)),
        Answer("3", Box(math.nan, 0, 5, 5)),
        Answer("4", Box(100, 230, 5000, 5000), azimuth=1.0, heading=(0, 1, 0, 0, 0)),
    ]
    made = annotate(rgb, wild, [], danger=0.5)
    assert made.shape == (480, 640, 3)
    assert made.any()
    assert not rgb.any()  # the frame itself is left alone


def test_danger_goes_from_green_to_red():
    assert danger_colour(0)[1] > danger_colour(0)[0]
    assert danger_colour(1)[0] > danger_colour(1)[1]
    assert danger_colour(7) == danger_colour(1)


def read(path):
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        times = [f.time for f in film.decode(stream)]
        return stream.codec_context.name, stream.codec_context.pix_fmt, times


def test_film_is_h264_with_the_frames_at_their_times(tmp_path):
    writer = VideoWriter(tmp_path / "a.mp4", 5)
    times = [0.0, 0.2, 0.2, 0.4, 1.9]  # one comes twice and is left out
    for i, t in enumerate(times):
        writer.add(np.full((120, 160, 3), 40 * i, np.uint8), t)
    assert writer.close() == tmp_path / "a.mp4"
    codec, layout, found = read(tmp_path / "a.mp4")
    assert (codec, layout) == ("h264", "yuv420p")
    assert found == pytest.approx([0.0, 0.2, 0.4, 1.9])
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    data = (tmp_path / "a.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # the index is in front: a browser starts at once


def test_no_frame_no_film(tmp_path):
    assert VideoWriter(tmp_path / "a.mp4").close() is None
    assert list(tmp_path.iterdir()) == []


def test_a_film_of_a_killed_process_plays(tmp_path):
    code = (
        "import os, sys, numpy as np; from pathlib import Path\n"
        "from pose_ssl_ros.evaluation.video import VideoWriter\n"
        "w = VideoWriter(Path(sys.argv[1]) / 'a.mp4', 5)\n"
        "for i in range(60): w.add(np.full((120, 160, 3), i, np.uint8), i / 5)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False).returncode == -9
    assert not (tmp_path / "a.mp4").exists()
    codec, _, times = read(tmp_path / "a.partial.mp4")
    assert codec == "h264"
    assert len(times) >= 20


def test_a_folder_that_is_gone_is_said(tmp_path):
    with pytest.raises(VideoError, match=r"a\.mp4"):
        VideoWriter(tmp_path / "gone" / "a.mp4").add(np.zeros((16, 16, 3), np.uint8), 0.0)


def make_recorder(tmp_path, decode=lambda m: m, **settings):
    config = EvaluatorConfig(video_rate=5.0, video_width=320, **settings)
    return Recorder(tmp_path, config, decode, SampleBank(50)), Session(config)


def settle(recorder):
    end = time.monotonic() + 10
    while recorder._jobs.qsize() and time.monotonic() < end:
        time.sleep(0.02)


def test_recorder_films_at_its_rate_and_keeps_crops(tmp_path):
    recorder, session = make_recorder(tmp_path)
    for i in range(60):
        play(session, recorder, 1, start=i)
        settle(recorder)
    assert recorder.close(10) == tmp_path / "annotated.mp4"
    _, _, times = read(tmp_path / "annotated.mp4")
    assert 25 <= len(times) <= 31  # 6 s at 5 Hz
    assert len(recorder.bank) >= 20


def test_recorder_films_frames_that_nobody_answers(tmp_path):
    recorder, _ = make_recorder(tmp_path)
    for i in range(40):
        recorder.image(i + 1, i / 10, np.zeros((240, 320, 3), np.uint8))
        settle(recorder)
    assert recorder.close(10) is not None
    assert recorder.frames >= 4


def test_recorder_outlives_bad_images_and_another_size(tmp_path):
    def decode(message):
        if isinstance(message, str):
            raise ValueError(message)
        return message

    recorder, _ = make_recorder(tmp_path, decode)
    small, large = np.zeros((240, 320, 3), np.uint8), np.zeros((240, 480, 3), np.uint8)
    for i in range(60):
        recorder.image(i + 1, i / 10, ["bad", small, large][i // 20])
        settle(recorder)
    assert recorder.close(10) is not None
    assert recorder.failures >= 2
    assert recorder.frames >= 2


def test_recorder_without_video_still_keeps_crops(tmp_path):
    recorder, session = make_recorder(tmp_path, video=False)
    play(session, recorder, 20)
    settle(recorder)
    assert recorder.close(10) is None
    assert list(tmp_path.iterdir()) == []
    assert len(recorder.bank) > 0
