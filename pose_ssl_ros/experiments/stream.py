"""One variant over one stream: the nodes' code in one process, judged on the way and by models set aside on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from pose_ssl_ros.bags.events import CameraEvent, EgoEvent, Event, TruthEvent
from pose_ssl_ros.evaluation.judging import Judge
from pose_ssl_ros.evaluation.records import TruthObject
from pose_ssl_ros.experiments.drives import Drive
from pose_ssl_ros.interfaces import Triplet
from pose_ssl_ros.replay.config import ReplayConfig
from pose_ssl_ros.replay.engine import Driver, Replayer
from pose_ssl_ros.triplets.config import TripletNodeConfig

#: A longer pause between two stamps, or a step back, is no robot time.
_LONGEST_PAUSE_NS = 10_000_000_000
#: Truth of so many pictures is kept for triplets whose centre view lies back.
_KEPT_TRUTH = 200
#: Boxes are those kept with the drive.
CONFIG = ReplayConfig(triplet=TripletNodeConfig(detector=True))


@dataclass
class Stream:
    """What a variant's way through a stream left behind.

    Attributes:
        judge: Answers on the stream itself, each given before it was learned from.
        models: By robot seconds: the model that answered then; None where none did yet.
        after: The same at the end of each drive.
        triplets: Number of triplets and of taught ones.
        seconds: Robot time.
    """

    judge: Judge
    models: dict[float, bytes | None] = field(default_factory=dict)
    after: list[bytes | None] = field(default_factory=list)
    triplets: int = 0
    taught: int = 0
    seconds: float = 0.0


class TruthBook:
    """Truth of the newest pictures by stamp, read from the events on their way to the loop, which never sees it."""

    def __init__(self) -> None:
        self._objects: dict[int, list[TruthObject]] = {}

    def at(self, stamp_ns: int) -> list[TruthObject] | None:
        """True objects in the picture of a stamp; None if that is not known any more."""
        return self._objects.get(stamp_ns)

    def watch(self, events: Iterator[Event], judge: Judge) -> Iterator[Event]:
        """The events, with what judging needs noted down."""
        for event in events:
            if isinstance(event, TruthEvent):
                self._objects[event.stamp_ns] = event.objects
                if len(self._objects) > _KEPT_TRUTH:
                    del self._objects[next(iter(self._objects))]
                continue
            if isinstance(event, EgoEvent):
                judge.odometry(event.ego)
            elif isinstance(event, CameraEvent):
                judge.intrinsics(event.camera)
            yield event

    def forget(self) -> None:
        """Another recording begins."""
        self._objects.clear()


class _Setting:
    """Stands between loop and driver and sets models aside when their time has come."""

    def __init__(self, driver: Driver | None, model: bytes | None, times: Sequence[float], found: Stream) -> None:
        self._driver = driver
        self.newest = model
        self._due = sorted(times)
        self._found = found
        self._last: int | None = None

    def take(self, triplets: Sequence[Triplet], stamp_ns: int) -> bytes | None:
        """See `replay.learning.LearnerDriver`."""
        step = 0 if self._last is None else stamp_ns - self._last
        self._last = stamp_ns
        if 0 < step <= _LONGEST_PAUSE_NS:
            self._found.seconds += step * 1e-9
        self._found.triplets += len(triplets)
        self._found.taught += sum(t.teacher is not None for t in triplets)
        new = None if self._driver is None else self._driver.take(triplets, stamp_ns)
        if new is not None:
            self.newest = new
        self.look()
        return new

    def look(self, end: bool = False) -> None:
        """Set aside what is due; at the end of the stream all that is left."""
        while self._due and (end or self._found.seconds >= self._due[0]):
            self._found.models[self._due.pop(0)] = self.newest


def run(
    drives: Sequence[Drive],
    model: bytes | None,
    driver: Driver | None,
    times: Sequence[float] = (),
    tell: Callable[[float], None] = lambda _: None,
    book: TruthBook | None = None,
) -> Stream:
    """Go through drives one after another.

    Args:
        drives: The stream.
        model: Answers from the beginning; None: until the driver gives one, everything is unknown.
        driver: Learns; None: nothing does.
        times: Robot seconds at which the model of the moment is set aside; 0 is after the first picture.
        tell: Called with the robot seconds so far, after each picture.
        book: For a driver that is told the truth.

    Raises:
        ReplayError: If a model is refused.
        ExperimentError: If a drive is damaged.
    """
    found = Stream(Judge())
    setting = _Setting(driver, model, times, found)
    book = book or TruthBook()
    with Replayer(CONFIG, model, setting) as replayer:
        for number, drive in enumerate(drives):
            book.forget()
            found.judge.begin(number)
            for _, result in replayer.run(book.watch(drive.events(), found.judge), number):
                found.judge.add(result, book.at(result.stamp_ns))
                tell(found.seconds)
            found.after.append(setting.newest)
    setting.look(end=True)
    return found
