"""Brings each answered frame together with its truth while the recording streams by."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator

from pose_ssl_ros.bags.events import CameraEvent, EgoEvent, Event, TruthEvent
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.evaluation.truth import TopicTruth, Truth
from pose_ssl_ros.interfaces import CameraModel, EgoState, Frame
from pose_ssl_ros.replay.results import FrameResult

#: Answered frames that wait for their truth at most; a topic's truth comes just before or after its picture.
WAITING = 8


class TruthJoin:
    """Stands on both sides of a replay: takes truth out of what goes in, adds it to what comes out.

    Args:
        truth: Where the truth comes from; None for the recording's own topic.
        on_ego: Told of odometry, which the judge needs, too.
        on_camera: Told of intrinsics.
    """

    def __init__(
        self,
        truth: Truth | None,
        on_ego: Callable[[EgoState], None] = lambda _: None,
        on_camera: Callable[[CameraModel], None] = lambda _: None,
    ) -> None:
        self._truth = TopicTruth() if truth is None else truth
        self._topic = self._truth if isinstance(self._truth, TopicTruth) else None
        self._on_ego, self._on_camera = on_ego, on_camera
        self.camera: CameraModel | None = None  # newest intrinsics that went in

    @property
    def messages(self) -> int:
        """Messages of truth that the recording's topic gave."""
        return 0 if self._topic is None else self._topic.frames

    def without_truth(self, events: Iterable[Event]) -> Iterator[Event]:
        """The events that the loop may see."""
        for event in events:
            if isinstance(event, TruthEvent):
                if self._topic is not None:
                    self._topic.add(event.stamp_ns, event.objects)
                continue
            if isinstance(event, EgoEvent):
                self._on_ego(event.ego)
            elif isinstance(event, CameraEvent):
                self.camera = event.camera
                self._on_camera(event.camera)
            yield event

    def with_truth(
        self, answers: Iterable[tuple[Frame, FrameResult]]
    ) -> Iterator[tuple[Frame, FrameResult, list[TruthObject] | None]]:
        """Each answered frame with its truth, in order; None where nobody labelled it."""
        waiting: deque[tuple[Frame, FrameResult]] = deque()
        for answer in answers:
            waiting.append(answer)
            while waiting and (self._ready(waiting[0][1]) or len(waiting) > WAITING):
                yield self._joined(*waiting.popleft())
        while waiting:
            yield self._joined(*waiting.popleft())

    def _ready(self, result: FrameResult) -> bool:
        return self._topic is None or self._topic.has(result.stamp_ns)

    def _joined(self, frame: Frame, result: FrameResult) -> tuple[Frame, FrameResult, list[TruthObject] | None]:
        return frame, result, self._truth.at(result.stamp_ns, result.index)
