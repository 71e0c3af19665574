"""Class-agnostic boxes from contrast and motion, without any learned weights."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box, EgoState
from pose_ssl_ros.perception.boxes import intersections
from pose_ssl_ros.perception.config import ProposalConfig
from pose_ssl_ros.perception.ground_colour import Ground
from pose_ssl_ros.perception.segments import Shape, standing_boxes


class Proposer:
    """Proposes boxes around things that stand on the ground.

    A pixel is of interest when its colour is unlike the ground's and the sky's (`background`); connected
    parts become boxes when they stand on the ground (`segments`).
    """

    def __init__(self, config: ProposalConfig | None = None) -> None:
        """Start without memory."""
        self.config = config or ProposalConfig()
        self._ground = Ground(self.config.spread, self.config.contrast)
        self._stamp: int | None = None
        self._shape: tuple[int, ...] = ()

    def reset(self) -> None:
        """Forget earlier pictures."""
        self._ground.reset()
        self._stamp = None

    def propose(
        self,
        rgb: np.ndarray,
        stamp_ns: int,
        ego: EgoState | None = None,
        horizon: float | None = None,
        camera_height: float = 1.0,
    ) -> list[Box]:
        """Propose boxes in one picture.

        Args:
            rgb: (height, width, 3) uint8.
            stamp_ns: Its time; a step back forgets earlier pictures.
            ego: Pose of the robot, unused by this proposer.
            horizon: Row of the horizon in pixels; the parameter's without it.
            camera_height: Metres above the ground.

        Returns:
            Boxes in the pixels of `rgb`, largest first.
        """
        height, width = rgb.shape[:2]
        if height < 16 or width < 16:
            return []
        if self._stamp is not None and stamp_ns < self._stamp or rgb.shape != self._shape:
            self.reset()
        dt = 0.1 if self._stamp is None else (stamp_ns - self._stamp) * 1e-9
        self._stamp, self._shape = stamp_ns, rgb.shape
        scale = min(1.0, self.config.work_width / width)
        small = rgb
        if scale < 1.0:
            size = (round(width * scale), round(height * scale))
            small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
        row = (self.config.horizon * height if horizon is None else horizon) * scale
        lab = cv2.cvtColor(small, cv2.COLOR_RGB2LAB)
        mask = self._mask(lab, row, dt)
        limits = Shape(
            self.config.min_height * small.shape[0],
            self.config.min_rise,
            self.config.max_rise,
            self.config.min_aspect,
            self.config.max_aspect,
            self.config.contrast,
            camera_height,
        )
        boxes = _unique(standing_boxes(mask, lab, round(row), limits))[: self.config.max_boxes]
        return [Box(b.x / scale, b.y / scale, b.w / scale, b.h / scale) for b in boxes]

    def _mask(self, lab: np.ndarray, row: float, dt: float) -> np.ndarray:
        """What is unlike the ground, (H, W) uint8; nothing above the horizon."""
        mask = np.zeros(lab.shape[:2], np.uint8)
        first = max(0, round(row))
        if lab.shape[0] - first >= 8:
            mask[first:] = cv2.medianBlur(self._ground.unlike(lab[first:], dt), 3)
        return mask


def _unique(boxes: list[Box], share: float = 0.8) -> list[Box]:
    """Largest first, without boxes that lie mostly inside a larger one."""
    ordered = sorted(boxes, key=lambda b: -b.w * b.h)
    kept: list[Box] = []
    for box in ordered:
        if kept and float(intersections([box], kept).max()) > share * box.w * box.h:
            continue
        kept.append(box)
    return kept
