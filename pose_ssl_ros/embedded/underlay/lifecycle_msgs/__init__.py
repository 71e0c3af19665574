"""ROS 2 package lifecycle_msgs."""
