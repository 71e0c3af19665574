import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from pose_ssl_ros.benchmark import training as trainer
from pose_ssl_ros.benchmark.batches import Teacher, make_batch
from pose_ssl_ros.benchmark.errors import BenchmarkError
from pose_ssl_ros.benchmark.methods import METHODS, method
from pose_ssl_ros.benchmark.profiles import PROFILES, profile
from pose_ssl_ros.benchmark.training import Training, rate, train, untrained
from pose_ssl_ros.benchmark.weights import architecture_of, read_trained, write_trained
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.triplets import TripletSampler
from pose_ssl_ros.learning.checkpoint import CheckpointError
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.objectives.combined import Combined
from pose_ssl_ros.learning.objectives.terms import Terms

ARCHITECTURE = Architecture(size=32, width=8)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def learned(arrows):
    return load(arrows).part("train", "in_domain")


def plan(name="ours", steps=6, seed=0):
    return Training(method(name).terms, ARCHITECTURE, steps, 4, 1e-3, seed)


def trained(learned, training, path, **how):
    return train(learned, TripletSampler(learned, training.seed), training, CPU, path, **how)


def same(a, b):
    one, other = a.state_dict(), b.state_dict()
    return all(torch.equal(one[name], other[name]) for name in one)


class Killed(Exception):
    pass


@pytest.mark.parametrize("name", ["ours", "moco"])  # moco has a queue and a moving copy to bring back
def test_a_training_that_was_killed_ends_as_one_that_was_not(learned, tmp_path, name):
    whole, curve = trained(learned, plan(name), tmp_path / "whole")

    def die(progress):
        if progress.step == 4:
            raise Killed

    path = tmp_path / "broken"
    with pytest.raises(Killed):
        trained(learned, plan(name), path, tell=die, checkpoint_period=0.0)
    steps = []
    resumed, again = trained(learned, plan(name), path, tell=lambda p: steps.append(p.step))
    assert steps == [5, 6]
    assert same(whole, resumed)
    assert again == curve and len(curve) == 6
    assert {"loss", "embedding_std", "embedding_rank"} <= set(curve[0])


def test_seeds_differ_and_repeat(learned, tmp_path):
    first, _ = trained(learned, plan(steps=2), tmp_path / "a")
    again, _ = trained(learned, plan(steps=2), tmp_path / "b")
    other, _ = trained(learned, plan(steps=2, seed=1), tmp_path / "c")
    assert same(first, again) and not same(first, other)


def test_a_damaged_checkpoint_starts_afresh_and_says_so(learned, tmp_path, capsys):
    path = tmp_path / "checkpoint"
    path.write_bytes(b"\x10\0\0\0\0\0\0\0rubbish")
    steps = []
    trained(learned, plan(steps=2), path, tell=lambda p: steps.append(p.step))
    assert steps == [1, 2]
    assert "starts afresh" in capsys.readouterr().out


def test_a_checkpoint_of_another_training_is_not_taken(learned, tmp_path):
    path = tmp_path / "checkpoint"
    trained(learned, plan("vicreg", steps=3), path, checkpoint_period=0.0)
    steps = []
    trained(learned, plan("vicreg", steps=2), path, tell=lambda p: steps.append(p.step))
    assert steps == [1, 2]


def test_a_loss_that_stays_not_finite_is_an_error(learned, tmp_path):
    broken = replace(plan(steps=30), learning_rate=float("inf"))
    with pytest.raises(BenchmarkError, match="not finite for 10 steps"):
        trained(learned, broken, tmp_path / "x")


def test_a_full_disk_is_told(learned, tmp_path, monkeypatch):
    def full(path, data):
        msg = f"cannot write {path}: No space left on device"
        raise CheckpointError(msg)

    monkeypatch.setattr("pose_ssl_ros.benchmark.cache.write_atomic", full)
    with pytest.raises(BenchmarkError, match="No space left on device"):
        trained(learned, plan(steps=3), tmp_path / "x", checkpoint_period=0.0)


