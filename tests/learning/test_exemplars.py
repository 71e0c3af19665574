"""The crops that a start model brings along, and the start model that is shipped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.exemplars import SHEET, TABLE, ExemplarError, read_exemplars, write_exemplars
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.learning.replay import Entry, ReplayError
from pose_ssl_ros.modelfile import read_version

BASE = Path(__file__).parents[2] / "models" / "base"


def entries(count: int) -> list[Entry]:
    """Crops of one colour each, so that JPEG keeps them."""
    shades = np.linspace(20, 230, count).astype(np.uint8)
    return [
        Entry(f"t{i}", np.full((3, 64, 64, 3), shade, np.uint8), 0.1 * i - 1, 0.5, i, i)
        for i, shade in enumerate(shades)
    ]


def test_exemplars_come_back_in_order(tmp_path):
    written = entries(23)
    write_exemplars(tmp_path, written)
    found = read_exemplars(tmp_path, 64)
    assert [e.track for e in found] == [f"start/{e.track}" for e in written]
    for ours, theirs in zip(written, found, strict=True):
        assert theirs.azimuth == pytest.approx(ours.azimuth, abs=1e-3)
        assert theirs.crops.shape == (3, 64, 64, 3)
        assert np.abs(theirs.crops.astype(int) - ours.crops).max() <= 2


def test_no_exemplars_is_fine_damaged_ones_are_named(tmp_path):
    assert read_exemplars(tmp_path, 64) == []
    write_exemplars(tmp_path, entries(5))
    with pytest.raises(ExemplarError, match="crops of 64 px, not of 32 px"):
        read_exemplars(tmp_path, 32)
    (tmp_path / SHEET).write_bytes((tmp_path / SHEET).read_bytes()[:40])
    with pytest.raises(ExemplarError, match="exemplars.jpg is damaged"):
        read_exemplars(tmp_path, 64)
    (tmp_path / TABLE).write_text("{}")
    with pytest.raises(ExemplarError, match="cannot be read"):
        read_exemplars(tmp_path, 64)


def test_the_shipped_model_is_what_its_manifest_says():
    manifest = json.loads((BASE / "manifest.json").read_text())
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((BASE / name).read_bytes()).hexdigest() == digest
    assert len(read_exemplars(BASE, 64)) == manifest["data"]["exemplars"]
    assert read_version((BASE / "encoder.onnx").read_bytes()).heading_ready


def test_a_start_model_answers_before_the_first_triplet_and_random_weights_do_not(tmp_path):
    learner = OnlineLearner(LearnerConfig(start=str(BASE / "encoder.safetensors")), tmp_path / "a")
    version = read_version(learner.export())
    assert version.heading_ready and version.version == 1
    assert learner.trainer.steps == 0
    with pytest.raises(ReplayError, match="nothing to export"):
        OnlineLearner(LearnerConfig(), tmp_path / "b").export()
