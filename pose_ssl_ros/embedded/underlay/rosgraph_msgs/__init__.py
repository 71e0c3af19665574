"""ROS 2 package rosgraph_msgs."""
