"""What an object's own motion says of its heading, beside what it looks like.

What moves, moves forward: the rule that teaches the encoder also answers at once, for kinds that no encoder has met.
Motion and looks are independent sources, so they are put together by Dempster's rule, in which what a source leaves
unknown is left to the other::

    heading  ~ looks(h) motion(h) + looks(h) motion(unknown) + looks(unknown) motion(h)
    unknown  ~ looks(unknown) motion(unknown)

Some things reverse or are carried; `motion_trust` is the most that is left on motion's word.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from pose_ssl_ros.danger.motion import Motion
from pose_ssl_ros.inference.config import HeadingConfig
from pose_ssl_ros.inference.track_filter import UNKNOWN_HEADING, HeadingEstimate, HeadingFilter
from pose_ssl_ros.interfaces import Mounting
from pose_ssl_ros.viewpoint import scores_from_azimuth, wrap


class MotionHeading:
    """Filters what the motion of each track says; speaks only where odometry tells the robot's own."""

    def __init__(self, config: HeadingConfig) -> None:
        """Start without tracks."""
        self.config = config
        self._filter = HeadingFilter(config)

    def configure(self, config: HeadingConfig) -> None:
        """Take new parameters; evidence stays."""
        self.config = self._filter.config = config

    def reset(self) -> None:
        """Forget all tracks."""
        self._filter.reset()

    def forget(self, stamp_ns: int, alive: Iterable[str]) -> None:
        """Drop tracks that are gone."""
        self._filter.forget(stamp_ns, alive)

    def update(
        self, track_id: str, motion: Motion | None, own_speed: float, mounting: Mounting, stamp_ns: int
    ) -> HeadingEstimate | None:
        """Take one estimate of motion in.

        Args:
            track_id: The track.
            motion: What the motion filter says of it.
            own_speed: Of the robot, m/s.  What is wrong with a distance scales with how far the camera came: parked
                things seem to creep.
            mounting: Where the camera sits.
            stamp_ns: When.

        Returns:
            What motion says, at most `motion_trust` of it known; None where it has no say.
        """
        told = None
        if motion is not None and motion.travel is not None:
            told = self._reading(motion, motion.travel, abs(own_speed), mounting)
        if told is None:  # silence is no evidence: what was said fades
            found = self._filter.fading(track_id, stamp_ns)
        else:
            found = self._filter.update(track_id, *told, stamp_ns)
        known = [self.config.motion_trust * p for p in found.heading[:4]]
        if sum(known) <= 0:
            return None
        heading = (known[0], known[1], known[2], known[3], 1.0 - sum(known))
        return HeadingEstimate(heading, found.azimuth, found.variance)

    def _reading(
        self, motion: Motion, velocity: tuple[float, float], own_speed: float, mounting: Mounting
    ) -> tuple[tuple[float, float, float, float, float], tuple[float, float]] | None:
        """Five probabilities and the resultant vector of the direction of motion; None if that is not clear."""
        speed = math.hypot(*velocity)
        c = self.config
        if speed < max(c.motion_speed + c.motion_own_share * own_speed, c.motion_sigmas * motion.sigma):
            return None
        sight = math.atan2(motion.position[1], motion.position[0] - mounting.x)
        azimuth = wrap(sight + math.pi - math.atan2(velocity[1], velocity[0]))
        # A direction known to within e radians (a wrapped normal) has a resultant of this length.
        length = math.exp(-((motion.sigma / speed) ** 2) / 2)
        # Squares of the scores sum to length squared: a share for each of the two headings it lies between.
        toward, left, away, right = (float(s) for s in np.square(scores_from_azimuth(azimuth, length)) / length)
        vector = (length * math.cos(azimuth), length * math.sin(azimuth))
        return (toward, left, away, right, 1.0 - length), vector


def combined(looks: HeadingEstimate, motion: HeadingEstimate | None) -> HeadingEstimate:
    """What both sources say together (Dempster's rule of combination, 1967).

    Args:
        looks: What the encoder reads, filtered over the track.
        motion: What motion says, or None.

    Returns:
        Five probabilities that sum to 1; azimuth and variance of whichever source is more certain of that
        direction, both weighed by their precision where they agree within a quarter turn.

    Example:
        >>> nothing = HeadingEstimate((0.0, 0.0, 0.0, 0.0, 1.0), None, None)
        >>> combined(nothing, HeadingEstimate((0.9, 0.0, 0.0, 0.0, 0.1), 0.0, 0.1)).heading[0]
        0.9
    """
    if motion is None:
        return looks
    a, b = np.array(looks.heading), np.array(motion.heading)
    joint = a * b
    joint[:4] += a[:4] * b[4] + a[4] * b[:4]
    total = float(joint.sum())
    if total <= 1e-9:  # both certain, of opposite things
        return HeadingEstimate(UNKNOWN_HEADING, None, None)
    p = [float(v) for v in joint / total]
    azimuth, variance = _direction(looks, motion)
    return HeadingEstimate((p[0], p[1], p[2], p[3], p[4]), azimuth, variance)


def _direction(looks: HeadingEstimate, motion: HeadingEstimate) -> tuple[float | None, float | None]:
    """Azimuth and variance of two sources."""
    # A source counts by its precision and by how much of it is known.
    told = [
        (1.0 - e.heading[4], e.azimuth, e.variance)
        for e in (looks, motion)
        if e.azimuth is not None and e.variance is not None and e.heading[4] < 1.0
    ]
    if not told:
        return looks.azimuth, looks.variance
    told.sort(key=lambda t: -t[0] / max(t[2], 1e-6))
    _, azimuth, variance = told[0]
    if len(told) == 1 or math.cos(told[1][1] - azimuth) <= 0:
        return azimuth, variance
    weights = [known / max(var, 1e-6) for known, _, var in told]
    x = sum(w * math.cos(angle) for w, (_, angle, _) in zip(weights, told, strict=True))
    y = sum(w * math.sin(angle) for w, (_, angle, _) in zip(weights, told, strict=True))
    # Errors within a source repeat from frame to frame: two sources do not make it better than its best.
    return math.atan2(y, x), variance
