"""The algebra of viewpoint azimuth, heading classes and orientation.

Viewpoint azimuth is the angle from an object's forward axis to the direction
from the object to the camera, counter-clockwise seen from above: 0 means that
the object heads towards the camera, pi that it heads away, +pi/2 that it heads
to the left of the image and -pi/2 to the right.  KITTI's observation angle
alpha is azimuth + pi/2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: The four heading classes in the order of every score vector in this package.
HEADINGS = ("toward", "left", "away", "right")
UNKNOWN = "unknown"
#: The classes of the `headings` topic and of the model's `heading` output.
HEADINGS_AND_UNKNOWN = (*HEADINGS, UNKNOWN)
#: Centre of each class in radians, aligned with `HEADINGS`.
HEADING_CENTRES = (0.0, math.pi / 2, math.pi, -math.pi / 2)


def wrap(angle: float) -> float:
    """Return the angle in radians wrapped to (-pi, pi]."""
    wrapped = math.fmod(angle + math.pi, 2 * math.pi)
    if wrapped <= 0:
        wrapped += 2 * math.pi
    return wrapped - math.pi


def heading_of(azimuth: float, toward_width: float = math.pi / 2) -> str:
    """Name the heading class of a viewpoint azimuth.

    Args:
        azimuth: Viewpoint azimuth in radians.
        toward_width: Full width of the `toward` sector in radians; `away` keeps
            a quarter turn and the sides share what is left.

    Raises:
        ValueError: If the azimuth is not finite.
    """
    if not math.isfinite(azimuth):
        msg = f"azimuth must be finite, got {azimuth}"
        raise ValueError(msg)
    angle = wrap(azimuth)
    if abs(angle) <= toward_width / 2:
        return "toward"
    if abs(angle) > math.pi * 3 / 4:
        return "away"
    return "left" if angle > 0 else "right"


def scores_from_azimuth(azimuth: float, weight: float = 1.0) -> tuple[float, float, float, float]:
    """Spread an azimuth over the four classes so that it can be read back.

    Each score is ``weight * max(0, cos(azimuth - centre))``, aligned with
    `HEADINGS`; at most two are positive and their squares sum to weight**2.
    """
    values = [max(0.0, weight * math.cos(azimuth - centre)) for centre in HEADING_CENTRES]
    return (values[0], values[1], values[2], values[3])


def azimuth_from_scores(scores: Sequence[float]) -> tuple[float, float]:
    """Inverse of `scores_from_azimuth`.

    Args:
        scores: Four scores aligned with `HEADINGS`.

    Returns:
        Azimuth in radians and its weight in 0..1 (0 means no evidence).
    """
    toward, left, away, right = scores
    x, y = toward - away, left - right
    return math.atan2(y, x), min(1.0, math.hypot(x, y))


def azimuth_from_yaw(object_yaw: float, object_xy: Sequence[float], camera_xy: Sequence[float]) -> float:
    """Viewpoint azimuth of an object with a yaw and position in a z-up world frame."""
    direction = math.atan2(camera_xy[1] - object_xy[1], camera_xy[0] - object_xy[0])
    return wrap(direction - object_yaw)


def forward_axis(azimuth: float, bearing: float) -> np.ndarray:
    """Forward axis of the object in the camera optical frame (x right, y down, z ahead).

    Args:
        azimuth: Viewpoint azimuth in radians.
        bearing: Angle of the ray to the object, positive to the right, radians.

    Returns:
        Unit vector of shape (3,).  Heading left at bearing 0 gives (-1, 0, 0).
    """
    # The direction to the camera is (-sin b, 0, -cos b); turning it by -azimuth
    # about the up axis (-y) gives the forward axis.
    angle = bearing + azimuth
    return np.array([-math.sin(angle), 0.0, -math.cos(angle)])


def orientation_in_camera(azimuth: float, bearing: float) -> tuple[float, float, float, float]:
    """Quaternion (x, y, z, w) that turns the body frame (REP-103) into the camera optical frame."""
    forward = forward_axis(azimuth, bearing)
    up = np.array([0.0, -1.0, 0.0])
    left = np.cross(up, forward)
    return quaternion_from_matrix(np.stack([forward, left, up], axis=1))


def azimuth_from_orientation(quaternion: Sequence[float], bearing: float) -> float:
    """Inverse of `orientation_in_camera` for a quaternion (x, y, z, w)."""
    x, y, z, w = quaternion
    forward_x = 1 - 2 * (y * y + z * z)
    forward_z = 2 * (x * z - w * y)
    return wrap(math.atan2(-forward_x, -forward_z) - bearing)


def quaternion_from_matrix(matrix: np.ndarray) -> tuple[float, float, float, float]:
    """Quaternion (x, y, z, w) of a (3, 3) rotation matrix."""
    m = np.asarray(matrix, dtype=float)
    # Shepperd's method: divide by the largest component, which is never small.
    squares = np.array(
        [
            1 + m[0, 0] - m[1, 1] - m[2, 2],
            1 - m[0, 0] + m[1, 1] - m[2, 2],
            1 - m[0, 0] - m[1, 1] + m[2, 2],
            1 + m[0, 0] + m[1, 1] + m[2, 2],
        ]
    )
    largest = int(np.argmax(squares))
    s = 2 * math.sqrt(squares[largest])
    if largest == 0:
        q = (s / 4, (m[0, 1] + m[1, 0]) / s, (m[0, 2] + m[2, 0]) / s, (m[2, 1] - m[1, 2]) / s)
    elif largest == 1:
        q = ((m[0, 1] + m[1, 0]) / s, s / 4, (m[1, 2] + m[2, 1]) / s, (m[0, 2] - m[2, 0]) / s)
    elif largest == 2:
        q = ((m[0, 2] + m[2, 0]) / s, (m[1, 2] + m[2, 1]) / s, s / 4, (m[1, 0] - m[0, 1]) / s)
    else:
        q = ((m[2, 1] - m[1, 2]) / s, (m[0, 2] - m[2, 0]) / s, (m[1, 0] - m[0, 1]) / s, s / 4)
    return (float(q[0]), float(q[1]), float(q[2]), float(q[3]))
