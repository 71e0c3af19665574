"""How the camera moved between two images, told by what stands: corners outside the boxes, followed by optical flow.

Where intrinsics, height and pitch of the camera are known, corners below the horizon lie on the ground plane, and a
planar rigid motion (ahead, left, turn) explains how they shift: found by two-point RANSAC (Fischler and Bolles 1981)
and refined on the corners that agree.  What rises above the ground, and what moves, does not fit and drops out.
Without intrinsics only this is told: whether the picture stands, and whether it spreads (the camera goes ahead).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from pose_ssl_ros.interfaces import Box, CameraModel, Mounting

#: Images are looked at in this width: a corner is found to about 0.1 pixel, which is enough, and costs little.
_WIDTH = 320
_CORNERS = 160
#: Fewest followed corners for an answer: at night and behind a covered lens there are none.
_FEWEST = 16
#: Pixels (of the small image) that corners jitter on a camera that stands.
_STILL = 0.25
#: Pixels that a ground corner may lie off the common motion.
_FITS = 0.7
#: Ground farther away than this many camera heights says nothing of speed.
_FARTHEST = 14.0
_TRIES = 96


class Moved(NamedTuple):
    """Motion of the camera between two images in its own axes at the first: metres and radians."""

    ahead: float
    left: float
    turn: float  # counter-clockwise from above


@dataclass(frozen=True)
class Flow:
    """What the background says.

    Attributes:
        still: Whether the picture stands; None where too little can be followed.
        spreads: Whether it flows away from its middle, as it does when the camera goes ahead; None if not clear.
        moved: The camera's motion, where the ground tells it.
    """

    still: bool | None = None
    spreads: bool | None = None
    moved: Moved | None = None


class GroundFlow:
    """Follows corners from image to image; the same images give the same answers."""

    def __init__(self) -> None:
        """Start without an image."""
        self._grey: np.ndarray | None = None
        self._corners: np.ndarray | None = None

    def reset(self) -> None:
        """Forget the last image."""
        self._grey = self._corners = None

    def keep(self, image: np.ndarray, boxes: Sequence[Box]) -> None:
        """Take an image (H, W, 3) uint8 as the first of a pair; corners inside the boxes are left out."""
        grey, scale = _small(image)
        mask = np.full(grey.shape, 255, np.uint8)
        for box in boxes:
            slack = 4
            x0, y0 = int(box.x * scale) - slack, int(box.y * scale) - slack
            x1, y1 = int((box.x + box.w) * scale) + slack, int(box.bottom * scale) + slack
            mask[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)] = 0
        # Half of them from the lower half, where the ground is: houses have sharper corners than asphalt.
        found = []
        middle = grey.shape[0] // 2
        for low, high in ((0, middle), (middle, grey.shape[0])):
            part = cv2.goodFeaturesToTrack(grey[low:high], _CORNERS // 2, 0.01, 7, mask=mask[low:high])
            if part is not None:
                found.append(part.reshape(-1, 2) + np.array([0, low], np.float32))
        self._grey = grey
        self._corners = np.concatenate(found).astype(np.float32) if found else np.zeros((0, 2), np.float32)

    def look(self, image: np.ndarray, camera: CameraModel | None, mounting: Mounting) -> Flow:
        """Compare an image with the one that was kept.

        Args:
            image: (H, W, 3) uint8.
            camera: Intrinsics of the full image, or None.
            mounting: Height and pitch of the camera.

        Returns:
            What the background says; nothing without an image kept, or of another size.
        """
        if self._grey is None or self._corners is None or len(self._corners) < _FEWEST:
            return Flow()
        grey, scale = _small(image)
        if grey.shape != self._grey.shape:
            return Flow()
        old, new = _follow(self._grey, grey, self._corners)
        if len(old) < _FEWEST:
            return Flow()
        shift = new - old
        length = np.linalg.norm(shift, axis=1)
        still = bool(np.median(length) < _STILL and np.quantile(length, 0.75) < 2 * _STILL)
        moved = None if still or camera is None else _ground_motion(old / scale, new / scale, camera, mounting, scale)
        return Flow(still, _spreads(old, shift, grey.shape), Moved(0.0, 0.0, 0.0) if still else moved)


def _small(image: np.ndarray) -> tuple[np.ndarray, float]:
    """Grey picture of about `_WIDTH` columns, smoothed by the scaling, and its scale."""
    scale = min(1.0, _WIDTH / image.shape[1])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return grey, grey.shape[1] / image.shape[1]


def _follow(first: np.ndarray, second: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (n, 2) in both images that are found again when followed back."""
    options = {"winSize": (13, 13), "maxLevel": 3}
    there, ok, _ = cv2.calcOpticalFlowPyrLK(first, second, corners[:, None], None, **options)  # type: ignore[call-overload]
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(second, first, there, None, **options)  # type: ignore[call-overload]
    gap = np.linalg.norm(back.reshape(-1, 2) - corners, axis=1)
    good = (ok.ravel() == 1) & (ok_back.ravel() == 1) & (gap < 0.5)
    return corners[good], there.reshape(-1, 2)[good]


def _spreads(old: np.ndarray, shift: np.ndarray, shape: tuple[int, ...]) -> bool | None:
    """Whether corners flow away from the middle row and column, once a common shift (turning) is taken out."""
    from_middle = old - np.array([shape[1] / 2, shape[0] / 2])
    flow = shift - np.median(shift, axis=0)
    outwards = (flow * from_middle).sum(1)
    clear = np.linalg.norm(flow, axis=1) > _STILL
    if clear.sum() < _FEWEST:
        return None
    share = float((outwards[clear] > 0).mean())
    return True if share > 0.75 else False if share < 0.25 else None


