"""Boxes of an external detector to the image that they belong to, by stamp."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pose_ssl_ros.bags.events import BoxesEvent, ImageEvent
from pose_ssl_ros.interfaces import Box

_DEPTH = 10  # of each kind that may wait, as the triplet node's synchroniser


class BoxPairs:
    """Holds images until their boxes come, as the triplet node does with `detector` true.

    A detector is silent when it sent nothing for `timeout_s` of recorded time; images then go on with no boxes.

    Args:
        slop_s: Largest time between the stamps of an image and its boxes.
        timeout_s: Silence after which an image goes on alone.
        counts: Counts `images_without_boxes` and `boxes_without_image`.
    """

    def __init__(self, slop_s: float, timeout_s: float, counts: Counter[str]) -> None:
        """Start empty."""
        self._slop = round(slop_s * 1e9)
        self._timeout = round(timeout_s * 1e9)
        self._counts = counts
        self._images: list[ImageEvent] = []
        self._boxes: list[BoxesEvent] = []
        self._heard: int | None = None

    def image(self, event: ImageEvent) -> Iterator[tuple[ImageEvent, list[Box]]]:
        """Take an image; yields it at once when its boxes are here or the detector is silent."""
        if self._heard is None:
            self._heard = event.recorded_ns
        found = min(self._boxes, key=lambda b: abs(b.stamp_ns - event.frame.stamp_ns), default=None)
        if found is not None and abs(found.stamp_ns - event.frame.stamp_ns) <= self._slop:
            yield self._pair(event, found)
        elif event.recorded_ns - self._heard > self._timeout:
            self._counts["images_without_boxes"] += 1
            yield event, []
        else:
            self._images.append(event)
            self._counts["images_without_boxes"] += len(self._images[:-_DEPTH])
            del self._images[:-_DEPTH]

    def boxes(self, event: BoxesEvent) -> Iterator[tuple[ImageEvent, list[Box]]]:
        """Take boxes; yields the image that waited for them."""
        found = min(self._images, key=lambda i: abs(i.frame.stamp_ns - event.stamp_ns), default=None)
        if found is not None and abs(found.frame.stamp_ns - event.stamp_ns) <= self._slop:
            yield self._pair(found, event)
            return
        self._boxes.append(event)
        self._counts["boxes_without_image"] += len(self._boxes[:-_DEPTH])
        del self._boxes[:-_DEPTH]

    def end(self) -> None:
        """Count what waits in vain."""
        self._counts["images_without_boxes"] += len(self._images)
        self._counts["boxes_without_image"] += len(self._boxes)
        self._images.clear()
        self._boxes.clear()

    def _pair(self, image: ImageEvent, boxes: BoxesEvent) -> tuple[ImageEvent, list[Box]]:
        self._heard = max(image.recorded_ns, boxes.recorded_ns)
        # What waited before the pair would come out of order: given up, as it is live.
        self._counts["images_without_boxes"] += _drop_to(self._images, image)
        self._counts["boxes_without_image"] += _drop_to(self._boxes, boxes)
        return image, boxes.boxes


def _drop_to(waiting: list[Any], found: Any) -> int:
    """Remove an item, if it waits here, and all before it; returns how many were before."""
    place = next((i for i, item in enumerate(waiting) if item is found), None)
    if place is None:
        return 0
    del waiting[: place + 1]
    return place
