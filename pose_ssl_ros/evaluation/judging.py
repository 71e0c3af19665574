"""Takes what was said of each frame with its truth and keeps, in bounded memory, what the figures need."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from pose_ssl_ros.evaluation.judge_config import JudgeConfig
from pose_ssl_ros.evaluation.judged import JUDGED
from pose_ssl_ros.evaluation.matching import match
from pose_ssl_ros.evaluation.metrics import TOWARD, decide, heading_index
from pose_ssl_ros.evaluation.moving import NOT_KNOWN, MovingTruth
from pose_ssl_ros.evaluation.planner_check import PlannerCheck, Sight
from pose_ssl_ros.evaluation.records import MISSED, Names, Table, TruthObject
from pose_ssl_ros.evaluation.reference_danger import ReferenceDanger
from pose_ssl_ros.evaluation.stability import Stability
from pose_ssl_ros.inference.config import PipelineConfig
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, ObjectState, TeacherEvidence
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.viewpoint import azimuth_from_scores

#: Steps of stamps that are a jump of the clock and no robot time, seconds.
BACKWARDS, FORWARDS = 0.5, 10.0
#: Frames whose latency is kept.
_MOST_LATENCIES = 100_000
#: Missed objects without a name are resampled by stretches of so many seconds.
_MISSED_BLOCK = 10.0
#: An answer lies in a true object if that holds so much of its area.
_INSIDE = 0.5
_NAN = math.nan


class Judge:
    """Compares answers with truth, or with themselves where nobody knows the truth.

    Args:
        config: Settings.
        pipeline: Those of the inference that is judged; its danger formula is fed with the truth, too.

    Example:
        >>> judge = Judge(JudgeConfig())
        >>> judge.add(FrameResult(0, 0, 1, 1, "camera", 320, 240), None)
        >>> judge.metrics()["frames"]
        1
    """

    def __init__(self, config: JudgeConfig | None = None, pipeline: PipelineConfig | None = None) -> None:
        self.config = config or JudgeConfig()
        self.answers = Table(JUDGED, self.config.max_records)
        self.tracks, self.objects, self.categories, self.identities = Names(), Names(), Names(), Names()
        self.stability = Stability()
        self.planner = PlannerCheck(self.config)
        self.frames = self.labelled = self.jumps = self.triplets = self.boxes = 0
        self.by_heading = [0] * 5
        self.versions: Counter[int] = Counter()
        self.seconds = 0.0  # of all recordings
        self.bags = 0
        self._latency = Table(np.dtype([("ms", "f4")]), _MOST_LATENCIES)
        self._bag: int | None = None
        self._time = 0.0  # robot seconds of this recording
        self._stamp: int | None = None
        self._moving = MovingTruth(self.config.moving_speed)
        self._reference = ReferenceDanger(self.config.toward_width, pipeline)

    @property
    def latency_ms(self) -> np.ndarray:
        """Wall time of each frame's work in milliseconds."""
        return self._latency.rows["ms"]

    def begin(self, bag: int) -> None:
        """What follows belongs to another recording; needed before its odometry, if that comes ahead of its frames.

        Args:
            bag: Its number, as in its `FrameResult`s.
        """
        self._bag = bag
        self._time, self._stamp = 0.0, None
        self._reference.camera = None
        self._forget()

    def odometry(self, ego: EgoState) -> None:
        """Pose of the robot, which tells moving objects from parked ones; may come ahead of the frames."""
        self._moving.odometry(ego)

    def intrinsics(self, camera: CameraModel) -> None:
        """The camera of what follows."""
        self._reference.camera = camera

    def add(self, result: FrameResult, truth: list[TruthObject] | None) -> None:
        """Take one frame.

        Args:
            result: What was said.
            truth: What was there; None if nobody labelled the frame.
        """
        self._tick(result)
        self.frames += 1
        self.labelled += truth is not None
        self.triplets += len(result.triplets)
        self.boxes += len(result.tracks)
        self.versions[result.version] += 1
        self._latency.add((result.work_ms,))
        objects = truth or []
        pairs = match([t.box for t in objects], [o.box for o in result.objects], self.config.iou)
        truth_of = {j: i for i, j in pairs}
        self._moving.mounting = result.mounting
        moving = self._moving.update(result.stamp_ns, [t for t in objects if t.id])
        size, ego = (result.width, result.height), self._moving.ego_at(result.stamp_ns)
        reference = self._reference.update(result.stamp_ns, size, objects, result.mounting, ego)
        sights: list[Sight] = []
        for j, state in enumerate(result.objects):
            i = truth_of.get(j)
            self._answer(result, state, truth is not None, i, objects, moving, reference, sights)
        for i, item in enumerate(objects):
            if i not in truth_of.values() and self._counts(item):
                self._missed(result, item, moving, reference[i], sights)
        self._plan(result, truth, reference, sights)

    def metrics(self) -> dict[str, Any]:
        """All figures (see `judgement.judge`)."""
        from pose_ssl_ros.evaluation.judgement import judge

        return judge(self)

    # Inside.

    def _tick(self, result: FrameResult) -> None:
        """Advance robot time; jumps of the clock add none."""
        if result.bag != self._bag:
            self.begin(result.bag)
        self.bags += self._stamp is None
        step = 0.0 if self._stamp is None else (result.stamp_ns - self._stamp) / 1e9
        if step > FORWARDS or step < -BACKWARDS:
            self.jumps += 1
            self._forget()
            step = 0.0
        if step >= 0 or self._stamp is None or step < -BACKWARDS:
            self._stamp = result.stamp_ns
        self._time += max(0.0, step)
        self.seconds += max(0.0, step)

    def _forget(self) -> None:
        self._moving.reset()
        self._reference.reset()
        self.planner.reset()

    def _answer(
        self,
        result: FrameResult,
        state: ObjectState,
        labelled: bool,
        i: int | None,
        objects: list[TruthObject],
        moving: dict[str, int],
        reference: list[float | None],
        sights: list[Sight],
    ) -> None:
        """One answer: its row, its flips, and what the planner check sees of it."""
        answer = decide(state.heading)
        self.by_heading[answer] += 1
        track = self.tracks.index(f"{result.bag}/{state.track_id}")
        self.stability.add(track, self.seconds, answer)
        item = objects[i] if i is not None else None
        if item is not None and not self._counts(item):
            item = None
        number = -1 if item is None else self._object(result, item, track)
        best, confidence = _best(state.heading)
        teacher, teacher_azimuth = _taught(result.evidence.get(state.track_id))
        known = reference[i] if i is not None else None
        named = state.identity[0][0] if state.identity else None
        self.answers.add(
            (
                result.bag,
                result.index,
                result.stamp_ns,
                self._time,
                labelled,
                track,
                number,
                -1 if item is None or not item.category else self.categories.index(item.category),
                -1 if named is None else self.identities.index(named),
                answer,
                best,
                confidence,
                _NAN if state.azimuth is None else state.azimuth,
                _NAN if item is None else item.azimuth,
                NOT_KNOWN if item is None else moving.get(item.id, NOT_KNOWN),
                teacher,
                teacher_azimuth,
                decide(state.looks),
                _NAN if state.looks_azimuth is None else state.looks_azimuth,
                state.danger,
                _NAN if known is None else known,
                result.version,
            )
        )
        if item is not None and known is not None:
            told = _told(item.box, result.objects, state.danger)
            sights.append(Sight(number, self._toward(item), known, told))

    def _missed(
        self,
        result: FrameResult,
        item: TruthObject,
        moving: dict[str, int],
        reference: float | None,
        sights: list[Sight],
    ) -> None:
        number = self._object(result, item, None)
        category = self.categories.index(item.category) if item.category else -1
        state = moving.get(item.id, NOT_KNOWN)
        known = _NAN if reference is None else reference
        place = (result.bag, result.index, result.stamp_ns, self._time, 1, -1, number)
        said = (category, -1, MISSED, -1, _NAN, _NAN, item.azimuth, state, -1, _NAN, MISSED, _NAN, _NAN, known)
        self.answers.add((*place, *said, result.version))
        if reference is not None:
            sights.append(Sight(number, self._toward(item), reference, _told(item.box, result.objects, None)))

    def _plan(
        self,
        result: FrameResult,
        truth: list[TruthObject] | None,
        reference: list[float | None],
        sights: list[Sight],
    ) -> None:
        if truth is None:
            self.planner.unlabelled()
            return
        if any(value is None for value in reference):
            self.planner.unplaced += 1
            self.planner.unlabelled()
            return
        greatest = max((value for value in reference if value is not None), default=0.0)
        # Time over all recordings: blocks and threats of two recordings must not meet.
        self.planner.add(result.bag, self._time, sights, result.danger, greatest)

    def _toward(self, item: TruthObject) -> bool:
        return int(heading_index(np.array([item.azimuth]), self.config.toward_width)[0]) == TOWARD

    def _counts(self, item: TruthObject) -> bool:
        """Whether an object shows enough of itself to be asked for."""
        return item.visible >= self.config.min_visible and min(item.box.w, item.box.h) >= self.config.min_side

    def _object(self, result: FrameResult, item: TruthObject, track: int | None) -> int:
        """The number of a true object; without an id the track that answers stands for it."""
        if item.id:
            return self.objects.index(f"{result.bag}/{item.id}")
        if track is not None:
            return self.objects.index(f"{result.bag}/track {self.tracks.names[track]}")
        return self.objects.index(f"{result.bag}/missed {int(self._time // _MISSED_BLOCK)}")


