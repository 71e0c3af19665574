"""From heading, range, closing speed and clearance to danger in 0..1.

Three questions, each answered in 0..1, joined as a noisy OR::

    danger = 1 - (1 - could) (1 - does) (1 - blocks)

    could  = weight(heading) * 1 / (1 + (range / half_range)^2) * beside
    does   = ramp(time to contact) * beside
    blocks = ramp(range ahead)     * [stands in the corridor]

* ``could``: what its heading lets it do.  The weight is the expectation over the
  heading probabilities: `toward` and `unknown` 1, lateral into the corridor 0.8,
  lateral out of it 0.2, `away` 0.15.
* ``does``: what it is seen doing.  Time to contact is range / closing speed; the
  ramp is 1 at 2 s and 0 at 6 s.
* ``blocks``: whatever stands in the way nearer than a stopping distance.
* ``beside = exp(-clearance / 0.8 m)`` with the least clearance to the robot's
  corridor that the object has now or, as it moves, within the horizon.

What is not known is taken for the worse case: no range is range 0, no clearance is
none, no velocity is closing at `assumed_closing_mps`, no heading is `toward`.
The result never rises with range or clearance and never falls with closing speed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.motion import Motion


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
    toward, left, away, right, unknown = heading
    inside = y is None or abs(y) <= config.corridor_half_width_m
    # In front of the robot both sides are the way through its corridor.
    weight_left = config.entering_weight if inside or (y or 0.0) < 0 else config.leaving_weight
    weight_right = config.entering_weight if inside or (y or 0.0) > 0 else config.leaving_weight
    total = toward + left + away + right + unknown
    if not math.isfinite(total) or total <= 0:
        return config.toward_weight
    weighted = (
        config.toward_weight * (toward + unknown)
        + weight_left * left
        + weight_right * right
        + config.away_weight * away
    )
    return weighted / total


def side_reach(
    heading: Sequence[float], motion: Motion, half_width: float, cut: bool, config: DangerConfig
) -> float:
    """How far an object reaches from its middle towards the robot's centre line, metres; may be negative.

    A vehicle that comes or goes beside the robot shows its length behind its front, so
    the inner side of its box belongs to its far end.  Its near end lies at the outer
    side and is no wider than `widest_m`; but the inner side of the box is some part of
    it, no farther back than `longest_m`, so one that reaches across the centre line blocks it.
    Crosswise, or without a known heading, the box is believed.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        motion: Where the object is.
        half_width: Half the box width at that range.
        cut: The image border hides the outer side.
        config: Widths and lengths.
    """
    toward, _, away, _, _ = heading
    along = min(1.0, max(0.0, toward + away)) if math.isfinite(toward + away) else 0.0
    x, y = motion.position[0], abs(motion.position[1])
    box_side = y - half_width
    if x <= 0 or box_side <= 0:
        return half_width
    near_end = y + half_width - (0.0 if cut else min(2 * half_width, config.widest_m))
    far_end = box_side * (x + config.longest_m) / x
    side = max(box_side, min(near_end, far_end))
    return y - (along * side + (1.0 - along) * box_side)


def clearance(motion: Motion, reach: float, config: DangerConfig) -> tuple[float, float]:
    """Distance from the object's side to the robot's corridor: (now, least within the horizon), metres.

    Zero inside the corridor; the robot is taken to go straight on.  Sideways motion
    counts by what exceeds its uncertainty.

    Args:
        motion: Where the object is and how it moves.
        reach: How far it reaches to the side (`side_reach`).
        config: Corridor and horizon.
    """
    y = motion.position[1]
    edge = reach + config.corridor_half_width_m
    now = max(0.0, abs(y) - edge)
    moving = motion.velocity or motion.relative
    if moving is None:
        return now, now
    sideways = math.copysign(max(0.0, abs(moving[1]) - motion.sigma), moving[1])
    later = y + sideways * config.horizon_s
    if later * y < 0:
        return now, 0.0  # it crosses
    return now, min(now, max(0.0, abs(later) - edge))


def assess(
    heading: Sequence[float],
    range_m: float | None,
    closing_speed: float | None,
    clearance_now: float | None,
    clearance_least: float | None,
    y: float | None,
    config: DangerConfig,
) -> float:
    """Danger of one object in 0..1 (formula in the module's text).

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        range_m: Metres to its nearest ground point, None = not known.
        closing_speed: m/s, positive when the gap shrinks, None = not known.
        clearance_now: Metres beside the corridor, None = not known.
        clearance_least: The least of it within the horizon, None = not known.
        y: Metres to the left of the robot, None = not known.
        config: Weights and scales.
    """
    distance = _known(range_m, 0.0)
    closing = _known(closing_speed, config.assumed_closing_mps)
    beside_now, beside = _known(clearance_now, 0.0), _known(clearance_least, 0.0)
    near = math.exp(-max(0.0, beside) / config.clearance_scale_m)
    proximity = 1.0 / (1.0 + (max(0.0, distance) / config.half_range_m) ** 2)
    could = heading_weight(heading, y, config) * proximity * near
    contact_s = max(0.0, distance) / closing if closing > 1e-6 else math.inf
    does = ramp(contact_s, config.contact_soon_s, config.contact_far_s) * near
    blocks = ramp(distance, config.block_near_m, config.block_far_m) if beside_now <= 0 else 0.0
    return min(1.0, max(0.0, 1.0 - (1.0 - could) * (1.0 - does) * (1.0 - blocks)))


def assess_motion(
    heading: Sequence[float],
    range_m: float | None,
    motion: Motion | None,
    half_width: float,
    config: DangerConfig,
    cut: bool = False,
) -> float:
    """Danger of an object whose motion was estimated; None of it known is the worst case.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        range_m: Metres to its nearest ground point, None = not known.
        motion: Where it is and how it moves.
        half_width: Half the box width at that range, metres.
        config: Weights and scales.
        cut: The left or right image border hides a part of it.
    """
    if motion is None:
        return assess(heading, range_m, None, None, None, None, config)
    now, least = clearance(motion, side_reach(heading, motion, half_width, cut, config), config)
    if motion.position[0] < 0:
        # Beside or behind the robot: it can't be driven into, only come by itself.
        now = max(now, -motion.position[0])
    return assess(heading, range_m, motion.closing_speed, now, least, motion.position[1], config)


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None or not math.isfinite(value) else value
