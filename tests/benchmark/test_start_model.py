"""Start models: made from a dataset without labels, read by a learner, refused when they do not fit."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest
import torch

from pose_ssl_ros.benchmark import telling
from pose_ssl_ros.benchmark.start_model import make_start_model
from pose_ssl_ros.benchmark.training import Training
from pose_ssl_ros.cli.main import main
from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.encoder import Architecture
from pose_ssl_ros.learning.exemplars import read_exemplars
from pose_ssl_ros.learning.objectives.terms import Terms
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.start import check
from pose_ssl_ros.learning.trainer import StartError, Trainer
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.parameters import ParameterError
from tests.benchmark.arrows import SIZE, write_arrows, write_csv

TERMS = Terms("vicreg", trajectory_weight=1.0, teacher_weight=50.0, equivariance_weight=5.0)
SMALL = Architecture(SIZE, 8, depth=1)


@pytest.fixture(scope="module")
def arrows(tmp_path_factory):
    """More instances than the other tests need: half of them teach."""
    return write_arrows(tmp_path_factory.mktemp("many") / "data", instances=24)


@pytest.fixture(scope="module")
def model(arrows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("start") / "model"
    told: list[int] = []
    training = Training(TERMS, SMALL, steps=150, batch=16, learning_rate=3e-3, seed=1)
    manifest = make_start_model(load(arrows), training, folder, "test", "Arrows.", lambda p: told.append(p.step))
    return folder, manifest, told


def test_a_start_model_says_what_it_was_made_of(model):
    folder, manifest, told = model
    assert told == list(range(1, 151))
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert manifest["architecture"] == SMALL.name and manifest["data"]["lacking"] == []
    assert manifest["data"]["categories"] == ["dart", "kite"], "unseen categories are never trained on"
    assert manifest["objective"] == "vicreg+1*traj@middle+50*teacher+5*equivariance"
    assert read_version((folder / "encoder.onnx").read_bytes()).input_size == SIZE
    card = (folder / "MODEL_CARD.md").read_text()
    assert "dart, kite" in card and "unseen_category" in card
    assert not (folder / "training.safetensors").exists()


def test_it_tells_headings_that_only_motion_taught(model, arrows):
    folder, _, _ = model
    data = load(arrows)
    test = data.part("test", "in_domain")
    answer = Engine((folder / "encoder.onnx").read_bytes()).run(test.crops(np.arange(len(test))))
    read = np.arctan2(answer.azimuth[:, 1], answer.azimuth[:, 0])
    off = np.abs(np.angle(np.exp(1j * (read - test.azimuth))))
    # A sixth would be within 30 degrees by chance.
    assert (off < math.radians(30)).mean() > 0.4


def test_exemplars_are_crops_that_motion_taught_of_instances_never_trained_on(model, arrows):
    folder, manifest, _ = model
    held_out = load(arrows).part("val", "in_domain")
    told = held_out.motion[np.isfinite(held_out.motion)]
    found = read_exemplars(folder, SIZE)
    assert 0 < len(found) == manifest["data"]["exemplars"] <= len(told)
    instances = {int(entry.track.split("/")[1]) for entry in found}
    assert instances <= set(held_out.instance.tolist())
    for entry in found:
        assert np.abs(np.angle(np.exp(1j * (told - entry.azimuth)))).min() < math.radians(0.2)


def test_without_motion_or_odometry_it_says_so_and_answers_unknown(tmp_path, capsys):
    table = write_csv(tmp_path / "own")
    training = Training(TERMS, Architecture(64, 8), steps=2, batch=4, learning_rate=1e-3, seed=0)
    manifest = make_start_model(load(table), training, tmp_path / "model", "test", "", lambda _: None)
    assert [text.split(":")[0] for text in manifest["data"]["lacking"]] == [
        "no heading is told by motion",
        "no bearing is told by odometry",
    ]
    assert "front and back are not taught" in capsys.readouterr().out
    assert manifest["data"]["exemplars"] == 0
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    answer = Engine((tmp_path / "model" / "encoder.onnx").read_bytes()).run(crops)
    assert (answer.heading.argmax(1) == 4).all()


def test_the_command_refuses_what_is_no_self_supervised_method(tmp_path, capsys):
    for name, said in (("supervised-azimuth", "no self-supervised method"), ("nothing", "there is no method")):
        assert main(["pretrain", "--dataset", str(tmp_path), "--method", name, "--out", str(tmp_path)]) == 2
        assert said in capsys.readouterr().err
    assert main(["pretrain", "--dataset", str(tmp_path / "none"), "--out", str(tmp_path)]) == 2
    assert "none" in capsys.readouterr().err


def test_the_command_names_itself_without_this_machine_s_folders_and_tells_how_far_it_is(
    arrows, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "model"
    sizes = ["--steps", "3", "--batch", "4", "--width", "8", "--depth", "1", "--seed", "2"]
    words = ["pretrain", "--dataset", str(arrows), "--out", str(out), *sizes]
    monkeypatch.setattr(telling, "SAY_EVERY", 0.0)
    monkeypatch.setattr(sys, "argv", ["pose-ssl", *words])
    assert main(words) == 0
    assert "pretraining: step 3 of 3" in capsys.readouterr().out
    command = "pose-ssl pretrain --dataset DATASET --out OUT " + " ".join(sizes)
    assert json.loads((out / "manifest.json").read_text())["command"] == command
    assert f"`{command}`" in (out / "MODEL_CARD.md").read_text()


def test_a_learner_starts_from_those_weights(model, tmp_path):
    folder, _, _ = model
    sizes = {"size": SIZE, "width": 8, "depth": 1}
    config = LearnerConfig(start=str(folder / "encoder.safetensors"), seed=5, **sizes)
    ours, other = Trainer(config), Trainer(LearnerConfig(seed=5, **sizes))
    names = ours.parts.state_dict()
    assert any(not torch.equal(names[k], v) for k, v in other.parts.state_dict().items())
    again = Trainer(LearnerConfig(start=config.start, seed=6, **sizes))
    assert all(torch.equal(names[k], v) for k, v in again.parts.state_dict().items())
    assert len(OnlineLearner(config, tmp_path).exemplars) > 0


def test_start_weights_that_do_not_fit_are_refused(model, tmp_path):
    folder, _, _ = model
    start = str(folder / "encoder.safetensors")
    with pytest.raises(StartError, match=r"resnet-gn-32px-w8.*not for.*w16"):
        Trainer(LearnerConfig(size=SIZE, width=16, depth=1, start=start))
    with pytest.raises(StartError, match=r"w8-g8-d1.*not for 'resnet-gn-32px-w8-g8'"):
        Trainer(LearnerConfig(size=SIZE, width=8, depth=0, start=start))
    with pytest.raises(ParameterError, match=r"missing.safetensors cannot be used"):
        check(LearnerConfig(start=str(tmp_path / "missing.safetensors")))
    (tmp_path / "cut.safetensors").write_bytes((folder / "encoder.safetensors").read_bytes()[:5000])
    with pytest.raises(StartError, match=r"cut.safetensors cannot be used"):
        Trainer(LearnerConfig(size=SIZE, width=8, depth=1, start=str(tmp_path / "cut.safetensors")))
