"""The ROS 2 client API on plain DDS, for machines where no ROS 2 is sourced.

`activate()` puts the underlay (`rclpy`, the message packages, `message_filters`, `cv_bridge`) on the import path,
unless a real rclpy is importable. Imports happen inside, so importing this package pulls in nothing.
"""


def activate() -> bool:
    """Put the underlay first on `sys.path` unless a real rclpy is importable; True if the underlay is in use."""
    from pose_ssl_ros.embedded import path

    return path.activate()


def environment(base: "dict[str, str] | None" = None) -> "dict[str, str]":
    """Environment for a child process that finds the underlay (or the real rclpy) as this process would."""
    from pose_ssl_ros.embedded import path

    return path.environment(base)
