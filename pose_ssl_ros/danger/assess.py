"""From heading, range, closing speed and clearance to danger in 0..1.

An urgency without the claim to be a probability; `danger.calibration` turns the same terms into one.
Three questions, each answered in 0..1, joined as a noisy OR::

    urgency = 1 - (1 - could) (1 - does) (1 - blocks)

    could  = weight(heading) * 1 / (1 + (range / half_range)^2) * beside
    does   = ramp(time to contact) * beside
    blocks = ramp(range ahead)     * [stands in the corridor]

* ``could``: what its heading lets it do.  The weight is the expectation over the
  heading probabilities: `toward` and `unknown` 1, lateral into the corridor 0.8,
  lateral out of it 0.2, `away` 0.15.
* ``does``: what it is seen doing.  Time to contact is range / closing speed; the
  ramp is 1 at 2.5 s and 0 at 7 s.
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
from pose_ssl_ros.danger.ground_heading import over_ground
from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.danger.terms import Terms, heading_weight, ramp, terms


def near_side(heading: Sequence[float], point: GroundPoint, config: DangerConfig) -> float:
    """Distance in metres from the robot's centre line to the object's near side; negative if it reaches across.

    A vehicle that comes or goes beside the robot shows its length behind its front, so
    the inner side of its box belongs to its far end.  Its near end lies at the outer
    side and is no wider than `widest_m`; but the inner side of the box is some part of
    it, no farther back than `longest_m`, so one that reaches across the centre line blocks it.
    Crosswise the box is believed.  Unknown counts as `toward` here too: a vehicle that
    stands beside the street must not block it because its heading is not known yet.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        point: Where its box stands in this frame.  Not where the motion filter has it: box
            and place must belong together, above all when the image border cuts the box.
        config: Widths and lengths.
    """
    _, left, _, right, _ = heading
    along = 1.0 - min(1.0, max(0.0, left + right)) if math.isfinite(left + right) else 0.0
    box_side = abs(point.y) - point.half_width
    if point.x <= 0 or box_side <= 0:
        return box_side
    near_end = abs(point.y) + point.half_width - (0.0 if point.cut else min(2 * point.half_width, config.widest_m))
    far_end = box_side * (point.x + config.longest_m) / point.x
    side = max(box_side, min(near_end, far_end))
    return along * side + (1.0 - along) * box_side


def clearance(side: float, motion: Motion, config: DangerConfig) -> tuple[float, float]:
    """Distance from the object's side to the robot's corridor: (now, least within the horizon), metres.

    Zero inside the corridor; the robot is taken to go straight on.  Sideways motion
    counts by what exceeds its uncertainty.

    Args:
        side: Distance of its near side from the robot's centre line (`near_side`).
        motion: How it moves.
        config: Corridor and horizon.
    """
    now = max(0.0, side - config.corridor_half_width_m)
    moving = motion.velocity or motion.relative
    if moving is None:
        return now, now
    inward = -math.copysign(1.0, motion.position[1]) * moving[1]
    least = side - max(0.0, inward - motion.sigma) * config.horizon_s
    return now, max(0.0, min(side, least) - config.corridor_half_width_m)


def assess(
    heading: Sequence[float],
    range_m: float | None,
    closing_speed: float | None,
    clearance_now: float | None,
    clearance_least: float | None,
    y: float | None,
    config: DangerConfig,
) -> float:
    """Urgency of one object in 0..1 (formula in the module's text).

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        range_m: Metres to its nearest ground point, None = not known.
        closing_speed: m/s, positive when the gap shrinks, None = not known.
        clearance_now: Metres beside the corridor, None = not known.
        clearance_least: The least of it within the horizon, None = not known.
        y: Metres to the left of the robot, None = not known.
        config: Weights and scales.
    """
    return urgency(terms(heading, range_m, closing_speed, clearance_now, clearance_least, y, config))


def urgency(found: Terms) -> float:
    """The first three terms joined as a noisy OR, 0..1."""
    could, does, blocks, *_ = found
    return min(1.0, max(0.0, 1.0 - (1.0 - could) * (1.0 - does) * (1.0 - blocks)))


def motion_terms(
    heading: Sequence[float],
    point: GroundPoint,
    motion: Motion,
    config: DangerConfig,
    azimuth: float | None = None,
    variance: float | None = None,
) -> Terms:
    """The terms of an object that was put on the ground.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        point: Where its box stands in this frame.
        motion: What the motion filter says of it.
        config: Weights and scales.
        azimuth: Viewpoint azimuth in radians, None = not known.
        variance: Its variance, rad^2.
    """
    heading = over_ground(heading, azimuth, variance, point.x, point.y)
    now, least = clearance(near_side(heading, point, config), motion, config)
    x, y = motion.position
    if x < 0:
        # Beside or behind the robot: it can't be driven into, only come by itself.
        now = max(now, -x)
    return terms(heading, math.hypot(x, y), motion.closing_speed, now, least, y, config)


__all__ = ["assess", "clearance", "heading_weight", "motion_terms", "near_side", "ramp", "urgency"]
