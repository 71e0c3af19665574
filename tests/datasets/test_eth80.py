"""A real set in the table format, read where it lies."""

import numpy as np
import pytest
from harness import shared

from pose_ssl_ros.datasets.reading import load
from pose_ssl_ros.datasets.statistics import statistics
from pose_ssl_ros.datasets.triplets import TripletSampler


@pytest.fixture(scope="module")
def eth80():
    said: list[str] = []
    return load(shared("data/eth80/eth80.csv"), say=said.append), said


def test_all_of_it_is_read(eth80):
    dataset, said = eth80
    facts = statistics(dataset)
    assert (len(dataset), facts["categories"], facts["instances"]) == (3280, 8, 80)
    assert {p["split"] for p in facts["parts"]} == {"train", "test"} and len(facts["parts"]) == 2
    assert facts["known"]["azimuth"] == 0.5 and not np.isnan(dataset.elevation).any()
    assert said == [s for s in said if "80 of 560 sequences have one frame" in s] and len(said) == 1
    crops = dataset.crops(np.arange(0, 3280, 40))
    assert crops.shape == (82, 64, 64, 3) and crops.std(axis=(1, 2, 3)).min() > 5


def test_the_horizon_ring_turns_by_sixteenths(eth80):
    dataset, _ = eth80
    rings = [run for run in dataset.sequences() if len(run) == 16 and np.isfinite(dataset.azimuth[run]).all()]
    assert len(rings) == 40 and all((dataset.elevation[run] == 0).all() for run in rings)
    for run in rings:
        turns = np.angle(np.exp(1j * np.diff(dataset.azimuth[run])))
        assert np.allclose(np.abs(turns), np.radians(22.5), atol=1e-5) and len(set(np.sign(turns))) == 1


def test_triplets_turn_evenly(eth80):
    dataset, _ = eth80
    ring = dataset.where((dataset.elevation == 0) & np.isfinite(dataset.azimuth))
    sampler = TripletSampler(ring, 0)
    indices, wide = sampler.batch(500)
    assert (sampler.trajectories, sampler.too_short) == (40, 0)
    left, right = np.angle(np.exp(1j * np.diff(ring.azimuth[indices], axis=1))).T
    assert np.allclose(left, right, atol=1e-5)
    assert set(np.round(np.degrees(np.abs(left)), 1)) == {22.5, 45.0}
    assert (ring.instance[indices] == ring.instance[wide][:, None]).all() and (wide != indices[:, 1]).all()
