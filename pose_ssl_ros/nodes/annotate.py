"""Draws what the inference node thinks onto the image, for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from pose_ssl_ros.interfaces import ObjectState
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

_FONT = cv2.FONT_HERSHEY_SIMPLEX


def danger_colour(danger: float) -> tuple[int, int, int]:
    """RGB from green (0) over yellow to red (1)."""
    level = min(1.0, max(0.0, danger)) if math.isfinite(danger) else 1.0
    return (int(255 * min(1.0, 2 * level)), int(255 * min(1.0, 2 - 2 * level)), 40)


def annotate(rgb: np.ndarray, objects: Sequence[ObjectState], status: str = "") -> np.ndarray:
    """A copy of the image with box, name, heading arrow and danger of each object.

    The arrow is the object's forward axis seen from above: down is towards the
    viewer, as a driver reads a map.
    """
    canvas = np.ascontiguousarray(rgb).copy()
    height, width = canvas.shape[:2]
    if not height or not width:
        return canvas
    size = max(0.3, width / 1280)
    for item in sorted(objects, key=lambda o: o.danger):
        colour = danger_colour(item.danger)
        corners = np.clip(np.nan_to_num([item.box.x, item.box.y, item.box.x + item.box.w, item.box.bottom]), -1e4, 1e4)
        x0, y0, x1, y1 = (int(v) for v in corners)
        cv2.rectangle(canvas, (x0, y0), (x1, y1), colour, 2 if width >= 320 else 1)
        best = int(np.argmax(item.heading))
        name = item.identity[0][0] if item.identity else ""
        line = int(4 + 14 * size)
        top = max(2 * line, y0 - 4)  # the upper line must stay in the picture
        # Far objects stand close together: they get the heading only.
        if x1 - x0 >= 60 * size:
            words = f"{item.track_id} {name}" + (f"  {item.range_m:.1f} m" if item.range_m is not None else "")
            _text(canvas, words, (x0, top - line), size, colour)
            heading = f"{HEADINGS_AND_UNKNOWN[best]} {item.heading[best]:.2f}  danger {item.danger:.2f}"
        else:
            heading = HEADINGS_AND_UNKNOWN[best]
        _text(canvas, heading, (x0, top), size, colour)
        if item.azimuth is not None and best != HEADINGS_AND_UNKNOWN.index("unknown"):
            _arrow(canvas, ((x0 + x1) // 2, (y0 + y1) // 2), item.azimuth, max(10, (y1 - y0) // 3), colour)
    if status:
        _text(canvas, status, (4, height - 6), size, (255, 255, 255))
    return canvas


def _arrow(
    canvas: np.ndarray, middle: tuple[int, int], azimuth: float, length: int, colour: tuple[int, int, int]
) -> None:
    # Azimuth 0 heads to the viewer (down), +pi/2 to the left of the image.
    dx, dy = -math.sin(azimuth) * length, math.cos(azimuth) * length
    start = (int(middle[0] - dx / 2), int(middle[1] - dy / 2))
    end = (int(middle[0] + dx / 2), int(middle[1] + dy / 2))
    cv2.arrowedLine(canvas, start, end, (0, 0, 0), 5, cv2.LINE_AA, tipLength=0.4)
    cv2.arrowedLine(canvas, start, end, colour, 2, cv2.LINE_AA, tipLength=0.4)


def _text(canvas: np.ndarray, words: str, at: tuple[int, int], size: float, colour: tuple[int, int, int]) -> None:
    place = (max(0, at[0]), max(int(12 * size) + 2, at[1]))
    cv2.putText(canvas, words, place, _FONT, size, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(canvas, words, place, _FONT, size, colour, 1, cv2.LINE_AA)
