"""The one error of this room."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot be done; the text says what to do about it."""
