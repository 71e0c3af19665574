"""Class-agnostic boxes: from a small learned net, from contrast to the ground, or both."""

from __future__ import annotations

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box, EgoState
from pose_ssl_ros.perception.boxes import intersections
from pose_ssl_ros.perception.config import ProposalConfig
from pose_ssl_ros.perception.ground_colour import Ground
from pose_ssl_ros.perception.objectness import Objectness
from pose_ssl_ros.perception.segments import Shape, standing_boxes


class Proposer:
    """Proposes boxes around things that stand on the ground, by the method of its configuration.

    The learned net (`objectness`) looks at the picture alone.  By contrast, a pixel is of interest when its
    colour is unlike the ground's and the sky's; connected parts become boxes when they stand on the ground
    (`segments`).  With both, boxes by contrast fill in where the net sees nothing.
    """

    def __init__(self, config: ProposalConfig | None = None) -> None:
        """Start without memory.

        Args:
            config: All parameters; the defaults without it.

        Raises:
            ObjectnessError: If the method needs the net and its file is missing or broken.
        """
        self.config = config or ProposalConfig()
        self._net: Objectness | None = None
        if self.config.method != "contrast":
            c = self.config
            self._net = Objectness(c.objectness_model, c.objectness_threads, c.objectness_threshold)
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
            Boxes in the pixels of `rgb`: the net's, best first, then those by contrast, largest first.
        """
        height, width = rgb.shape[:2]
        if height < 16 or width < 16:
            return []
        if self._net is None:
            return self._by_contrast(rgb, stamp_ns, horizon, camera_height)
        learned = [box for box, _ in self._net.propose(rgb) if box.h >= self.config.min_height * height]
        if self.config.method == "both":
            contrast = self._by_contrast(rgb, stamp_ns, horizon, camera_height)
            learned += [box for box in contrast if _is_new(box, learned)]
        return learned[: self.config.max_boxes]

    def _by_contrast(self, rgb: np.ndarray, stamp_ns: int, horizon: float | None, camera_height: float) -> list[Box]:
        """Boxes around what is unlike ground and sky, largest first."""
        height, width = rgb.shape[:2]
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


def _is_new(box: Box, known: list[Box], share: float = 0.3) -> bool:
    """Whether a box shares little with each known one, measured against the smaller of the two."""
    if not known:
        return True
    smaller = np.minimum(box.w * box.h, [b.w * b.h for b in known])
    return bool((intersections([box], known)[0] <= share * smaller).all())


def _unique(boxes: list[Box], share: float = 0.8) -> list[Box]:
    """Largest first, without boxes that lie mostly inside a larger one."""
    ordered = sorted(boxes, key=lambda b: -b.w * b.h)
    kept: list[Box] = []
    for box in ordered:
        if kept and float(intersections([box], kept).max()) > share * box.w * box.h:
            continue
        kept.append(box)
    return kept
