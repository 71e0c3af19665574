import json
import math

import pytest

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.files import plain, run_folder, write_json
from pose_ssl_ros.evaluation.records import SIGHTING, Answer, Table, TruthObject
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.evaluation.summary import summarize
from pose_ssl_ros.interfaces import Box, EgoState, ModelVersion

S = 1_000_000_000
BOX, OTHER = Box(100, 100, 50, 40), Box(300, 100, 50, 40)
TOWARD = (0.8, 0.05, 0.05, 0.05, 0.05)
AWAY = (0.05, 0.05, 0.8, 0.05, 0.05)
UNKNOWN = (0.0, 0.0, 0.0, 0.0, 1.0)


def car(azimuth=0.0, box=BOX, name="1", visible=1.0, category="sedan"):
    return TruthObject(name, category, box, azimuth, (0.0, 0.5, 8.0), visible)


def feed(session, stamp, truth, answers, now=None):
    """One frame: image, truth, headings, detections, in the order of a real run."""
    now = stamp / 1e9 if now is None else now
    session.image(stamp, now)
    if truth is not None:
        session.truth(stamp, truth)
    session.headings(stamp, answers)
    return session.detections(stamp, answers, now + 0.05)


def test_counts_by_hand():
    session = Session(EvaluatorConfig(window=0.5, seed=7, scenario="street"))
    feed(session, 1 * S, [car(), car(math.pi, OTHER, "2")], [Answer("a", BOX, TOWARD, "sedan", 0.9, 0.1)])
    feed(session, 2 * S, [car(), car(math.pi, OTHER, "2")], [Answer("a", BOX, UNKNOWN), Answer("b", OTHER, TOWARD)])
    found = summarize(session)
    assert found["frames"] == 2
    assert found["robot_seconds"] == 1
    assert found["seed"] == 7
    assert found["coverage"] == pytest.approx(3 / 4)
    heading = found["heading"]
    assert heading["n"] == 3
    assert heading["toward_away_accuracy"] == pytest.approx(1 / 3)
    assert heading["reversed_rate"] == pytest.approx(1 / 3)
    assert heading["toward_away_accuracy_with_missed"] == pytest.approx(1 / 4)
    assert heading["azimuth_median_error_deg"] == pytest.approx(math.degrees(0.1), abs=1e-4)
    assert [p["robot_seconds"] for p in heading["curve"]] == [0.5, 1.0]
    assert [p["toward_away_accuracy"] for p in heading["curve"]] == [1.0, 0.0]
    assert heading["confusion"]["counts"] == [[1, 0, 0, 0, 1], [0] * 5, [1, 0, 0, 0, 0], [0] * 5]
    assert found["identity"]["accuracy"] == pytest.approx(1 / 3)
    assert found["latency_ms"]["p50"] == pytest.approx(50, abs=1e-3)
    assert found["answers"]["n"] == 3


def test_summary_has_the_promised_names():
    found = summarize(Session(EvaluatorConfig()))
    assert {
        "seed",
        "scenario",
        "robot_seconds",
        "wall_seconds",
        "frames",
        "frames_dropped",
        "triplets",
        "learner_steps",
        "triplets_per_second",
        "model_versions",
        "heading",
        "identity",
        "latency_ms",
        "collisions",
        "learner",
    } <= set(found)
    assert {
        "n",
        "toward_away_accuracy",
        "four_way_accuracy",
        "unknown_rate",
        "azimuth_median_error_deg",
        "curve",
        "final",
    } <= set(found["heading"])
    assert {"n", "accuracy", "nmi"} <= set(found["identity"])
    assert {"p50", "p95", "p99"} <= set(found["latency_ms"])
    assert {"loss", "embedding_rank"} <= set(found["learner"])


