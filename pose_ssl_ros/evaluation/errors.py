"""The one error of this room."""

from __future__ import annotations


class EvaluationError(ValueError):
    """Truth, assertions or figures cannot be had; the text says why and what is allowed."""
