import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.danger.assess import assess, clearance, heading_weight, motion_terms, near_side, ramp, urgency
from pose_ssl_ros.danger.calibration import danger
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.danger.ranging import GroundPoint

CONFIG = DangerConfig()
TOWARD, LEFT, AWAY, RIGHT, UNKNOWN = (tuple(float(i == k) for i in range(5)) for k in range(5))

probabilities = st.tuples(*[st.floats(0, 1)] * 5).filter(lambda p: sum(p) > 1e-3)
metres = st.floats(0, 80)
speeds = st.floats(-20, 20)


def _assess(heading=TOWARD, range_m=10.0, closing=0.0, now=0.0, least=None, y=0.0):
    return assess(heading, range_m, closing, now, now if least is None else least, y, CONFIG)


def test_ramp() -> None:
    assert [ramp(v, 2, 6) for v in (0, 2, 4, 6, 9)] == [1, 1, 0.5, 0, 0]
    assert ramp(math.inf, 2, 6) == 0
    assert (ramp(1, 2, 2), ramp(3, 2, 2)) == (1, 0)


def test_hand_worked_toward_at_half_range() -> None:
    # could = 1 * 1/2 * 1; contact in 5 m / (5 / 4.75 m/s) = 4.75 s, half way from 2.5 to 7: ramp .5;
    # nothing blocks: 1 - .5 * .5 = .75.
    assert _assess(range_m=CONFIG.half_range_m, closing=5 / 4.75) == pytest.approx(0.75)


def test_hand_worked_beside_the_corridor() -> None:
    # One clearance scale beside: every term times 1/e, and nothing blocks.
    beside = math.exp(-1)
    expected = 1 - (1 - 0.5 * beside) * (1 - 0.5 * beside)
    found = _assess(range_m=5.0, closing=5 / 4.75, now=CONFIG.clearance_scale_m, y=2.0)
    assert found == pytest.approx(expected)


def test_what_stands_in_the_way_is_danger_one_whatever_its_heading() -> None:
    assert _assess(AWAY, range_m=1.0) == 1.0
    assert _assess(AWAY, range_m=2.5) > 0.5
    assert _assess(AWAY, range_m=2.5, now=2.0, y=3.0) < 0.05


def test_a_parked_far_object_facing_away_is_low() -> None:
    assert _assess(AWAY, range_m=15.0, closing=1.0, now=1.5, y=2.5) < 0.05


def test_unknown_counts_as_toward() -> None:
    for distance in (2.0, 6.0, 20.0):
        assert _assess(UNKNOWN, range_m=distance) == _assess(TOWARD, range_m=distance)


def test_headings_are_ordered_by_what_they_can_do() -> None:
    # An object to the left of the corridor: `right` leads into it, `left` out of it.
    weights = [heading_weight(h, 3.0, CONFIG) for h in (TOWARD, RIGHT, LEFT, AWAY)]
    assert weights == [1.0, CONFIG.entering_weight, CONFIG.leaving_weight, CONFIG.away_weight]
    assert heading_weight(LEFT, -3.0, CONFIG) == CONFIG.entering_weight
    assert heading_weight(LEFT, 0.0, CONFIG) == heading_weight(RIGHT, 0.0, CONFIG) == CONFIG.entering_weight


def test_not_knowing_is_the_worst_case() -> None:
    assert assess(AWAY, None, None, None, None, None, CONFIG) == 1.0
    for value in (math.nan, math.inf, -math.inf):
        assert assess(AWAY, value, 0.0, 0.0, 0.0, 0.0, CONFIG) == 1.0
    assert heading_weight((math.nan,) * 5, 0.0, CONFIG) == CONFIG.toward_weight
    slow = _assess(AWAY, range_m=4.0, closing=0.0)
    assert assess(AWAY, 4.0, None, 0.0, 0.0, 0.0, CONFIG) >= slow


@given(probabilities, metres, metres, speeds, metres, metres, st.floats(-20, 20))
def test_never_rises_with_range(heading, a, b, closing, now, least, y) -> None:
    near, far = sorted((a, b))
    found = [assess(heading, r, closing, now, least, y, CONFIG) for r in (near, far)]
    assert found[0] >= found[1] - 1e-12
    assert all(0 <= f <= 1 for f in found)


@given(probabilities, metres, speeds, speeds, metres, metres, st.floats(-20, 20))
def test_never_falls_with_closing_speed(heading, distance, a, b, now, least, y) -> None:
    slow, fast = sorted((a, b))
    found = [assess(heading, distance, c, now, least, y, CONFIG) for c in (slow, fast)]
    assert found[0] <= found[1] + 1e-12


@given(probabilities, metres, speeds, metres, metres, st.floats(-20, 20))
def test_never_rises_with_clearance(heading, distance, closing, a, b, y) -> None:
    tight, wide = sorted((a, b))
    found = [assess(heading, distance, closing, c, c, y, CONFIG) for c in (tight, wide)]
    assert found[0] >= found[1] - 1e-12


