"""The errors of this room."""

from __future__ import annotations


class LabelError(ValueError):
    """What a person asked for cannot be done; the text says why."""


class ConflictError(LabelError):
    """Somebody else changed what a person looks at; the text says to what."""
