"""Rows that cannot be read: named, counted, skipped; too many of them stop the run."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pose_ssl_ros.datasets.dataset import DatasetError

#: Tells a person something, one sentence.
Say = Callable[[str], None]
#: Share of bad rows that is still accepted.
ACCEPTED = 0.01
#: Bad rows that are named; all are counted.
NAMED = 10


def to_stderr(text: str) -> None:
    """Write a sentence for the person who waits."""
    print(text, file=sys.stderr, flush=True)


class BadRows:
    """Collects the bad rows of one table.

    Args:
        path: The table, for the sentences.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.reasons: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.reasons)

    def add(self, line: int, reason: str) -> None:
        """Remember that the row on a line (1 is the header) is skipped, and why."""
        self.reasons.setdefault(line, reason)

    def listed(self) -> str:
        """The first ones, one a line."""
        lines = sorted(self.reasons.items())
        named = "\n".join(f"  line {line}: {reason}" for line, reason in lines[:NAMED])
        return named + (f"\n  ... and {len(lines) - NAMED} more" if len(lines) > NAMED else "")

    def refuse(self, total: int) -> None:
        """Stop if too many of `total` rows are bad.

        Raises:
            DatasetError: If it is more than `ACCEPTED` of them, or if no row is left; lists the first ones.
        """
        if self.reasons and (len(self) > ACCEPTED * total or len(self) >= total):
            text = f"{len(self)} of {total} rows of {self.path} can't be read, more than {100 * ACCEPTED:g} %"
            msg = f"{text}:\n{self.listed()}"
            raise DatasetError(msg)

    def tell(self, total: int, say: Say) -> None:
        """Say what is skipped of `total` rows."""
        if self.reasons:
            say(f"{len(self)} of {total} rows of {self.path} can't be read and are skipped:\n{self.listed()}")
