import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from pose_ssl_ros.benchmark import job, report, telling
from pose_ssl_ros.benchmark.cache import key
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.features import extract
from pose_ssl_ros.benchmark.illustration import nearest, read_illustration, spread
from pose_ssl_ros.benchmark.measures import DOMAINS, LAYERS, TASKS
from pose_ssl_ros.benchmark.panels import degrees, right_azimuth
from pose_ssl_ros.benchmark.parts import choose
from pose_ssl_ros.benchmark.projection import affinities, on_plane
from pose_ssl_ros.benchmark.rows import KEYS
from pose_ssl_ros.benchmark.session import benchmark
from pose_ssl_ros.cli.main import main
from pose_ssl_ros.datasets.dataset import DatasetError
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.learning.checkpoint import CheckpointError
from tests.benchmark.arrows import request_for, small, write_arrows, write_csv
from tests.harness import CHECKOUT, shared


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    """No pictures, which take longest; `finished` has them."""
    monkeypatch.setattr(report, "charts", lambda _: [])
    monkeypatch.setattr(report, "crops", lambda *_: [])


@pytest.fixture(scope="module")
def finished(arrows, tmp_path_factory):
    """Two methods, two seeds, all in this process."""
    out = tmp_path_factory.mktemp("benchmark")
    return out, benchmark(request_for(arrows, out))


def test_rows_have_exactly_the_keys_and_places_that_are_documented(finished):
    out, outcome = finished
    rows = json.loads((out / "benchmark.json").read_text())
    assert rows == outcome.rows and not outcome.failed
    for row in rows:
        assert tuple(row) == KEYS
        assert row["layer"] in LAYERS and row["task"] in TASKS + ("few_shot_2",) and row["domain"] in DOMAINS
        assert row["seeds"] == 2 and row["n"] > 0 and row["std"] >= 0 and np.isfinite(row["mean"])
    found = {(r["method"], r["layer"], r["task"], r["domain"], r["metric"]) for r in rows}
    assert len(found) == len(rows)
    for method in ("vicreg", "ours"):
        for domain in DOMAINS:
            for metric in ("knn.within_30", "linear.toward_away", "axis_flip.flip_errors", "axis_flip.ece"):
                assert (method, "middle", "absolute_pose", domain, metric) in found
            assert (method, "last", "relative_pose", domain, "pair.within_30") in found
            assert (method, "middle", "few_shot_1", domain, "axis_flip.toward_away") in found
        for domain in DOMAINS[:3]:
            assert (method, "last", "semantic", domain, "knn.accuracy") in found
        assert (method, "last", "semantic", DOMAINS[3], "knn.accuracy") not in found
    # Only a method that motion taught has an answer without labels.
    assert ("ours", "head", "absolute_pose", "in_domain", "head.within_30") in found
    assert not any(method == "vicreg" and layer == "head" for method, layer, *_ in found)


def test_the_report_is_whole(finished):
    out, _ = finished
    text = (out / "benchmark.md").read_text()
    assert "## Summary" in text and "| ours |" in text and "± is the standard deviation" in text
    page = (out / "benchmark.html").read_text()
    for picture in (out / "plots").iterdir():
        assert picture.read_bytes()[:4] == b"\x89PNG"
        assert f"plots/{picture.name}" in text and f"plots/{picture.name}" in page
    names = {path.name for path in (out / "plots").iterdir()}
    assert {"absolute_within_30.png", "layers_absolute.png", "few_shot_toward_away.png"} <= names
    assert {"neighbours_ours.png", "neighbours_unseen_category.png", "plane_vicreg.png"} <= names
    assert all(json.loads(path.read_text()) for path in out.glob("cache/*/curve.json"))
    assert not list(out.glob("cache/*/checkpoint.safetensors"))


def test_a_run_in_the_cache_is_not_repeated(finished, arrows, monkeypatch):
    out, outcome = finished

    def never(*_, **__):
        raise AssertionError("trained or measured again")

    monkeypatch.setattr(job, "train", never)
    monkeypatch.setattr(job, "extract", never)
    assert benchmark(request_for(arrows, out)).rows == outcome.rows
    # Another budget of the probes measures again, and still trains nothing.
    monkeypatch.setattr(job, "extract", extract)
    profile = replace(small(), probes=replace(small().probes, shots=(1,)))
    again = benchmark(replace(request_for(arrows, out, methods=("vicreg",), seeds=(0,)), profile=profile))
    assert {r["task"] for r in again.rows} == {"semantic", "absolute_pose", "relative_pose", "few_shot_1"}


def test_a_failed_run_leaves_the_others(finished, arrows, monkeypatch):
    out, _ = finished
    real = job.train

    def fails(learned, sampler, training, *rest):
        if training.terms.objective == "simclr":
            msg = "the loss was not finite"
            raise BenchmarkError(msg)
        return real(learned, sampler, training, *rest)

    monkeypatch.setattr(job, "train", fails)
    outcome = benchmark(request_for(arrows, out, methods=("vicreg", "simclr"), seeds=(0,)))
    assert outcome.failed == {"simclr, seed 0": "the loss was not finite"}
    assert {r["method"] for r in outcome.rows} == {"vicreg"}
    assert "Failed: simclr, seed 0: the loss was not finite" in (out / "benchmark.md").read_text()
    with pytest.raises(BenchmarkError, match="every run failed: simclr"):
        benchmark(request_for(arrows, out, methods=("simclr",), seeds=(0,)))