def _best(heading: tuple[float, ...]) -> tuple[int, float]:
    """The best of the four headings and its probability; (-1, NaN) if none stands out."""
    four = np.asarray(heading[:4], dtype=float)
    if not np.all(np.isfinite(four)):
        return -1, _NAN
    best = np.flatnonzero(four == four.max())
    return (int(best[0]), float(four[best[0]])) if len(best) == 1 else (-1, _NAN)


def _told(box: Box, answers: Sequence[ObjectState], own: float | None) -> float | None:
    """Greatest danger told of a box: of its own answer (None: it has none) or of those that lie in it by half."""
    dangers = [] if own is None else [own]
    for answer in answers:
        other = answer.box
        wide = min(box.x + box.w, other.x + other.w) - max(box.x, other.x)
        high = min(box.bottom, other.bottom) - max(box.y, other.y)
        if wide > 0 and high > 0 and wide * high >= _INSIDE * other.w * other.h:
            dangers.append(answer.danger)
    return max(dangers, default=None)


def _taught(evidence: TeacherEvidence | None) -> tuple[int, float]:
    """Heading and azimuth that motion tells; (-1, NaN) if it tells nothing."""
    if evidence is None:
        return -1, _NAN
    azimuth, weight = azimuth_from_scores(evidence.scores)
    if not weight > 0 or not math.isfinite(azimuth):
        return -1, _NAN
    return int(heading_index(np.array([azimuth]))[0]), azimuth
