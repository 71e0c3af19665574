"""ROS 2 package nav_msgs."""
