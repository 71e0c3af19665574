"""The one error of this room."""

from __future__ import annotations


class ReplayError(Exception):
    """A recording cannot be replayed or learned from; the text says why and what to do."""
