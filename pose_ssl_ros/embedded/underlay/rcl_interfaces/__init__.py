"""ROS 2 package rcl_interfaces."""
