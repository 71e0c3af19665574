import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.inference.config import HeadingConfig
from pose_ssl_ros.inference.motion_heading import MotionHeading, combined
from pose_ssl_ros.inference.track_filter import UNKNOWN_ESTIMATE, HeadingEstimate
from pose_ssl_ros.interfaces import Mounting

CONFIG = HeadingConfig(motion_trust=0.95)
S = 1_000_000_000
CAMERA = Mounting(x=0.0)


def moving(position: tuple[float, float], velocity: tuple[float, float] | None, sigma: float = 0.2) -> Motion:
    return Motion(position, velocity, velocity, sigma, None, velocity)


def said(
    motion: Motion | None, frames: int = 10, config: HeadingConfig = CONFIG, own_speed: float = 0.0
) -> HeadingEstimate | None:
    heading = MotionHeading(config)
    for i in range(frames):
        found = heading.update("1", motion, own_speed, CAMERA, i * S // 10)
    return found


@pytest.mark.parametrize(
    ("position", "velocity", "index", "azimuth"),
    [
        ((10.0, 0.0), (-2.0, 0.0), 0, 0.0),  # straight at the camera
        ((10.0, 0.0), (2.0, 0.0), 2, math.pi),
        ((10.0, 0.0), (0.0, 2.0), 1, math.pi / 2),  # to the picture's left: base_link's +y
        ((10.0, 0.0), (0.0, -2.0), 3, -math.pi / 2),
        ((5.0, 5.0), (-1.5, -1.5), 0, 0.0),  # toward along a slanted sight line
    ],
)
def test_what_moves_moves_forward(
    position: tuple[float, float], velocity: tuple[float, float], index: int, azimuth: float
) -> None:
    found = said(moving(position, velocity))
    assert found is not None and found.azimuth is not None
    assert max(range(5), key=lambda i: found.heading[i]) == index and found.heading[index] > 0.85
    assert math.cos(found.azimuth - azimuth) > 0.999
    assert sum(found.heading) == pytest.approx(1.0)


@pytest.mark.parametrize(
    "motion",
    [
        None,
        moving((10.0, 0.0), None),  # no odometry
        moving((10.0, 0.0), (0.4, 0.0), 0.01),  # too slow
        moving((10.0, 0.0), (-2.0, 0.0), 1.5),  # not clear of its own error
    ],
)
def test_motion_that_is_not_clear_says_nothing(motion: Motion | None) -> None:
    assert said(motion) is None


def test_what_seems_to_creep_while_the_robot_drives_says_nothing() -> None:
    creeps = moving((10.0, 0.0), (-1.0, 0.0), 0.1)
    assert said(creeps) is not None
    assert said(creeps, own_speed=1.0) is None  # 0.5 and 0.6 of the robot's own metre a second
    assert said(moving((10.0, 0.0), (-1.2, 0.0), 0.1), own_speed=-1.0) is not None


def test_trust_bounds_what_is_known_and_none_is_silence() -> None:
    found = said(moving((10.0, 0.0), (-3.0, 0.0), 0.05), 100, HeadingConfig(motion_trust=0.6))
    assert found is not None and 1.0 - found.heading[4] == pytest.approx(0.6, abs=0.01)
    assert said(moving((10.0, 0.0), (-3.0, 0.0)), 10, HeadingConfig(motion_trust=0.0)) is None


def test_what_was_said_fades_when_the_object_stops() -> None:
    heading = MotionHeading(CONFIG)
    for i in range(20):
        first = heading.update("1", moving((10.0, 0.0), (-2.0, 0.0)), 0.0, CAMERA, i * S // 10)
    soon = heading.update("1", moving((10.0, 0.0), (0.0, 0.0)), 0.0, CAMERA, 2 * S)
    late = heading.update("1", moving((10.0, 0.0), (0.0, 0.0)), 0.0, CAMERA, 12 * S)
    assert first is not None and soon is not None
    assert first.heading[0] >= soon.heading[0] > 0.8
    assert late is None or late.heading[4] > 0.95
    assert heading.update("2", None, 0.0, CAMERA, 12 * S) is None  # another track knows nothing of it


def test_two_sources_by_hand() -> None:
    # Dempster: toward 0.6*0.8 + 0.6*0.2 + 0.4*0.8 = 0.92 and unknown 0.4*0.2 = 0.08; nothing contradicts.
    looks = HeadingEstimate((0.6, 0.0, 0.0, 0.0, 0.4), 0.1, 0.2)
    motion = HeadingEstimate((0.8, 0.0, 0.0, 0.0, 0.2), 0.3, 0.1)
    found = combined(looks, motion)
    assert found.heading == pytest.approx((0.92, 0.0, 0.0, 0.0, 0.08))
    # Weights 0.6/0.2 and 0.8/0.1.
    expected = math.atan2(3 * math.sin(0.1) + 8 * math.sin(0.3), 3 * math.cos(0.1) + 8 * math.cos(0.3))
    assert found.azimuth == pytest.approx(expected) and found.variance == 0.1
    # Opposed: toward 0.6*0.1 = 0.06, away 0.4*0.9 = 0.36, unknown 0.04; 0.54 contradicts and is shared out.
    opposed = combined(looks, HeadingEstimate((0.0, 0.0, 0.9, 0.0, 0.1), math.pi, 0.1))
    assert opposed.heading == pytest.approx((0.06 / 0.46, 0.0, 0.36 / 0.46, 0.0, 0.04 / 0.46))
    assert opposed.azimuth == math.pi


def test_a_source_that_knows_nothing_changes_nothing() -> None:
    looks = HeadingEstimate((0.5, 0.2, 0.1, 0.1, 0.1), 0.4, 0.3)
    assert combined(looks, None) == looks
    found = combined(looks, UNKNOWN_ESTIMATE)
    assert found.heading == pytest.approx(looks.heading) and found.azimuth == 0.4
    both = combined(HeadingEstimate((1.0, 0, 0, 0, 0.0), 0.0, 0.1), HeadingEstimate((0, 0, 1.0, 0, 0.0), math.pi, 0.1))
    assert both == UNKNOWN_ESTIMATE  # both certain, of opposite things


_FIVE = st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5).filter(lambda v: sum(v) > 0.1)


@given(_FIVE, _FIVE)
def test_probabilities_stay_probabilities_and_order_does_not_matter(a: list[float], b: list[float]) -> None:
    first = HeadingEstimate(tuple(v / sum(a) for v in a), None, None)  # type: ignore[arg-type]
    second = HeadingEstimate(tuple(v / sum(b) for v in b), None, None)  # type: ignore[arg-type]
    found = combined(first, second)
    assert sum(found.heading) == pytest.approx(1.0) and min(found.heading) >= 0
    assert found.heading == pytest.approx(combined(second, first).heading)
