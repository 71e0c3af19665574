"""The one error of this room."""

from __future__ import annotations


class BenchmarkError(RuntimeError):
    """A benchmark cannot be run or read; the text says why and what would help."""
