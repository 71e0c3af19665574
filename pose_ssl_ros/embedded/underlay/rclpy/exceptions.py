"""Exceptions."""

from pose_ssl_ros.embedded.errors import (
    InvalidNamespaceException,
    InvalidNodeNameException,
    InvalidParameterException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    InvalidTopicNameException,
    NameValidationException,
    NotInitializedException,
    ParameterAlreadyDeclaredException,
    ParameterException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)

__all__ = [
    "InvalidNamespaceException",
    "InvalidNodeNameException",
    "InvalidParameterException",
    "InvalidParameterTypeException",
    "InvalidParameterValueException",
    "InvalidTopicNameException",
    "NameValidationException",
    "NotInitializedException",
    "ParameterAlreadyDeclaredException",
    "ParameterException",
    "ParameterNotDeclaredException",
    "ParameterUninitializedException",
]
