"""The one error of this room."""

from __future__ import annotations


class BagError(ValueError):
    """A bag is missing, cannot be used or cannot be written; the text names it and says what to do."""
