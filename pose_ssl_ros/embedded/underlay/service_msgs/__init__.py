"""ROS 2 package service_msgs."""
