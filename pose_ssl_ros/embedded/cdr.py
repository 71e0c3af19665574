"""XCDR1 ("plain CDR") serialisation: per message class, code is generated once and compiled.

rosbags has a serialiser too, but for its own records (numpy everywhere, octets as integers); this one reads and
writes our message classes directly. A test holds the two, and the bytes of a real ROS 2, equal.
"""

from __future__ import annotations

import array
import functools
import struct
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from pose_ssl_ros.embedded.store import FieldType, definition
from pose_ssl_ros.embedded.types import NUMBERS, Message, message_class

_FORMATS = {
    "bool": ("?", 1), "byte": ("c", 1), "int8": ("b", 1), "uint8": ("B", 1), "int16": ("h", 2), "uint16": ("H", 2),
    "int32": ("i", 4), "uint32": ("I", 4), "int64": ("q", 8), "uint64": ("Q", 8), "float32": ("f", 4),
    "float64": ("d", 8),
}  # fmt: skip
_LITTLE = sys.byteorder == "little"


class CdrError(ValueError):
    """Bytes that are no message of the expected type, or a message that can't be serialised."""


def _runs(fields: dict[str, FieldType]) -> list[list[tuple[str, FieldType]]]:
    """Group neighbouring numbers of non-increasing size: they need one alignment and one struct call."""
    groups: list[list[tuple[str, FieldType]]] = []
    for name, kind in fields.items():
        single = not kind.shape and kind.base in _FORMATS
        last = groups[-1][-1][1] if groups else None
        follows = single and last and not last.shape and last.base in _FORMATS
        if follows and last and _FORMATS[kind.base][1] <= _FORMATS[last.base][1]:
            groups[-1].append((name, kind))
        else:
            groups.append([(name, kind)])
    return groups


def _pad(size: int) -> list[str]:
    # The stream starts after a header of 4 bytes; `len(buf) - 4` is the position in it.
    return [f"pad = (4 - len(buf)) & {size - 1}", "if pad: buf += b'\\0' * pad"] if size > 1 else []


def _align(size: int) -> list[str]:
    return [f"pos = ((pos + {size - 5}) & {-size}) + 4"] if size > 1 else []


