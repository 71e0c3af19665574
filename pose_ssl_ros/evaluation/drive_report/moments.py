"""Keeps the worst moments of a drive with the pictures around them, in bounded memory."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from pose_ssl_ros.evaluation.drive_report.answers import Scene
from pose_ssl_ros.evaluation.drive_report.faults import Fault, faults
from pose_ssl_ros.evaluation.drive_report.material import Moment, Shot
from pose_ssl_ros.evaluation.drive_report.prototypes import jpeg
from pose_ssl_ros.evaluation.drive_report.strips import Picture, draw

#: Seconds before and after a moment that its strip shows, and the least time between two pictures.
REACH, STEP = 1.2, 0.28
#: Widest picture kept, pixels.
WIDTH = 640
#: An episode is over when nothing was wrong for so long, seconds.
PAUSE = 1.0
#: Episodes followed at once, moments of one object, and candidates per moment shown.
_MOST_OPEN, _PER_OBJECT, _SPARE = 48, 2, 2


@dataclass
class _Episode:
    """The same fault of one object, frame after frame."""

    fault: Fault  # at its worst
    recorded_ns: int
    peak: float
    start: float
    last: float
    bag: int
    before: list[Picture]
    after: list[Picture] = field(default_factory=list)

    @property
    def severity(self) -> float:
        """Long episodes are up to twice as bad."""
        return self.fault.severity * (1 + min(1.0, (self.last - self.start) / 2))


class MomentKeeper:
    """Follows faults over frames and keeps the worst of them, at most two of one object.

    Pictures of the last second wait as JPEG; a moment's strip is drawn when its episode is over and only if it is
    among the worst so far.

    Args:
        most: Moments that `finish` gives.
    """

    def __init__(self, most: int = 10) -> None:
        """Start empty."""
        self._most = most
        self._ring: deque[Picture] = deque(maxlen=math.ceil(REACH / STEP) + 1)
        self._open: dict[tuple[str, str], _Episode] = {}
        self._last: dict[str, tuple[int, float]] = {}
        self._kept: list[tuple[float, str, Moment]] = []
        self._bag = -1

    def add(self, rgb: np.ndarray, seen: Scene) -> None:
        """Take one frame."""
        if seen.result.bag != self._bag:
            self._close(math.inf)
            self._ring.clear()
            self._last.clear()
            self._bag = seen.result.bag
        found = faults(seen, self._last)
        worse = [f for f in found if self._is_new_peak(f)]
        due = not self._ring or seen.drive - self._ring[-1].scene.drive >= STEP
        if due or worse:
            self._ring.append(_picture(rgb, seen))
            for episode in self._open.values():
                if due and seen.drive - episode.peak <= REACH:
                    episode.after.append(self._ring[-1])
        for fault in found:
            self._follow(fault, seen, fault in worse)
        self._close(seen.drive - PAUSE)
        if len(self._last) > 5000:
            self._last.clear()

    def _is_new_peak(self, fault: Fault) -> bool:
        episode = self._open.get((fault.kind, fault.key))
        return episode is None or fault.severity > 1.05 * episode.fault.severity

    def _follow(self, fault: Fault, seen: Scene, peak: bool) -> None:
        key = (fault.kind, fault.key)
        episode = self._open.get(key)
        if episode is None:
            if len(self._open) >= _MOST_OPEN:
                weakest = min(self._open, key=lambda k: self._open[k].severity)
                if self._open[weakest].severity >= fault.severity:
                    return
                del self._open[weakest]
            before = list(self._ring)
            self._open[key] = _Episode(
                fault, seen.result.recorded_ns, seen.drive, seen.drive, seen.drive, seen.result.bag, before
            )
            return
        episode.last = seen.drive
        if peak:
            episode.fault, episode.peak, episode.recorded_ns = fault, seen.drive, seen.result.recorded_ns
            episode.before, episode.after = list(self._ring), []

    def _close(self, until: float) -> None:
        """End episodes in which nothing was wrong since `until` and whose pictures are complete."""
        for key, episode in list(self._open.items()):
            if episode.last < until and episode.peak + REACH < until + PAUSE:
                del self._open[key]
                self._keep(episode)

    def _keep(self, episode: _Episode) -> None:
        severity, name = episode.severity, f"{episode.bag}/{episode.fault.key}"
        same = sorted((s, i) for i, (s, n, _) in enumerate(self._kept) if n == name)
        if len(same) >= _PER_OBJECT:
            if same[0][0] >= severity:
                return
            del self._kept[same[0][1]]
        elif len(self._kept) >= _SPARE * self._most:
            weakest = min(range(len(self._kept)), key=lambda i: self._kept[i][0])
            if self._kept[weakest][0] >= severity:
                return
            del self._kept[weakest]
        self._kept.append((severity, name, _moment(episode, severity)))

    def finish(self) -> tuple[Moment, ...]:
        """The worst moments, worst first; the keeper is empty then."""
        self._close(math.inf)
        ranked = sorted(self._kept, key=lambda kept: (-kept[0], kept[2].drive))
        self._kept = []
        self._ring.clear()
        return tuple(moment for _, _, moment in ranked[: self._most])


def _picture(rgb: np.ndarray, seen: Scene) -> Picture:
    scale = min(1.0, WIDTH / rgb.shape[1])
    small = rgb if scale == 1.0 else cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return Picture(jpeg(small, 88), scale, seen)


def _moment(episode: _Episode, severity: float) -> Moment:
    pictures = [p for p in episode.before if episode.peak - p.scene.drive <= REACH] + episode.after
    centre = next((i for i, p in enumerate(pictures) if p.scene.drive >= episode.peak), len(pictures) - 1)
    seconds = episode.last - episode.start
    # The answer may have been right in between.
    lasted = f", for up to {seconds:.1f}\u00a0s" if seconds >= 0.25 else ""
    words = f"{episode.fault.words[0].upper()}{episode.fault.words[1:]}{lasted}."
    return Moment(
        episode.fault.kind,
        words,
        severity,
        episode.bag,
        episode.recorded_ns,
        episode.peak,
        episode.fault.track,
        tuple(_shots(pictures, episode)),
        centre,
    )


def _shots(pictures: Sequence[Picture], episode: _Episode) -> list[Shot]:
    drawn = draw(pictures, episode.fault)
    return [
        Shot(jpeg(image, 82), picture.scene.drive - episode.peak)
        for picture, image in zip(pictures, drawn, strict=True)
    ]
