"""Draws the strip of a moment: the same window of each picture, the object framed, its arrows on the ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pose_ssl_ros.evaluation.draw import BLACK, COLOURS, WHITE, default_camera, ground_arrow, label
from pose_ssl_ros.evaluation.drive_report.answers import Scene, decided
from pose_ssl_ros.evaluation.drive_report.faults import Fault
from pose_ssl_ros.interfaces import Box, CameraModel
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

#: Size of a picture of the strip, pixels.
SIZE = (400, 300)
#: The window is so many times as wide as what the object needs, and at least this share of the picture.
ROOM, LEAST = 2.2, 0.3


@dataclass(frozen=True)
class Picture:
    """A frame that may become part of a strip."""

    jpeg: bytes  # without anything drawn on it
    scale: float  # of the picture to the original
    scene: Scene


@dataclass(frozen=True)
class _Window:
    x: float
    y: float
    zoom: float  # shown pixels to original ones

    def box(self, box: Box) -> Box:
        """A box of the original picture in the window."""
        return Box((box.x - self.x) * self.zoom, (box.y - self.y) * self.zoom, box.w * self.zoom, box.h * self.zoom)

    def camera(self, width: int, height: int) -> CameraModel:
        """The camera of the window's pixels."""
        whole = default_camera(width, height)
        f = whole.fx * self.zoom
        return CameraModel(*SIZE, f, f, (whole.cx - self.x) * self.zoom, (whole.cy - self.y) * self.zoom)


def draw(pictures: Sequence[Picture], fault: Fault) -> list[np.ndarray]:
    """Pictures of a strip.

    Args:
        pictures: In order of time.
        fault: What went wrong with which object.

    Returns:
        For each picture an image of `SIZE`, RGB.
    """
    window = _window(pictures, fault)
    return [_one(picture, fault, window) for picture in pictures]


def _boxes_of(scene: Scene, fault: Fault) -> list[Box]:
    found = [a.box for a in scene.answers if fault.track and a.id == fault.track]
    return found + [t.box for t in scene.truth or () if t.id == fault.key]


def _window(pictures: Sequence[Picture], fault: Fault) -> _Window:
    size = pictures[0].scene.result
    boxes = [b for p in pictures for b in _boxes_of(p.scene, fault)] + [fault.box]
    corners = np.array([(b.x, b.y, b.x + b.w, b.y + b.h) for b in boxes if np.all(np.isfinite(b))] or [(0, 0, 1, 1)])
    corners = np.clip(corners, 0, [size.width, size.height] * 2)
    low, high = corners[:, :2].min(0), corners[:, 2:].max(0)
    aspect = SIZE[0] / SIZE[1]
    wide = max(ROOM * (high[0] - low[0]), ROOM * (high[1] - low[1]) * aspect, LEAST * size.width)
    wide = max(8.0, min(wide, size.width, size.height * aspect))
    middle = (low + high) / 2
    x = float(np.clip(middle[0] - wide / 2, 0, max(0.0, size.width - wide)))
    y = float(np.clip(middle[1] - wide / aspect / 2, 0, max(0.0, size.height - wide / aspect)))
    return _Window(x, y, SIZE[0] / wide)


def _one(picture: Picture, fault: Fault, window: _Window) -> np.ndarray:
    scene = picture.scene
    encoded = cv2.imdecode(np.frombuffer(picture.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert encoded is not None  # we encoded it
    rgb = np.ascontiguousarray(encoded[..., ::-1])
    zoom = window.zoom / picture.scale
    place = np.array(
        [[zoom, 0, -window.x * window.zoom + (zoom - 1) / 2], [0, zoom, -window.y * window.zoom + (zoom - 1) / 2]]
    )
    smooth = cv2.INTER_LINEAR if zoom >= 0.7 else cv2.INTER_AREA
    image = cv2.warpAffine(rgb, place, SIZE, flags=smooth, borderMode=cv2.BORDER_REPLICATE)
    camera = window.camera(scene.result.width, scene.result.height)
    for answer in scene.answers:
        if answer.id != fault.track and np.all(np.isfinite(answer.box)):
            index, _ = decided(answer)
            _frame(image, window.box(answer.box), COLOURS[HEADINGS_AND_UNKNOWN[index]], 1)
    for item in scene.truth or ():
        if item.id == fault.key:
            _arrow(image, window.box(item.box), item.azimuth, camera, WHITE, filled=False)
            if not fault.track:
                _frame(image, window.box(item.box), WHITE, 2)
    for answer in scene.answers:
        if fault.track and answer.id == fault.track and np.all(np.isfinite(answer.box)):
            index, sure = decided(answer)
            colour = COLOURS[HEADINGS_AND_UNKNOWN[index]]
            box = window.box(answer.box)
            if answer.azimuth is not None and HEADINGS_AND_UNKNOWN[index] != "unknown":
                _arrow(image, box, answer.azimuth, camera, colour, filled=True)
            _frame(image, box, colour, 2)
            label(image, f"{HEADINGS_AND_UNKNOWN[index]} {sure:.0%}", box.x, box.y, colour, 0.5)
    return image


def _frame(image: np.ndarray, box: Box, colour: tuple[int, int, int], thickness: int) -> None:
    corners = np.clip([box.x, box.y, box.x + box.w, box.bottom], -1e4, 1e4).astype(int).tolist()
    if thickness > 1:  # a black rim would hide a thin line
        cv2.rectangle(image, corners[:2], corners[2:], BLACK, thickness + 2)
    cv2.rectangle(image, corners[:2], corners[2:], colour, thickness)


def _arrow(
    image: np.ndarray, box: Box, azimuth: float, camera: CameraModel, colour: tuple[int, int, int], *, filled: bool
) -> None:
    outline = ground_arrow(box, azimuth, camera) if np.isfinite(azimuth) else None
    if outline is None:
        return
    points = np.round(np.clip(outline, -2000, 4000) * 16).astype(np.int32)
    if filled:
        glass = image.copy()
        cv2.fillPoly(glass, [points], colour, cv2.LINE_AA, shift=4)
        cv2.addWeighted(glass, 0.7, image, 0.3, 0, dst=image)
    cv2.polylines(image, [points], True, BLACK, 3, cv2.LINE_AA, shift=4)
    cv2.polylines(image, [points], True, colour if not filled else WHITE, 1, cv2.LINE_AA, shift=4)
