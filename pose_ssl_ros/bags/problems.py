"""What is wrong with a recording: counted, named, and never in the way of what can be read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One kind of thing that is wrong."""

    kind: str  # a key of KINDS
    count: int
    words: str  # a sentence for a person, with the count and the first case
    lost: bool = False  # True: something that was recorded could not be used


#: kind -> (the sentence for one, the sentence for {n}, whether something was lost).
KINDS: dict[str, tuple[str, str, bool]] = {
    "metadata": ("metadata.yaml cannot be relied on", "metadata.yaml cannot be relied on in {n} places", False),
    "file": ("1 data file cannot be used", "{n} data files cannot be used", True),
    "cut": ("1 data file is cut", "{n} data files are cut", True),
    "index": (
        "the index of 1 data file lies; it was read from its beginning to its end instead",
        "the indices of {n} data files lie; they were read from beginning to end instead",
        False,
    ),
    "unfinished": ("1 data file was not closed by its recorder", "{n} data files were not closed", False),
    "damaged": ("1 damaged place was passed over", "{n} damaged places were passed over", True),
    "missing": ("1 message less was found than the index states", "{n} messages fewer than stated were found", True),
    "format": ("1 topic is not stored as CDR and left out", "{n} topics are not stored as CDR and left out", True),
    "definition": (
        "the bag's definition of 1 message type cannot be read; that of ROS 2 Jazzy was taken",
        "the bag's definitions of {n} message types cannot be read; those of ROS 2 Jazzy were taken",
        False,
    ),
    "picture": ("1 picture cannot be decoded", "{n} pictures cannot be decoded", True),
    "message": ("1 message cannot be read", "{n} messages cannot be read", True),
    "values": (
        "1 message holds zeros or NaN and was left out",
        "{n} messages hold zeros or NaN and were left out",
        True,
    ),
    "encoding": ("the encoding of the pictures changes once", "the encoding of the pictures changes {n} times", False),
    "size": ("1 picture has another size than the first", "{n} pictures have another size than the first", False),
    "stamp_jump": ("the stamps of the pictures jump once", "the stamps of the pictures jump {n} times", False),
    "clock_jump": ("the time of recording jumps once", "the time of recording jumps {n} times", False),
    "zero_stamp": (
        "1 picture has no stamp; its time of recording was taken",
        "{n} pictures have no stamp; their times of recording were taken",
        False,
    ),
    "ambiguous": ("1 topic must be named", "{n} topics must be named", False),
}


class Problems:
    """Counts problems by kind and keeps the first case of each: memory does not grow with the bag."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self._found: dict[str, tuple[int, str]] = {}

    def note(self, kind: str, case: str = "", count: int = 1) -> None:
        """Count something.

        Args:
            kind: A key of KINDS.
            case: What happened, where; the first of a kind is kept.
            count: How many.
        """
        before, first = self._found.get(kind, (0, case))
        self._found[kind] = (before + count, first)

    def take(self, other: Problems) -> None:
        """Add what another one counted."""
        for kind, (count, case) in other._found.items():
            self.note(kind, case, count)

    def clear(self) -> None:
        """Forget everything."""
        self._found.clear()

    def list(self) -> list[Problem]:
        """What was found, in the order of KINDS."""
        return merged([self])


def merged(parts: Iterable[Problems]) -> list[Problem]:
    """The problems of several counters as one list, in the order of KINDS."""
    counts: dict[str, tuple[int, str]] = {}
    for part in parts:
        for kind, (count, case) in part._found.items():
            before, first = counts.get(kind, (0, case))
            counts[kind] = (before + count, first or case)
    found = []
    for kind, (one, many, lost) in KINDS.items():
        if kind not in counts:
            continue
        count, case = counts[kind]
        sentence = one if count == 1 else many.format(n=count)
        lead = "" if count == 1 or kind == "missing" else "first: "
        found.append(Problem(kind, count, f"{sentence} ({lead}{case})" if case else sentence, lost))
    return found
