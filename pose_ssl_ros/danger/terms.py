"""What danger is made of: terms in 0..1 that never rise with range or clearance and never fall with closing speed."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from typing import NamedTuple

from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.motion import Motion

#: Slower than this, or than twice its uncertainty, counts as standing, m/s.
_STANDS_MPS = 0.5


class MotionKind(enum.IntEnum):
    """What an object is seen doing over ground."""

    STANDING = 0
    MOVING = 1
    UNKNOWN = 2  # not told yet


class Terms(NamedTuple):
    """Terms of one object's danger, each in 0..1; the first three are those of `danger.assess`."""

    could: float  # what its heading lets it do, near and beside the corridor
    does: float  # time to contact, beside the corridor
    blocks: float  # it stands in the corridor
    pulls: float  # its front points at the robot or at the corridor, within a dozen metres
    meets: float  # time to contact, farther beside
    front: float  # it is near ahead and reaches close to the corridor
    unsure: float  # as `pulls`, for the probability that nobody knows where its front points


#: Scales of the last terms: metres, seconds.
_PULLS_FULL_M, _PULLS_NONE_M, _PULLS_SIDE_M = 4.0, 12.0, 3.0
_MEETS_FULL_S, _MEETS_NONE_S, _MEETS_SIDE_M = 1.0, 6.0, 2.0
_FRONT_FULL_M, _FRONT_NONE_M, _FRONT_SIDE_M = 1.0, 6.0, 0.3


def ramp(value: float, one_at: float, zero_at: float) -> float:
    """1 up to `one_at`, 0 from `zero_at` on, straight between."""
    if zero_at <= one_at:
        return 1.0 if value <= one_at else 0.0
    return min(1.0, max(0.0, (zero_at - value) / (zero_at - one_at)))


def heading_weight(heading: Sequence[float], y: float | None, config: DangerConfig) -> float:
    """Expected weight of a heading.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        y: Where the object stands to the left of the robot, metres; None if not known.
        config: The weights.
    """
    weights = (config.toward_weight, config.entering_weight, config.leaving_weight, config.away_weight)
    return _expected(heading, y, weights, config)


def terms(
    heading: Sequence[float],
    range_m: float | None,
    closing_speed: float | None,
    clearance_now: float | None,
    clearance_least: float | None,
    y: float | None,
    config: DangerConfig,
) -> Terms:
    """The terms of one object; what is not known is taken for the worse case (arguments as in `danger.assess`)."""
    distance = max(0.0, _known(range_m, 0.0))
    closing = _known(closing_speed, config.assumed_closing_mps)
    now, least = max(0.0, _known(clearance_now, 0.0)), max(0.0, _known(clearance_least, 0.0))
    contact_s = distance / closing if closing > 1e-6 else math.inf
    near = math.exp(-least / config.clearance_scale_m)
    facing = _expected(heading, y, (1.0, 1.0, 0.0, 0.0), config)
    unknown = _share_unknown(heading)
    stand = ramp(distance, _PULLS_FULL_M, _PULLS_NONE_M) * math.exp(-least / _PULLS_SIDE_M)
    return Terms(
        could=heading_weight(heading, y, config) / (1.0 + (distance / config.half_range_m) ** 2) * near,
        does=ramp(contact_s, config.contact_soon_s, config.contact_far_s) * near,
        blocks=ramp(distance, config.block_near_m, config.block_far_m) if now <= 0 else 0.0,
        pulls=max(0.0, facing - unknown) * stand,
        meets=ramp(contact_s, _MEETS_FULL_S, _MEETS_NONE_S) * math.exp(-least / _MEETS_SIDE_M),
        front=ramp(distance, _FRONT_FULL_M, _FRONT_NONE_M) * math.exp(-now / _FRONT_SIDE_M),
        unsure=unknown * stand,
    )


def kind_of(motion: Motion) -> MotionKind:
    """Whether it stands or moves over ground."""
    if motion.velocity is None:
        return MotionKind.UNKNOWN
    moves = math.hypot(*motion.velocity) > max(_STANDS_MPS, 2 * motion.sigma)
    return MotionKind.MOVING if moves else MotionKind.STANDING


def _expected(
    heading: Sequence[float], y: float | None, weights: tuple[float, float, float, float], config: DangerConfig
) -> float:
    """Expectation of weights of (toward and unknown, into the corridor, out of it, away) over the headings."""
    coming, entering, leaving, going = weights
    toward, left, away, right, unknown = heading
    inside = y is None or abs(y) <= config.corridor_half_width_m
    # In front of the robot both sides are the way through its corridor.
    weight_left = entering if inside or (y or 0.0) < 0 else leaving
    weight_right = entering if inside or (y or 0.0) > 0 else leaving
    total = toward + left + away + right + unknown
    if not math.isfinite(total) or total <= 0:
        return coming
    weighted = coming * (toward + unknown) + weight_left * left + weight_right * right + going * away
    return weighted / total


def _share_unknown(heading: Sequence[float]) -> float:
    """Probability of `unknown`; all of it where the numbers make no sense."""
    total = math.fsum(heading)
    return min(1.0, max(0.0, heading[4] / total)) if math.isfinite(total) and total > 0 else 1.0


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None or not math.isfinite(value) else value
