"""ROS 2 package diagnostic_msgs."""
