"""ROS 2 package rmw_dds_common."""