def _motion(x, y, velocity=None):
    closing = None
    if velocity is not None and (x or y):
        closing = -(x * velocity[0] + y * velocity[1]) / math.hypot(x, y)
    return Motion((x, y), velocity, velocity, 0.1, closing)


def _point(x, y, half_width=0.3, cut=False):
    return GroundPoint(x, y, math.hypot(x, y), half_width, 0.1, 0.1, cut)


def test_clearance_now_and_later() -> None:
    # Its near side is 2.5 m from the centre line, the corridor .6: 1.9 m beside.
    assert clearance(2.5, _motion(8, 3), CONFIG) == pytest.approx((1.9, 1.9))
    # 0.5 m/s to the right, of which 0.1 may be error: 1.2 m nearer in 3 s.
    assert clearance(2.5, _motion(8, 3, (0.0, -0.5)), CONFIG) == pytest.approx((1.9, 0.7))
    assert clearance(2.5, _motion(8, -3, (0.0, 0.5)), CONFIG) == pytest.approx((1.9, 0.7))
    assert clearance(2.5, _motion(8, 3, (0.0, -0.1)), CONFIG) == pytest.approx((1.9, 1.9))
    assert clearance(2.5, _motion(8, 3, (0.0, -2.0)), CONFIG) == pytest.approx((1.9, 0.0))  # crosses
    assert clearance(2.5, _motion(8, 3, (0.0, 2.0)), CONFIG) == pytest.approx((1.9, 1.9))  # leaves
    assert clearance(-0.5, _motion(8, -0.2), CONFIG) == (0.0, 0.0)


def test_somebody_who_walks_into_the_corridor_is_more_dangerous_than_one_who_walks_out() -> None:
    entering, standing, leaving = (
        urgency(motion_terms(heading, _point(4.5, 2.0), _motion(4.5, 2.0, (0.0, v)), CONFIG))
        for heading, v in ((RIGHT, -1.0), (RIGHT, 0.0), (LEFT, 1.0))
    )
    assert entering > standing > leaving
    assert entering > 0.35
    assert leaving < 0.1


def test_what_lies_behind_does_not_block() -> None:
    assert urgency(motion_terms(AWAY, _point(-2.0, 0.0), _motion(-2.0, 0.0, (0.0, 0.0)), CONFIG)) < 0.2


def test_an_object_without_a_place_is_the_worst_case() -> None:
    assert assess(UNKNOWN, None, None, None, None, None, CONFIG) == 1.0
    assert danger(AWAY, None, _motion(30, 0), CONFIG) == 1.0
    assert danger(AWAY, _point(30, 0), None, CONFIG) == 1.0


def test_an_oncoming_vehicle_seen_at_an_angle_is_not_as_wide_as_its_box() -> None:
    # A car 1.8 m wide and 4.5 m long, its front 6.5 m ahead between y = 1.7 and 3.5: its box
    # reaches from the far end of its inner side (1.7 / 11 * 6.5 = 1.0) to 3.5.
    car = _point(6.5, 2.25, 1.25)
    assert near_side(TOWARD, car, CONFIG) == pytest.approx(1.5)  # two metres in from the outer side
    assert near_side(LEFT, car, CONFIG) == pytest.approx(1.0)  # crosswise the box is believed
    assert near_side(UNKNOWN, car, CONFIG) == near_side(TOWARD, car, CONFIG)
    assert near_side(AWAY, _point(6.5, -2.25, 1.25), CONFIG) == pytest.approx(1.5)


def test_a_person_is_as_wide_as_the_box() -> None:
    assert near_side(TOWARD, _point(5.0, 2.0, 0.3), CONFIG) == pytest.approx(1.7)


def test_a_cut_vehicle_beside_the_robot_is_at_the_border_but_one_across_the_middle_blocks() -> None:
    # Its far end shows at 0.8 m and depth 2: it reaches at most 10 m back, to 4.8 m; its near end is at the border.
    assert near_side(AWAY, _point(2.0, -1.2, 0.4, cut=True), CONFIG) == pytest.approx(1.6)
    assert near_side(AWAY, _point(2.0, -0.5, 1.0, cut=True), CONFIG) < 0
    # The inner side at 0.1 m may be the far end of something 10 m longer, no more: 0.1 * (2 + 10) / 2.
    assert near_side(AWAY, _point(2.0, -0.6, 0.5, cut=True), CONFIG) == pytest.approx(0.6)


@given(probabilities, st.floats(-5, 40), st.floats(-20, 20), st.floats(0, 5), st.booleans())
def test_the_near_side_is_never_nearer_than_the_box_says(heading, x, y, half_width, cut) -> None:
    total = sum(heading)
    heading = tuple(p / total for p in heading)
    assert near_side(heading, _point(x, y, half_width, cut), CONFIG) >= abs(y) - half_width - 1e-9
