import dataclasses
import math

import cv2
import numpy as np
import pytest

from pose_ssl_ros.evaluation.drive_report import moments as moments_module
from pose_ssl_ros.evaluation.drive_report.answers import answer_of, motion_of, scene
from pose_ssl_ros.evaluation.drive_report.clock import DriveClock
from pose_ssl_ros.evaluation.drive_report.collector import Collector, ReportConfig
from pose_ssl_ros.evaluation.drive_report.faults import faults
from pose_ssl_ros.evaluation.drive_report.film import Film
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.interfaces import Box, Frame, ObjectState, TeacherEvidence
from pose_ssl_ros.replay.results import FrameResult

from .drive_factory import START, S, frames, heading, picture

BOX = Box(100, 90, 60, 50)


def result(i, objects=(), bag=0, evidence=None, width=320, height=240):
    stamp = START + i * S // 10
    return FrameResult(bag, i, stamp, stamp, "camera", width, height, (), tuple(objects), evidence or {})


def said(name, sure=0.9, track="t", box=BOX, identity=()):
    return ObjectState(track, box, identity, heading(name, sure), 0.1, 0.1)


def car(azimuth, box=BOX, name="o", visible=1.0):
    return TruthObject(name, "car", box, azimuth, None, visible)


def kinds(objects, truth, last=None, drive=0.0, **more):
    return [
        (f.kind, f.key) for f in faults(scene(drive, result(0, objects, **more), truth), {} if last is None else last)
    ]


def test_clock_runs_on_over_bags_and_jumps_add_nothing():
    clock = DriveClock()
    steps = [(0, 10 * S), (0, 12 * S), (0, 3 * S), (0, 4 * S), (0, 4 * S + 3600 * S), (1, 5), (1, 5 + S)]
    assert [clock.at(*step) for step in steps] == [0, 2, 2, 3, 3, 4, 5]


def test_an_unknown_identity_is_none_and_silent_motion_says_nothing():
    assert answer_of(said("toward", identity=(("unknown", 1.0),))).identity is None
    assert answer_of(said("toward", identity=(("object_3", 0.7), ("object_1", 0.3)))).identity == "object_3"
    assert motion_of(TeacherEvidence((0.2, 0.1, 0.0, 0.0)))[0] == -1
    assert motion_of(TeacherEvidence((math.nan, 0, 0, 0)))[0] == -1
    assert motion_of(TeacherEvidence((0.0, 0.0, 0.9, 0.1))) == (2, pytest.approx(0.9))


@pytest.mark.parametrize(
    ("answer", "azimuth", "kind"),
    [
        ("toward", 0.1, None),
        ("away", 0.1, "reversed"),
        ("toward", math.pi, "reversed"),
        ("left", 0.1, "side"),
        ("unknown", 0.1, "unknown"),
        ("unknown", math.pi, None),
        ("right", math.pi / 2, "side"),
    ],
)
def test_faults_against_truth(answer, azimuth, kind):
    assert kinds([said(answer)], [car(azimuth)]) == ([(kind, "o")] if kind else [])


def test_only_a_visible_object_that_comes_can_be_missed():
    assert kinds([], [car(0.0)]) == [("missed", "o")]
    assert kinds([], [car(math.pi)]) == []
    assert kinds([], [car(0.0, visible=0.1)]) == []
    assert kinds([], [car(0.0, box=Box(5, 5, 8, 8))]) == []


def test_a_toward_called_away_is_worse_than_the_reverse_and_near_is_worse_than_far():
    def severity(answer, azimuth, h=50):
        box = Box(100, 90, 60, h)
        return faults(scene(0.0, result(0, [said(answer, box=box)]), [car(azimuth, box)]), {})[0].severity

    assert severity("away", 0.0) > severity("toward", math.pi) > severity("left", 0.0)
    assert severity("away", 0.0, 80) > severity("away", 0.0, 30)


def test_without_truth_motion_and_flips_give_it_away():
    told = {"t": TeacherEvidence((1.0, 0.0, 0.0, 0.0))}
    assert kinds([said("away")], None, evidence=told) == [("motion", "t")]
    assert kinds([said("toward")], None, evidence=told) == []
    assert kinds([said("unknown")], None, evidence=told) == []
    last = {}
    assert kinds([said("toward")], None, last, 0.0) == []
    assert kinds([said("away")], None, last, 0.5) == [("flip", "t")]
    assert kinds([said("toward")], None, last, 9.0) == []  # too long ago to be a flip


