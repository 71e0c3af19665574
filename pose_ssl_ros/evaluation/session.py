"""One run as the evaluator saw it: takes records, keeps bounded memory, knows no ROS."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.joiner import Joiner, Parts
from pose_ssl_ros.evaluation.matching import match
from pose_ssl_ros.evaluation.metrics import decide
from pose_ssl_ros.evaluation.moving import NOT_KNOWN, MovingTruth
from pose_ssl_ros.evaluation.records import MISSED, SIGHTING, Answer, Names, Table, TruthObject
from pose_ssl_ros.interfaces import EgoState, ModelVersion, Mounting

#: Stamps this far back mean that time was set back (a bag that loops), nanoseconds.
BACKWARDS = 500_000_000
#: Stamps this far ahead are a jump and no robot time, nanoseconds.
FORWARDS = 10_000_000_000
TIMELINE = np.dtype(
    [("time", "f8"), ("danger", "f4"), ("speed", "f4"), ("collisions", "f4"), ("loss", "f4"), ("limit", "f4")]
)
LATENCY = np.dtype([("time", "f8"), ("ms", "f4")])


@dataclass
class ModelRecord:
    """A model that was published, and when inference took it."""

    card: ModelVersion
    published: float  # robot seconds
    swapped: float | None = None  # robot seconds


@dataclass(frozen=True)
class Scored:
    """A frame with its answers, ready to be drawn and sampled."""

    stamp_ns: int
    time: float  # robot seconds
    answers: list[Answer]
    truth: list[TruthObject]
    pairs: list[tuple[int, int]]  # index of truth, index of answer
    danger: float | None = None


@dataclass
class Counts:
    """Running totals."""

    images: int = 0
    answered: int = 0
    answers: int = 0
    triplets: int = 0
    jumps: int = 0
    by_heading: list[int] = field(default_factory=lambda: [0] * 5)


class Session:
    """Accumulates a run.  Every method may be called from any thread.

    Args:
        config: Settings.
    """

    def __init__(self, config: EvaluatorConfig) -> None:
        self.config = config
        self.lock = threading.RLock()
        self.sightings = Table(SIGHTING, config.max_records)
        self.timeline = Table(TIMELINE, 4000)
        self.latency = Table(LATENCY, 100_000)
        self.categories, self.identities, self.objects = Names(), Names(), Names()
        self.models: dict[int, ModelRecord] = {}
        self.swaps = 0
        self.counts = Counts()
        self.statuses: dict[str, dict[str, str]] = {}
        self.levels: dict[str, tuple[int, str]] = {}
        self.robot_seconds = 0.0
        self.truth_seen = False
        self.danger: float | None = None
        self.speed_limit: float | None = None
        self.ego: EgoState | None = None
        self.tracks = 0
        self.version = 0  # model that answers
        self.events: dict[str, float] = {"started": time.time()}  # Unix times of first things, for benchmarks
        self._started = time.monotonic()
        self._newest_ns: int | None = None
        self._arrivals: deque[float] = deque(maxlen=50)
        self._joiner = Joiner()
        self._moving = MovingTruth(config.moving_speed)
        self._sampled_at = -1.0

    # What comes in.

    def image(self, stamp_ns: int, now: float) -> None:
        """A frame of the camera arrived at monotonic time `now`."""
        with self.lock:
            self._tick(stamp_ns)
            self._arrivals.append(now)
            parts = self._joiner.at(stamp_ns)
            if parts.image_at is None:
                self.counts.images += 1
                self.events.setdefault("first_image", time.time())
                parts.image_at = now

    def truth(self, stamp_ns: int, objects: list[TruthObject]) -> Scored | None:
        """Ground truth of a frame; gives the scored frame if it was the last part missing."""
        with self.lock:
            self._tick(stamp_ns)
            self.truth_seen = True
            parts = self._joiner.at(stamp_ns)
            parts.truth = objects
            return self._score(stamp_ns, parts)

    def detections(self, stamp_ns: int, answers: list[Answer], now: float) -> Scored | None:
        """Detections of a frame arrived at monotonic time `now`."""
        with self.lock:
            self._tick(stamp_ns)
            parts = self._joiner.at(stamp_ns)
            if parts.detections is None and parts.image_at is not None:
                self.latency.add((self.robot_seconds, (now - parts.image_at) * 1e3))
            parts.detections = answers
            self.events.setdefault("first_detections", time.time())
            return self._score(stamp_ns, parts)

    def headings(self, stamp_ns: int, answers: list[Answer]) -> Scored | None:
        """Headings of a frame."""
        with self.lock:
            self._tick(stamp_ns)
            parts = self._joiner.at(stamp_ns)
            parts.headings = answers
            return self._score(stamp_ns, parts)

    def odometry(self, ego: EgoState) -> None:
        """Pose and speed of the robot."""
        with self.lock:
            self.ego = ego
            self._moving.odometry(ego)
            if self.robot_seconds - self._sampled_at >= 0.5:
                self._sampled_at = self.robot_seconds
                values: list[float | None] = [self.danger, abs(ego.speed), self.number("sim", "collisions")]
                values += [self.number("learner", "loss"), self.speed_limit]
                self.timeline.add((self.robot_seconds, *(float("nan") if v is None else float(v) for v in values)))

    def mounting(self, mounting: Mounting) -> None:
        """Where the camera sits."""
        with self.lock:
            self._moving.mounting = mounting

    def triplets(self, count: int) -> None:
        """Triplets were published."""
        with self.lock:
            self.counts.triplets += count

    def model(self, card: ModelVersion) -> None:
        """The learner published a model."""
        with self.lock:
            self.events.setdefault("first_model", time.time())
            record = self.models.setdefault(card.version, ModelRecord(card, self.robot_seconds))
            if card.version == self.version and record.swapped is None:
                record.swapped = self.robot_seconds  # inference was quicker to say so

    def swapped(self, version: int) -> None:
        """Inference says which model answers from now on."""
        with self.lock:
            if version != self.version:
                self.swaps += version > 0
                self.version = version
            record = self.models.get(version)
            if record is not None and record.swapped is None:
                record.swapped = self.robot_seconds

    def status(self, name: str, level: int, message: str, values: dict[str, str]) -> None:
        """One entry of /diagnostics."""
        with self.lock:
            if len(self.statuses) < 100 or name in self.statuses:
                self.statuses[name] = values
                self.levels[name] = (level, message)

    # What can be asked.

    @property
    def wall_seconds(self) -> float:
        """Seconds since the evaluator started."""
        return time.monotonic() - self._started

    @property
    def frames_per_second(self) -> float | None:
        """Rate of images over the last arrivals, wall time."""
        with self.lock:
            times = list(self._arrivals)
        if len(times) < 2 or times[-1] <= times[0] or time.monotonic() - times[-1] > 3:
            return None
        return (len(times) - 1) / (times[-1] - times[0])

    def _named(self, node: str) -> list[str]:
        """Full status names that mean a node: `/pose_ssl/learner: learner` means `learner`."""
        return [name for name in self.statuses if node in name.replace("/", " ").replace(":", " ").split()]

    def text(self, node: str, key: str) -> str | None:
        """A value of /diagnostics, or None."""
        with self.lock:
            return next((self.statuses[n][key] for n in self._named(node) if key in self.statuses[n]), None)

    def values(self, node: str) -> dict[str, str]:
        """All that a node said last on /diagnostics."""
        with self.lock:
            return {key: text for name in self._named(node) for key, text in self.statuses[name].items()}

    def message(self, node: str) -> str:
        """The newest words of a node on /diagnostics."""
        with self.lock:
            return next((self.levels[n][1] for n in self._named(node)), "")

    def number(self, node: str, key: str) -> float | None:
        """A finite number of /diagnostics, or None."""
        text = self.text(node, key)
        try:
            value = float(text) if text is not None else float("nan")
        except ValueError:
            return None
        return value if np.isfinite(value) else None

    # Inside.

    def _tick(self, stamp_ns: int) -> None:
        """Advance robot time; a stamp far back starts a new pass, a zero stamp says nothing."""
        if stamp_ns <= 0:
            return
        if self._newest_ns is None:
            self._newest_ns = stamp_ns
        step = stamp_ns - self._newest_ns
        if step > FORWARDS or step < -BACKWARDS:
            self.counts.jumps += 1
            self._joiner.clear()
            self._moving.reset()
            self._newest_ns = stamp_ns
        elif step > 0:
            self.robot_seconds += step / 1e9
            self._newest_ns = stamp_ns

    def _score(self, stamp_ns: int, parts: Parts) -> Scored | None:
        answers = parts.answers
        if answers is None or parts.scored or (parts.truth is None and self.truth_seen):
            return None
        parts.scored = True
        self.counts.answered += 1
        self.counts.answers += len(answers)
        if answers:
            self.events.setdefault("first_object", time.time())
        decided = [decide(a.heading) for a in answers]
        for index in decided:
            self.counts.by_heading[index] += 1
        truth = parts.truth or []
        moving = self._moving.update(stamp_ns, truth)
        pairs = match([t.box for t in truth], [a.box for a in answers], self.config.iou)
        matched = dict(pairs)
        for i, item in enumerate(truth):
            if not self._counted(item):
                continue
            j = matched.get(i)
            given = answers[j] if j is not None else None
            row = (
                self.robot_seconds,
                item.azimuth,
                float("nan") if given is None or given.azimuth is None else given.azimuth,
                MISSED if j is None else decided[j],
                moving.get(item.id, NOT_KNOWN),
                self.categories.index(item.category),
                -1 if given is None or given.identity is None else self.identities.index(given.identity),
                self.objects.index(item.id),
                self.version,
            )
            self.sightings.add(row)
        return Scored(stamp_ns, self.robot_seconds, answers, truth, pairs, self.danger)

    def _counted(self, item: TruthObject) -> bool:
        small = min(item.box.w, item.box.h) < self.config.min_side
        return item.visible >= self.config.min_visible and not small and np.isfinite(item.azimuth)
