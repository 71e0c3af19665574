"""Recorded messages to events; what cannot be used is counted and named."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from rosbags.typesys.store import Typestore

from pose_ssl_ros.bags.events import BoxesEvent, CameraEvent, EgoEvent, Event, ImageEvent, MountingEvent, TruthEvent
from pose_ssl_ros.bags.problems import Problems
from pose_ssl_ros.bags.stored import RawMessage
from pose_ssl_ros.bags.topics import BOXES, CAMERA_INFO, COMPRESSED, ODOMETRY, RAW, TRANSFORMS, Topics
from pose_ssl_ros.bags.truth_messages import truth_from
from pose_ssl_ros.interfaces import CameraModel, Frame, Mounting
from pose_ssl_ros.mounting_finder import MountingFinder
from pose_ssl_ros.perception.images import ImageError
from pose_ssl_ros.reading_messages import box_of, camera_from_info, ego_from_odom, image_to_rgb, stamp_ns

#: A step between two stamps, forward or back, that no camera makes.
JUMP_NS = 10_000_000_000
_SAME = 1e-6  # metres and radians within which a mounting has not changed


class Decoder:
    """Turns one pass over a recording into events.

    Args:
        roles: Names of the topics.
        transforms: Topics of /tf and /tf_static.
        store: Definitions of the bag's messages.
        problems: Takes what cannot be used.
        base_frame: The robot's frame.
        start_ns: Beginning of the recording, for words.
    """

    def __init__(
        self,
        roles: Topics,
        transforms: Collection[str],
        store: Typestore,
        problems: Problems,
        base_frame: str,
        start_ns: int,
    ) -> None:
        """Begin at the first message."""
        self._roles = roles
        self._transforms = frozenset(transforms)
        self._store = store
        self._problems = problems
        self._start_ns = start_ns
        self._finder = MountingFinder(base_frame)
        self._mounting: Mounting | None = None
        self._camera: CameraModel | None = None
        self._frame_id: str | None = None
        self._number = -1
        self._encoding = ""
        self._size: tuple[int, int] | None = None
        self._stamp: int | None = None
        self._recorded: int | None = None

    @property
    def topics(self) -> set[str]:
        """Those that it reads."""
        names = (self._roles.image, self._roles.camera_info, self._roles.odom, self._roles.detections)
        return {name for name in (*names, self._roles.truth) if name} | self._transforms

    def events(self, raw: RawMessage) -> Iterator[Event]:
        """What a message says; nothing if it cannot be used."""
        self._watch_clock(raw)
        self.skip(raw)
        try:
            message = self._store.deserialize_cdr(raw.cdr, raw.type_name)
            yield from self._read(raw, message)
        except ImageError as error:
            self._problems.note("picture", f"{self._where(raw)}: {error}")
        except Exception as error:  # spoiled bytes fail in rosbags as struct, index, key and value errors
            kind = "picture" if raw.topic == self._roles.image else "message"
            self._problems.note(kind, f"{self._where(raw)}: {error or type(error).__name__}")

    def skip(self, raw: RawMessage) -> None:
        """Count a picture that is not wanted."""
        if raw.topic == self._roles.image and raw.type_name in (RAW, COMPRESSED):
            self._number += 1

    def _read(self, raw: RawMessage, message: Any) -> Iterator[Event]:
        roles = self._roles
        if raw.topic == roles.image and raw.type_name in (RAW, COMPRESSED):
            yield from self._image(raw, message)
        elif raw.topic == roles.camera_info and raw.type_name == CAMERA_INFO:
            camera = camera_from_info(message)
            if camera is None:
                self._problems.note("values", self._where(raw))
            elif camera != self._camera:
                self._camera = camera
                yield CameraEvent(raw.recorded_ns, camera)
        elif raw.topic == roles.odom and raw.type_name == ODOMETRY:
            ego = ego_from_odom(message)
            if ego is None:
                self._problems.note("values", self._where(raw))
            else:
                yield EgoEvent(raw.recorded_ns, ego)
        elif raw.topic in self._transforms and raw.type_name == TRANSFORMS:
            self._finder.add(message.transforms)
            yield from self._mount(raw.recorded_ns)
        elif raw.topic == roles.truth and raw.type_name == BOXES:
            stamp = stamp_ns(message.header) or raw.recorded_ns
            yield TruthEvent(raw.recorded_ns, stamp, truth_from(message))
        elif raw.topic == roles.detections and raw.type_name == BOXES:
            boxes = [box_of(item) for item in message.detections]
            yield BoxesEvent(raw.recorded_ns, stamp_ns(message.header) or raw.recorded_ns, boxes)

    def _image(self, raw: RawMessage, message: Any) -> Iterator[Event]:
        encoding = str(message.format if raw.type_name == COMPRESSED else message.encoding)
        if self._encoding and encoding != self._encoding:
            self._problems.note("encoding", f"{self._where(raw)}: from {self._encoding} to {encoding}")
        self._encoding = encoding
        stamp = stamp_ns(message.header)
        if stamp <= 0:
            self._problems.note("zero_stamp", self._where(raw))
            stamp = raw.recorded_ns
        self._watch_stamp(raw, stamp)
        rgb = image_to_rgb(message)
        size = (rgb.shape[1], rgb.shape[0])
        if self._size is None:
            self._size = size
        elif size != self._size:
            words = f"{size[0]}x{size[1]} among {self._size[0]}x{self._size[1]}"
            self._problems.note("size", f"{self._where(raw)}: {words}")
        frame_id = message.header.frame_id
        if frame_id != self._frame_id:
            self._frame_id = frame_id
            yield from self._mount(raw.recorded_ns)
        yield ImageEvent(raw.recorded_ns, self._number, Frame(rgb, stamp, frame_id))

    def _mount(self, recorded_ns: int) -> Iterator[Event]:
        """The mounting, if it is known now and was not, or changed."""
        if self._frame_id is None:
            return
        found = self._finder.find(self._frame_id)
        if found is None or (self._mounting is not None and _same(found, self._mounting)):
            return
        self._mounting = found
        yield MountingEvent(recorded_ns, found)

    def _watch_stamp(self, raw: RawMessage, stamp: int) -> None:
        last, self._stamp = self._stamp, stamp
        if last is not None and abs(stamp - last) > JUMP_NS:
            self._problems.note("stamp_jump", f"{self._where(raw)}: by {_duration(stamp - last)}")

    def _watch_clock(self, raw: RawMessage) -> None:
        last, self._recorded = self._recorded, raw.recorded_ns
        if last is not None and abs(raw.recorded_ns - last) > JUMP_NS:
            self._problems.note("clock_jump", f"by {_duration(raw.recorded_ns - last)} at {self._moment(last)}")

    def _where(self, raw: RawMessage) -> str:
        return f"{raw.topic} at {self._moment(raw.recorded_ns)}"

    def _moment(self, recorded_ns: int) -> str:
        return f"{(recorded_ns - self._start_ns) * 1e-9:.1f} s"


def _same(one: Mounting, other: Mounting) -> bool:
    pairs = ((one.x, other.x), (one.height, other.height), (one.pitch, other.pitch), (one.yaw, other.yaw))
    return all(abs(a - b) < _SAME for a, b in pairs)


def _duration(nanoseconds: int) -> str:
    return f"{nanoseconds * 1e-9:+.1f} s"
