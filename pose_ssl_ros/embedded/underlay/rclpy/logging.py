"""Loggers."""

from pose_ssl_ros.embedded.logging import (
    LoggingSeverity,
    RcutilsLogger,
    get_logger,
    get_logger_effective_level,
    get_logging_severity_from_string,
    set_logger_level,
)

__all__ = [
    "LoggingSeverity",
    "RcutilsLogger",
    "get_logger",
    "get_logger_effective_level",
    "get_logging_severity_from_string",
    "set_logger_level",
]
