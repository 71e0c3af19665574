"""Finds the image that belongs to tracks: both carry the same stamp, the tracks come later."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

I = TypeVar("I")  # noqa: E741
T = TypeVar("T")


class Pairer(Generic[I, T]):
    """Keeps a few recent images and tracks until their partner comes.

    Images without a stamp of their own (`own_stamp` false) are kept under the time of
    their arrival and get the next tracks of about that time.

    An image whose tracks never come is counted in `skipped`, tracks whose image never
    came in `orphans`.  Nothing older than the last pair is paired any more.

    Args:
        depth: Images kept.
        jump_ns: Stamps that go back by more than this mean that time started anew (a bag loop).
    """

    def __init__(self, depth: int, jump_ns: int = 1_000_000_000) -> None:
        """Start empty."""
        self._depth = depth
        self._jump_ns = jump_ns
        self._images: OrderedDict[int, I] = OrderedDict()
        self._tracks: OrderedDict[int, T] = OrderedDict()
        self._newest_image: int | None = None
        self._own_stamps = True
        self._paired: int | None = None
        self.paired = self.skipped = self.orphans = self.jumps = 0

    def add_image(self, stamp: int, image: I, own_stamp: bool = True) -> tuple[I, T] | None:
        """Add an image; returns the pair if its tracks are already here."""
        self._own_stamps = own_stamp
        if self._newest_image is not None and stamp < self._newest_image - self._jump_ns:
            self._restart(self._newest_image - self._jump_ns)
        self._newest_image = stamp
        self._images.pop(stamp, None)
        self._images[stamp] = image
        if stamp in self._tracks:
            return self._pair(stamp)
        while len(self._images) > self._depth:
            self._images.popitem(last=False)
            self.skipped += 1
        return None

    def add_tracks(self, stamp: int, tracks: T) -> tuple[I, T] | None:
        """Add tracks; returns the pair if their image is here."""
        if self._paired is not None and self._paired - self._jump_ns < stamp < self._paired:
            self.orphans += 1  # a newer frame was already answered
            return None
        self._tracks.pop(stamp, None)
        self._tracks[stamp] = tracks
        if stamp in self._images:
            return self._pair(stamp)
        if not self._own_stamps:
            near = [s for s in self._images if 0 <= stamp - s <= self._jump_ns]
            if near:
                self._images[stamp] = self._images.pop(max(near))
                return self._pair(stamp)
        while len(self._tracks) > self._depth:
            self._tracks.popitem(last=False)
            self.orphans += 1
        return None

    def _pair(self, stamp: int) -> tuple[I, T]:
        found = (self._images.pop(stamp), self._tracks.pop(stamp))
        for old in [s for s in self._images if s < stamp]:
            del self._images[old]
            self.skipped += 1
        for old in [s for s in self._tracks if s < stamp]:
            del self._tracks[old]
            self.orphans += 1
        self._paired = stamp
        self.paired += 1
        return found

    def _restart(self, before: int) -> None:
        self.jumps += 1
        self.skipped += len(self._images)
        self._images.clear()
        # Tracks of the new round may have come first: only those of the old one go.
        for old in [s for s in self._tracks if s >= before]:
            del self._tracks[old]
            self.orphans += 1
        self._paired = None
