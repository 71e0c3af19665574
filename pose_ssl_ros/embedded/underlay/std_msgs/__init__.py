"""ROS 2 package std_msgs."""
