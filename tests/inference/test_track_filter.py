import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pose_ssl_ros.inference.config import HeadingConfig
from pose_ssl_ros.inference.identity_filter import IdentityFilter
from pose_ssl_ros.inference.track_filter import HeadingFilter

CONFIG = HeadingConfig()
LEAN_TOWARD = (0.6, 0.15, 0.1, 0.15, 0.0)
LEAN_AWAY = (0.1, 0.15, 0.6, 0.15, 0.0)
UNKNOWN = (0.0, 0.0, 0.0, 0.0, 1.0)
NO_AZIMUTH = (0.0, 0.0)


def _feed(readings, step_s=0.1, azimuths=None, start_s=0.0, heading_filter=None):
    if heading_filter is None:
        heading_filter = HeadingFilter(CONFIG)
    for i, reading in enumerate(readings):
        azimuth = azimuths[i] if azimuths else NO_AZIMUTH
        found = heading_filter.update("1", reading, azimuth, int((start_s + i * step_s) * 1e9))
    return found


def test_the_first_frame_is_the_answer() -> None:
    assert _feed([LEAN_TOWARD]).heading == pytest.approx(LEAN_TOWARD)


def test_two_independent_frames_multiply_as_bayes_says() -> None:
    # Uniform prior, no fading: the posterior is p^2 normalised: .36, .0225, .01, .0225.
    config = HeadingConfig(memory_s=1e9)
    heading_filter = HeadingFilter(config)
    found = _feed([LEAN_TOWARD] * 2, step_s=config.independent_s, heading_filter=heading_filter)
    expected = np.array([0.36, 0.0225, 0.01, 0.0225])
    assert found.heading[:4] == pytest.approx(expected / expected.sum())


def test_frames_at_once_add_nothing() -> None:
    found = _feed([LEAN_TOWARD] * 50, step_s=0.0)
    assert found.heading == pytest.approx(LEAN_TOWARD)


def test_frame_rate_does_not_make_it_surer() -> None:
    slow = _feed([LEAN_TOWARD] * 100, step_s=0.1)
    fast = _feed([LEAN_TOWARD] * 1000, step_s=0.01)
    assert slow.heading[0] == pytest.approx(fast.heading[0], abs=0.01)


def test_long_watching_keeps_to_the_evidence_of_memory_over_independent_frames() -> None:
    # Steady state: w / (1 - fade) frames of evidence = 0.2 / (1 - exp(-0.05)) = 4.10.
    found = _feed([LEAN_TOWARD] * 1000)
    power = np.array(LEAN_TOWARD[:4]) ** (0.2 / (1 - math.exp(-0.05)))
    assert found.heading[:4] == pytest.approx(power / power.sum(), abs=1e-6)


def test_one_wrong_frame_does_not_flip_a_track() -> None:
    heading_filter = HeadingFilter(CONFIG)
    _feed([LEAN_TOWARD] * 20, heading_filter=heading_filter)
    found = heading_filter.update("1", (0.0, 0.0, 1.0, 0.0, 0.0), NO_AZIMUTH, int(2.0e9))
    assert found.heading[0] > 0.5


def test_a_turned_object_is_believed_within_two_seconds() -> None:
    heading_filter = HeadingFilter(CONFIG)
    _feed([LEAN_TOWARD] * 50, heading_filter=heading_filter)
    found = _feed([LEAN_AWAY] * 20, start_s=5.0, heading_filter=heading_filter)
    assert found.heading[2] > found.heading[0]


def test_unknown_frames_make_it_unknown_but_do_not_vote() -> None:
    found = _feed([UNKNOWN] * 10)
    assert found.heading == pytest.approx(UNKNOWN)
    assert found.azimuth is None
    half = _feed([LEAN_TOWARD, UNKNOWN] * 10)
    assert 0.3 < half.heading[4] < 0.7
    assert half.heading[0] / half.heading[2] > 2


def test_evidence_fades_to_unknown_while_a_track_is_hidden() -> None:
    heading_filter = HeadingFilter(CONFIG)
    _feed([LEAN_TOWARD] * 10, heading_filter=heading_filter)
    found = heading_filter.update("1", UNKNOWN, NO_AZIMUTH, int(9e9))
    assert found.heading[4] > 0.9


def test_azimuth_is_a_circular_mean_and_keeps_its_spread() -> None:
    left, right = (0.8 * math.cos(3.0), 0.8 * math.sin(3.0)), (0.8 * math.cos(-3.0), 0.8 * math.sin(-3.0))
    found = _feed([LEAN_AWAY] * 2, step_s=10.0, azimuths=[left, right])
    assert abs(found.azimuth) == pytest.approx(3.0, abs=0.05)  # mostly the last, around the back, never 0
    same = _feed([LEAN_AWAY] * 30, azimuths=[left] * 30)
    assert same.azimuth == pytest.approx(3.0)
    assert same.variance == pytest.approx(-2 * math.log(0.8))  # wrapped normal with resultant 0.8


def test_azimuths_that_contradict_each_other_are_not_known() -> None:
    ahead, behind = (0.9, 0.0), (-0.9, 0.0)
    assert _feed([LEAN_AWAY] * 40, azimuths=[ahead, behind] * 20).azimuth is None


@pytest.mark.parametrize("reading", [(math.nan,) * 5, (0.0,) * 5, (1.0, 0.0), (-1.0, 0, 0, 0, 0)])
def test_a_reading_without_sense_is_unknown(reading) -> None:
    assert _feed([reading]).heading == pytest.approx(UNKNOWN)


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 5), min_size=1, max_size=20), st.floats(0.0, 2.0))
@settings(max_examples=60, deadline=None)
def test_always_probabilities(readings, step_s) -> None:
    found = _feed(readings, step_s=step_s, azimuths=[(1.0, 0.0)] * len(readings))
    assert sum(found.heading) == pytest.approx(1.0)
    assert min(found.heading) >= 0.0
    assert found.variance is None or found.variance >= 0


def test_dead_tracks_are_forgotten_and_time_going_back_starts_anew() -> None:
    heading_filter = HeadingFilter(CONFIG)
    for i in range(100):
        heading_filter.update(str(i), LEAN_TOWARD, NO_AZIMUTH, 0)
    heading_filter.forget(int(10e9), alive=["7"])
    assert len(heading_filter) == 1
    heading_filter.update("7", LEAN_TOWARD, NO_AZIMUTH, int(20e9))
    assert heading_filter.update("7", LEAN_AWAY, NO_AZIMUTH, 0).heading == pytest.approx(LEAN_AWAY)


def test_identity_is_averaged_and_restarts_with_other_classes() -> None:
    identity = IdentityFilter(memory_s=1e9)
    identity.update("1", np.array([0.9, 0.1]), 0)
    assert identity.update("1", np.array([0.5, 0.5]), int(1e8)) == pytest.approx([0.7, 0.3])
    assert identity.update("1", np.array([0.2, 0.2, 0.6]), int(2e8)) == pytest.approx([0.2, 0.2, 0.6])
