"""When a view of a track has changed enough to be worth keeping.

The viewpoint azimuth of an object that does not turn changes exactly as the direction of the sight line
to it in the odometry frame does: by `sight_yaw` of C minus that of L, whether the object stands, or
drives straight, or the robot drives.  No range is needed.  Only a turning object breaks this, so view
steps are given only while the motion teacher saw no turn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Track
from pose_ssl_ros.perception.boxes import intersections, touches_border
from pose_ssl_ros.perception.crops import sharpness
from pose_ssl_ros.triplets.config import KeyframeConfig
from pose_ssl_ros.viewpoint import wrap

#: Why a view was not kept, in the order of the checks.
REASONS = ("coasting", "cut_off", "tiny", "overlapping", "jumping", "blurred")


@dataclass(frozen=True)
class View:
    """One look at a track."""

    stamp_ns: int
    box: Box
    crop: np.ndarray  # (S, S, 3) uint8
    descriptor: np.ndarray  # from `crops.descriptor`
    sight_yaw: float | None  # direction camera to object in the odometry frame, radians
    turning: bool  # the object is seen to turn, so sight_yaw does not tell its viewpoint
    teacher: TeacherEvidence | None


@dataclass(frozen=True)
class Step:
    """How far one view is from another, each in units of the wanted step."""

    view: float | None  # signed; None without odometry or while the object turns
    scale: float  # signed
    image: float  # from 0

    @property
    def size(self) -> float:
        """The largest of the three."""
        return max(abs(self.view or 0.0), abs(self.scale), self.image)


def step_between(first: View, second: View, config: KeyframeConfig) -> Step:
    """Measure the change from one view to a later one."""
    view = None
    if first.sight_yaw is not None and second.sight_yaw is not None and not (first.turning or second.turning):
        view = wrap(second.sight_yaw - first.sight_yaw) / config.view_step
    scale = math.log(second.box.h / first.box.h) / config.scale_step
    image = (1.0 - float(first.descriptor @ second.descriptor)) / config.image_step
    return Step(view, scale, max(0.0, image))


def nearly_equal(lc: Step, cr: Step, config: KeyframeConfig) -> bool:
    """Whether two steps go the same way by nearly the same amount."""
    if lc.view is not None and cr.view is not None and max(abs(lc.view), abs(cr.view)) >= 0.5:
        # The view turned: then the two turns must match, whatever the picture did meanwhile.
        return lc.view * cr.view > 0 and _ratio(lc.view, cr.view) >= config.equal_ratio
    if max(abs(lc.scale), abs(cr.scale)) >= 0.9 and lc.scale * cr.scale < 0:
        return False
    return _ratio(lc.size, cr.size) >= config.equal_ratio


def _ratio(a: float, b: float) -> float:
    large = max(abs(a), abs(b))
    return min(abs(a), abs(b)) / large if large > 0 else 1.0


def refuse_box(
    track: Track,
    previous: tuple[int, Box] | None,
    others: Sequence[Box],
    image_size: tuple[int, int],
    config: KeyframeConfig,
) -> str | None:
    """Name the reason why a track's box is not fit to be a view, or None.

    Args:
        track: The track.
        previous: Stamp and box of the same track one image earlier.
        others: Boxes of the other tracks in this image.
        image_size: Width and height in pixels.
        config: Limits.
    """
    box = track.box
    if track.missed:
        return "coasting"
    if touches_border(box, *image_size, slack=config.border):
        return "cut_off"
    if max(box.w, box.h) < config.min_side:
        return "tiny"
    if others and float(intersections([box], others).max()) > config.max_overlap * box.w * box.h:
        return "overlapping"
    if previous is not None and _jumps(previous, track, config.max_jump):
        return "jumping"
    return None


def refuse_crop(crop: np.ndarray, config: KeyframeConfig) -> str | None:
    """Name the reason why a crop is not fit to be a view, or None."""
    return "blurred" if sharpness(crop) < config.min_sharpness else None


def _jumps(previous: tuple[int, Box], track: Track, limit: float) -> bool:
    """Whether the box moved or changed size more than a tenth of a second of motion explains."""
    stamp, before = previous
    box = track.box
    size = math.sqrt(max(1.0, before.w * before.h))
    allowed = limit * max(1.0, (track.stamp_ns - stamp) * 1e-8)
    moved = math.hypot(box.centre[0] - before.centre[0], box.centre[1] - before.centre[1]) / size
    grown = max(abs(math.log(box.w / before.w)), abs(math.log(box.h / before.h)))
    # Fast objects cross half their size between images without jumping; sizes never change that fast.
    return moved > 2.0 * allowed or grown > allowed