def test_bad_requests_are_told_before_anything_runs(arrows, tmp_path, capsys, monkeypatch):
    with pytest.raises(BenchmarkError, match="there is no method 'nope'; there are: random, vicreg"):
        benchmark(request_for(arrows, tmp_path, methods=("nope",)))
    with pytest.raises(DatasetError, match="nothing.csv cannot be read"):
        benchmark(request_for(tmp_path / "nothing.csv", tmp_path))
    assert main(["benchmark", "--dataset", str(arrows), "--profile", "nope"]) == 2
    assert main(["benchmark", "--dataset", str(arrows), "--methods", "nope"]) == 2
    assert main(["benchmark", "--dataset", str(arrows), "--jobs", "0"]) == 2
    told = capsys.readouterr().err
    assert "no profile 'nope'" in told and "no method 'nope'" in told and "must be 1 or more" in told
    for empty in ("--seeds", "--methods"):
        with pytest.raises(SystemExit):
            main(["benchmark", "--dataset", str(arrows), empty])

    def full(path, data):
        msg = f"cannot write {path}: No space left on device"
        raise CheckpointError(msg)

    monkeypatch.setattr("pose_ssl_ros.benchmark.cache.write_atomic", full)
    with pytest.raises(BenchmarkError, match="No space left on device"):
        benchmark(request_for(arrows, tmp_path / "full", methods=("random",), seeds=(0,)))


def test_a_corrupt_shard_is_named(tmp_path):
    folder = write_arrows(tmp_path / "data", instances=3)
    shard = folder / "crops_00000.npy"
    shard.write_bytes(b"rubbish!" + shard.read_bytes()[8:])
    with pytest.raises((DatasetError, BenchmarkError), match="crops_00000"):
        benchmark(request_for(folder, tmp_path / "out", methods=("random",), seeds=(0,)))


