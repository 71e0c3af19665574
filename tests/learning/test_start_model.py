"""Drives on disk, and start weights that are made from them and read back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.drives import DriveError, read_drive, write_drive
from pose_ssl_ros.learning.pretrain import pretrain
from pose_ssl_ros.learning.start import check
from pose_ssl_ros.learning.trainer import StartError, Trainer
from pose_ssl_ros.modelfile import read_version
from pose_ssl_ros.parameters import ParameterError
from pose_ssl_ros.viewpoint import scores_from_azimuth


def triplets(count: int, seed: int) -> list[Triplet]:
    """Squares with a bright side that tells the azimuth, every second one taught."""
    random = np.random.default_rng(seed)
    found = []
    for index in range(count):
        azimuth = float(random.uniform(-np.pi, np.pi))
        crops = random.integers(0, 80, (3, 64, 64, 3)).astype(np.uint8)
        x, y = int(32 + 20 * np.cos(azimuth)), int(32 + 20 * np.sin(azimuth))
        crops[:, max(0, y - 10) : y + 10, max(0, x - 10) : x + 10] = 250
        teacher = TeacherEvidence(scores_from_azimuth(azimuth)) if index % 2 else None
        found.append(Triplet(f"t{index // 4}", index, crops, Box(0, 0, 1, 1), teacher))
    return found


def test_a_drive_comes_back_as_it_was_written(tmp_path):
    path, written = tmp_path / "drive.safetensors", triplets(6, 0)
    write_drive(path, written)
    for ours, theirs in zip(written, read_drive(path), strict=True):
        assert np.array_equal(ours.crops, theirs.crops)
        assert (ours.track_id, ours.stamp_ns) == (theirs.track_id, theirs.stamp_ns)
        assert (ours.teacher is None) == (theirs.teacher is None)
        if ours.teacher is not None:
            assert theirs.teacher.scores == pytest.approx(ours.teacher.scores, abs=1e-6)


def test_an_empty_drive_and_a_cut_file_are_refused_by_name(tmp_path):
    path = tmp_path / "drive.safetensors"
    with pytest.raises(DriveError, match="without triplets"):
        write_drive(path, [])
    write_drive(path, triplets(4, 0))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DriveError, match="drive.safetensors is not a file of triplets"):
        list(read_drive(path))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pretrain")
    drives = []
    for index in range(8):
        drives.append(folder / f"drive_{index}_street.safetensors")
        write_drive(drives[-1], triplets(16, index))
    manifest = pretrain(drives, folder / "model", steps=3, seed=1, threads=1, command="test")
    return folder / "model", manifest


def test_a_start_model_names_its_data_and_keeps_an_eighth_out(model):
    folder, manifest = model
    assert json.loads((folder / "manifest.json").read_text()) == manifest
    assert manifest["data"]["held_out"] == ["drive_7_street"]
    assert manifest["data"]["triplets"] == 7 * 16
    assert manifest["metrics"]["n"] == 8
    assert read_version((folder / "encoder.onnx").read_bytes()).training["steps"] == 3
    assert "drive" in (folder / "MODEL_CARD.md").read_text()


def test_a_learner_starts_from_those_weights(model):
    folder, _ = model
    config = LearnerConfig(start=str(folder / "encoder.safetensors"), seed=5)
    ours, other = Trainer(config), Trainer(LearnerConfig(seed=5))
    names = ours.parts.state_dict()
    assert any(not torch.equal(names[k], v) for k, v in other.parts.state_dict().items())
    again = Trainer(LearnerConfig(start=config.start, seed=6))
    assert all(torch.equal(names[k], v) for k, v in again.parts.state_dict().items())


def test_start_weights_that_do_not_fit_are_refused(model, tmp_path):
    folder, _ = model
    with pytest.raises(StartError, match="resnet-gn-64px-w16.*not for.*w24"):
        Trainer(LearnerConfig(start=str(folder / "encoder.safetensors"), width=24))
    with pytest.raises(ParameterError, match="missing.safetensors cannot be used"):
        check(LearnerConfig(start=str(tmp_path / "missing.safetensors")))
    (tmp_path / "cut.safetensors").write_bytes((folder / "encoder.safetensors").read_bytes()[:5000])
    with pytest.raises(StartError, match="cut.safetensors cannot be used"):
        Trainer(LearnerConfig(start=str(tmp_path / "cut.safetensors")))
