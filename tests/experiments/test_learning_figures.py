"""Figures, rows, claims and drivers of the learning experiments, on hand-made numbers."""

import math

import numpy as np
import pytest
import torch

from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.experiments import forgetting
from pose_ssl_ros.experiments.batch_norm import use_batch_norm
from pose_ssl_ros.experiments.claims import Claim, told
from pose_ssl_ros.experiments.learning_report import forgetting_report
from pose_ssl_ros.experiments.learning_rows import rows
from pose_ssl_ros.experiments.profiles import PROFILES
from pose_ssl_ros.experiments.rows import find
from pose_ssl_ros.experiments.run_cache import RunCache
from pose_ssl_ros.experiments.stream import Stream, TruthBook, _Setting
from pose_ssl_ros.experiments.stream_figures import figures, windows
from pose_ssl_ros.experiments.variants import VARIANTS, Labelled, Learning, ProbesOnly, Shuffled, chosen, learner_config
from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.interfaces import Box, ObjectState, TeacherEvidence, Track, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import azimuth_from_scores

SECOND = 1_000_000_000
BOX = Box(100.0, 80.0, 60.0, 50.0)
TOWARD, AWAY, UNKNOWN = (1.0, 0, 0, 0, 0), (0, 0, 1.0, 0, 0), (0, 0, 0, 0, 1.0)


def said(second, heading, azimuth=0.0, kind="tractor", name="object_1"):
    """One picture with one true object and one answer."""
    stamp = round(second * SECOND)
    state = ObjectState("1", BOX, identity=((name, 1.0),), heading=heading)
    result = FrameResult(
        0, 0, stamp, stamp, "camera", 320, 240, (Track("1", BOX, stamp),), (state,), version=1, heading_ready=True
    )
    return result, [TruthObject("a", kind, BOX, azimuth, (0.0, 0.0, 5.0), 1.0)]


def test_figures_by_hand():
    judge = Judge()
    for k, heading in enumerate((TOWARD, TOWARD, AWAY, UNKNOWN)):
        judge.add(*said(1 + k, heading))
    found, n = figures(judge)
    assert n == 4
    assert found["toward_away"] == 0.5 and found["toward_away_told"] == pytest.approx(2 / 3)
    assert found["reversed"] == 0.25 and found["unknown"] == 0.25 and found["coverage"] == 1.0
    by_window = windows(judge, 2.0, 3.9)  # answers at 0, 1, 2 and 3 s after the first
    assert list(by_window) == [2.0, 4.0]
    assert by_window[2.0][0]["toward_away"] == 1.0 and by_window[4.0][0]["toward_away"] == 0.0
    nothing, none = figures(Judge())
    assert none == 0 and all(math.isnan(v) for v in nothing.values())


def result(**at):
    return {"places": {"held_out": {k[1:]: {"toward_away": v, "n": 10} for k, v in at.items()}}}


def test_rows_have_mean_and_deviation_and_differences_are_taken_seed_by_seed():
    results = {
        "ours": {1: result(t0=0.5, t60=0.9), 2: result(t0=0.3, t60=0.7)},
        "frozen": {1: result(t0=0.5, t60=0.6), 2: result(t0=0.3, t60=0.4)},
    }
    found = rows("online", results)
    last = [r for r in found if r["variant"] == "ours" and r["robot_seconds"] == 60.0][0]
    assert last["metric"] == "held_out/toward_away" and (last["seeds"], last["n"]) == (2, 10)
    assert last["mean"] == pytest.approx(0.8) and last["std"] == pytest.approx(math.sqrt(0.02))
    gain = [r for r in found if r["variant"] == "ours - frozen" and r["robot_seconds"] == 60.0][0]
    assert gain["mean"] == pytest.approx(0.3) and gain["std"] == pytest.approx(0.0)
    assert find(found, "ours", "held_out/reversed") is None  # not measured: no row