def _to_ground(pixels: np.ndarray, camera: CameraModel, mounting: Mounting) -> tuple[np.ndarray, np.ndarray]:
    """Ground points (n, 2), ahead and left of the camera in metres, and which pixels (n, 2) show near ground."""
    across = (pixels[:, 0] - camera.cx) / camera.fx
    down = (pixels[:, 1] - camera.cy) / camera.fy
    sine, cosine = math.sin(mounting.pitch), math.cos(mounting.pitch)
    fall = down * cosine + sine
    level = cosine - down * sine
    shown = (fall > 1e-3) & (level > 0)
    depth = np.where(shown, mounting.height * level / np.where(shown, fall, 1.0), np.inf)
    near = shown & (depth < _FARTHEST * mounting.height)
    reach = np.where(near, mounting.height / np.where(shown, fall, 1.0), 0.0)
    return np.stack([reach * level, -reach * across], axis=1), near


def _to_pixels(points: np.ndarray, camera: CameraModel, mounting: Mounting) -> np.ndarray:
    """Pixels (..., 2) of ground points (..., 2); what lies behind the camera is far outside."""
    sine, cosine = math.sin(mounting.pitch), math.cos(mounting.pitch)
    ahead, left = points[..., 0], points[..., 1]
    depth = ahead * cosine + mounting.height * sine
    down = mounting.height * cosine - ahead * sine
    safe = np.where(depth > 0.05, depth, np.nan)
    pixels = np.stack([camera.cx - camera.fx * left / safe, camera.cy + camera.fy * down / safe], axis=-1)
    return np.asarray(np.nan_to_num(pixels, nan=1e6))


def _ground_motion(
    old: np.ndarray, new: np.ndarray, camera: CameraModel, mounting: Mounting, scale: float
) -> Moved | None:
    """The planar motion that most ground corners agree with, or None."""
    before, near_before = _to_ground(old, camera, mounting)
    after, near_after = _to_ground(new, camera, mounting)
    near = near_before & near_after
    if near.sum() < _FEWEST // 2:
        return None
    before, after, seen = before[near], after[near], new[near]
    limit = _FITS / scale
    random = np.random.default_rng(len(before))
    first = random.integers(len(before), size=_TRIES)
    second = (first + random.integers(1, len(before), size=_TRIES)) % len(before)
    motions = _from_pairs(before, after, first, second)
    misses = np.linalg.norm(_to_pixels(_carried(before, motions), camera, mounting) - seen, axis=-1)
    # The nearer half of the ground is the better half; a count is enough.
    fits = misses < limit
    best = int(fits.sum(1).argmax())
    agree = fits[best]
    if agree.sum() < max(_FEWEST // 2, 0.4 * len(before)):
        return None
    motion = motions[best]
    for _ in range(3):
        motion = _refined(motion, before[agree], seen[agree], camera, mounting)
        miss = np.linalg.norm(_to_pixels(_carried(before, motion[None])[0], camera, mounting) - seen, axis=-1)
        agree = miss < limit
        if agree.sum() < _FEWEST // 2:
            return None
    return Moved(float(motion[0]), float(motion[1]), float(motion[2]))


def _from_pairs(before: np.ndarray, after: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Camera motions (t, 3) that carry pairs of ground points over."""
    a, b = before[second] - before[first], after[second] - after[first]
    # Points turn the other way round than the camera does.
    turn = np.arctan2(a[:, 1], a[:, 0]) - np.arctan2(b[:, 1], b[:, 0])
    turn = np.angle(np.exp(1j * turn))
    middle_before, middle_after = (before[first] + before[second]) / 2, (after[first] + after[second]) / 2
    cosine, sine = np.cos(turn), np.sin(turn)
    x = middle_before[:, 0] - (cosine * middle_after[:, 0] - sine * middle_after[:, 1])
    y = middle_before[:, 1] - (sine * middle_after[:, 0] + cosine * middle_after[:, 1])
    return np.stack([x, y, turn], axis=1)


def _carried(points: np.ndarray, motions: np.ndarray) -> np.ndarray:
    """Ground points (n, 2) as seen after camera motions (t, 3): (t, n, 2)."""
    offset = points[None] - motions[:, None, :2]
    cosine, sine = np.cos(motions[:, 2])[:, None], np.sin(motions[:, 2])[:, None]
    return np.stack(
        [cosine * offset[..., 0] + sine * offset[..., 1], -sine * offset[..., 0] + cosine * offset[..., 1]], axis=-1
    )


def _refined(
    motion: np.ndarray, before: np.ndarray, seen: np.ndarray, camera: CameraModel, mounting: Mounting
) -> np.ndarray:
    """One Gauss-Newton step on the pixel errors, derivatives by differences."""
    step = np.array([1e-3, 1e-3, 1e-4])
    trials = np.concatenate([motion[None], motion[None] + np.diag(step)])
    pixels = _to_pixels(_carried(before, trials), camera, mounting).reshape(4, -1)
    jacobian = (pixels[1:] - pixels[0]) / step[:, None]
    change = np.linalg.lstsq(jacobian.T, seen.ravel() - pixels[0], rcond=None)[0]
    return np.asarray(motion + change)
