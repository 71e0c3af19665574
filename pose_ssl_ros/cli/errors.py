"""The one error of this room."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot be done; the text says what to do about it.

    Args:
        text: One line for a person.
        code: Exit status: 2 for a command that was mistyped, 1 for one whose input cannot be used.
    """

    def __init__(self, text: str, code: int = 2) -> None:
        """Keep the exit status."""
        super().__init__(text)
        self.code = code
