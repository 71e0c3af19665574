"""Declared parameters: one frozen dataclass per node feeds declaration, checks and docs.

Example:
    >>> @dataclass(frozen=True)
    ... class CropConfig:
    ...     '''How crops are cut.'''
    ...     size: int = parameter(64, "Side of a crop.", minimum=16, maximum=256, unit="px")
    >>> from_values(CropConfig, {"size": 32}).size
    32
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

_KEY = "parameter"
T = TypeVar("T")


class ParameterError(ValueError):
    """A parameter is unknown, of the wrong type or out of range; the text says what is allowed."""


@dataclass(frozen=True)
class ParameterSpec:
    """What a user may set: default, meaning and limits (inclusive)."""

    name: str
    default: Any
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    read_only: bool = False  # taken at start only

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return "one of " + ", ".join(repr(c) for c in self.choices)
        kind = {bool: "true or false", int: "an integer", float: "a number", str: "a string", list: "a list"}
        words = kind.get(type(self.default), type(self.default).__name__)
        unit = f" {self.unit}" if self.unit else ""
        if self.minimum is not None and self.maximum is not None:
            return f"{words} from {self.minimum:g} to {self.maximum:g}{unit}"
        if self.minimum is not None:
            return f"{words} of at least {self.minimum:g}{unit}"
        if self.maximum is not None:
            return f"{words} of at most {self.maximum:g}{unit}"
        return words + unit

    def check(self, value: Any) -> Any:
        """Return the value in the parameter's type.

        Raises:
            ParameterError: If the value has the wrong type or is out of range.
        """
        kind = type(self.default)
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        ok = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if ok and isinstance(value, float):
            ok = math.isfinite(value)
        if ok and self.choices:
            ok = value in self.choices
        if ok and kind in (int, float):
            ok = (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)
        if not ok:
            msg = f"parameter '{self.name}' is {value!r} but must be {self.allowed}"
            raise ParameterError(msg)
        return value


def parameter(
    default: Any,
    description: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: Iterable[str] = (),
    unit: str = "",
    read_only: bool = False,
) -> Any:
    """Declare a dataclass field that is also a node parameter."""
    spec = ParameterSpec("", default, description, minimum, maximum, tuple(choices), unit, read_only)
    if isinstance(default, list):
        return dataclasses.field(default_factory=lambda: list(default), metadata={_KEY: spec})
    return dataclasses.field(default=default, metadata={_KEY: spec})


def specs(config: type) -> dict[str, ParameterSpec]:
    """All parameters of a config class by name, nested configs flattened as `outer.inner`."""
    found: dict[str, ParameterSpec] = {}
    for item in dataclasses.fields(config):
        if _KEY in item.metadata:
            found[item.name] = dataclasses.replace(item.metadata[_KEY], name=item.name)
        elif dataclasses.is_dataclass(item.default_factory):
            inner: Any = item.default_factory
            for name, spec in specs(inner).items():
                full = f"{item.name}.{name}"
                found[full] = dataclasses.replace(spec, name=full)
    return found


def from_values(config: type[T], values: Mapping[str, Any]) -> T:
    """Build a config from flat values; what is missing takes its default.

    Raises:
        ParameterError: If a name is unknown or a value is not allowed.
    """
    known = specs(config)
    for name in values:
        if name not in known:
            msg = f"there is no parameter '{name}'; the parameters are {', '.join(sorted(known))}"
            raise ParameterError(msg)
    checked = {name: known[name].check(value) for name, value in values.items()}
    arguments: dict[str, Any] = {}
    for item in dataclasses.fields(config):  # type: ignore[arg-type]
        if _KEY in item.metadata:
            if item.name in checked:
                arguments[item.name] = checked[item.name]
        elif dataclasses.is_dataclass(item.default_factory):
            prefix = f"{item.name}."
            inner = {k[len(prefix) :]: v for k, v in checked.items() if k.startswith(prefix)}
            arguments[item.name] = from_values(item.default_factory, inner)  # type: ignore[arg-type]
    return config(**arguments)


def to_values(config: Any) -> dict[str, Any]:
    """Inverse of `from_values`: the flat values of a config."""
    flat: dict[str, Any] = {}
    for name in specs(type(config)):
        value = config
        for part in name.split("."):
            value = getattr(value, part)
        flat[name] = value
    return flat


def nested(config: type[T]) -> T:
    """Declare a field that holds another config; its parameters are named `field.name`."""
    return dataclasses.field(default_factory=config)
