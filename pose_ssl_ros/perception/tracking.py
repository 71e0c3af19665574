"""Boxes to tracks: overlap assignment and a constant-velocity Kalman filter on the box."""

from __future__ import annotations

import math

import numpy as np

from pose_ssl_ros.interfaces import Box, Track
from pose_ssl_ros.perception.assignment import assign
from pose_ssl_ros.perception.boxes import intersections, iou_matrix, union
from pose_ssl_ros.perception.config import TrackerConfig

#: Images in a row for which two boxes may be joined; longer, and they are two objects.
_MOST_MENDED = 4


class _Filter:
    """Kalman filter of centre x, centre y, width and height, each with its own velocity."""

    def __init__(self, box: Box, config: TrackerConfig) -> None:
        self._config = config
        self.mean = np.zeros((4, 2))
        self.mean[:, 0] = _measure(box)
        size = self._size()
        self.cov = np.zeros((4, 2, 2))
        self.cov[:, 0, 0] = (config.measurement_noise * size) ** 2
        self.cov[:, 1, 1] = size**2  # a new object may cross its own size in a second

    def _size(self) -> float:
        return float(max(8.0, math.sqrt(max(1.0, self.mean[2, 0] * self.mean[3, 0]))))

    def predict(self, dt: float) -> None:
        """Move the state on by dt seconds."""
        noise = (self._config.process_noise * self._size()) ** 2
        step = np.array([[1.0, dt], [0.0, 1.0]])
        self.mean = self.mean @ step.T
        self.mean[2:, 0] = np.maximum(self.mean[2:, 0], 1.0)
        added = noise * np.array([[dt**4 / 4, dt**3 / 2], [dt**3 / 2, dt**2]])
        self.cov = step @ self.cov @ step.T + added

    def correct(self, box: Box) -> None:
        """Take a detection in."""
        noise = (self._config.measurement_noise * self._size()) ** 2 + 0.25
        innovation = _measure(box) - self.mean[:, 0]
        gain = self.cov[:, :, 0] / (self.cov[:, 0, 0] + noise)[:, None]
        self.mean = self.mean + gain * innovation[:, None]
        self.cov = self.cov - gain[:, :, None] * self.cov[:, None, 0, :]
        self.mean[2:, 0] = np.maximum(self.mean[2:, 0], 1.0)

    def box(self) -> Box:
        """The estimated box."""
        cx, cy, w, h = (float(v) for v in self.mean[:, 0])
        return Box(cx - w / 2, cy - h / 2, w, h)


class _Candidate:
    """A track in the making or in use."""

    def __init__(self, number: int, box: Box, config: TrackerConfig) -> None:
        self.id = str(number)
        self.filter = _Filter(box, config)
        self.age = 1
        self.hits = 1
        self.missed = 0
        self.unseen_s = 0.0
        self.merged_s = 0.0
        self.mended = 0