def _string(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<I", len(raw) + 1) + raw + b"\0"


def _writer_lines(fields: dict[str, FieldType], scope: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for group in _runs(fields):
        name, kind = group[0]
        value = f"msg.{name}"
        if not kind.shape and kind.base in _FORMATS:
            fmt = "<" + "".join(_FORMATS[k.base][0] for _, k in group)
            scope[f"p_{name}"] = struct.Struct(fmt).pack
            lines += _pad(_FORMATS[kind.base][1])
            lines.append(f"buf += p_{name}({', '.join('msg.' + n for n, _ in group)})")
            continue
        if kind.shape == "sequence":
            lines += [*_pad(4), f"items = {value}", "buf += count(len(items))"]
        elif kind.shape:
            lines += [f"items = {value}", f"if len(items) != {kind.size}: wrong_length({name!r}, {kind.size}, items)"]
        if kind.is_message:
            scope[f"w_{name}"] = writer(kind.base)
            one = f"w_{name}(buf, {'item' if kind.shape else value})"
            lines.append(f"for item in items: {one}" if kind.shape else one)
        elif kind.base == "string":
            steps = [*_pad(4), f"buf += string({'item' if kind.shape else value})"]
            lines += ["for item in items:", *("  " + s for s in steps)] if kind.shape else steps
        elif kind.base in NUMBERS:
            body = [*_pad(_FORMATS[kind.base][1]), "buf += raw(items).cast('B')"]
            lines += ["if len(items):", *("  " + s for s in body)]
        else:
            lines.append("buf += bytes(items)" if kind.base == "bool" else "buf += b''.join(items)")
    return lines or ["buf += b'\\0'"]  # an empty struct has one placeholder byte


def _reader_lines(fields: dict[str, FieldType], scope: dict[str, Any], order: str) -> list[str]:
    lines: list[str] = []
    for group in _runs(fields):
        name, kind = group[0]
        if not kind.shape and kind.base in _FORMATS:
            unpack = struct.Struct(order + "".join(_FORMATS[k.base][0] for _, k in group))
            scope[f"u_{name}"] = unpack.unpack_from
            lines += _align(_FORMATS[kind.base][1])
            targets = [f"v_{n}" for n, _ in group]
            lines.append(f"{', '.join(targets)}, = u_{name}(buf, pos)")
            lines += [f"pos += {unpack.size}", *(f"set_{n}(msg, v_{n})" for n, _ in group)]
            continue
        if kind.shape == "sequence":
            lines += [*_align(4), "size, = u_count(buf, pos)", "pos += 4", "fits(buf, pos, size)"]
        elif kind.shape:
            lines.append(f"size = {kind.size}")
        if kind.is_message:
            scope[f"r_{name}"] = reader(kind.base, order)
            steps = [f"item, pos = r_{name}(buf, pos)"]
        elif kind.base == "string":
            steps = [*_align(4), "item, pos = text(buf, pos, u_count)"]
        if kind.is_message or kind.base == "string":
            if kind.shape:
                steps = ["items = []", "for _ in range(size):", *("  " + s for s in [*steps, "items.append(item)"])]
            lines += [*steps, f"set_{name}(msg, {'items' if kind.shape else 'item'})"]
        elif kind.base in NUMBERS:
            code, dtype, _, _, _ = NUMBERS[kind.base]
            scope[f"t_{name}"] = np.dtype(dtype).newbyteorder(order)
            width = _FORMATS[kind.base][1]
            if kind.shape == "array":
                lines += _align(width)
                lines.append(f"items = frombuffer(buf, t_{name}, size, pos).astype(t_{name}.newbyteorder('='))")
            else:
                if width > 4:  # an empty sequence is not followed by padding
                    lines += ["if size:", *("  " + s for s in _align(width))]
                lines.append(f"items = numbers({code!r}, buf, pos, size * {width}, {(order == '<') != _LITTLE})")
            lines += [f"pos += size * {width}", f"set_{name}(msg, items)"]
        else:
            lines += ["chunk = bytes(buf[pos:pos + size])", "short(chunk, size)", "pos += size"]
            each = "[item != 0 for item in chunk]" if kind.base == "bool" else "[chunk[i:i+1] for i in range(size)]"
            lines.append(f"set_{name}(msg, {each})")
    return lines or ["pos += 1"]


def _compile(head: str, lines: list[str], tail: str, scope: dict[str, Any]) -> Callable[..., Any]:
    source = "\n".join([head, *("  " + line for line in lines), "  " + tail])
    exec(compile(source, f"<cdr {scope['name']}>", "exec"), scope)  # only field names of message definitions get in
    return scope["run"]  # type: ignore[no-any-return]


def _wrong_length(name: str, size: int, items: Any) -> None:
    msg = f"the field '{name}' holds {len(items)} values but must hold {size}"
    raise CdrError(msg)


@functools.cache
def writer(name: str) -> Callable[[bytearray, Message], None]:
    """Function that appends a message of this type to a buffer."""
    scope: dict[str, Any] = {
        "name": name, "count": struct.Struct("<I").pack, "string": _string, "wrong_length": _wrong_length,
        "raw": memoryview if _LITTLE else (lambda items: memoryview(np.array(items).byteswap())),
    }  # fmt: skip
    lines = _writer_lines(definition(name).fields, scope)
    return _compile("def run(buf, msg):", lines, "return None", scope)


def _fits(buf: Any, pos: int, size: int) -> None:
    if pos + size > len(buf):
        msg = f"a sequence of {size} items can't be in the {len(buf) - pos} bytes left"
        raise CdrError(msg)


def _short(chunk: bytes, size: int) -> None:
    if len(chunk) != size:
        msg = f"{size} bytes expected, {len(chunk)} found"
        raise CdrError(msg)


def _text(buf: Any, pos: int, count: Any) -> tuple[str, int]:
    (size,) = count(buf, pos)
    pos += 4
    end = pos + size
    if size < 1 or end > len(buf):
        msg = f"a string of {size} bytes can't be in the {len(buf) - pos} bytes left"
        raise CdrError(msg)
    return bytes(buf[pos : end - 1]).decode(), end


def _numbers(code: str, buf: Any, pos: int, size: int, swap: bool) -> array.array[Any]:
    _fits(buf, pos, size)
    items: array.array[Any] = array.array(code)
    items.frombytes(buf[pos : pos + size])
    if swap:
        items.byteswap()
    return items


@functools.cache
def reader(name: str, order: str) -> Callable[[Any, int], tuple[Message, int]]:
    """Function that reads a message of this type from a buffer at a position."""
    cls = message_class(name)
    fields = definition(name).fields
    scope: dict[str, Any] = {
        "name": name, "new": object.__new__, "cls": cls, "u_count": struct.Struct(order + "I").unpack_from,
        "text": _text, "fits": _fits, "short": _short, "numbers": _numbers, "frombuffer": np.frombuffer,
        **{f"set_{field}": getattr(cls, field).__set__ for field in fields},
    }  # fmt: skip
    lines = ["msg = new(cls)", *_reader_lines(fields, scope, order)]
    return _compile("def run(buf, pos):", lines, "return msg, pos", scope)


def encode(message: Message) -> bytearray:
    """CDR bytes of a message, little endian, with the 4-byte encapsulation header, in a buffer of its own.

    Raises:
        CdrError: If a field holds what its type can't.
    """
    buf = bytearray(b"\0\1\0\0")
    try:
        writer(message._NAME)(buf, message)
    except (struct.error, TypeError, UnicodeEncodeError, AttributeError) as error:
        msg = f"a {message._NAME} can't be serialised: {error}"
        raise CdrError(msg) from error
    return buf


def serialize(message: Message) -> bytes:
    """CDR bytes of a message, as `encode` makes them.

    Raises:
        CdrError: If a field holds what its type can't.
    """
    return bytes(encode(message))


def deserialize(data: bytes | memoryview, name: str) -> Message:
    """Message of type `name` from CDR bytes with their encapsulation header.

    Raises:
        CdrError: If the bytes are cut, or are no such message.
    """
    view = memoryview(data)
    if len(view) < 4 or bytes(view[:2]) not in (b"\0\1", b"\0\0"):
        msg = f"{len(view)} bytes without a CDR header can't be a {name}"
        raise CdrError(msg)
    try:
        message, _ = reader(name, "<" if view[1] else ">")(view, 4)
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        msg = f"{len(view)} bytes are no {name}: {error}"
        raise CdrError(msg) from error
    return message