def test_parts_may_come_in_any_order():
    for order in (("headings", "detections", "truth"), ("detections", "truth", "headings")):
        session = Session(EvaluatorConfig())
        session.truth(S // 2, [])  # ground truth exists in this run
        answers = [Answer("a", BOX, TOWARD)]
        parts = {
            "headings": lambda s=session, a=answers: s.headings(S, a),
            "detections": lambda s=session, a=answers: s.detections(S, a, 1.0),
            "truth": lambda s=session: s.truth(S, [car()]),
        }
        given = [parts[name]() for name in order]
        assert [g is not None for g in given] == [False, False, True]
        assert summarize(session)["heading"]["n"] == 1


def test_a_frame_counts_once_even_if_published_twice():
    session = Session(EvaluatorConfig())
    feed(session, S, [car()], [Answer("a", BOX, TOWARD)])
    assert feed(session, S, [car()], [Answer("a", BOX, TOWARD)]) is None
    found = summarize(session)
    assert (found["frames"], found["heading"]["n"]) == (1, 1)


def test_without_ground_truth_accuracy_is_null():
    session = Session(EvaluatorConfig())
    feed(session, S, None, [Answer("a", BOX, TOWARD), Answer("b", OTHER, UNKNOWN)])
    found = summarize(session)
    assert found["ground_truth"] is False
    assert found["heading"]["toward_away_accuracy"] is None
    assert found["heading"]["curve"] == []
    assert found["identity"]["accuracy"] is None
    assert found["collisions"] is None
    assert found["answers"]["unknown_rate"] == 0.5


def test_hidden_and_tiny_objects_are_not_counted():
    session = Session(EvaluatorConfig())
    feed(session, S, [car(visible=0.1), car(box=Box(0, 0, 5, 5), name="2")], [])
    found = summarize(session)
    assert found["coverage"] is None


def test_unanswered_frames_are_dropped_frames():
    session = Session(EvaluatorConfig())
    for i in range(1, 5):
        session.image(i * S, float(i))
    feed(session, 5 * S, [], [])
    found = summarize(session)
    assert (found["frames"], found["frames_dropped"]) == (5, 4)


def test_time_that_goes_back_starts_a_new_pass():
    session = Session(EvaluatorConfig())
    for stamp in (100, 101, 102, 100, 101):
        feed(session, stamp * S, [car()], [Answer("a", BOX, TOWARD)])
    found = summarize(session)
    assert found["robot_seconds"] == 3
    assert found["time_jumps"] == 1
    assert found["heading"]["n"] == 5  # the second pass is scored again


def test_a_zero_stamp_moves_no_clock():
    session = Session(EvaluatorConfig())
    session.image(0, 0.0)
    session.image(50 * S, 0.1)
    session.image(51 * S, 0.2)
    assert session.robot_seconds == 1


def test_parked_and_moving_are_told_apart():
    session = Session(EvaluatorConfig())
    for i in range(10, 30):
        stamp = i * S // 10
        session.odometry(EgoState(stamp, 0.3 * i, 0.0, 0.0, 3.0))
        ahead = TruthObject("1", "sedan", BOX, math.pi, (0.0, 0.5, 8.0))  # keeps its distance: moves
        stands = TruthObject("2", "sedan", OTHER, 0.0, (2.0, 0.5, 20 - 0.3 * i))
        feed(session, stamp, [ahead, stands], [Answer("a", BOX, AWAY), Answer("b", OTHER, AWAY)])
    heading = summarize(session)["heading"]
    assert heading["moving"]["toward_away_accuracy"] == 1
    assert heading["parked"]["toward_away_accuracy"] == 0
    assert heading["moving"]["n"] == heading["parked"]["n"] > 10


def test_answers_belong_to_the_model_that_gave_them():
    session = Session(EvaluatorConfig())
    session.model(ModelVersion(1, training={"steps": 50}))
    session.swapped(1)
    feed(session, 1 * S, [car()], [Answer("a", BOX, UNKNOWN)])
    session.model(ModelVersion(2, parent=1, training={"steps": 90}))
    feed(session, 2 * S, [car()], [Answer("a", BOX, UNKNOWN)])  # published is not yet swapped
    session.swapped(2)
    feed(session, 3 * S, [car()], [Answer("a", BOX, TOWARD)])
    found = summarize(session)
    first, second = found["model_versions"]
    assert (first["heading"]["n"], first["heading"]["toward_away_accuracy"]) == (2, 0)
    assert (second["heading"]["n"], second["heading"]["toward_away_accuracy"]) == (1, 1)
    assert second["swapped_robot_seconds"] == 1
    assert found["learner_steps"] == 90


def test_diagnostics_are_found_under_full_names_and_bad_numbers_ignored():
    session = Session(EvaluatorConfig())
    session.status("/pose_ssl/learner: learner", 0, "training", {"loss": "1.5", "embedding_rank": "nan", "steps": "12"})
    session.status("/pose_ssl/sim: sim", 0, "", {"collisions": "2"})
    found = summarize(session)
    assert found["learner"]["loss"] == 1.5
    assert found["learner"]["embedding_rank"] is None
    assert found["learner_steps"] == 12
    assert found["collisions"] == 2


def test_memory_is_bounded_and_stays_spread_over_the_run():
    table = Table(SIGHTING, 1000)
    for i in range(10_500):
        table.add((i, 0, 0, 0, 0, 0, 0, 0, 0))
    times = table.rows["time"]
    assert len(table) <= 1000
    assert table.stride == 16
    assert times[0] == 0
    assert times[-1] > 10_400
    assert set((times[1:] - times[:-1]).tolist()) == {16}


def test_json_has_no_nan(tmp_path):
    write_json(tmp_path / "a.json", {"x": float("nan"), "y": [float("inf"), 1.0]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": None, "y": [None, 1.0]}
    assert plain({1: (2.0,)}) == {"1": [2.0]}


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "summary.json"
    write_json(path, {"a": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError):
        write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["summary.json"]


def test_runs_latest_points_to_the_newest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = run_folder("")
    second = run_folder("")
    assert first != second
    assert (tmp_path / "runs/latest").resolve() == second.resolve()


def test_a_folder_elsewhere_gets_no_link(tmp_path):
    folder = run_folder(str(tmp_path / "results" / "a"))
    assert folder.is_dir()
    assert not (tmp_path / "results" / "latest").exists()
