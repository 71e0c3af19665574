"""Chains of keyframes per track, and the triplets that they complete."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from pose_ssl_ros.interfaces import TeacherEvidence, Triplet, ViewSteps
from pose_ssl_ros.triplets.config import KeyframeConfig
from pose_ssl_ros.triplets.keyframes import Step, View, nearly_equal, step_between
from pose_ssl_ros.viewpoint import azimuth_from_scores, scores_from_azimuth, wrap


class _Course(NamedTuple):
    """Where a track was last seen to head, in the odometry frame."""

    stamp_ns: int
    yaw: float  # radians
    weight: float


class TripletBuffer:
    """Collects views of tracks and completes triplets."""

    def __init__(self, config: KeyframeConfig | None = None) -> None:
        """Start empty."""
        self.config = config or KeyframeConfig()
        self._chains: dict[str, list[View]] = {}
        self._skip: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._courses: dict[str, _Course] = {}
        #: How often a view or a triplet was left out, by reason.
        self.counts: dict[str, int] = {
            "keyframes": 0,
            "unchanged": 0,
            "chain_broken": 0,
            "unequal_steps": 0,
            "too_fast": 0,
        }

    def reset(self) -> None:
        """Forget all views; the counts stay."""
        self._chains.clear()
        self._skip.clear()
        self._last.clear()
        self._courses.clear()

    def forget(self, track_ids_alive: Iterable[str]) -> None:
        """Drop the views of tracks that are not alive."""
        alive = set(track_ids_alive)
        for store in (self._chains, self._skip, self._last, self._courses):
            for gone in [i for i in store if i not in alive]:
                del store[gone]  # type: ignore[attr-defined]

    def add(self, track_id: str, view: View) -> Triplet | None:
        """Take a view; return the triplet that it completes as its R, if any."""
        self._hear(track_id, view)
        chain = self._chains.setdefault(track_id, [])
        if chain:
            step = step_between(chain[-1], view, self.config)
            pause = (view.stamp_ns - chain[-1].stamp_ns) * 1e-9
            if step.size < 1.0:
                if pause > self.config.max_pause_s:
                    chain[:] = [view]  # the old view is another light or another day
                    self.counts["chain_broken"] += 1
                else:
                    self.counts["unchanged"] += 1
                return None
            if step.size > self.config.max_step_ratio or pause > self.config.max_pause_s:
                chain[:] = [view]
                self.counts["chain_broken"] += 1
                return None
        self.counts["keyframes"] += 1
        chain.append(view)
        del chain[:-3]
        return self._complete(track_id, chain)

    def _complete(self, track_id: str, chain: list[View]) -> Triplet | None:
        """The triplet of the last three keyframes, when they make a good one."""
        if len(chain) < 3:
            return None
        skip = self._skip.get(track_id, 0)
        if skip:
            self._skip[track_id] = skip - 1
            return None
        left, centre, right = chain
        lc = step_between(left, centre, self.config)
        cr = step_between(centre, right, self.config)
        if not nearly_equal(lc, cr, self.config):
            self.counts["unequal_steps"] += 1
            return None
        last = self._last.get(track_id)
        if last is not None and (right.stamp_ns - last) * 1e-9 < 1.0 / self.config.max_rate:
            self.counts["too_fast"] += 1
            return None
        self._last[track_id] = right.stamp_ns
        self._skip[track_id] = self.config.stride - 1
        return Triplet(
            track_id=track_id,
            stamp_ns=centre.stamp_ns,
            crops=np.stack([left.crop, centre.crop, right.crop]),
            box=centre.box,
            teacher=centre.teacher or self._carried(track_id, chain),
            view_steps=self._view_steps(lc, cr),
        )

    def _hear(self, track_id: str, view: View) -> None:
        """Keep what the teacher says of a view as the track's course, which outlives the view."""
        if view.turning:
            self._courses.pop(track_id, None)
        elif view.teacher is not None and view.sight_yaw is not None:
            azimuth, weight = azimuth_from_scores(view.teacher.scores)
            self._courses[track_id] = _Course(view.stamp_ns, wrap(view.sight_yaw + math.pi - azimuth), weight)

    def _carried(self, track_id: str, chain: list[View]) -> TeacherEvidence | None:
        """Evidence for C from the track's course shortly before or after it, turned by the sight line.

        A body that was seen to drive straight a moment ago, or is seen to a moment later, heads the same
        way in between; without this the first and last views of every track would go untaught.
        """
        course, centre = self._courses.get(track_id), chain[1]
        if course is None or centre.sight_yaw is None or any(view.turning for view in chain):
            return None
        if abs(course.stamp_ns - centre.stamp_ns) * 1e-9 > self.config.teach_span_s:
            return None
        return TeacherEvidence(scores_from_azimuth(wrap(centre.sight_yaw + math.pi - course.yaw), course.weight))

    def _view_steps(self, lc: Step, cr: Step) -> ViewSteps | None:
        """The two turns of the viewing direction, when odometry tells them."""
        if lc.view is None or cr.view is None:
            return None
        return ViewSteps(turn(lc.view * self.config.view_step), turn(cr.view * self.config.view_step))


def turn(angle: float) -> tuple[float, float, float, float]:
    """Quaternion (x, y, z, w) of a change of viewpoint azimuth.

    The rotation is about the up axis (z) of a REP-103 frame such as odom, counter-clockwise seen from
    above; the angle is read back by ``2 * atan2(z, w)``.
    """
    return (0.0, 0.0, math.sin(angle / 2), math.cos(angle / 2))
