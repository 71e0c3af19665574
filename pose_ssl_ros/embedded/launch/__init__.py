"""Reads launch YAML files and runs the processes they name, for machines without the ROS 2 launch system."""
