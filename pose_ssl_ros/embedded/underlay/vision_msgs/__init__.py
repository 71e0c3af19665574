"""ROS 2 package vision_msgs."""
