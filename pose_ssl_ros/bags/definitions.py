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
    types = dict(jazzy().fielddefs)
    refused = []
    for name, definition in definitions:
        if definition.format == MessageDefinitionFormat.NONE or not definition.data.strip():
            continue
        try:
            types.update(_parsed(name, definition))
        except (TypesysError, ValueError, KeyError, IndexError, AttributeError):  # what its parsers let through
            refused.append(name)
    store = get_typestore(Stores.EMPTY)
    try:
        store.register(types)
    except (TypesysError, SyntaxError, KeyError):  # a definition that parses and makes no sense
        return jazzy(), sorted({name for name, _ in definitions})
    return store, refused


def _parsed(name: str, definition: MessageDefinition) -> dict[str, Any]:
    if definition.format == MessageDefinitionFormat.MSG:
        return dict(get_types_from_msg(definition.data, name))
    if not definition.data.startswith(f"{_RULE}IDL: "):
        return dict(get_types_from_idl(definition.data))
    found: dict[str, Any] = {}
    for part in definition.data.split(_RULE)[1:]:
        found.update(get_types_from_idl(re.sub(r"^IDL: .*\n", "", part, count=1)))
    return found