def test_claims_say_what_holds_and_what_was_not_reached_yet():
    found = rows("online", {"ours": {1: result(t60=0.92, t120=0.85)}})
    metric = "held_out/toward_away"
    lines = told(
        [
            Claim("90 within 120", "ours", metric, 120.0, 0.9),
            Claim("90 within 90", "ours", metric, 90.0, 0.9),
            Claim("95 within 600", "ours", metric, 600.0, 0.95),
            Claim("gain", "ours - frozen", metric, None, 0.05),
        ],
        found,
    )
    assert [line[3] for line in lines] == ["no", "yes", "not yet", ""]
    assert lines[3][1] == "not measured"


class Noting:
    """A driver that notes what it is given and hands over a model named after the count of calls."""

    def __init__(self):
        self.given = []

    def take(self, triplets, stamp_ns):
        self.given.append([t.stamp_ns for t in triplets])
        self.last = list(triplets)
        return b"%d" % len(self.given)


def triplet(stamp, box=BOX, teacher=None):
    return Triplet("1", stamp, np.zeros((3, 64, 64, 3), np.uint8), box, teacher)


def test_models_are_set_aside_at_their_robot_second_whatever_the_clock_does():
    found = Stream(Judge())
    setting = _Setting(Noting(), None, (0.0, 2.0, 50.0), found)
    for second in (100, 101, 5, 6, 7):  # the clock is set back once: no robot time passes
        setting.take([triplet(0)], second * SECOND)
    setting.look(end=True)
    assert found.models == {0.0: b"1", 2.0: b"4", 50.0: b"5"}
    assert found.seconds == pytest.approx(3.0) and found.triplets == 5


def test_labels_come_from_the_object_that_the_box_fits_and_from_nobody_else():
    book = TruthBook()
    book._objects = {7: said(1, TOWARD, azimuth=2.0)[1]}
    inner = Noting()
    driver = Labelled(inner, book)
    wrong = TeacherEvidence((1.0, 0.0, 0.0, 0.0))
    driver.take([triplet(7, teacher=wrong), triplet(7, Box(0, 0, 20, 20), wrong), triplet(8, teacher=wrong)], 9)
    azimuth, weight = azimuth_from_scores(inner.last[0].teacher.scores)
    assert azimuth == pytest.approx(2.0) and weight == pytest.approx(1.0)
    assert inner.last[1].teacher is None and inner.last[2].teacher is None


def test_taught_only_leaves_those_alone_that_motion_says_nothing_of():
    book = TruthBook()
    book._objects = {7: said(1, TOWARD, azimuth=2.0)[1]}
    inner = Noting()
    Labelled(inner, book, taught_only=True).take(
        [triplet(7), triplet(7, teacher=TeacherEvidence((1.0, 0.0, 0.0, 0.0)))], 9
    )
    assert inner.last[0].teacher is None
    assert azimuth_from_scores(inner.last[1].teacher.scores)[0] == pytest.approx(2.0)


def test_shuffled_gives_as_many_as_the_stream_and_each_once():
    inner = Noting()
    driver = Shuffled(inner, [triplet(k) for k in range(20)], seed=3)
    for count in (3, 0, 10, 7, 5):
        driver.take([triplet(99)] * count, 0)
    assert [len(g) for g in inner.given] == [3, 0, 10, 7, 0]
    flat = [s for given in inner.given for s in given]
    assert sorted(flat) == list(range(20)) and flat != sorted(flat)


def test_variants_change_what_their_words_say(tmp_path):
    learning = Learning(tmp_path, 1.0, 15.0, 1.5)
    configs = {name: learner_config(variant, learning, 4) for name, variant in VARIANTS.items()}
    ours = configs["ours"]
    assert ours.start == str(tmp_path / "encoder.safetensors") and ours.seed == 4
    assert configs["random weights"].start == ""
    assert configs["no trajectory"].trajectory_weight == 0.0
    assert configs["two-tier, small"].replay_mib == configs["fifo, small"].replay_mib == 1.5 < ours.replay_mib
    assert configs["fifo, small"].recent_share == 1.0 and configs["two-tier, small"].recent_share == ours.recent_share
    assert list(chosen(["labels", "ours"])) == ["labels", "ours"]


