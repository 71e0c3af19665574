"""The one error of this room."""

from __future__ import annotations


class LaunchError(Exception):
    """A launch file cannot be read or a process cannot be started; the text names the file and the key."""
