"""Message definitions for reading and writing bags: those of the bag itself first, then those of ROS 2 Jazzy."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from typing import Any

from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat
from rosbags.typesys import Stores, TypesysError, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from pose_ssl_ros.embedded.definitions import MESSAGES

_RULE = "=" * 80 + "\n"


@functools.cache
def jazzy() -> Typestore:
    """Jazzy's definitions with vision_msgs and nav2_msgs, whose type hashes `tests/embedded` holds to a real ROS 2."""
    store = get_typestore(Stores.ROS2_JAZZY)
    wanted = {name: text for name, text in MESSAGES.items() if name not in store.fielddefs}
    parsed = {}
    for name, text in wanted.items():
        parsed.update(get_types_from_msg(text, name))
    store.register(parsed)
    return store


@functools.cache
def text_and_hash(type_name: str) -> tuple[str, str]:
    """Definition as a bag carries it (with those that it needs) and RIHS01 hash of a message type.

    Raises:
        KeyError: If the type is not known.
    """
    store = jazzy()
    if type_name not in store.fielddefs:
        raise KeyError(type_name)
    text, _ = store.generate_msgdef(type_name, ros_version=2)
    return text, store.hash_rihs01(type_name)


def store_of(definitions: Iterable[tuple[str, MessageDefinition]]) -> tuple[Typestore, list[str]]:
    """A store in which the bag's own definitions win over Jazzy's.

    Args:
        definitions: (type, definition) of the bag's topics; those of format NONE are passed over.

    Returns:
        The store, and the types whose definition in the bag cannot be read (Jazzy's is taken for them).
    """
    given = {(n, d) for n, d in definitions if d.format != MessageDefinitionFormat.NONE and d.data.strip()}
    store, refused = _store_of(tuple(sorted(given, key=lambda item: (item[0], item[1].data))))
    return store, list(refused)


@functools.lru_cache(maxsize=8)
def _store_of(definitions: tuple[tuple[str, MessageDefinition], ...]) -> tuple[Typestore, tuple[str, ...]]:
    ours = jazzy().fielddefs
    found: dict[str, Any] = {}
    refused = []
    for name, definition in definitions:
        try:
            found.update(_parsed(name, definition))
        except (TypesysError, ValueError, KeyError, IndexError, AttributeError):  # what its parsers let through
            refused.append(name)
    # Making the classes of a store takes a tenth of a second, and most bags define nothing that Jazzy does not.
    if all(name in ours and _fields(ours[name]) == _fields(item) for name, item in found.items()):
        return jazzy(), tuple(refused)
    store = get_typestore(Stores.EMPTY)
    try:
        store.register({**ours, **found})
    except (TypesysError, SyntaxError, KeyError):  # a definition that parses and makes no sense
        return jazzy(), tuple(sorted({name for name, _ in definitions}))
    return store, tuple(refused)


def _fields(definition: Any) -> list[tuple[str, Any]]:
    """Fields by lower-case name, which is how definitions are compared by rosbags, too."""
    return [(name.lower(), kind) for name, kind in definition[1]]


def _parsed(name: str, definition: MessageDefinition) -> dict[str, Any]:
    if definition.format == MessageDefinitionFormat.MSG:
        return dict(get_types_from_msg(definition.data, name))
    if not definition.data.startswith(f"{_RULE}IDL: "):
        return dict(get_types_from_idl(definition.data))
    found: dict[str, Any] = {}
    for part in definition.data.split(_RULE)[1:]:
        found.update(get_types_from_idl(re.sub(r"^IDL: .*\n", "", part, count=1)))
    return found
