"""Pictures with boxes for the objectness proposer."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybullet")

from pose_ssl_sim.objectness_data import label, render, world_config, write_shard
from pose_ssl_sim.truth import TruthObject

from pose_ssl_ros.interfaces import Box


def thing(height, visible, far):
    return TruthObject("a", "sedan", Box(1.0, 2.0, 30.0, height), 0.0, 0.0, far, (0.0, 0.0, far), visible)


def test_hidden_small_and_far_objects_are_ignored_not_missed():
    rows = label([thing(20.0, 0.9, 10.0), thing(20.0, 0.2, 10.0), thing(6.0, 0.9, 10.0), thing(20.0, 0.9, 60.0)])
    assert rows[:, 4].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert rows[0, :4].tolist() == [1.0, 2.0, 30.0, 20.0]
    assert label([]).shape == (0, 5)


def test_the_same_seed_gives_the_same_pictures_and_another_gives_others(tmp_path):
    first, second = render(20_900, 3), render(20_900, 3)
    assert all(
        np.array_equal(a.rgb, b.rgb) and np.array_equal(a.boxes, b.boxes) for a, b in zip(first, second, strict=True)
    )
    other = render(20_901, 3)
    assert not np.array_equal(first[0].rgb, other[0].rgb)
    write_shard(tmp_path / "seed_20900.npz", 20_900, first)
    with np.load(tmp_path / "seed_20900.npz") as shard:
        assert shard["images"].shape == (3, 240, 320, 3)
        for i, picture in enumerate(first):
            assert np.array_equal(shard["boxes"][shard["owner"] == i], picture.boxes)


def test_cameras_and_scenarios_differ_from_seed_to_seed():
    configs = [world_config(seed) for seed in range(10_000, 10_040)]
    assert {c.scenario for c in configs} == {"street", "orbit", "mixed"}
    assert max(c.camera_height for c in configs) - min(c.camera_height for c in configs) > 0.5
