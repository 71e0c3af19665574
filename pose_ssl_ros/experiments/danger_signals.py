"""What each planner of the experiment takes for danger; all else (boxes, motion filter, speed policy) is the same."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from pose_ssl_ros.danger import calibration
from pose_ssl_ros.danger.assess import assess, clearance, near_side
from pose_ssl_ros.danger.config import DangerConfig
from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.danger.ranging import GroundPoint
from pose_ssl_ros.inference.track_filter import HeadingEstimate

#: A planner's danger from (heading, box on the ground, motion).
Signal = Callable[[HeadingEstimate, GroundPoint, Motion], float]

_NOTHING_KNOWN = (0.0, 0.0, 0.0, 0.0, 1.0)
#: The planners: what the danger of each is made of, in words.
PLANNERS = {
    "ours": "heading read from rendered crops by the model, range, closing speed, motion",
    "oracle": "as ours, with the true heading",
    "distance": "range and clearance only: whatever is near and beside or in the corridor",
    "ttc": "time to contact (range over closing speed) and clearance only",
}


def signals(config: DangerConfig) -> dict[str, Signal]:
    """The danger of each planner, 0..1.

    All keep the rule that whatever stands in the corridor nearer than a stopping distance blocks.  `distance` and
    `ttc` are the other two terms of `danger.assess`, each by itself.
    """
    no_heading = dataclasses.replace(
        config, toward_weight=0.0, entering_weight=0.0, leaving_weight=0.0, away_weight=0.0
    )

    def aware(heading: HeadingEstimate, point: GroundPoint, motion: Motion) -> float:
        return calibration.danger(heading.heading, point, motion, config, heading.azimuth, heading.variance)

    def distance(_: HeadingEstimate, point: GroundPoint, motion: Motion) -> float:
        still = motion._replace(velocity=None, relative=None)
        now, _least = _clearance(point, still, config)
        x, y = motion.position
        return assess(_NOTHING_KNOWN, math.hypot(x, y), 0.0, now, now, y, config)

    def contact(_: HeadingEstimate, point: GroundPoint, motion: Motion) -> float:
        now, least = _clearance(point, motion, config)
        x, y = motion.position
        return assess(_NOTHING_KNOWN, math.hypot(x, y), motion.closing_speed, now, least, y, no_heading)

    return {"ours": aware, "oracle": aware, "distance": distance, "ttc": contact}


def _clearance(point: GroundPoint, motion: Motion, config: DangerConfig) -> tuple[float, float]:
    """As in `assess.motion_terms`, heading unknown."""
    now, least = clearance(near_side(_NOTHING_KNOWN, point, config), motion, config)
    x = motion.position[0]
    return (max(now, -x) if x < 0 else now), least