def test_a_planted_reversal_becomes_the_worst_moment_with_its_strip():
    collector = Collector()
    for i in range(60):
        wrong = 30 <= i < 36
        answer = said("away" if wrong else "toward", 0.95 if i == 33 else 0.7)
        collector.add(Frame(picture([BOX]), START), result(i, [answer]), [car(0.1)])
    (moment,) = collector.finish().moments
    assert (moment.kind, moment.track, moment.bag) == ("reversed", "t", 0)
    assert moment.recorded_ns == START + 33 * S // 10
    assert moment.drive == pytest.approx(3.3)
    assert moment.words == "A car coming towards us was called away (95\u00a0% sure), for up to 0.5\u00a0s."
    assert moment.shots[moment.centre].seconds == pytest.approx(0.0)
    times = [shot.seconds for shot in moment.shots]
    assert times == sorted(times)
    assert -1.25 <= times[0] <= -0.8 and 0.8 <= times[-1] <= 1.25
    shot = cv2.imdecode(np.frombuffer(moment.shots[moment.centre].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert shot.shape == (300, 400, 3)
    assert np.abs(shot[..., ::-1].astype(int) - (60, 190, 90)).sum(-1).min() < 60  # green: away


def test_moments_are_few_of_one_object_and_worst_first():
    collector = Collector(ReportConfig(moments=3))
    for i in range(160):
        objects, truth = [], []
        for k in range(3):
            box = Box(10 + 100 * k, 60, 60, 30 + 20 * k)
            wrong = (i // 20) % 2 == k % 2
            objects.append(said("away" if wrong else "toward", 0.6 + 0.1 * k, f"t{k}", box))
            truth.append(car(0.0, box, f"o{k}"))
        collector.add(Frame(picture([t.box for t in truth]), START), result(i, objects), truth)
    found = collector.finish().moments
    assert len(found) == 3
    assert [m.severity for m in found] == sorted((m.severity for m in found), reverse=True)
    tracks = [m.track for m in found]
    assert tracks[0] == "t2" and max(map(tracks.count, tracks)) <= 2


def test_pictures_that_wait_are_few(monkeypatch):
    held = []
    keeper = moments_module.MomentKeeper(2)
    rgb = picture([])
    for i in range(200):
        objects = [said("away", 0.5 + 0.4 * ((i * 7 + k) % 13) / 13, f"t{k + 10 * (i // 25)}", Box(3 * k, 50, 20, 20))
                   for k in range(10)]  # fmt: skip
        truth = [car(0.0, o.box, o.track_id) for o in objects]
        keeper.add(rgb, scene(i / 10, result(i, objects), truth))
        pictures = {id(p) for e in keeper._open.values() for p in (*e.before, *e.after)} | {id(p) for p in keeper._ring}
        held.append(len(pictures))
    assert max(held) < 60
    assert len(keeper.finish()) == 2


def test_prototypes_count_all_and_keep_sure_crops_of_several_tracks():
    collector = Collector()
    for i in range(100):
        objects = [
            said(
                "toward",
                0.9,
                f"t{k}",
                Box(10 + 70 * k, 90, 60, 50),
                (("object_1" if k < 3 else "object_2", 0.5 + i / 250),),
            )
            for k in range(4)
        ]
        truth = [car(0.0, o.box, o.track_id) for o in objects[:1]]
        collector.add(Frame(picture([o.box for o in objects]), START), result(i, objects), truth)
    first, second = collector.finish().prototypes
    assert (first.name, first.count, first.tracks, first.categories) == ("object_1", 300, 3, (("car", 100),))
    assert (second.name, second.count, second.categories) == ("object_2", 100, ())
    assert len(first.examples) == 6 and {e.track for e in first.examples} == {"t0", "t1", "t2"}
    assert first.examples[0].probability > 0.88
    crop = cv2.imdecode(np.frombuffer(second.examples[0].jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert crop.shape == (96, 96, 3)
    assert np.abs(crop[80, 48, ::-1].astype(int) - (60, 150, 70)).max() < 25  # the fourth block's colour


def test_odd_frames_do_no_harm():
    """Nothing in view, boxes and headings that are not finite, another size of picture, truth without azimuth."""
    collector = Collector()
    nan = math.nan
    broken = ObjectState("x", Box(nan, 0, 10, 10), (("object_1", nan),), (nan,) * 5, nan, nan, danger=nan)
    outside = said("away", box=Box(-500, -500, 20, 20), track="far", identity=(("object_2", 0.5),))
    collector.add(Frame(picture([]), START), result(0), None)
    collector.add(Frame(picture([]), START), result(1, [broken, outside]), [car(nan), car(0.0, Box(nan, 1, 2, 3))])
    collector.add(Frame(picture([]), START), result(2, [broken, outside]), None)
    big = np.zeros((2160, 3840, 3), np.uint8)
    large = Box(1000, 900, 600, 500)
    collector.add(Frame(big, START), result(3, [said("away", box=large)], width=3840, height=2160), [car(0.0, large)])
    collector.add(Frame(picture([BOX]), START), result(4, [said("away")]), [car(0.0)])
    collector.add(Frame(np.zeros((4, 6, 3), np.uint8), START), result(5, [said("away")], width=6, height=4), None)
    found = collector.finish()
    assert len(found.frames) == 6
    assert any(m.kind == "reversed" for m in found.moments)


def test_the_film_shares_the_clock_and_keeps_one_size(tmp_path):
    import av

    film = Film(tmp_path / "annotated.mp4", ("a", "b"), rate=5.0)
    last = 0.0
    clock = DriveClock()
    for bag in (0, 1):
        for frame, answer, truth in frames(bag, 20):
            last = clock.at(answer.bag, answer.recorded_ns)
            if bag:
                frame = dataclasses.replace(frame, image=frame.image[:120])
                answer = dataclasses.replace(answer, height=120)
            film.add(frame, answer, truth)
    assert film.close() == tmp_path / "annotated.mp4"
    with av.open(str(tmp_path / "annotated.mp4")) as container:
        times = [float(f.time) for f in container.decode(video=0)]
        assert (container.streams.video[0].width, container.streams.video[0].height) == (640, 480)
    assert last - 0.21 <= times[-1] - times[0] <= last + 1e-6
    assert 18 <= len(times) <= 22
    assert film.close() is None


def test_a_film_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    film = Film(tmp_path / "file" / "annotated.mp4")
    for frame, answer, truth in frames(0, 3):
        film.add(frame, answer, truth)
    assert film.close() is None
    assert "annotated.mp4" in film.problem