def test_the_rate_warms_up_and_ends_at_zero():
    training = plan(steps=100)
    rates = [rate(training, step) for step in range(100)]
    assert rates[0] == pytest.approx(1e-3 * 0.2, rel=1e-3)
    assert max(rates) == pytest.approx(rates[4], rel=0.02)
    assert rates[-1] < 1e-6


def test_every_method_takes_a_step(learned, tmp_path):
    for name, one in METHODS.items():
        if one.terms is not None:
            _, curve = trained(learned, plan(name, steps=1), tmp_path / name.replace("@", "_"))
            assert np.isfinite(curve[0]["loss"]), name


def test_an_ablation_changes_one_term():
    ours = method("ours").terms
    left_out = {"ours-equi": "equivariance_weight", "ours-motion": "teacher_weight"}
    for name, field in left_out.items():
        assert method(name).terms == replace(ours, **{field: 0.0})
        assert getattr(ours, field) > 0
    assert replace(method("ours+traj").terms, trajectory_weight=0.0) == ours
    assert method("ours+traj").terms.trajectory_weight == method("vicreg+traj").terms.trajectory_weight > 0


def test_an_unknown_method_or_profile_lists_those_that_exist():
    with pytest.raises(BenchmarkError, match=r"no method 'vikreg'; there are: .*vicreg.*ours"):
        method("vikreg")
    with pytest.raises(BenchmarkError, match="no profile 'huge'; there are: tiny, quick, standard, full"):
        profile("huge")
    for one in PROFILES.values():
        assert all(name in METHODS for name in one.methods)
        assert one.name == "tiny" or len(one.seeds) >= 3


def test_weights_of_another_architecture_are_refused(tmp_path):
    model = untrained(Training(Terms(), ARCHITECTURE, 1, 4, 1e-3, 0), 0)
    path = tmp_path / "encoder.safetensors"
    write_trained(path, model.parts())
    found = read_trained(path, ARCHITECTURE)
    assert torch.equal(found.encoder.stem.weight, model.encoder.stem.weight) and found.heading is not None
    with pytest.raises(BenchmarkError, match="architecture 'resnet-gn-32px-w8-g8', not 'resnet-gn-32px-w16-g8'"):
        read_trained(path, Architecture(size=32, width=16))
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(BenchmarkError, match="cannot be read"):
        read_trained(path)
    with pytest.raises(BenchmarkError, match="cannot be read"):
        read_trained(tmp_path / "none.safetensors")


def test_an_architecture_is_read_from_its_name():
    for one in (ARCHITECTURE, Architecture(64, 24), Architecture(64, 16, depth=2)):
        assert architecture_of(one.name) == one
    assert architecture_of("resnet50") is None


def test_facts_of_a_training_are_json():
    assert json.loads(json.dumps(plan().facts()))["seed"] == 0
    assert trainer.seed_of(0, 1) != trainer.seed_of(1, 0)


def test_a_batch_tells_the_centre_s_motion_only_where_terms_ask_for_it(learned):
    triplets, wide = TripletSampler(learned, 0).batch(8)
    asking = method("ours").terms
    assert asking.teacher_on_centres
    told = learned.motion[triplets[:, 1]].astype(np.float32)
    assert np.isfinite(told).any()
    batch = make_batch(learned, triplets, wide, asking, Teacher(learned, asking), 0)
    np.testing.assert_array_equal(batch.centre_azimuth.numpy(), told)
    silent = replace(asking, teacher_on_centres=False)
    assert make_batch(learned, triplets, wide, silent, Teacher(learned, silent), 0).centre_azimuth is None


def test_centres_are_taught_only_after_the_plain_steps(learned, tmp_path, monkeypatch):
    seen = []

    class Listening(Combined):
        def forward(self, batch, augment):
            seen.append(batch.centre_azimuth is not None)
            return super().forward(batch, augment)

    monkeypatch.setattr(trainer, "Combined", Listening)
    monkeypatch.setattr(trainer, "PLAIN_STEPS", 2)
    trained(learned, plan(steps=4), tmp_path / "x")
    assert seen == [False, False, True, True]
