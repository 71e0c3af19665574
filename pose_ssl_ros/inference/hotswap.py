"""Swaps models between two frames; the old one works until the new one has proved itself."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

from pose_ssl_ros.inference.engine import Engine, ModelError
from pose_ssl_ros.interfaces import ModelVersion


class ModelSlot:
    """Holds the model in use and prepares the next one on a thread of its own.

    Whatever is offered last wins: if several models arrive while one is being
    checked, only the newest of them is looked at.  A version number that is not
    higher than the present one is accepted (a learner killed before it saved
    comes back with an older number and different weights, and it is the learner
    that is alive) but counted, because two learners on one topic look the same.
    Weights that are already in use are ignored.

    Args:
        make: Builds an engine from bytes or raises `ModelError`.
        on_ready: Called on the checking thread after each accepted model.
        on_refused: Called there with the reason of each refusal.
    """

    def __init__(
        self,
        make: Callable[[bytes], Engine] = Engine,
        on_ready: Callable[[Engine], None] | None = None,
        on_refused: Callable[[str], None] | None = None,
    ) -> None:
        """Start without a model."""
        self._make = make
        self._on_ready = on_ready
        self._on_refused = on_refused
        self._changed = threading.Condition()
        self._offer: tuple[bytes, str] | None = None
        self._next: tuple[Engine, str] | None = None
        self._newest: Engine | None = None  # accepted last, taken or not
        self._busy = False
        self._closed = False
        self._thread: threading.Thread | None = None
        self.engine: Engine | None = None
        self.source = ""
        self.accepted = self.refused = self.ignored = self.swaps = self.went_back = 0
        self.last_refusal = ""

    def offer(self, model_bytes: bytes, source: str = "topic") -> None:
        """Hand in a model; returns at once."""
        with self._changed:
            if self._closed:
                return
            if self._offer is not None:
                self.ignored += 1
            self._offer = (model_bytes, source)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="model-check", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def offer_file(self, path: str) -> None:
        """Hand in a file.

        Raises:
            ModelError: If the file cannot be read; the slot stays as it is and counts a refusal.
        """
        try:
            content = Path(path).expanduser().read_bytes()
        except OSError as error:
            msg = f"the model file '{path}' cannot be read: {error.strerror}"
            self._refuse(msg)
            raise ModelError(msg) from error
        self.offer(content, path)

    def take(self) -> Engine | None:
        """The model for the next frame; call between two frames."""
        with self._changed:
            if self._next is not None:
                self.engine, self.source = self._next
                self._next = None
                self.swaps += 1
            return self.engine

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait until all that was offered has been looked at; whether that happened in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._offer is None and not self._busy, timeout)

    def close(self) -> None:
        """End the checking thread."""
        with self._changed:
            self._closed = True
            self._offer = None
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(5.0)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._offer is not None or self._closed)
                if self._closed or self._offer is None:
                    return
                (content, source), self._offer = self._offer, None
                self._busy = True
            try:
                engine = self._make(content)
            except ModelError as error:
                self._refuse(str(error))
            except Exception as error:  # a checker that dies would refuse all later models silently
                self._refuse(f"the check failed: {type(error).__name__}: {error}")
            else:
                self._accept(engine, source)

    def _accept(self, engine: Engine, source: str) -> None:
        with self._changed:
            if self._newest is not None:
                if _card(engine) == _card(self._newest):
                    self.ignored += 1
                    return
                if engine.version.version <= self._newest.version.version:
                    self.went_back += 1
            self.accepted += 1
            self._newest = engine
            self._next = (engine, source)
        if self._on_ready is not None:
            self._on_ready(engine)

    def _refuse(self, reason: str) -> None:
        with self._changed:
            self.refused += 1
            self.last_refusal = reason
        if self._on_refused is not None:
            self._on_refused(reason)


def _card(engine: Engine) -> ModelVersion:
    """What makes a model different in use: not its number nor its statistics."""
    return dataclasses.replace(engine.version, version=0, parent=0, training={})
