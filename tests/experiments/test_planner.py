import json
import math

import pytest
from pose_ssl_sim.encounters import KINDS, Scene, draw

from pose_ssl_ros.cli.main import main
from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.experiments import planner_figures as figures
from pose_ssl_ros.experiments.driving import CAMERA, drive, least_gap_ahead, nominal_seconds, truth, with_threshold
from pose_ssl_ros.experiments.errors import ExperimentError
from pose_ssl_ros.experiments.journal import Journal
from pose_ssl_ros.experiments.planner_report import report, verdict
from pose_ssl_ros.experiments.rows import KEYS, find, row, written

CONFIG = PlannerConfig(cruise_speed=1.5)


def outcome(lost, collided=False, gap=2.0, needless=0):
    return {"seconds": 20 + lost, "lost": lost, "collided": collided, "gap": gap, "stops": needless,
            "needless": needless, "stuck": False}  # fmt: skip


def records(seeds=(1, 2)):
    """Two thresholds: ours is as safe as careful distance and loses as little time as hasty distance."""
    found = {}
    for seed in seeds:
        found[seed] = {}
        for number, kind in enumerate(KINDS):
            pulls = kind == "pulling_out"
            found[seed][str(number)] = {
                "kind": kind,
                "prop": "sedan",
                "outcomes": {
                    "ours@0.2": outcome(2.0),
                    "ours@0.4": outcome(1.0, pulls, 0.0 if pulls else 2.0),
                    "oracle@0.2": outcome(2.0, gap=0.3 if pulls else 2.0),
                    "distance@0.2": outcome(6.0, needless=1),
                    "distance@0.4": outcome(2.0, pulls, 0.0 if pulls else 2.0),
                    "ttc@0.2": outcome(3.0, pulls, 0.0 if pulls else None),
                },
            }
    return found


def test_a_robot_that_heeds_nothing_loses_no_time_where_nobody_is_in_the_way() -> None:
    parked = draw(2, 0, 1.5)
    found = drive(parked, lambda *_: 0.0, None, CONFIG)
    assert found.seconds == pytest.approx(nominal_seconds(CONFIG), abs=0.21)
    assert not found.collided and found.stops == 0 and found.least_gap > 0.5


def test_danger_one_at_every_sight_stands_until_given_up() -> None:
    found = drive(draw(2, 0, 1.5), lambda *_: 1.0, None, CONFIG)
    assert found.stuck and found.seconds == 60.0


def test_the_oracle_reads_the_truth_and_the_same_drive_twice_is_equal() -> None:
    encounter = draw(2, 4, 1.5)
    scene = Scene(encounter, CAMERA)
    heading, vector = truth(scene)
    assert sum(heading) == 1.0 and heading[4] == 0.0
    assert math.atan2(vector[1], vector[0]) == pytest.approx(scene.azimuth())
    from pose_ssl_ros.danger.config import DangerConfig
    from pose_ssl_ros.experiments.danger_signals import signals

    signal = signals(DangerConfig())["oracle"]
    assert drive(encounter, signal, truth, CONFIG, raw=True) == drive(encounter, signal, truth, CONFIG, raw=True)


def test_going_on_is_asked_of_a_copy() -> None:
    scene = Scene(draw(2, 0, 1.5), CAMERA)
    before = scene.pose()
    assert least_gap_ahead(scene, CONFIG) > 0.5
    assert scene.pose() == before


def test_thresholds_keep_the_proportions_of_the_default() -> None:
    default = CONFIG.policy
    half = with_threshold(CONFIG, default.stop_at / 2).policy
    assert half.resume_below == pytest.approx(default.resume_below / 2)
    assert half.slow_at == pytest.approx(default.slow_at / 2)
    assert with_threshold(CONFIG, 0.95).policy.patience_below == 0.95


def test_rows_have_exactly_their_keys_and_count_what_happened() -> None:
    rows = figures.rows(records(), 0.2)
    assert all(tuple(r) == KEYS for r in rows)
    assert find(rows, "ours", "collisions_per_100") == find(rows, "ours@0.2", "collisions_per_100") | {
        "variant": "ours"
    }
    assert find(rows, "ours@0.4", "collisions_per_100")["mean"] == pytest.approx(100 / 6)
    assert find(rows, "ours@0.4", "collisions_per_100/pulling_out")["mean"] == 100.0
    assert find(rows, "oracle@0.2", "near_misses_per_100/pulling_out")["mean"] == 100.0
    assert find(rows, "ttc@0.2", "near_misses_per_100")["mean"] == 0.0  # a contact is no near miss, nor is 'gone'
    assert find(rows, "oracle@0.2", "too_near_per_100/pulling_out")["mean"] == 100.0  # near
    assert find(rows, "distance@0.4", "too_near_per_100/pulling_out")["mean"] == 100.0  # touched
    assert find(rows, "ours@0.2", "too_near_per_100")["mean"] == 0.0
    assert find(rows, "distance@0.2", "needless_stops_per_100")["mean"] == 100.0
    assert {r["seeds"] for r in rows} == {2}


