"""The replay loop on events made by hand: which frame is answered by what, and what is left out."""

import dataclasses
import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from model_factory import make_model

from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, ImageEvent, MountingEvent
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame, Mounting
from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.engine import Replayer
from pose_ssl_ros.replay.errors import ReplayError

S = 1_000_000_000
START = 1_700_000_000 * S
DETECTOR = from_values(ReplayConfig, {"triplet.detector": True})
CONTRAST = from_values(ReplayConfig, {"triplet.proposals.method": "contrast"})


def scene(second, width=160, height=120):
    """A block that comes at 1.5 m/s, on a grey ground under a blue sky, and its box."""
    image = np.full((height, width, 3), (120, 118, 110), np.uint8)
    image[: height // 2] = (150, 180, 230)
    noise = np.random.default_rng(7).integers(0, 8, (height, width, 1), np.uint8)
    image += noise
    far = 13.0 - 1.5 * second  # metres from a camera 1.1 m above ground: 2 m wide, 1.6 m high, 1 m to the right
    w, h = 150 * 2.0 / far, 150 * 1.6 / far
    box = Box(80 + 150 / far - w / 2, 60 + 150 * 1.1 / far - h, w, h)
    x0, y0, x1, y1 = (round(v) for v in (box.x, box.y, box.x + box.w, box.y + box.h))
    image[y0:y1, x0:x1] = (200, 30, 30)
    image[y0 : y0 + 6, x0 + 5 : x1 - 5] = (20, 20, 40)
    return image, box


def drive(frames=30, start=START, hz=10, boxes=True, stamped=True, first=0):
    """Camera, mounting, odometry, images and boxes, each recorded 1 ms after the other."""
    yield CameraEvent(start, CameraModel(160, 120, 150.0, 150.0, 80.0, 60.0))
    yield MountingEvent(start, Mounting(0.3, 1.1, 0.0, 0.0))
    for i in range(frames):
        stamp = start + i * S // hz
        image, box = scene(i / hz)
        yield EgoEvent(stamp, EgoState(stamp, 0.0, 0.0, 0.0))
        yield ImageEvent(stamp + 1_000_000, first + i, Frame(image, stamp if stamped else 0))
        if boxes:
            yield BoxesEvent(stamp + 2_000_000, stamp, [box])


def run(events, config=DETECTOR, model=None, driver=None):
    with Replayer(config, make_model() if model is None else model, driver) as replayer:
        return [result for _, result in replayer.run(events)], replayer


def fingerprint(results):
    """Everything said, to the bit, without the time that it took."""
    digest = hashlib.sha256()
    for result in results:
        for item in (*result.objects, *result.triplets):
            values = {f.name: getattr(item, f.name) for f in dataclasses.fields(item)}
            digest.update(
                repr([(k, v.tobytes() if isinstance(v, np.ndarray) else v) for k, v in values.items()]).encode()
            )
        plain = dataclasses.replace(result, objects=(), triplets=(), work_ms=0.0)
        digest.update(repr(plain).encode())
    return digest.hexdigest()


class Scripted:
    """A learner that hands over models at given frames."""

    def __init__(self, models):
        self.models, self.calls = models, []

    def take(self, triplets, stamp_ns):
        self.calls.append((len(triplets), stamp_ns))
        return self.models.get(len(self.calls) - 1)


def test_every_image_is_answered_with_its_own_stamp_number_and_boxes():
    results, replayer = run(drive(20))
    assert [r.index for r in results] == list(range(20))
    assert [r.stamp_ns for r in results] == [START + i * S // 10 for i in range(20)]
    assert [r.recorded_ns - r.stamp_ns for r in results] == [1_000_000] * 20
    assert results[-1].tracks[0].id == results[5].tracks[0].id
    assert results[-1].objects[0].heading[0] > 0.5
    assert results[-1].mounting == Mounting(0.3, 1.1, 0.0, 0.0)
    assert {r.version for r in results} == {1}
    assert replayer.skipped() == []
    assert not replayer.damaged
    assert replayer.progress.frames == 20


def test_motion_teaches_and_triplets_come_out():
    results, _ = run(drive(60))
    assert sum(len(r.triplets) for r in results) > 0
    taught = [e for r in results for e in r.evidence.values()]
    assert taught
    assert all(max(e.scores) == e.scores[0] for e in taught[-5:])  # it comes towards us


def test_two_runs_are_equal_to_the_bit_in_processes_of_their_own():
    code = (
        "import test_engine as t; from model_factory import make_model\n"
        "results = t.run(t.drive(40), t.CONTRAST)[0]\n"
        "assert sum(len(r.objects) for r in results) > 20\n"
        "print(t.fingerprint(results))"
    )
    folders = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]
    found = set()
    for seed in ("1", "2"):
        environment = {"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(folders), "PATH": ""}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )
        assert done.returncode == 0, done.stderr
        found.add(done.stdout)
    assert len(found) == 1


def test_a_model_answers_from_the_very_next_frame_on_and_a_bad_one_changes_nothing():
    driver = Scripted({4: make_model(version=5, heading=(0.05, 0.1, 0.8, 0.05, 0.0)), 8: b"not a model"})
    results, replayer = run(drive(12), driver=driver)
    assert [r.version for r in results] == [1] * 5 + [5] * 7
    assert driver.calls[3] == (0, START + 3 * S // 10)
    assert replayer.skipped() == ["1 models refused"]


def test_learning_on_the_way_is_the_same_each_time(tmp_path):
    from pose_ssl_ros.learning.config import LearnerConfig
    from pose_ssl_ros.learning.online import OnlineLearner
    from pose_ssl_ros.replay.learning import LearnerDriver

    small = LearnerConfig(width=8, depth=0, batch=4, min_triplets=3, projector=16, teacher_steps=0, seed=3)
    found = []
    for name in ("one", "two"):
        driver = LearnerDriver(OnlineLearner(small, tmp_path / name))
        with Replayer(DETECTOR, driver=driver) as replayer:
            results = [result for _, result in replayer.run(drive(48))]
        assert driver.learner.trainer.steps > 0
        assert {r.version for r in results} > {0}
        found.append((fingerprint(results), [r.version for r in results]))
    assert found[0] == found[1]


def test_without_a_model_headings_are_unknown_and_boxes_are_there():
    with Replayer(DETECTOR) as replayer:
        results = [result for _, result in replayer.run(drive(5))]
    assert len(results) == 5
    assert all(o.heading == (0, 0, 0, 0, 1) for r in results for o in r.objects)
    assert results[-1].objects[0].range_m > 0
    assert results[-1].version == 0


def test_a_model_that_cannot_be_used_is_said_at_once():
    with pytest.raises(ReplayError, match="the model cannot be used: "):
        Replayer(DETECTOR, b"nonsense")


def test_images_without_a_stamp_carry_the_time_of_recording():
    results, replayer = run(drive(5, boxes=False, stamped=False), CONTRAST)
    assert [r.stamp_ns for r in results] == [START + i * S // 10 + 1_000_000 for i in range(5)]
    assert replayer.skipped() == ["5 images without a stamp, which got their time of recording"]


def test_stamps_that_jump_back_an_hour_begin_new_tracks_and_all_images_are_answered():
    events = [*drive(10), *drive(10, start=START - 3600 * S, first=10)]
    results, replayer = run(events)
    assert [r.index for r in results] == list(range(20))
    before = {t.id for r in results[:10] for t in r.tracks}
    after = {t.id for r in results[10:] for t in r.tracks}
    assert before
    assert after
    assert not before & after
    assert any("began anew" in words for words in replayer.skipped())


def test_one_broken_image_is_named_and_the_rest_is_answered():
    events = list(drive(6, boxes=False))
    place = [i for i, e in enumerate(events) if isinstance(e, ImageEvent)][2]
    events[place] = events[place]._replace(frame=Frame(np.zeros(7, np.uint8), events[place].frame.stamp_ns))
    results, replayer = run(events, CONTRAST)
    assert [r.index for r in results] == [0, 1, 3, 4, 5]
    assert replayer.damaged
    assert "1 images failed: ValueError" in replayer.skipped()[-1]


def test_a_silent_detector_lets_images_go_on_without_boxes_after_its_time():
    events = [e for e in drive(40) if not isinstance(e, BoxesEvent) or e.stamp_ns < START + S]
    results, replayer = run(events)
    # Boxes until 0.9 s; silence is said from 2 s after the last of them on: images 30 to 39.
    assert [r.index for r in results] == [*range(10), *range(30, 40)]
    assert not results[-1].tracks
    # The 20 between waited in vain; the last ten are answered, and counted too.
    assert replayer.counts["images_without_boxes"] == 30


def test_boxes_that_come_before_their_image_are_paired_too():
    events = sorted(drive(8), key=lambda e: e.recorded_ns - (3_000_000 if isinstance(e, BoxesEvent) else 0))
    results, replayer = run(events)
    assert [len(r.tracks) for r in results] == [len(r.tracks) for r in run(drive(8))[0]]
    assert replayer.skipped() == []


def test_a_camera_below_the_robot_is_put_at_the_parameters_height_and_the_first_place_stays():
    config = from_values(ReplayConfig, {"triplet.detector": True, "inference.mounting.height": 0.7})
    events = [MountingEvent(START - 2, Mounting(0.4, 0.0, 0.0, 0.0)), *drive(3)]
    results, _ = run(events, config)
    assert results[0].mounting == Mounting(0.4, 0.7, 0.0, 0.0)
    assert results[-1].mounting == results[0].mounting


def test_a_second_recording_knows_nothing_of_the_first():
    with Replayer(DETECTOR, make_model()) as replayer:
        first = [r for _, r in replayer.run(drive(15), bag=0)]
        later = list(drive(15, start=START + 50 * S))[1:]  # without intrinsics
        second = [r for _, r in replayer.run(later, bag=1)]
    alone, _ = run(later)
    assert {r.bag for r in second} == {1}
    assert [o.azimuth for r in second for o in r.objects] == [o.azimuth for r in alone for o in r.objects]
    assert all(o.bearing is None for r in second for o in r.objects)
    assert not {t.id for r in first for t in r.tracks} & {t.id for r in second for t in r.tracks}


def test_the_speed_limit_is_the_planners():
    # No objects: danger 0, odometry there: full speed; odometry stops at 1 s: stop when it is 1 s old.
    image = np.full((120, 160, 3), 120, np.uint8)
    events = []
    for i in range(40):
        stamp = START + i * S // 10
        if i < 10:
            events.append(EgoEvent(stamp, EgoState(stamp, 0.0, 0.0, 0.0)))
        events += [ImageEvent(stamp, i, Frame(image, stamp)), BoxesEvent(stamp, stamp, [])]
    results, _ = run(events)
    assert [r.speed_limit for r in results[:20]] == [100.0] * 20
    assert [r.speed_limit for r in results[20:]] == [1.0] * 20
