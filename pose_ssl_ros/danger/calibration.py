"""From the terms of danger to a probability: within the safety distance in the next three seconds.

The probability is that of a future in which the robot goes on along its lane at its cruise speed: danger that fell
because the robot has stopped for it would let it start again.  It is a logistic model of the terms, one for each kind
of motion, with weights that are never negative: so danger, too, never rises with range or clearance and never falls
with closing speed.  The constants were fitted to simulated encounters (`constants.COMMAND`); how often parked things
pull out there, and so how much a front that faces the lane counts, is the simulation's assumption.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pose_ssl_ros.danger.assess import motion_terms
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.constants import WEIGHTS
from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.danger.terms import MotionKind, Terms, kind_of


def danger(
    heading: Sequence[float],
    point: GroundPoint | None,
    motion: Motion | None,
    config: DangerConfig,
    azimuth: float | None = None,
    variance: float | None = None,
) -> float:
    """Danger of an object, 0..1; of one that could not be put on the ground 1, the worst case.

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        point: Where its box stands in this frame.
        motion: What the motion filter says of it.
        config: Weights and scales of the terms.
        azimuth: Viewpoint azimuth in radians, None = not known.
        variance: Its variance, rad^2.
    """
    if point is None or motion is None:
        return 1.0
    seen = motion_terms(heading, point, motion, config, azimuth, variance)
    if motion.velocity is None and motion.relative is not None:
        # Without odometry nobody can say whether it stands: the worse of both.
        return max(probability(seen, MotionKind.STANDING), probability(seen, MotionKind.MOVING))
    return probability(seen, kind_of(motion))


def probability(terms: Terms, kind: MotionKind) -> float:
    """Probability of the object being within the safety distance in the next 3 s, 0..1."""
    bias, *weights = WEIGHTS[kind]
    # Whatever the fit says: what stands in the corridor within a stopping distance is hit.
    return max(terms.blocks, logistic(bias + sum(w * t for w, t in zip(weights, terms, strict=True))))


def logistic(value: float) -> float:
    """1 / (1 + exp(-value)) that does not overflow."""
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    return math.exp(value) / (1.0 + math.exp(value))
