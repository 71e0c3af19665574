"""ROS 2 package tf2_msgs."""
