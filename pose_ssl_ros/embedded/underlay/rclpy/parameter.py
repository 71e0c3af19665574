"""Parameters."""

from pose_ssl_ros.embedded.parameters import Parameter, ParameterType, parameter_value_to_python

__all__ = ["Parameter", "ParameterType", "parameter_value_to_python"]
