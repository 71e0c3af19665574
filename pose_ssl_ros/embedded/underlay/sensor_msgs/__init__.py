"""ROS 2 package sensor_msgs."""