class Tracker:
    """Follows boxes over frames; ids are never used twice in the life of one tracker."""

    def __init__(self, config: TrackerConfig | None = None) -> None:
        """Start without tracks."""
        self._config = config or TrackerConfig()
        self._tracks: list[_Candidate] = []
        self._next = 1
        self._stamp: int | None = None

    def reset(self) -> None:
        """Forget all tracks; ids go on counting."""
        self._tracks = []
        self._stamp = None

    def continue_ids(self, other: Tracker) -> None:
        """Count ids on from another tracker, so that none is used twice."""
        self._next = max(self._next, other._next)

    def alive(self) -> set[str]:
        """Ids of all tracks that may still be published."""
        return {track.id for track in self._tracks}

    def predictions(self, stamp_ns: int) -> list[Box]:
        """Boxes where the confirmed tracks should be at a time, without changing them."""
        dt = 0.0 if self._stamp is None else max(0.0, (stamp_ns - self._stamp) * 1e-9)
        boxes = []
        for track in self._tracks:
            if self._confirmed(track):
                mean = track.filter.mean[:, 0] + dt * track.filter.mean[:, 1]
                w, h = max(1.0, float(mean[2])), max(1.0, float(mean[3]))
                boxes.append(Box(float(mean[0]) - w / 2, float(mean[1]) - h / 2, w, h))
        return boxes

    def update(self, boxes: list[Box], stamp_ns: int) -> list[Track]:
        """Take the boxes of one image in.

        Args:
            boxes: Finite boxes in pixels.
            stamp_ns: Time of the image; a step back or a long pause ends all tracks.

        Returns:
            The confirmed tracks, among them those not seen for a few frames (`missed` > 0).
        """
        dt = 0.1 if self._stamp is None else (stamp_ns - self._stamp) * 1e-9
        if dt < 0 or dt > self._config.max_gap_s:
            self.reset()
            dt = 0.1
        self._stamp = stamp_ns
        for track in self._tracks:
            track.filter.predict(dt)
            track.age += 1
        predicted = [track.filter.box() for track in self._tracks]
        boxes, mended = self._mend(list(boxes), predicted)
        shared = self._shared(boxes, predicted)
        # A merged blob is no one's box: assign the rest first.
        own = [b for i, b in enumerate(boxes) if i not in shared]
        rows = [i for i in range(len(predicted)) if not any(i in members for members in shared.values())]
        overlap = iou_matrix([predicted[i] for i in rows], own)
        # Old tracks first: a confirmed track is worth more than one born a frame ago.
        seniority = np.array([0.1 if self._confirmed(self._tracks[i]) else 0.0 for i in rows])
        gain = np.where(overlap >= self._config.min_iou, overlap + seniority[:, None], 0.0)
        pairs = [(rows[row], column) for row, column in assign(gain)]
        for column, members in shared.items():
            for i, box in zip(members, _divide(boxes[column], [predicted[i] for i in members]), strict=True):
                self._tracks[i].filter.correct(box)
                self._tracks[i].merged_s += dt
        hidden = {i for members in shared.values() for i in members}
        self._apply(pairs, own, dt, hidden, mended)
        return [
            Track(t.id, t.filter.box(), stamp_ns, t.age, t.missed)
            for t in self._tracks
            if self._confirmed(t) and t.missed <= self._config.shown_coast
        ]

    def _apply(
        self, pairs: list[tuple[int, int]], boxes: list[Box], dt: float, hidden: set[int], mended: set[int]
    ) -> None:
        """Correct, age, end and begin tracks."""
        found = dict(pairs)
        for row, track in enumerate(self._tracks):
            if row in found:
                track.filter.correct(boxes[found[row]])
                track.hits += 1
                track.missed = 0
                track.unseen_s = track.merged_s = 0.0
                track.mended = track.mended + 1 if row in mended else 0
            elif row in hidden:
                track.missed = 1  # seen, but not by itself: shown, yet no view of it is kept
            else:
                track.missed += 1
                track.unseen_s += dt
        self._tracks = [t for t in self._tracks if self._alive(t)]
        used = set(found.values())
        for column, box in enumerate(boxes):
            if column not in used:
                self._tracks.append(_Candidate(self._next, box, self._config))
                self._next += 1

    def _confirmed(self, track: _Candidate) -> bool:
        return track.hits >= self._config.confirm_hits

    def _alive(self, track: _Candidate) -> bool:
        if not self._confirmed(track):
            return track.missed <= 1
        return track.missed <= 1 or track.unseen_s <= self._config.max_coast_s

    def _mend(self, boxes: list[Box], predicted: list[Box]) -> tuple[list[Box], set[int]]:
        """Join two boxes whose union is a known object: a proposal that fell apart for a few images."""
        mended = set()
        for row, expected in enumerate(predicted):
            track = self._tracks[row]
            if len(boxes) < 2 or not self._confirmed(track) or track.mended >= _MOST_MENDED:
                continue
            overlap = iou_matrix([expected], boxes)[0]
            near = [int(i) for i in np.argsort(-overlap)[:3] if overlap[i] > 0.05]
            best = float(overlap[near[0]]) if near else 0.0
            for other in near[1:]:
                joined = union(boxes[near[0]], boxes[other])
                if float(iou_matrix([expected], [joined])[0, 0]) > max(0.7, best + 0.15):
                    boxes = [b for i, b in enumerate(boxes) if i not in (near[0], other)] + [joined]
                    mended.add(row)
                    break
        return boxes, mended

    def _shared(self, boxes: list[Box], predicted: list[Box]) -> dict[int, list[int]]:
        """Boxes that cover two or more known objects at once, with the rows of these tracks."""
        rows = [i for i, t in enumerate(self._tracks) if self._confirmed(t) and t.merged_s < self._config.max_merge_s]
        if len(rows) < 2 or not boxes:
            return {}
        expected = [predicted[i] for i in rows]
        areas = np.array([b.w * b.h for b in expected])
        covered = intersections(expected, boxes) / areas[:, None]
        overlap = iou_matrix(expected, boxes)
        found: dict[int, list[int]] = {}
        for column, box in enumerate(boxes):
            # A track with a good box of its own elsewhere is not part of the blob.
            members = [k for k in range(len(rows)) if covered[k, column] > 0.6 and overlap[k].argmax() == column]
            if len(members) < 2 or overlap[members, column].max() > 0.8:
                continue
            around = expected[members[0]]
            for k in members[1:]:
                around = union(around, expected[k])
            if float(iou_matrix([around], [box])[0, 0]) > 0.6:
                found[column] = [rows[k] for k in members]
        return found


def _divide(blob: Box, expected: list[Box]) -> list[Box]:
    """Boxes of objects inside one blob: each edge of the blob moves the object that it belongs to.

    An object keeps its expected size along an axis unless both edges are its own.
    """
    starts = np.array([(b.x, b.y) for b in expected])
    sizes = np.array([(b.w, b.h) for b in expected])
    ends = starts + sizes
    first, last = starts.argmin(axis=0), ends.argmax(axis=0)
    outer = ((blob.x, blob.y), (blob.x + blob.w, blob.bottom))
    for axis in range(2):
        a, b = int(first[axis]), int(last[axis])
        if a == b:
            starts[a, axis], sizes[a, axis] = outer[0][axis], outer[1][axis] - outer[0][axis]
        else:
            starts[a, axis] = outer[0][axis]
            starts[b, axis] = outer[1][axis] - sizes[b, axis]
    return [Box(*map(float, s), *map(float, z)) for s, z in zip(starts, sizes, strict=True)]


def _measure(box: Box) -> np.ndarray:
    cx, cy = box.centre
    return np.array([cx, cy, box.w, box.h])
