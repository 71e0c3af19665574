"""The danger that a perception without error would have told: the same geometry and formula, fed with the truth.

True boxes, ids and headings go through the very ranging, motion filter and danger formula of the inference node.
What is compared with it is therefore detection, tracking and heading; how near is near is the formula's opinion
on both sides, and so is an error of the camera's mounting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from pose_ssl_ros.danger import calibration
from pose_ssl_ros.danger.motion import MotionEstimator
from pose_ssl_ros.danger.ranging import GroundPoint, assumed_camera, locate
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.inference.config import PipelineConfig
from pose_ssl_ros.inference.pipeline import fitted
from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, heading_of


class ReferenceDanger:
    """Follows true objects as the inference pipeline follows tracks.

    Args:
        toward_width: Full width of the true toward class in radians.
        config: Of the pipeline; danger and motion are used.
    """

    def __init__(self, toward_width: float, config: PipelineConfig | None = None) -> None:
        self._width = toward_width
        self._config = config or PipelineConfig()
        self._motion = MotionEstimator(self._config.motion)
        self.camera: CameraModel | None = None

    def reset(self) -> None:
        """Forget everything (time jumped, another recording)."""
        self._motion.reset()

    def update(
        self,
        stamp_ns: int,
        size: tuple[int, int],
        objects: Sequence[TruthObject],
        mounting: Mounting,
        ego: EgoState | None,
    ) -> list[float | None]:
        """Danger of each object of a frame.

        Args:
            stamp_ns: Of the picture.
            size: Width and height of the picture in pixels.
            objects: The truth.
            mounting: Where the camera sits.
            ego: The robot at that time, or None.

        Returns:
            By object in 0..1; None where the truth tells no azimuth or no name to follow it by, or where its
            box cannot be put on the ground.
        """
        lens = fitted(self.camera, *size)
        if lens is None and self._config.assumed_fov > 0 and min(size) > 0:
            lens = assumed_camera(*size, self._config.assumed_fov)
        told = [self._one(stamp_ns, item, lens, mounting, ego) for item in objects]
        self._motion.forget(stamp_ns, [item.id for item in objects])
        return told

    def _one(
        self, stamp_ns: int, item: TruthObject, lens: CameraModel | None, mounting: Mounting, ego: EgoState | None
    ) -> float | None:
        if lens is None or not item.id or not math.isfinite(item.azimuth):
            return None
        point = locate(item.box, lens, mounting, self._config.motion)
        if point is None:
            return None
        point = _not_behind(point, item, lens, mounting)
        motion = self._motion.update(item.id, point, stamp_ns, ego)
        name = heading_of(item.azimuth, self._width)
        heading = [float(name == each) for each in HEADINGS_AND_UNKNOWN]
        return calibration.danger(heading, point, motion, self._config.danger, item.azimuth, 0.0)


def _not_behind(point: GroundPoint, item: TruthObject, lens: CameraModel, mounting: Mounting) -> GroundPoint:
    """The point, but no farther than the true middle of the object: something may hide its feet."""
    if item.position is None:
        return point
    x, y = on_robot(item.position, mounting)
    distance = math.hypot(x - mounting.x, y)
    if not math.isfinite(distance) or distance >= point.range_m:
        return point
    return point._replace(x=x, y=y, range_m=distance, half_width=item.box.w * distance / lens.fx / 2)


def on_robot(position: tuple[float, float, float], mounting: Mounting) -> tuple[float, float]:
    """A point of the camera's optical frame seen from above in base_link: metres (forward, left)."""
    right, down, ahead = position
    # The pitch tilts the optical axis down; undo it, then drop the height.
    ahead = ahead * math.cos(mounting.pitch) - down * math.sin(mounting.pitch)
    cos, sin = math.cos(mounting.yaw), math.sin(mounting.yaw)
    return mounting.x + ahead * cos + right * sin, ahead * sin - right * cos
