"""Brings together what belongs to one frame, whatever order it comes in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from pose_ssl_ros.evaluation.records import Answer, TruthObject

#: Frames that wait for their other parts at most; older ones are given up.
MOST_WAITING = 64


@dataclass
class Parts:
    """What has come for one frame so far."""

    truth: list[TruthObject] | None = None
    detections: list[Answer] | None = None
    headings: list[Answer] | None = None
    image_at: float | None = None  # monotonic seconds
    scored: bool = False

    @property
    def answers(self) -> list[Answer] | None:
        """Detections with the heading of the same id, or None while one of the two is missing."""
        if self.detections is None or self.headings is None:
            return None
        heading = {a.id: a.heading for a in self.headings}
        none = (0.0, 0.0, 0.0, 0.0, 1.0)
        return [
            Answer(d.id, d.box, heading.get(d.id, none), d.identity, d.identity_score, d.azimuth)
            for d in self.detections
        ]


@dataclass
class Joiner:
    """Frames by stamp, oldest given up first."""

    waiting: OrderedDict[int, Parts] = field(default_factory=OrderedDict)

    def at(self, stamp_ns: int) -> Parts:
        """The parts of a frame, new if it was never heard of."""
        parts = self.waiting.get(stamp_ns)
        if parts is None:
            parts = self.waiting[stamp_ns] = Parts()
            while len(self.waiting) > MOST_WAITING:
                self.waiting.popitem(last=False)
        return parts

    def clear(self) -> None:
        """Give up all frames."""
        self.waiting.clear()
