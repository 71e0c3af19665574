"""The loop over recorded events, single-threaded: what the nodes would have said, the same at every run."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, Event, ImageEvent, MountingEvent
from pose_ssl_ros.inference.engine import Engine
from pose_ssl_ros.inference.hotswap import ModelSlot
from pose_ssl_ros.inference.pairing import Pairer
from pose_ssl_ros.inference.pipeline import InferencePipeline
from pose_ssl_ros.interfaces import Box, CameraModel, Frame, Mounting, Track, Triplet
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.errors import ReplayError
from pose_ssl_ros.replay.pairing import BoxPairs
from pose_ssl_ros.replay.planning import Planning
from pose_ssl_ros.replay.progress import Progress
from pose_ssl_ros.replay.results import FrameResult
from pose_ssl_ros.triplets.ego_buffer import EgoBuffer
from pose_ssl_ros.triplets.pipeline import TripletPipeline

_log = logging.getLogger(__name__)
# base_link this close to the camera's height is not on the ground, whatever REP-120 says; as in the nodes.
_LOWEST_CAMERA_M = 0.05
_CHECK_S = 300.0

#: What is counted, in words for a person.
WORDS = {
    "zero_stamps": "images without a stamp, which got their time of recording",
    "repeated_images": "images with the stamp of the one before, not looked at again",
    "images_bad": "images that the pipeline could not read",
    "images_late": "images older than one already answered, left out as the inference node does",
    "images_without_boxes": "images for which the detector sent no boxes",
    "boxes_without_image": "messages of boxes without an image",
    "resets": "times that the stamps went back or the image size changed, so that tracks began anew",
    "models_refused": "models refused",
    "model_failures": "frames that the model failed on",
}


class Driver(Protocol):
    """A learner that is driven by recorded time (see `replay.learning`)."""

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """Take the triplets of a frame, learn as much as is due and return a new model, if there is one."""


class Replayer:
    """Runs triplets, inference and the speed policy over recorded events, as the nodes do.

    Two runs over the same events give equal results to the bit, `work_ms` apart: there is one thread, the
    clock is that of the recording, and a new model answers from the very next frame on.

    Args:
        config: Parameters of the nodes.
        model: ONNX file to answer with; without one all headings are unknown until the learner gives one.
        driver: Learns from the triplets on the way.

    Raises:
        ReplayError: If the model is refused.
        ObjectnessError: If the model of the built-in proposals cannot be used.

    Example:
        >>> with Replayer(ReplayConfig()) as replayer:
        ...     answers = [result for _, result in replayer.run([])]
        >>> answers
        []
    """

    def __init__(
        self, config: ReplayConfig | None = None, model: bytes | None = None, driver: Driver | None = None
    ) -> None:
        """Load the model."""
        self.config = config or ReplayConfig()
        c = self.config.inference
        self._driver = driver
        self._triplets = TripletPipeline(self.config.triplet)
        slot = ModelSlot(lambda data: Engine(data, c.threads, c.max_model_mb << 20), on_refused=self._refused)
        self._inference = InferencePipeline(c, slot)
        self.progress = Progress()
        #: What was left out or odd, by the names of `WORDS`; `failures` by reason beside.
        self.counts: Counter[str] = Counter()
        self.reasons: dict[str, str] = {}
        self._start_bag()
        if model is not None:
            self._offer(model)
            if slot.refused:
                self.close()
                msg = f"the model cannot be used: {slot.last_refusal}"
                raise ReplayError(msg)

    def _start_bag(self) -> None:
        """A new recording: nothing of the last one but the model, the counts and the numbers of tracks."""
        self._triplets.reset()
        self._inference.reset()
        triplet, inference = self.config.triplet, self.config.inference
        self._egos = EgoBuffer(triplet.max_odom_gap_s), EgoBuffer(inference.odom_gap_s)
        self._camera: CameraModel | None = None
        self._mounted = False
        self._triplets.mounting = Mounting(triplet.camera_x, triplet.camera_height, triplet.camera_pitch)
        given = inference.mounting
        self._mounting = Mounting(given.x, given.height, given.pitch, given.yaw)
        self._planning = Planning(self.config.planner)
        self._pairer: Pairer[Frame, list[Track]] = Pairer(inference.ring)
        self._boxes = BoxPairs(triplet.sync_slop_s, triplet.detector_timeout_s, self.counts)

    def __enter__(self) -> Replayer:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """End the thread that checks models."""
        self._inference.close()

    @property
    def model(self) -> Engine | None:
        """The model that answered the last frame."""
        return self._inference.engine

    def run(self, events: Iterable[Event], bag: int = 0) -> Iterator[tuple[Frame, FrameResult]]:
        """Answer the images of one recording.

        Args:
            events: In order of recording; read as the answers are taken, so memory does not grow.
            bag: Its number in the results; call once for each recording, in order.

        Yields:
            Each answered image with what was said of it.  What is not answered is in `counts`.
        """
        self._start_bag()
        self.progress.next_bag()
        for event in events:
            now = event.recorded_ns
            self.progress.note(now)
            self._planning.advance(now)
            if isinstance(event, ImageEvent):
                pairs: Iterable[tuple[ImageEvent, list[Box] | None]] = [(event, None)]
                if self.config.triplet.detector:
                    pairs = self._boxes.image(event)
                yield from self._answer_all(pairs, now, bag)
            elif isinstance(event, EgoEvent):
                for egos in self._egos:
                    egos.add(event.ego)
                self._planning.odom(now)
            elif isinstance(event, BoxesEvent):
                if self.config.triplet.detector:
                    yield from self._answer_all(self._boxes.boxes(event), now, bag)
            elif isinstance(event, CameraEvent):
                self._camera = event.camera
            elif isinstance(event, MountingEvent):
                self._mount(event.mounting)
        self._boxes.end()

    def skipped(self) -> list[str]:
        """What was left out or odd, one line each: a count and words."""
        stats = self._triplets.stats() | self._inference.stats()
        counts = Counter({name: int(stats[name]) for name in WORDS if name in stats}) + self.counts
        lines = [f"{counts[name]} {words}" for name, words in WORDS.items() if counts[name]]
        return [*lines, *(f"{self.counts[name]} images failed: {words}" for name, words in self.reasons.items())]

    @property
    def damaged(self) -> bool:
        """Whether images were there that could not be answered."""
        return bool(self.counts["failures"] or self.counts["images_late"])

    def stats(self) -> dict[str, float]:
        """All counts of both pipelines and of this loop."""
        return {**self._triplets.stats(), **self._inference.stats(), **{k: float(v) for k, v in self.counts.items()}}

    def _answer_all(
        self, pairs: Iterable[tuple[ImageEvent, list[Box] | None]], now_ns: int, bag: int
    ) -> Iterator[tuple[Frame, FrameResult]]:
        for event, boxes in pairs:
            frame = event.frame
            if frame.stamp_ns <= 0:
                self.counts["zero_stamps"] += 1
                frame = dataclasses.replace(frame, stamp_ns=event.recorded_ns)
            try:
                result = self._answer(event, frame, boxes, now_ns, bag)
            except ReplayError:
                raise
            except Exception as error:  # as in the nodes: one bad image is named and counted, the rest goes on
                self._failed(error)
                continue
            if result is None:
                self.counts["images_late"] += 1
                continue
            if self._driver is not None:
                new = self._driver.take(result.triplets, frame.stamp_ns)
                if new is not None:
                    self._offer(new)
            self.progress.frames += 1
            yield frame, result

    def _answer(
        self, event: ImageEvent, frame: Frame, boxes: list[Box] | None, now_ns: int, bag: int
    ) -> FrameResult | None:
        """One frame through both pipelines; None when the inference node would not answer it."""
        start = time.perf_counter()
        stamp = frame.stamp_ns
        tracks, triplets = self._triplets.process(frame, self._egos[0].at(stamp), self._camera, boxes)
        evidence = dict(self._triplets.evidence)
        # Both nodes' rules on stamps: the same frames are answered as live.
        self._pairer.add_image(stamp, frame)
        if self._pairer.add_tracks(stamp, tracks) is None:
            return None
        objects = self._inference.process(frame, tracks, self._camera, self._egos[1].at(stamp), self._mounting)
        work_ms = 1e3 * (time.perf_counter() - start)
        danger = float(max((o.danger for o in objects), default=0.0))
        version = None if self._inference.engine is None else self._inference.engine.version
        height, width = frame.image.shape[:2]
        return FrameResult(
            bag=bag,
            index=event.number,
            stamp_ns=stamp,
            recorded_ns=event.recorded_ns,
            frame_id=frame.frame_id,
            width=width,
            height=height,
            tracks=tuple(tracks),
            objects=tuple(objects),
            evidence=evidence,
            triplets=tuple(triplets),
            mounting=self._mounting,
            danger=danger,
            speed_limit=self._planning.answer(danger, objects, now_ns),
            version=0 if version is None else version.version,
            heading_ready=version is not None and version.heading_ready,
            work_ms=work_ms,
        )

    def _mount(self, found: Mounting) -> None:
        """The camera's place by /tf; the first that is known stays, as in the nodes."""
        if self._mounted:
            return
        self._mounted = True
        low = found.height <= _LOWEST_CAMERA_M
        if low:
            _log.warning(
                "/tf puts the camera %.2f m above the robot's frame: taking the parameters' height", found.height
            )
        height = self.config.triplet.camera_height if low else found.height
        self._triplets.mounting = dataclasses.replace(found, height=height)
        height = self.config.inference.mounting.height if low else found.height
        self._mounting = dataclasses.replace(found, height=height)

    def _offer(self, model: bytes) -> None:
        """Hand in a model and wait until it is checked, so that the frame it answers first is always the same."""
        slot = self._inference.slot
        slot.offer(model, "replay")
        if not slot.settle(_CHECK_S):
            msg = f"the check of a model did not end within {_CHECK_S:g} s"
            raise ReplayError(msg)

    def _refused(self, reason: str) -> None:
        _log.warning("model refused, the old one stays: %s", reason)

    def _failed(self, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"
        if "failures" not in self.reasons:
            _log.exception("image left out; further ones are only counted")
            self.reasons["failures"] = words
        self.counts["failures"] += 1
