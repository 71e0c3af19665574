"""Copies a recording's messages into another bag, in step with what is written beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from pose_ssl_ros.bags.definitions import jazzy
from pose_ssl_ros.bags.reading import Recording
from pose_ssl_ros.bags.stored import RawMessage


class Copier:
    """Copies messages byte for byte up to a time, then further.

    A topic is left out, and named in `left_out`, when the bag defines its type otherwise than ROS 2 Jazzy, whose
    definitions our bags carry: the bytes would not fit them.

    Args:
        recording: Opened for this only; what is read here is not counted elsewhere.
        write: Takes topic, type, time of recording and bytes.
        taken: Topics that something else is written to.
        begin_ns: Messages recorded before are left out, latched ones excepted.
    """

    def __init__(
        self,
        recording: Recording,
        write: Callable[[str, str, int, bytes], None],
        taken: Collection[str] = (),
        begin_ns: int = 0,
    ) -> None:
        """Read nothing yet."""
        self._recording = recording
        self._write = write
        self._begin = begin_ns
        self._messages: Iterator[RawMessage] = recording.messages()
        self._next: RawMessage | None = None
        self._fits: dict[str, str] = {}  # type -> why it does not fit, or nothing
        self.count = 0
        #: Topic -> why it was not copied.
        self.left_out: dict[str, str] = {
            t.name: "replay writes this topic itself" for t in recording.info.topics if t.name in taken
        }

    def until(self, recorded_ns: int | None) -> None:
        """Copy what was recorded up to a time; None: all that is left."""
        while True:
            message = self._next or next(self._messages, None)
            self._next = None
            if message is None:
                return
            if recorded_ns is not None and message.recorded_ns > recorded_ns:
                self._next = message
                return
            self._copy(message)

    def _copy(self, message: RawMessage) -> None:
        topic, kind = message.topic, message.type_name
        if message.recorded_ns < self._begin and topic.rsplit("/", 1)[-1] != "tf_static":
            return
        if topic in self.left_out:
            return
        if kind not in self._fits:
            self._fits[kind] = self._check(kind)
        if self._fits[kind]:
            self.left_out[topic] = self._fits[kind]
            return
        self._write(topic, kind, message.recorded_ns, message.cdr)
        self.count += 1

    def _check(self, kind: str) -> str:
        """Why a type does not fit, or nothing."""
        ours, own = jazzy(), self._recording._store
        if kind not in ours.fielddefs:
            return f"the definition of {kind} is not known here"
        if kind in own.fielddefs and own.hash_rihs01(kind) != ours.hash_rihs01(kind):
            return f"the bag defines {kind} otherwise than ROS 2 Jazzy"
        return ""
