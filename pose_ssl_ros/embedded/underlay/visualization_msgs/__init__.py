"""ROS 2 package visualization_msgs."""
