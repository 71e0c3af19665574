"""ROS 2 package geometry_msgs."""
