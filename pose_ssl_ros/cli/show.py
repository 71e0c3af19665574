"""Messages as text, long arrays shortened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

MAX_ITEMS = 16


def field_names(message: Any) -> list[str]:
    """Names of a message's fields; empty if the value is no message."""
    if hasattr(message, "get_fields_and_field_types"):
        return list(message.get_fields_and_field_types())
    return [slot.lstrip("_") for slot in getattr(message, "__slots__", []) if slot != "_check_fields"]


def lines(value: Any, indent: int = 0, full: bool = False) -> Iterator[str]:
    """A message as indented YAML-like lines."""
    pad = "  " * indent
    for name in field_names(value):
        item = getattr(value, name)
        if field_names(item):
            yield f"{pad}{name}:"
            yield from lines(item, indent + 1, full)
        elif _is_list(item) and len(item) and field_names(item[0]):
            yield f"{pad}{name}:"
            for entry in _short(item, full):
                first, *rest = list(lines(entry, indent + 1, full)) or [f"{pad}  {{}}"]
                yield f"{pad}- {first.strip()}"
                yield from rest
            if not full and len(item) > MAX_ITEMS:
                yield f"{pad}# and {len(item) - MAX_ITEMS} more"
        else:
            yield f"{pad}{name}: {scalar(item, full)}"


def scalar(value: Any, full: bool = False) -> str:
    """One value on one line."""
    if isinstance(value, (bytes, bytearray)) and len(value) == 1:
        return str(value[0])
    if not _is_list(value):
        return repr(value) if isinstance(value, str) else str(value)
    shown = [str(item) if not isinstance(item, str) else repr(item) for item in _short(value, full)]
    tail = "" if full or len(value) <= MAX_ITEMS else f", ... {len(value)} in all"
    return f"[{', '.join(shown)}{tail}]"


def _is_list(value: Any) -> bool:
    return isinstance(value, (Sequence, bytearray)) and not isinstance(value, str) or hasattr(value, "dtype")


def _short(value: Any, full: bool) -> Any:
    return value if full else value[:MAX_ITEMS]
