"""Which part of a recording is played, how fast, and how far it is said to be."""

import numpy as np

from pose_ssl_ros.bags.events import CameraEvent, EgoEvent, ImageEvent, TruthEvent
from pose_ssl_ros.interfaces import CameraModel, EgoState, Frame
from pose_ssl_ros.replay import playing
from pose_ssl_ros.replay.progress import Progress

S = 1_000_000_000
CAMERA = CameraModel(4, 4, 1.0, 1.0, 2.0, 2.0)


def image(second):
    return ImageEvent(second * S, second, Frame(np.zeros((4, 4, 3), np.uint8), second * S))


def events():
    yield CameraEvent(0, CAMERA)
    for second in range(10):
        yield EgoEvent(second * S, EgoState(second * S, 0.0, 0.0, 0.0))
        yield image(second)
        yield TruthEvent(second * S, second * S, [])


def test_a_window_keeps_what_is_known_before_it():
    found = list(playing.window(events(), 4 * S, 6 * S))
    assert [e.number for e in found if isinstance(e, ImageEvent)] == [4, 5]
    assert [e.recorded_ns // S for e in found if isinstance(e, EgoEvent)] == [0, 1, 2, 3, 4, 5]
    assert [e.recorded_ns // S for e in found if isinstance(e, TruthEvent)] == [4, 5]
    assert isinstance(found[0], CameraEvent)
    assert len([e for e in playing.window(events(), 0) if isinstance(e, ImageEvent)]) == 10


def test_the_wish_to_stop_ends_the_events_and_takes_nothing_back():
    seen = []
    for event in playing.until(events(), lambda: len(seen) >= 5):
        seen.append(event)
    assert len(seen) == 5


def test_paced_events_come_when_they_are_due(monkeypatch):
    clock = [100.0]
    real = playing.Pacer

    def pacer(tick, stopped):
        return real(tick, stopped, now=lambda: clock[0], sleep=lambda s: clock.__setitem__(0, clock[0] + s))

    monkeypatch.setattr(playing, "Pacer", pacer)
    times = [(e.number, round(clock[0] - 100.0, 3)) for e in playing.paced(map(image, range(4)), 2.0, lambda: False)]
    assert times == [(0, 0.0), (1, 0.5), (2, 1.0), (3, 1.5)]
    assert list(playing.paced(map(image, range(4)), 2.0, lambda: True)) == []


def test_progress_says_rate_and_time_left():
    clock = [0.0]
    progress = Progress(100.0, now=lambda: clock[0])
    assert progress.left_s is None
    for second in range(21):
        progress.note(1_000 * S + second * S)
        progress.frames += 1
    clock[0] = 4.0
    assert progress.recorded_s == 20.0
    assert progress.times_real_time == 5.0
    assert progress.left_s == 16.0
    assert progress.words() == "20 of 100 s, 21 frames at 5.2 Hz, 5.0 times real time, 16 s left"
    progress.note(0)  # a clock that went back an hour takes nothing off
    assert progress.recorded_s == 20.0
    progress.next_bag()
    progress.note(90_000 * S)
    assert progress.recorded_s == 20.0
