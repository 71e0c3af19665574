"""Draws what was answered on a frame, for the video."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pose_ssl_ros.evaluation.metrics import decide
from pose_ssl_ros.evaluation.records import Answer, TruthObject
from pose_ssl_ros.interfaces import Box, CameraModel
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, forward_axis

#: RGB per heading: towards is alarming, away calm, the sides between, unknown grey.
COLOURS = {
    "toward": (230, 60, 50),
    "left": (240, 170, 40),
    "away": (60, 190, 90),
    "right": (240, 170, 40),
    "unknown": (170, 170, 170),
}
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FONT = cv2.FONT_HERSHEY_SIMPLEX
#: An object is taken to be this tall when its arrow is laid on the ground, metres.
ASSUMED_HEIGHT = 1.5
#: Outline of an arrow of length 1 along x, seen from above.
ARROW = np.array([(0, 0.09), (0.62, 0.09), (0.62, 0.24), (1, 0), (0.62, -0.24), (0.62, -0.09), (0, -0.09)])


def default_camera(width: int, height: int) -> CameraModel:
    """A camera of 60 degrees for drawing where none is known."""
    f = width / 2 / math.tan(math.radians(30))
    return CameraModel(width, height, f, f, width / 2, height / 2)


def ground_arrow(box: Box, azimuth: float, camera: CameraModel) -> np.ndarray | None:
    """Image outline of an arrow that lies on the ground before an object and points where it heads.

    The object's distance is guessed from its height in the picture; that sets
    the arrow's size, not its direction.

    Args:
        box: The object's box in pixels.
        azimuth: Viewpoint azimuth in radians.
        camera: Intrinsics.

    Returns:
        (7, 2) pixels, or None if it cannot be seen.
    """
    if box.w <= 0 or box.h <= 0:
        return None
    depth = camera.fy * ASSUMED_HEIGHT / box.h
    # Flat perspective hides an arrow at the horizon: look down on it by at least this slope.
    slope = max((box.bottom - camera.cy) / camera.fy, 0.3)
    across = (box.centre[0] - camera.cx) / camera.fx
    anchor = np.array([across * depth, slope * depth, depth])
    forward = forward_axis(azimuth, math.atan(across))
    side = np.array([-forward[2], 0.0, forward[0]])
    length = 0.9 * max(box.w / camera.fx * depth, 0.7 * ASSUMED_HEIGHT)
    points = anchor + length * (ARROW[:, :1] * forward + ARROW[:, 1:] * side)
    # What comes closer than this would shoot out of the picture.
    points[:, 2] = np.maximum(points[:, 2], 0.35 * depth)
    pixels = points[:, :2] / points[:, 2:] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    # With a raised slope the arrow starts below the box; move it up to the box's foot.
    pixels[:, 1] += box.bottom - (slope * camera.fy + camera.cy)
    return pixels if np.all(np.isfinite(pixels)) else None


def label(image: np.ndarray, text: str, x: float, y: float, colour: tuple[int, int, int], scale: float = 0.45) -> None:
    """White or black words on a coloured plate whose lower left corner is (x, y), kept in the picture."""
    (width, height), base = cv2.getTextSize(text, FONT, scale, 1)
    left = int(np.clip(x, 0, max(0, image.shape[1] - width - 4)))
    low = int(np.clip(y, height + 6, image.shape[0] - 1))
    cv2.rectangle(image, (left, low - height - base - 2), (left + width + 4, low), colour, -1)
    dark = sum(colour) < 420
    cv2.putText(image, text, (left + 2, low - base), FONT, scale, WHITE if dark else BLACK, 1, cv2.LINE_AA)


def danger_colour(danger: float) -> tuple[int, int, int]:
    """Green over yellow to red for 0..1."""
    value = min(1.0, max(0.0, danger))
    return (int(255 * min(1, 2 * value)), int(210 * min(1, 2 - 2 * value)), 40)


def annotate(
    rgb: np.ndarray,
    answers: list[Answer],
    truth: list[TruthObject],
    *,
    camera: CameraModel | None = None,
    danger: float | None = None,
    caption: str = "",
    width: int = 640,
) -> np.ndarray:
    """A copy of the frame, scaled to a width, with everything drawn on it.

    Answers are boxes with a name and a filled arrow in the heading's colour; the
    truth is a thin white arrow outline; the frame's edge and the bar below show
    the danger.

    Args:
        rgb: (height, width, 3) uint8.
        answers: What inference said.
        truth: What is true, if known.
        camera: Intrinsics for the original size.
        danger: 0..1, or None when nobody says.
        caption: Words for the lower edge.
        width: Width of the result in pixels; made even, as the video coding needs.

    Returns:
        (even height, even width, 3) uint8.
    """
    scale = width / rgb.shape[1]
    size = (2 * (width // 2), 2 * max(1, round(rgb.shape[0] * scale / 2)))
    image = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    model = camera or default_camera(rgb.shape[1], rgb.shape[0])
    # Intrinsics may belong to another resolution of the same picture.
    fit = size[0] / model.width if model.width else scale
    model = CameraModel(size[0], size[1], model.fx * fit, model.fy * fit, model.cx * fit, model.cy * fit)
    for item in truth:
        arrow = ground_arrow(_scaled(item.box, scale), item.azimuth, model)
        if arrow is not None:
            cv2.polylines(image, [_fixed(arrow)], True, WHITE, 1, cv2.LINE_AA, shift=4)
    for answer in answers[:100]:
        if all(math.isfinite(v) for v in answer.box):
            _draw_answer(image, answer, _scaled(answer.box, scale), model)
    edge = danger_colour(danger) if danger is not None else (90, 90, 90)
    cv2.rectangle(image, (0, 0), (size[0] - 1, size[1] - 1), edge, 3)
    words = caption if danger is None else f"danger {danger:.2f}   {caption}"
    label(image, words, 4, size[1] - 4, (30, 30, 30))
    if danger is not None:
        cv2.rectangle(image, (4, size[1] - 28), (4 + int(150 * min(1.0, max(0.0, danger))), size[1] - 23), edge, -1)
        cv2.rectangle(image, (4, size[1] - 28), (154, size[1] - 23), WHITE, 1)
    return image


def _draw_answer(image: np.ndarray, answer: Answer, box: Box, camera: CameraModel) -> None:
    heading = HEADINGS_AND_UNKNOWN[decide(answer.heading)]
    colour = COLOURS[heading]
    if heading != "unknown" and answer.azimuth is not None:
        arrow = ground_arrow(box, answer.azimuth, camera)
        if arrow is not None:
            glass = image.copy()
            cv2.fillPoly(glass, [_fixed(arrow)], colour, cv2.LINE_AA, shift=4)
            cv2.addWeighted(glass, 0.65, image, 0.35, 0, dst=image)
    corners = np.clip([box.x, box.y, box.x + box.w, box.bottom], -1e4, 1e4).astype(int)
    cv2.rectangle(image, corners[:2].tolist(), corners[2:].tolist(), colour, 2)
    # Words only as far as there is room and something to say, or the street is hidden behind them.
    name = "" if answer.identity in (None, "unknown") or box.w < 45 else f" {answer.identity}"
    if heading != "unknown":
        label(image, f"{answer.id}{name} {heading} {max(answer.heading):.0%}", box.x, box.y, colour, 0.4)
    elif box.w >= 25:
        label(image, f"{answer.id}{name} ?", box.x, box.y, colour, 0.35)


def _scaled(box: Box, scale: float) -> Box:
    return Box(box.x * scale, box.y * scale, box.w * scale, box.h * scale)


def _fixed(points: np.ndarray) -> np.ndarray:
    """Pixels in the fixed-point form (4 fractional bits) that OpenCV draws smoothly."""
    return np.round(np.clip(points, -2000, 4000) * 16).astype(np.int32)
