"""The simulated world: ground, robot, camera, traffic and the parametric objects (import name `pose_ssl_sim`)."""
