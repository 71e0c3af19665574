"""`rclpy.parameter`: values with types, and the store of a node's declared parameters."""

from __future__ import annotations

import array
import enum
import math
import threading
from collections.abc import Callable, Iterable
from typing import Any

from pose_ssl_ros.embedded.errors import (
    InvalidParameterException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from pose_ssl_ros.embedded.types import message_class

_FIELDS = {
    1: "bool_value", 2: "integer_value", 3: "double_value", 4: "string_value", 5: "byte_array_value",
    6: "bool_array_value", 7: "integer_array_value", 8: "double_array_value", 9: "string_array_value",
}  # fmt: skip


class ParameterType(enum.IntEnum):
    """Types of a parameter's value (values of rcl_interfaces/ParameterType)."""

    NOT_SET = 0
    BOOL = 1
    INTEGER = 2
    DOUBLE = 3
    STRING = 4
    BYTE_ARRAY = 5
    BOOL_ARRAY = 6
    INTEGER_ARRAY = 7
    DOUBLE_ARRAY = 8
    STRING_ARRAY = 9

    @classmethod
    def from_parameter_value(cls, value: Any) -> ParameterType:
        """Type of a Python value.

        Raises:
            TypeError: If no parameter can hold it.
        """
        if value is None:
            return cls.NOT_SET
        for kind, found in ((bool, cls.BOOL), (int, cls.INTEGER), (float, cls.DOUBLE), (str, cls.STRING)):
            if isinstance(value, kind):
                return found
        if isinstance(value, (list, tuple, array.array)):
            if all(isinstance(v, bytes) for v in value):
                return cls.BYTE_ARRAY  # also the empty list, as in rclpy
            for kind, found in (
                (bool, cls.BOOL_ARRAY),
                (int, cls.INTEGER_ARRAY),
                (float, cls.DOUBLE_ARRAY),
                (str, cls.STRING_ARRAY),
            ):
                if all(isinstance(v, kind) for v in value):
                    return found
        msg = f"The given value is not one of the allowed types '{value!r}'."
        raise TypeError(msg)


class Parameter:
    """A name, a type and a value."""

    Type = ParameterType

    def __init__(self, name: str, type_: ParameterType | None = None, value: Any = None) -> None:
        """The type is taken from the value unless given.

        Raises:
            ValueError: If value and type do not fit.
        """
        found = ParameterType.from_parameter_value(value)
        if type_ is None:
            type_ = found
        elif found != type_ and not (isinstance(value, (list, array.array)) and not len(value)) and value is not None:
            msg = f"Type '{type_}' and value '{value}' do not agree"
            raise ValueError(msg)
        self._name, self._type, self._value = name, ParameterType(type_), value

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def type_(self) -> ParameterType:
        """The type."""
        return self._type

    @property
    def value(self) -> Any:
        """The value; None if not set."""
        return self._value

    def __repr__(self) -> str:
        """Name, type and value."""
        return f"Parameter(name={self._name!r}, type_={self._type.name}, value={self._value!r})"

    def __eq__(self, other: object) -> bool:
        """Same name, type and value."""
        return isinstance(other, Parameter) and (self.name, self.type_, self.value) == (
            other.name,
            other.type_,
            other.value,
        )

    __hash__ = None  # type: ignore[assignment]

    def get_parameter_value(self) -> Any:
        """As rcl_interfaces/ParameterValue."""
        message = message_class("rcl_interfaces/msg/ParameterValue")(type=int(self._type))
        if self._type != ParameterType.NOT_SET:
            value = list(self._value) if self._type >= ParameterType.BYTE_ARRAY else self._value
            setattr(message, _FIELDS[self._type], value)
        return message

    def to_parameter_msg(self) -> Any:
        """As rcl_interfaces/Parameter."""
        return message_class("rcl_interfaces/msg/Parameter")(name=self._name, value=self.get_parameter_value())

    @classmethod
    def from_parameter_msg(cls, message: Any) -> Parameter:
        """From rcl_interfaces/Parameter."""
        return cls(message.name, ParameterType(message.value.type), parameter_value_to_python(message.value))


def parameter_value_to_python(message: Any) -> Any:
    """Python value of an rcl_interfaces/ParameterValue.

    Raises:
        RuntimeError: If its type is not known.
    """
    if message.type == 0:
        return None
    if message.type not in _FIELDS:
        msg = f"unexpected parameter type {message.type}"
        raise RuntimeError(msg)
    value = getattr(message, _FIELDS[message.type])
    return list(value) if message.type >= ParameterType.BYTE_ARRAY else value


def _step_error(value: float, low: float, high: float, step: float, what: str) -> str:
    if not low <= value <= high:
        return f"{what} {value} is out of range: it must be from {low} to {high}"
    if step and value not in (low, high):
        steps = (value - low) / step
        if not math.isclose(steps, round(steps), abs_tol=1e-6):
            return f"{what} {value} is not a step of {step} from {low}"
    return ""


def range_error(parameter: Parameter, descriptor: Any) -> str:
    """Why a value is outside its descriptor's range; '' if it is not."""
    ranges = {
        ParameterType.INTEGER: descriptor.integer_range,
        ParameterType.DOUBLE: descriptor.floating_point_range,
    }.get(parameter.type_, [])
    for item in ranges:
        problem = _step_error(
            parameter.value, item.from_value, item.to_value, item.step, f"Parameter {parameter.name}: value"
        )
        if problem:
            return problem
    return ""


class ParameterStore:
    """Declared parameters of a node: values, descriptors, callbacks. `changed` is told of every change."""

    def __init__(self, overrides: dict[str, Any]) -> None:
        """Start with the values given on the command line, for parameters declared later."""
        self.overrides = overrides
        self.callbacks: list[Callable[[list[Parameter]], Any]] = []
        self.changed: Callable[[list[Parameter], list[Parameter]], None] = lambda new, changed: None
        self._values: dict[str, Parameter] = {}
        self._descriptors: dict[str, Any] = {}
        self._lock = threading.RLock()

    def names(self) -> list[str]:
        """Names of all declared parameters."""
        return list(self._values)

    def has(self, name: str) -> bool:
        """True if declared."""
        return name in self._values

    def descriptor(self, name: str) -> Any:
        """Descriptor of a declared parameter.

        Raises:
            ParameterNotDeclaredException: If it is not declared.
        """
        if name not in self._values:
            raise ParameterNotDeclaredException(name)
        return self._descriptors[name]

    def get(self, name: str) -> Parameter:
        """A declared parameter.

        Raises:
            ParameterNotDeclaredException: If it is not declared.
            ParameterUninitializedException: If it was declared by type only and not set.
        """
        if name not in self._values:
            raise ParameterNotDeclaredException(name)
        parameter = self._values[name]
        if parameter.type_ == ParameterType.NOT_SET and not self._descriptors[name].dynamic_typing:
            raise ParameterUninitializedException(name)
        return parameter

    def peek(self, name: str) -> Parameter | None:
        """A parameter, set or not; None if it is not declared."""
        return self._values.get(name)

    def declare(self, name: str, value: Any, descriptor: Any, ignore_override: bool) -> Parameter:
        """Declare a parameter; an override given on the command line wins over the default.

        Raises:
            ParameterAlreadyDeclaredException: If it is declared.
            InvalidParameterException: If the name is not valid.
            InvalidParameterTypeException: If default or override have the wrong type.
            InvalidParameterValueException: If they are out of range or a callback refuses them.
        """
        if not name or name.startswith(".") or name.endswith("."):
            msg = f"Invalid parameter name: '{name}'"
            raise InvalidParameterException(msg)
        with self._lock:
            if name in self._values:
                raise ParameterAlreadyDeclaredException(name)
            made: Any = message_class("rcl_interfaces/msg/ParameterDescriptor")() if descriptor is None else descriptor
            made.name = name
            if isinstance(value, ParameterType):
                wanted, value = value, None
            else:
                wanted = ParameterType.from_parameter_value(value)
            if not made.dynamic_typing:
                made.type = int(wanted)
            given = value
            if not ignore_override and name in self.overrides:
                given = self.overrides[name]
            try:
                parameter = Parameter(name, None if given is not None else ParameterType.NOT_SET, given)
                if isinstance(given, list) and not given and wanted >= ParameterType.BYTE_ARRAY:
                    parameter = Parameter(name, wanted, given)
            except TypeError as error:
                raise InvalidParameterTypeException(f"parameter '{name}': {error}") from error
            problem = self._type_error(parameter, made)
            if problem and given is not None:
                raise InvalidParameterTypeException(problem)
            problem = range_error(parameter, made) or self._refusal([parameter])
            if problem:
                msg = f"Invalid value for parameter '{name}' ({given!r}): {problem}"
                raise InvalidParameterValueException(msg)
            self._values[name], self._descriptors[name] = parameter, made
        self.changed([parameter], [])
        return parameter

    @staticmethod
    def _type_error(parameter: Parameter, descriptor: Any) -> str:
        if descriptor.dynamic_typing or parameter.type_ == descriptor.type:
            return ""
        wanted = ParameterType(descriptor.type).name
        return (
            f"Wrong parameter type, parameter '{parameter.name}' is of type {wanted}, "
            f"setting it to {parameter.type_.name} ({parameter.value!r}) is not allowed"
        )

    def _refusal(self, parameters: list[Parameter]) -> str:
        for callback in self.callbacks:
            result = callback(parameters)
            if not result.successful:
                return str(result.reason) or "refused by the node"
        return ""

    def undeclare(self, name: str) -> None:
        """Forget a parameter.

        Raises:
            ParameterNotDeclaredException: If it is not declared.
        """
        self.descriptor(name)
        with self._lock:
            del self._values[name], self._descriptors[name]

    def problem(self, parameter: Parameter) -> str:
        """Why a declared parameter can't take a value; '' if it can (callbacks not asked)."""
        descriptor = self.descriptor(parameter.name)
        if descriptor.read_only:
            return f"Trying to set a read-only parameter: {parameter.name}."
        return self._type_error(parameter, descriptor) or range_error(parameter, descriptor)

    def set(self, parameters: Iterable[Parameter]) -> Any:
        """Set all or none; the reason for none is in the SetParametersResult.

        Raises:
            ParameterNotDeclaredException: If one is not declared.
        """
        make = message_class("rcl_interfaces/msg/SetParametersResult")
        given = []
        for parameter in parameters:
            descriptor = self.descriptor(parameter.name)
            is_empty = parameter.type_ == ParameterType.BYTE_ARRAY and not len(parameter.value)
            if is_empty and descriptor.type >= ParameterType.BYTE_ARRAY:
                parameter = Parameter(parameter.name, ParameterType(descriptor.type), [])
            given.append(parameter)
        with self._lock:
            for parameter in given:
                problem = self.problem(parameter)
                if problem:
                    return make(successful=False, reason=problem)
            problem = self._refusal(given)
            if problem:
                return make(successful=False, reason=problem)
            self._values.update({parameter.name: parameter for parameter in given})
        self.changed([], given)
        return make(successful=True)
