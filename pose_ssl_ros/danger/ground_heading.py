"""Headings against the robot's own axes instead of the line of sight.

`toward` means towards the camera.  Beside the robot that is no longer against its way: what stands parallel to the
lane at 45 degrees to the left and faces away shows its side, and `right` would seem to lead into the corridor.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pose_ssl_ros.viewpoint import HEADING_CENTRES, wrap

_HALF_CLASS = math.pi / 4
#: An azimuth less sure than this does not say where within its class a heading lies, rad^2.
_SURE = 0.8


def over_ground(
    heading: Sequence[float], azimuth: float | None, variance: float | None, x: float, y: float
) -> tuple[float, float, float, float, float]:
    """Turn heading probabilities from the line of sight to the robot's axes.

    Each class is taken at its centre, or where the azimuth lies if that is sure and within the class or beside it.
    With theta the angle of the object's forward axis to the robot's, its probability goes to against the robot's
    way or along it in the share cos^2(theta), and to the left or right in the share sin^2(theta).

    Args:
        heading: Probabilities aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.
        azimuth: Viewpoint azimuth in radians, if known.
        variance: Its variance, rad^2.
        x: Where the object stands: metres ahead of the camera.
        y: Metres to the left.

    Returns:
        Probabilities of heading against the robot's way, to its left, along its way, to its right, unknown.
        Of what lies behind the robot the first is along its way, so that the first always comes nearer.
    """
    bearing = math.atan2(y, x)
    sure = azimuth is not None and math.isfinite(azimuth) and variance is not None and variance <= _SURE
    found = [0.0, 0.0, 0.0, 0.0]
    for probability, centre in zip(heading[:4], HEADING_CENTRES, strict=True):
        angle = centre
        if sure and azimuth is not None:
            off = wrap(azimuth - centre)
            if abs(off) <= 2 * _HALF_CLASS:
                angle = centre + min(_HALF_CLASS, max(-_HALF_CLASS, off))
        theta = bearing + math.pi - angle
        c, s = math.cos(theta), math.sin(theta)
        # What lies behind the robot comes nearer by driving the robot's way.
        found[2 if (c > 0) == (x >= 0) else 0] += probability * c * c
        found[1 if s > 0 else 3] += probability * s * s
    return (found[0], found[1], found[2], found[3], heading[4])
