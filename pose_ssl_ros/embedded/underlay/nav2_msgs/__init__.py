"""ROS 2 package nav2_msgs."""