def test_planners_on_equal_terms() -> None:
    rows = figures.rows(records(), 0.2)
    same_time = find(rows, "distance against ours", "collisions_per_100_at_our_seconds_lost")
    assert same_time["mean"] == pytest.approx(100 / 6)
    assert find(rows, "distance against ours", "seconds_lost_at_our_collisions")["mean"] == pytest.approx(6.0)
    near = find(rows, "oracle against ours", "too_near_per_100_at_our_seconds_lost")
    assert near["mean"] == pytest.approx(100 / 6)  # it touches nobody, but one comes within half a metre
    assert find(rows, "distance against ours@0.4", "our_collisions_per_100")["mean"] == pytest.approx(100 / 6)
    assert find(rows, "distance against ours@0.4", "our_seconds_lost")["mean"] == pytest.approx(1.0)
    # Time to contact never loses as little time, nor gets as safe.
    assert find(rows, "ttc against ours", "collisions_per_100_at_our_seconds_lost") is None
    assert find(rows, "ttc against ours", "seconds_lost_at_our_collisions") is None


def test_frontier_and_what_lies_between_two_thresholds() -> None:
    points = [(1.0, 20.0, 0.5), (3.0, 10.0, 0.3), (2.0, 19.0, 0.4), (5.0, 0.0, 0.2), (6.0, 4.0, 0.1)]
    assert figures.frontier(points) == [(1.0, 20.0), (2.0, 19.0), (3.0, 10.0), (5.0, 0.0)]
    assert figures.harm_at(points, 3.0) == pytest.approx(10.0)
    assert figures.harm_at(points, 2.0) == pytest.approx(15.0)  # half the time at either, not 19
    assert figures.harm_at(points, 9.0) == 0.0
    assert math.isnan(figures.harm_at(points, 0.5))
    assert figures.lost_at(points, 5.0) == pytest.approx(4.0)
    assert figures.lost_at(points, 50.0) == 1.0
    assert math.isnan(figures.lost_at([(1.0, 20.0, 0.5)], 5.0))


def test_mean_and_deviation_between_seeds() -> None:
    found = row("planner", "a", "b", 1.0, {1: 1.0, 2: 3.0, 3: math.nan}, 7)
    assert (found["mean"], found["seeds"], found["n"]) == (2.0, 2, 7)
    assert found["std"] == pytest.approx(math.sqrt(2))
    assert row("planner", "a", "b", 1.0, {1: 2.0}, 7)["std"] == 0.0
    assert row("planner", "a", "b", 1.0, {1: math.nan}, 7) is None
    text = written([found, found])
    assert json.loads(text) == [found | {"std": round(math.sqrt(2), 6)}] * 2 and text.count("\n") == 4


def test_the_page_needs_no_other_file() -> None:
    found = records()
    rows = figures.rows(found, 0.2)
    page = report(found, rows, 0.2, ["Command: <none>"])
    assert page.count("<img") == 4 and "src='data:image/png" in page
    assert "http" not in page and "Command: &lt;none&gt;" in page
    assert "16.7" in verdict(rows, 12)[1]


def test_journal_goes_on_after_a_cut_line_and_refuses_other_settings(tmp_path) -> None:
    path = tmp_path / "x" / "records.jsonl"
    first = Journal(path, {"a": 1, "t": (0.1, 0.2)})
    first.add("0", {"v": 1})
    first.add("1", {"v": 2})
    with path.open("ab") as file:
        file.write(b'{"key":"2","val')  # killed in the middle of a line
    again = Journal(path, {"a": 1, "t": (0.1, 0.2)})
    assert again.records == {"0": {"v": 1}, "1": {"v": 2}} and again.damaged == 1
    again.add("2", {"v": 3})
    assert Journal(path, {"a": 1, "t": (0.1, 0.2)}).records["2"] == {"v": 3}
    with pytest.raises(ExperimentError, match="another a"):
        Journal(path, {"a": 2, "t": (0.1, 0.2)})
    assert Journal(path, {"a": 2}, fresh=True).records == {}
    path.write_bytes(b"\xff\xfe nonsense\n")
    with pytest.raises(ExperimentError, match="damaged at its beginning"):
        Journal(path, {"a": 2})


def run(tmp_path, *words):
    return main(["experiment", "planner", "--out", str(tmp_path), *words])


def test_the_command_resumes_and_writes_everything(tmp_path, capfd) -> None:
    words = ("--encounters", "1", "--seeds", "4", "5", "--thresholds", "0.5", "--jobs", "2")
    assert run(tmp_path, *words) == 0
    first = json.loads((tmp_path / "experiment.json").read_text())
    said = capfd.readouterr().out  # of the workers, too
    assert "seed 4: 1 of 1 encounters" in said and "seed 5: 1 of 1 encounters" in said
    assert {r["variant"] for r in first} >= {"ours", "oracle", "ours@0.5", "distance@0.5", "ttc@0.5"}
    assert run(tmp_path, *words) == 0
    assert "1 of 1 encounters" not in capfd.readouterr().out
    assert json.loads((tmp_path / "experiment.json").read_text()) == first
    for name in ("report.html", *(f"plots/trade_off_{k}.png" for k in ("all", "pulling_out", "too_near"))):
        assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "nothing.onnx"), "nothing.onnx"),
        (("--seeds", "1", "1"), "different"),
        (("--encounters", "0"), "1 or more"),
        (("--cruise", "nan"), "cruise"),
        (("--thresholds", "1.5"), "between 0 and 1"),
        (("--box-errors", "9"), "box errors must be from 0"),
        (("--model", __file__, "--encounters", "1"), "cannot be used"),
    ],
)
def test_bad_input_is_one_line(tmp_path, capsys, words, said) -> None:
    assert run(tmp_path, *words) == 1
    found = capsys.readouterr().err
    assert said in found and found.count("\n") == 1
