"""Message and service classes that behave as rosidl's: typed attributes, defaults, keyword constructor, equality."""

from __future__ import annotations

import array
import functools
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from pose_ssl_ros.embedded.definitions import DEFAULTS
from pose_ssl_ros.embedded.store import FieldType, definition, names

# ROS name -> (array.array code, numpy type, IDL name, least, greatest)
NUMBERS: dict[str, tuple[str, Any, str, int, int]] = {
    **{
        f"{sign}int{bits}": (
            code.upper() if sign else code,
            getattr(np, f"{sign}int{bits}"),
            f"{sign}int{bits}",
            0 if sign else -(2 ** (bits - 1)),
            2**bits - 1 if sign else 2 ** (bits - 1) - 1,
        )
        for bits, code in ((8, "b"), (16, "h"), (32, "i"), (64, "q"))
        for sign in ("", "u")
    },
    "float32": ("f", np.float32, "float", 0, 0),
    "float64": ("d", np.float64, "double", 0, 0),
}
_WORDS = {"bool": "boolean", "byte": "octet"}


class Message:
    """Base of all message classes; fields are slots, an unknown attribute is refused."""

    __slots__ = ()
    _NAME: ClassVar[str] = ""
    _TYPES: ClassVar[dict[str, FieldType]] = {}
    _CHECKS: ClassVar[dict[str, Callable[[Any], Any]]] = {}
    _DEFAULTS: ClassVar[dict[str, Callable[[], Any]]] = {}

    def __init__(self, **kwargs: Any) -> None:
        """Every field takes its default unless given.

        Raises:
            AssertionError: If a name is no field, or a value has the wrong type (as rosidl raises).
        """
        for name in kwargs:
            if name not in self._CHECKS:
                msg = f"Invalid arguments passed to constructor: '{name}' is no field of {self._NAME}"
                raise AssertionError(msg)
        for name, default in self._DEFAULTS.items():
            if name in kwargs:
                setattr(self, name, kwargs[name])
            else:
                object.__setattr__(self, name, default())

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field after checking its type (real rclpy crashes or sends rubbish when it is wrong)."""
        check = self._CHECKS.get(name)
        if check is None:
            msg = f"'{type(self).__name__}' object has no attribute '{name}'"
            raise AttributeError(msg)
        object.__setattr__(self, name, check(value))

    def __eq__(self, other: object) -> bool:
        """True if both are of the same class and all fields are equal."""
        if not isinstance(other, type(self)):
            return False
        for name in self._TYPES:
            mine, theirs = getattr(self, name), getattr(other, name)
            if isinstance(mine, np.ndarray):
                if not np.array_equal(mine, theirs):
                    return False
            elif mine != theirs:
                return False
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Package, class and all fields."""
        package, kind, name = self._NAME.split("/")
        inner = ", ".join(f"{field}={getattr(self, field)!r}" for field in self._TYPES)
        return f"{package}.{kind}.{name}({inner})"

    @classmethod
    def get_fields_and_field_types(cls) -> dict[str, str]:
        """Field names with their types in IDL words, as rosidl gives them."""
        return {name: words(kind) for name, kind in cls._TYPES.items()}

    def __copy__(self) -> Message:
        """A shallow copy."""
        other = object.__new__(type(self))
        for name in self._TYPES:
            object.__setattr__(other, name, getattr(self, name))
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Fields by name, for copy and pickle."""
        return {name: getattr(self, name) for name in self._TYPES}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Inverse of `__getstate__`."""
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by name, because the classes are made at run time."""
        return _blank, (self._NAME,), self.__getstate__()


def _blank(name: str) -> Any:
    return object.__new__(message_class(name))


def words(kind: FieldType) -> str:
    """A field type in IDL words, such as `sequence<uint8>`, `double[36]` or `std_msgs/Header`."""
    if kind.is_message:
        package, _, name = kind.base.split("/")
        base = f"{package}/{name}"
    elif kind.base == "string":
        base = f"string<{kind.limit}>" if kind.limit else "string"
    else:
        base = NUMBERS[kind.base][2] if kind.base in NUMBERS else _WORDS.get(kind.base, kind.base)
    if kind.shape == "array":
        return f"{base}[{kind.size}]"
    if kind.shape == "sequence":
        return f"sequence<{base}, {kind.size}>" if kind.size else f"sequence<{base}>"
    return base


def _fail(name: str, wanted: str, value: Any) -> Any:
    text = repr(value)
    shown = text if len(text) < 80 else text[:77] + "..."
    msg = f"The '{name}' field must be {wanted}, not {shown} of type {type(value).__name__}"
    raise AssertionError(msg)


def _scalar_check(name: str, kind: FieldType) -> Callable[[Any], Any]:
    """Check of a single value; returns the value that is stored."""
    base = kind.base
    if kind.is_message:
        cls = message_class(base)
        return lambda v: v if isinstance(v, cls) else _fail(name, f"a {base}", v)
    if base == "string":
        limit = kind.limit or sys.maxsize
        return lambda v: v if isinstance(v, str) and len(v) <= limit else _fail(name, "a str within its bound", v)
    if base == "bool":
        return lambda v: v if isinstance(v, bool) else _fail(name, "a bool", v)
    if base == "byte":
        return lambda v: (
            bytes(v)
            if isinstance(v, (bytes, bytearray, memoryview)) and len(v) == 1
            else _fail(name, "bytes of length 1", v)
        )
    if base.startswith("float"):
        return lambda v: v if isinstance(v, float) else _fail(name, "a float", v)
    _, _, _, least, greatest = NUMBERS[base]
    wanted = f"an int from {least} to {greatest}"
    return lambda v: v if isinstance(v, int) and least <= v <= greatest else _fail(name, wanted, v)


def _sequence_check(name: str, kind: FieldType) -> Callable[[Any], Any]:
    """Check of an array or sequence; numbers become numpy arrays (fixed) or array.array, as in rosidl."""
    size, fixed = kind.size, kind.shape == "array"

    def checked_length(value: Any, stored: Any) -> Any:
        if (fixed and len(stored) != size) or (not fixed and size and len(stored) > size):
            return _fail(name, f"of length {'' if fixed else 'at most '}{size}", value)
        return stored

    if kind.base in NUMBERS:
        code, dtype, word, _, _ = NUMBERS[kind.base]

        def numbers(value: Any) -> Any:
            if isinstance(value, array.array) and value.typecode == code and not fixed:
                return checked_length(value, value)
            if isinstance(value, str) or not hasattr(value, "__len__"):
                return _fail(name, f"a sequence of {word}", value)
            try:
                if fixed:
                    stored: Any = np.array(value, dtype=dtype)
                elif isinstance(value, np.ndarray) and value.dtype == dtype:
                    stored = array.array(code, value.tobytes())
                else:
                    stored = array.array(code, value)
            except (TypeError, ValueError, OverflowError) as error:
                msg = f"The '{name}' field must be a sequence of {word}: {error}"
                raise AssertionError(msg) from error
            return checked_length(value, stored)

        return numbers

    single = _scalar_check(name, FieldType(kind.base, limit=kind.limit))

    def items(value: Any) -> Any:
        if isinstance(value, str) or not hasattr(value, "__len__"):
            return _fail(name, f"a sequence of {kind.base}", value)
        if kind.base == "byte" and isinstance(value, (bytes, bytearray)):
            value = [value[i : i + 1] for i in range(len(value))]
        return checked_length(value, [single(item) for item in value])

    return items


def _default(kind: FieldType, given: Any) -> Callable[[], Any]:
    if kind.base in NUMBERS and kind.shape:
        code, dtype, _, _, _ = NUMBERS[kind.base]
        size = kind.size
        return (lambda: np.zeros(size, dtype)) if kind.shape == "array" else (lambda: array.array(code))
    if kind.shape == "sequence":
        return list
    if kind.shape == "array":
        single = _default(FieldType(kind.base), None)
        return lambda: [single() for _ in range(kind.size)]
    if kind.is_message:
        return message_class(kind.base)
    zero = {"string": "", "bool": False, "byte": b"\0", "float32": 0.0, "float64": 0.0}.get(kind.base, 0)
    value = zero if given is None else given
    return lambda: value


@functools.cache
def message_class(name: str) -> type[Message]:
    """The class of a message such as `std_msgs/msg/Header`.

    Raises:
        DefinitionError: If there is no such message.
    """
    made = definition(name)
    package, kind, short = name.split("/")
    given = DEFAULTS.get(name, {})
    checks = {f: (_sequence_check if t.shape else _scalar_check)(f, t) for f, t in made.fields.items()}
    body: dict[str, Any] = {
        **made.constants,
        "__slots__": tuple(made.fields),
        "__module__": f"{package}.{kind}",
        "__doc__": f"Message {name}.",
        "_NAME": name,
        "_TYPES": made.fields,
        "_CHECKS": checks,
        "_DEFAULTS": {f: _default(t, given.get(f)) for f, t in made.fields.items()},
    }
    return type(short, (Message,), body)


@functools.cache
def service_class(name: str) -> type:
    """The class of a service such as `std_srvs/srv/SetBool`, holding `Request` and `Response`."""
    package, kind, short = name.split("/")
    request, response = message_class(name + "_Request"), message_class(name + "_Response")
    body = {"__module__": f"{package}.{kind}", "_NAME": name, "Request": request, "Response": response}
    return type(short, (), body)


def package(name: str, kind: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of the module `<name>.msg` or `<name>.srv`; classes are made when first asked for."""
    make: Callable[[str], Any] = service_class if kind == "srv" else message_class

    def getattr_(short: str) -> Any:
        base = short.rsplit("_", 1)[0] if short.endswith(("_Request", "_Response")) else short
        if base not in names(name, kind):
            msg = f"module '{name}.{kind}' has no attribute '{short}'"
            raise AttributeError(msg)
        return (make if base == short else message_class)(f"{name}/{kind}/{short}")

    return getattr_, lambda: names(name, kind)
