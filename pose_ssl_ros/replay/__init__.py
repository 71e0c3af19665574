"""The loop without ROS: recorded events in, the same triplets, learner and inference, results out."""
