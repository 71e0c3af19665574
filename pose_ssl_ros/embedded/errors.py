"""Exceptions of rclpy that nodes may catch, under the names that rclpy gives them."""

from __future__ import annotations


class RCLError(RuntimeError):
    """The context is shut down, or an entity is used after it was destroyed."""


class InvalidHandle(Exception):
    """An entity is used after it was destroyed."""


class NotInitializedException(Exception):
    """rclpy.init() was not called."""


class ExternalShutdownException(Exception):
    """The context was shut down while an executor was spinning."""


class ShutdownException(Exception):
    """The executor was shut down."""


class TimeoutException(Exception):
    """Nothing came in time."""


class ConditionReachedException(Exception):
    """A future was completed."""


class NameValidationException(ValueError):
    """A node, topic, service or namespace name is not valid."""

    def __init__(self, kind: str, name: str, reason: str) -> None:
        """Say which name and why."""
        super().__init__(f"Invalid {kind}: {reason}: '{name}'")


class InvalidNodeNameException(NameValidationException):
    """Not a node name."""


class InvalidNamespaceException(NameValidationException):
    """Not a namespace."""


class InvalidTopicNameException(NameValidationException):
    """Not a topic name."""


class ParameterException(Exception):
    """Base of the parameter errors."""


class ParameterNotDeclaredException(ParameterException):
    """A parameter is used that was not declared."""

    def __init__(self, name: object) -> None:
        """Say which."""
        super().__init__(f"Invalid access to undeclared parameter(s): {name}")


class ParameterAlreadyDeclaredException(ParameterException):
    """A parameter is declared twice."""

    def __init__(self, name: object) -> None:
        """Say which."""
        super().__init__(f"Parameter(s) already declared: {name}")


class ParameterUninitializedException(ParameterException):
    """A statically typed parameter without a default is read before it is set."""

    def __init__(self, name: object) -> None:
        """Say which."""
        super().__init__(f"The parameter '{name}' is not initialized")


class InvalidParameterException(ParameterException):
    """A parameter's name is not valid."""


class InvalidParameterTypeException(ParameterException):
    """A parameter is set to a value of another type than declared."""


class InvalidParameterValueException(ParameterException):
    """A parameter is set to a value that is not allowed."""


class UnknownROSArgsError(Exception):
    """`--ros-args` holds something that ROS 2 does not know."""


def not_covered(what: str) -> NotImplementedError:
    """The error for what this underlay leaves out."""
    return NotImplementedError(f"{what} is not covered by the embedded underlay; source a real ROS 2 to use it")