def test_two_benchmarks_do_not_share_a_folder(arrows, tmp_path):
    import fcntl

    with (tmp_path / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(BenchmarkError, match="another benchmark writes into"):
            benchmark(request_for(arrows, tmp_path))


def test_a_table_of_ones_own_without_azimuths_has_no_rows_of_pose(tmp_path):
    table = write_csv(tmp_path, azimuth=False)
    outcome = benchmark(request_for(table, tmp_path / "out", methods=("vicreg",), seeds=(0,)))
    assert {r["task"] for r in outcome.rows} == {"semantic", "few_shot_1", "few_shot_2"}
    text = (tmp_path / "out" / "benchmark.md").read_text()
    assert "no azimuth is known, so there are no rows of pose" in text


def test_a_table_without_sequences_trains_nothing_but_is_measured(tmp_path, finished):
    table = write_csv(tmp_path, sequence=False)
    with pytest.raises(BenchmarkError, match="vicreg, ours cannot be trained: .*no sequences.*--weights"):
        benchmark(request_for(table, tmp_path / "out"))
    weights = next(finished[0].glob("cache/*/encoder.safetensors"))
    outcome = benchmark(request_for(table, tmp_path / "out", methods=(), seeds=(3,), weights=weights))
    assert {r["method"] for r in outcome.rows} == {"base"}
    # `wedge` is in the test split alone: nothing names it, another categories' probe reads its pose.
    moved = [r for r in outcome.rows if r["domain"] == "unseen_category_transfer"]
    assert {r["task"] for r in moved} == {"absolute_pose", "relative_pose", "few_shot_1", "few_shot_2"}
    assert {r["n"] for r in moved if r["task"] == "absolute_pose"} == {16}
    assert {r["n"] for r in outcome.rows if (r["domain"], r["task"]) == ("in_domain", "absolute_pose")} == {32}


def test_parts_are_disjoint_and_whole_instances(arrows):
    dataset = load(arrows)
    parts = choose(dataset, replace(small().probes, gallery=20, queries=10))
    for domain, train, test in parts.pairs():
        assert not set(dataset.instance[train]) & set(dataset.instance[test]), domain
        for rows in (train, test):
            assert set(np.bincount(dataset.instance[rows])) <= {0, 5}
    assert len(parts.train["in_domain"]) == 20 and len(parts.test["in_domain"]) == 10
    assert len(set(dataset.category[parts.test["in_domain"]])) == 2


def test_a_benchmark_that_was_killed_goes_on_to_the_same_rows(arrows, tmp_path, monkeypatch, capsys):
    """SIGKILL in the middle of a training in a process of its own; then the same request again."""
    code = (
        "import sys; from pathlib import Path; from dataclasses import replace\n"
        "from tests.benchmark.arrows import request_for\n"
        "from pose_ssl_ros.benchmark import report, telling, training\n"
        "from pose_ssl_ros.benchmark.session import benchmark\n"
        "report.charts, report.crops = lambda _: [], lambda *_: []\n"
        "telling.SAY_EVERY = 0.0\n"
        "training.train.__defaults__ = (*training.train.__defaults__[:-1], 0.0)\n"
        "request = request_for(Path(sys.argv[1]), Path(sys.argv[2]), methods=('vicreg',), seeds=(0,))\n"
        "benchmark(replace(request, profile=replace(request.profile, steps=24)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}

    killed, seen = subprocess.Popen(
        [sys.executable, "-c", code, str(arrows), str(tmp_path / "a")],
        cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ), []  # fmt: skip
    until = time.monotonic() + 120
    for line in killed.stdout:
        seen.append(line)
        if "step 8 of" in line or time.monotonic() > until:
            break
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert "step 8 of" in seen[-1], "".join(seen)
    assert list((tmp_path / "a").glob("cache/*/checkpoint.safetensors"))
    monkeypatch.setattr(telling, "SAY_EVERY", 0.0)

    def rows(out):
        request = request_for(arrows, out, methods=("vicreg",), seeds=(0,))
        return benchmark(replace(request, profile=replace(request.profile, steps=24))).rows

    again = rows(tmp_path / "a")
    text = capsys.readouterr().out
    assert "step 5 of" not in text and "step 20 of" in text
    assert again == rows(tmp_path / "b")


def test_ready_weights_read_real_photographs(tmp_path):
    table = shared("data/eth80/eth80.csv")
    weights = CHECKOUT / "models" / "base" / "encoder.safetensors"
    if not weights.exists():
        pytest.skip("models/base holds no weights")
    lines = table.read_text().splitlines()
    # Cars and cows, two instances each for fitting and for testing.
    names = {"car01", "car02", "cow01", "cow02", "car07", "car09", "car10", "cow07", "cow08"}
    kept = [line.replace("images/", f"{table.parent}/images/", 1) for line in lines[1:] if line.split(",")[6] in names]
    (tmp_path / "some.csv").write_text("\n".join([lines[0], *kept]) + "\n")
    outcome = benchmark(request_for(tmp_path / "some.csv", tmp_path / "out", methods=(), seeds=(0,), weights=weights))
    found = {(r["task"], r["layer"], r["metric"]): r for r in outcome.rows if r["domain"] == "in_domain"}
    assert found["semantic", "last", "linear.accuracy"]["mean"] >= 0.5
    assert ("absolute_pose", "middle", "axis_flip.toward_away") in found
    assert ("absolute_pose", "head", "head.within_30") in found


def test_keys_do_not_depend_on_order_and_damaged_files_count_as_none(tmp_path):
    assert key({"a": 1, "b": [2]}) == key({"b": [2], "a": 1}) != key({"a": 1, "b": [3]})
    (tmp_path / "x.npz").write_bytes(b"PK rubbish")
    assert read_illustration(tmp_path / "x.npz") is None
    assert read_illustration(tmp_path / "none.npz") is None


def test_neighbours_and_queries_are_those_worked_by_hand():
    gallery = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    assert nearest(np.array([[2.0, 0.1]]), gallery).tolist() == [[0, 2, 1]]
    azimuth = np.radians([0, 90, 180, -90, 1, 91], dtype=np.float64)
    chosen = spread(np.array([0, 1, 2, 3, 0, 1]), azimuth, 4)
    assert len(set(chosen)) == 4 and sorted(np.array([0, 1, 2, 3, 0, 1])[chosen]) == [0, 1, 2, 3]
    assert len(spread(np.zeros(3, int), np.full(3, np.nan), 6)) == 3


def test_frames_wrap_around_the_half_turn(arrows):
    dataset = replace(load(arrows), azimuth=np.radians([170, -170, 0, np.nan] * 40, dtype=np.float64))
    assert right_azimuth(dataset, 0, 1) is True
    assert right_azimuth(dataset, 0, 2) is False
    assert right_azimuth(dataset, 0, 3) is None
    assert degrees(np.radians(-35.2)) == "−35°" and degrees(float("nan")) == ""


def test_the_plane_keeps_groups_apart():
    random = np.random.default_rng(0)
    group = np.repeat(np.arange(4), 40)
    features = random.normal(0, 1, (160, 20)) + 6 * random.normal(0, 1, (4, 20))[group]
    p = affinities(features, 10.0)
    assert p.sum() == pytest.approx(1) and np.allclose(p, p.T) and np.all(np.diag(p) == 0)
    plane = on_plane(features, iterations=150)
    distance = ((plane[:, None] - plane[None]) ** 2).sum(-1)
    np.fill_diagonal(distance, np.inf)
    assert (group[distance.argmin(1)] == group).mean() > 0.95
    assert np.array_equal(plane, on_plane(features, iterations=150))
    assert on_plane(features[:5]).shape == (5, 2)
