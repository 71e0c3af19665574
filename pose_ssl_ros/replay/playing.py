"""Which part of a recording is played, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from pose_ssl_ros.bags.events import BoxesEvent, Event, ImageEvent, TruthEvent
from pose_ssl_ros.perception.pacing import Pacer


def window(events: Iterable[Event], start_ns: int, end_ns: int | None = None) -> Iterator[Event]:
    """The part between two times of recording.

    What is known beforehand (intrinsics, mounting, odometry) is kept, so that the first image is read as it
    would be in the middle of the drive.

    Args:
        events: In order of recording.
        start_ns: Images, boxes and truth recorded before are left out.
        end_ns: Events recorded from here on end it; None: to the end.
    """
    for event in events:
        if end_ns is not None and event.recorded_ns >= end_ns:
            return
        if event.recorded_ns >= start_ns or not isinstance(event, (ImageEvent, BoxesEvent, TruthEvent)):
            yield event


def paced(events: Iterable[Event], speed: float, stopped: Callable[[], bool]) -> Iterator[Event]:
    """Events when they are due; a replay that is too slow for that gives up the time instead of catching up.

    Args:
        events: In order of recording.
        speed: Recorded seconds in a second.
        stopped: Ends the waiting and the events.
    """
    pacer = Pacer(lambda _: None, stopped)
    for event in events:
        if not pacer.wait(event.recorded_ns, speed):
            return
        yield event


def until(events: Iterable[Event], stopped: Callable[[], bool]) -> Iterator[Event]:
    """Events until somebody asks for the end, so that what was done so far stays whole."""
    for event in events:
        if stopped():
            return
        yield event
