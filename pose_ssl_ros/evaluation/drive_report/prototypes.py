"""Keeps a few crops of every identity that the model gives, in bounded memory."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field

import cv2
import numpy as np

from pose_ssl_ros.evaluation.drive_report.answers import Scene, decided
from pose_ssl_ros.evaluation.drive_report.material import Example, Prototype
from pose_ssl_ros.perception.crops import CropError, cut
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN

log = logging.getLogger(__name__)

#: Side of an example in pixels.
SIDE = 96
#: One crop of a track in each slot of so many seconds, and each track fills so many places.
APART, PER_TRACK = 1.5, 2
#: Boxes with a shorter side show nothing, pixels.
LEAST_SIDE = 14.0
_MOST_TRACKS = 5000


@dataclass
class _Kept:
    count: int = 0
    tracks: set[str] = field(default_factory=set)
    categories: Counter[str] = field(default_factory=Counter)
    examples: list[tuple[float, float, Example]] = field(default_factory=list)  # (worth, drive, crop)


class PrototypeKeeper:
    """Counts identities and keeps the surest crops of each, spread over tracks and time.

    Args:
        names: Most identities that get crops; further ones are only counted.
        examples: Crops of each.
    """

    def __init__(self, names: int = 40, examples: int = 8) -> None:
        """Start empty."""
        self._names, self._examples = names, examples
        self._kept: dict[str, _Kept] = {}

    def add(self, rgb: np.ndarray, seen: Scene) -> None:
        """Take one frame."""
        category = {j: seen.truth[i].category for i, j in seen.pairs} if seen.truth else {}
        for number, answer in enumerate(seen.answers):
            if answer.identity is None:
                continue
            kept = self._kept.setdefault(answer.identity, _Kept())
            kept.count += 1
            if len(kept.tracks) < _MOST_TRACKS:
                kept.tracks.add(f"{seen.result.bag}/{answer.id}")
            if number in category:
                kept.categories[category[number]] += 1
            if min(answer.box.w, answer.box.h) < LEAST_SIDE or len(self._kept) > self._names and not kept.examples:
                continue
            heading, _ = decided(answer)
            self._offer(kept, rgb, seen.drive, number, seen, HEADINGS_AND_UNKNOWN[heading])

    def _offer(self, kept: _Kept, rgb: np.ndarray, drive: float, number: int, seen: Scene, heading: str) -> None:
        answer = seen.answers[number]
        # A large sure crop is worth most; size counts up to the side at which it is shown.
        worth = answer.identity_score * (0.5 + 0.5 * min(1.0, max(answer.box.w, answer.box.h) / SIDE))
        same = [place for place, (_, _, old) in enumerate(kept.examples) if old.track == answer.id]
        # Slots of time, not distances: a crop that gives way to ever newer ones would wander along with the track.
        near = [place for place in same if kept.examples[place][1] // APART == drive // APART]
        rivals = near or (same if len(same) >= PER_TRACK else [])
        if not rivals and len(kept.examples) >= self._examples:
            rivals = list(range(len(kept.examples)))
        if rivals:
            weakest = min(rivals, key=lambda place: kept.examples[place][0])
            if kept.examples[weakest][0] * 1.02 >= worth:
                return
        try:
            crop = cut(rgb, answer.box, SIDE)
        except CropError as error:
            log.debug("no example of %s: %s", answer.id, error)
            return
        example = Example(jpeg(crop, 85), answer.id, heading, answer.identity_score)
        if rivals:
            kept.examples[weakest] = (worth, drive, example)
        else:
            kept.examples.append((worth, drive, example))

    def finish(self) -> tuple[Prototype, ...]:
        """What was kept, commonest identity first."""
        ranked = sorted(self._kept.items(), key=lambda item: (-item[1].count, item[0]))
        return tuple(
            Prototype(
                name,
                kept.count,
                len(kept.tracks),
                tuple(kept.categories.most_common()),
                tuple(example for _, _, example in sorted(kept.examples, key=lambda e: -e[0])),
            )
            for name, kept in ranked
        )


def jpeg(rgb: np.ndarray, quality: int) -> bytes:
    """A picture as JPEG."""
    return cv2.imencode(".jpg", np.ascontiguousarray(rgb[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
