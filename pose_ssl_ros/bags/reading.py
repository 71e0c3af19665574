"""Recordings as a stream of events: rosbag2 in every storage, whole or damaged, in memory that does not grow.

>>> with open_recording(Path("drive"), Topics(image="/camera/image_raw")) as recording:
...     for event in recording.events():
...         ...
...     print(recording.problems)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from pose_ssl_ros.bags.data_file import DataFile
from pose_ssl_ros.bags.decoding import Decoder
from pose_ssl_ros.bags.definitions import store_of
from pose_ssl_ros.bags.errors import BagError
from pose_ssl_ros.bags.events import Event, ImageEvent
from pose_ssl_ros.bags.folder import Unpacker, find, storage_of
from pose_ssl_ros.bags.problems import Problem, Problems, merged
from pose_ssl_ros.bags.stored import RawMessage, Stream, header_stamp
from pose_ssl_ros.bags.topics import COMPRESSED, RAW, TRANSFORMS, TopicInfo, Topics, choose, listed
from pose_ssl_ros.reading_messages import image_to_rgb

BASE_FRAME = "base_link"


@dataclass(frozen=True)
class RecordingInfo:
    """What is known of a recording before it is read."""

    name: str
    files: tuple[Path, ...]
    storage: str  # mcap or sqlite3
    distribution: str  # of ROS 2, as metadata.yaml says; empty where it does not
    start_ns: int  # time of recording of the earliest message
    seconds: float
    messages: int
    bytes: int  # of the data files
    topics: tuple[TopicInfo, ...]
    roles: Topics  # the topics that are read; empty: there is none
    transforms: tuple[str, ...] = ()  # /tf and /tf_static
    problems: tuple[Problem, ...] = ()  # known at opening
    refused: Mapping[str, str] = field(default_factory=dict)  # part -> why no topic could be chosen for it

    def topic(self, name: str) -> TopicInfo | None:
        """A topic by its name."""
        return next((topic for topic in self.topics if topic.name == name), None)


class Recording:
    """An opened recording; each pass over it begins anew.  Use it as a context manager.

    Args:
        path: Folder or file, or several of them in their order.
        topics: Names of the topics.
        base_frame: The robot's frame, to which /tf leads from the camera.
        strict: Raise where a topic must be named, or where there is no picture; else note it.
    """

    def __init__(
        self,
        path: Path | Sequence[Path],
        topics: Topics | None = None,
        base_frame: str = BASE_FRAME,
        strict: bool = True,
    ) -> None:
        """Open the data files and choose the topics.

        Raises:
            BagError: If nothing can be read, or (strict) a topic must be named, or there is no picture.
        """
        self._base_frame = base_frame
        self._opening = Problems()
        self._reading = Problems()
        self._unpacker = Unpacker()
        self._files: list[DataFile] = []
        try:
            self._open(path, topics or Topics(), strict)
        except BaseException:
            self.close()
            raise

    def _open(self, path: Path | Sequence[Path], topics: Topics, strict: bool) -> None:
        found = find(path, self._opening)
        name = (found.folder or found.paths[0]).resolve().name
        reasons = []
        for file in found.paths:
            try:
                self._files.append(DataFile(self._unpacker(file, self._opening), self._opening))
            except BagError as error:
                reasons.append(str(error))
                self._opening.note("file", str(error))
        if not self._files:
            msg = f"'{name}' cannot be read as a rosbag: {'; '.join(reasons)}"
            raise BagError(msg)
        contents = [file.content for file in self._files]
        counts: Counter[Stream] = Counter()
        for content in contents:
            counts.update(content.counts)
        messages = sum(counts.values())
        if not messages:
            why = "; ".join(p.words for p in self._opening.list() if p.lost)
            msg = (
                f"'{name}' holds no message that can be read: {why}" if why else f"'{name}' is empty: it has no message"
            )
            raise BagError(msg)
        self._compare(found.stated, messages)
        definitions = [item for content in contents for item in content.definitions.items()]
        self._store, refused = store_of(definitions)
        for kind in refused:
            self._opening.note("definition", kind)
        start = min(c.start_ns for c in contents if c.start_ns is not None)
        end = max(c.end_ns for c in contents if c.end_ns is not None)
        seconds = (end - start) * 1e-9
        infos = [
            TopicInfo(
                s.topic,
                s.type_name,
                count,
                (count - 1) / seconds if count > 1 and seconds > 0 else 0.0,
                self._picture_size(s, count),
            )
            for s, count in sorted(counts.items())
        ]
        roles, refusals = choose(topics, infos, name)
        if strict:
            _demand(name, roles, refusals, infos)
        for words in refusals.values():
            self._opening.note("ambiguous", words)
        ends = {t.name for t in infos if t.type == TRANSFORMS}
        self.info = RecordingInfo(
            name=name,
            files=tuple(found.paths),
            storage={".mcap": "mcap", ".db3": "sqlite3"}[storage_of(found.paths[0])],
            distribution=found.distribution,
            start_ns=start,
            seconds=seconds,
            messages=messages,
            bytes=sum(file.stat().st_size for file in found.paths),
            topics=tuple(infos),
            roles=roles,
            transforms=tuple(sorted(t for t in ends if t.rsplit("/", 1)[-1] in ("tf", "tf_static"))),
            problems=tuple(self._opening.list()),
            refused=refusals,
        )

    def _compare(self, stated: int | None, messages: int) -> None:
        """What metadata.yaml states against what is there."""
        if stated is None or stated == messages:
            return
        if stated > messages and any(p.lost for p in self._opening.list()):
            self._opening.note("missing", f"metadata.yaml states {stated}, {messages} are there", stated - messages)
        else:
            self._opening.note("metadata", f"it states {stated} messages, there are {messages}")

    def _picture_size(self, stream: Stream, count: int) -> str:
        """Width x height of the first picture of a topic that can be read."""
        if stream.type_name not in (RAW, COMPRESSED) or not count:
            return ""
        tries = 3
        for raw in self.messages([stream.topic]):
            if raw.type_name != stream.type_name:
                continue
            try:
                shape = image_to_rgb(self.deserialize(raw)).shape
            except Exception:  # it is counted when the pictures are read; here the next one will do
                tries -= 1
                if not tries:
                    break
                continue
            return f"{shape[1]}x{shape[0]}"
        return ""

    @property
    def problems(self) -> list[Problem]:
        """What was wrong at opening and in the newest pass, as far as it went."""
        return merged([self._opening, self._reading])

    def events(self) -> Iterator[Event]:
        """Events in the order of recording; each call begins at the beginning.

        Messages come by their time of recording; where the clock of the recorder went back by more than 10 s,
        they come as they were written.
        """
        self._reading = problems = Problems()
        info = self.info
        decoder = Decoder(info.roles, info.transforms, self._store, problems, self._base_frame, info.start_ns)
        for raw in self._messages(decoder.topics, problems):
            yield from decoder.events(raw)

    def messages(self, topics: Collection[str] | None = None, problems: Problems | None = None) -> Iterator[RawMessage]:
        """Messages as they were recorded, in the order of `events`.

        Args:
            topics: Full names; None: all.
            problems: Takes what turns out to be damaged; `self.problems` is left to `events`.
        """
        return self._messages(None if topics is None else frozenset(topics), problems or Problems())

    def _messages(self, topics: Collection[str] | None, problems: Problems) -> Iterator[RawMessage]:
        for file in self._files:
            yield from file.messages(topics, problems)

    def deserialize(self, raw: RawMessage) -> Any:
        """The message as an object with ROS's fields, by the bag's own definition where it has one.

        Raises:
            BagError: If the bytes are no such message.
        """
        try:
            return self._store.deserialize_cdr(raw.cdr, raw.type_name)
        except Exception as error:  # spoiled bytes fail in rosbags as struct, index, key and value errors
            msg = f"a message on '{raw.topic}' cannot be read as {raw.type_name}: {error or type(error).__name__}"
            raise BagError(msg) from error

    def close(self) -> None:
        """Close the files and remove what was unpacked."""
        for file in self._files:
            file.close()
        self._files.clear()
        self._unpacker.close()

    def __enter__(self) -> Recording:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        """Close."""
        self.close()


def _demand(name: str, roles: Topics, refusals: dict[str, str], infos: Sequence[TopicInfo]) -> None:
    """Raise if a part cannot be played.

    Raises:
        BagError: As said.
    """
    for words in refusals.values():
        raise BagError(words)
    if not roles.image:
        msg = (
            f"'{name}' holds no topic of type sensor_msgs/Image or CompressedImage: there is nothing to look at; "
            f"its topics are {listed(infos)}"
        )
        raise BagError(msg)
    if not sum(t.count for t in infos if t.name == roles.image):
        msg = f"'{name}' holds no message on {roles.image}"
        raise BagError(msg)


def open_recording(
    path: Path | Sequence[Path],
    topics: Topics | None = None,
    *,
    base_frame: str = BASE_FRAME,
    strict: bool = True,
) -> Recording:
    """Open a rosbag2 folder (with or without metadata.yaml), a bare .mcap or .db3 file, or several as one.

    Args:
        path: Where it is.
        topics: Names of the topics; an empty name is found by its type, `none` does without.
        base_frame: The robot's frame.
        strict: Raise where a topic must be named, or there is no picture.

    Raises:
        BagError: If nothing can be read, it is empty, or (strict) a topic must be named; the text lists them.
    """
    return Recording(path, topics, base_frame, strict)


def frames_at(path: Path | Sequence[Path], topics: Topics | None, stamps: Sequence[int]) -> Iterator[ImageEvent]:
    """Pictures by their stamps, in a second pass that decodes nothing else.

    Args:
        path: The recording.
        topics: As it was read the first time.
        stamps: `ImageEvent.frame.stamp_ns` of those wanted.

    Yields:
        Events in the order of recording; a stamp that is not there, or whose picture cannot be decoded, gives none.

    Raises:
        BagError: As `open_recording`.
    """
    wanted = set(stamps)
    if not wanted:
        return
    topics = replace(topics or Topics(), camera_info="none", odom="none", detections="none", truth="none")
    with open_recording(path, topics) as recording:
        roles = recording.info.roles
        decoder = Decoder(roles, (), recording._store, Problems(), BASE_FRAME, recording.info.start_ns)
        for raw in recording.messages([roles.image]):
            if header_stamp(raw) not in wanted and raw.recorded_ns not in wanted:
                decoder.skip(raw)
                continue
            for event in decoder.events(raw):
                if isinstance(event, ImageEvent) and event.frame.stamp_ns in wanted:
                    yield event