def learned(folder, kind=OnlineLearner, **values):
    """A small learner with a few triplets of noise."""
    config = LearnerConfig(width=8, depth=0, batch=4, min_triplets=4, projector=16, seed=1, **values)
    learner = kind(config, folder)
    random = np.random.default_rng(0)
    for k in range(12):
        crops = random.integers(0, 255, (3, 64, 64, 3), dtype=np.uint8)
        learner.add([Triplet(f"{k // 4}", k, crops, BOX)])
    return learner


def test_an_encoder_with_batch_norm_learns_and_its_file_says_what_torch_says(tmp_path):
    learner = learned(tmp_path)
    use_batch_norm(learner.trainer)
    assert not any(isinstance(m, torch.nn.GroupNorm) for m in learner.trainer.encoder.modules())
    before = learner.trainer.encoder.stem.weight.detach().clone()
    for _ in range(3):
        assert not learner.step().rolled_back
    assert not torch.equal(before, learner.trainer.encoder.stem.weight)
    slow = learner.trainer.slow["encoder"].stem_norm
    assert torch.equal(slow.running_mean, learner.trainer.encoder.stem_norm.running_mean)
    assert slow.running_mean.abs().max() > 0
    crops = np.stack([entry.crops[1] for entry in learner.buffer.entries[:5]])
    engine = Engine(learner.export())
    last, _ = learner.exported_features(crops)
    head = learner.readout.identity
    centred = last - head.centre
    centred = centred if head.projection is None else centred @ head.projection
    expected = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    assert engine.run(crops).embedding == pytest.approx(expected, abs=2e-4)


def test_where_only_probes_learn_the_encoder_stays(tmp_path):
    learner = learned(tmp_path, kind=ProbesOnly)
    before = {k: v.clone() for k, v in learner.trainer.tensors().items()}
    assert learner.step() is None
    learner.export()
    after = learner.trainer.tensors()
    assert all(torch.equal(before[name], after[name]) for name in before)


def turned(*values):
    """A run of `forgetting`: right on A after each of the three stretches."""
    return {"places": {"site_a": {str(k + 1): {"toward_away": v, "n": 10} for k, v in enumerate(values)}}}


def test_forgetting_says_what_the_second_site_changed_on_the_first():
    results = {"ours": {1: turned(0.9, 0.85, 0.95), 2: turned(0.8, 0.81, 0.8)}}
    found = forgetting.all_rows(results, PROFILES["quick"])
    times = [r["robot_seconds"] for r in found if r["metric"] == "site_a/toward_away"]
    assert times == [150.0, 300.0, 450.0]
    changed = find(found, "ours", "site_a/toward_away_change_by_b")
    assert changed["mean"] == pytest.approx(-0.02) and changed["robot_seconds"] == 300.0
    after = find(found, "ours", "site_a/toward_away_change_after_all")
    assert after["mean"] == pytest.approx(0.025) and after["seeds"] == 2
    page, plots = forgetting_report(found, ["Command: none"])
    assert "-2.0 ± 4.2 (2 seeds)" in page and plots["site_a"].data.startswith(b"\x89PNG")


def test_what_is_kept_of_a_run_is_found_again_by_its_settings_only(tmp_path):
    cache = RunCache(tmp_path)
    cache.keep("online-ours-1", {"seed": 1}, {"seconds": 3.0, "places": {"a": {"0": {"n": 2, "unknown": math.nan}}}})
    assert cache.find("online-ours-1", {"seed": 1})["places"]["a"]["0"] == {"n": 2, "unknown": None}
    assert cache.find("online-ours-1", {"seed": 2}) is None
    assert RunCache(tmp_path, fresh=True).find("online-ours-1", {"seed": 1}) is None
    (path,) = tmp_path.glob("*.json")
    path.write_text(path.read_text()[:20])  # damaged
    assert cache.find("online-ours-1", {"seed": 1}) is None
