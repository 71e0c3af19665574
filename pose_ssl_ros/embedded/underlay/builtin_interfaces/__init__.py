"""ROS 2 package builtin_interfaces."""
