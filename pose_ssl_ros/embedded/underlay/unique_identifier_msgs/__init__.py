"""ROS 2 package unique_identifier_msgs."""
