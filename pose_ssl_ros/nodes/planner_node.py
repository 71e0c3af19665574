"""The planner node: drives along a lane and slows or stops for danger.

An example for authors of planners.  It listens to `headings`, `danger` and `odom`
and nothing else; the rules are in `danger.policy`, this file only carries messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from geometry_msgs.msg import Twist
from nav2_msgs.msg import SpeedLimit
from nav_msgs.msg import Odometry
from rclpy.node import Node
from std_msgs.msg import Float32
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.danger.policy import SpeedPolicy, State
from pose_ssl_ros.danger.steering import next_speed, yaw_rate
from pose_ssl_ros.interfaces import EgoState
from pose_ssl_ros.nodes.convert import ego_from_odom
from pose_ssl_ros.nodes.runtime import RESULT, SENSOR, Diagnostics, Level, bind, run
from pose_ssl_ros.viewpoint import HEADINGS


class PlannerNode(Node):
    """Three topics in, `cmd_vel` and `speed_limit` out."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, subscribe and start the timer."""
        super().__init__("planner", **kwargs)
        self.config = bind(self, PlannerConfig, self._change)
        self._policy = SpeedPolicy(self.config.policy)
        self._ego: EgoState | None = None
        self._speed = 0.0
        self._state: State | None = None
        self.create_subscription(Detection2DArray, "headings", self._take_headings, RESULT)
        self.create_subscription(Float32, "danger", self._take_danger, RESULT)
        self.create_subscription(Odometry, "odom", self._take_odom, SENSOR)
        self._command = self.create_publisher(Twist, "cmd_vel", RESULT)
        self._limit = self.create_publisher(SpeedLimit, "speed_limit", RESULT)
        self.create_timer(1.0 / self.config.rate_hz, self._drive)
        self._diagnostics = Diagnostics(self, "planner", self._diagnose)

    def close(self) -> None:
        """Leave the robot standing."""
        self._command.publish(Twist())

    def _take_headings(self, message: Detection2DArray) -> None:
        self._policy.on_headings([probabilities(d) for d in message.detections], self._now())

    def _take_danger(self, message: Float32) -> None:
        self._policy.on_danger(float(message.data), self._now())

    def _take_odom(self, message: Odometry) -> None:
        ego = ego_from_odom(message)
        if ego is not None:  # odometry that is not a number is missing odometry
            self._ego = ego
            self._policy.on_odom(self._now())

    def _drive(self) -> None:
        """Decide and publish."""
        decision = self._policy.decide(self._now())
        if decision.state is State.STOP and self._state is not State.STOP:
            self.get_logger().info(f"stop: {decision.reason}", throttle_duration_sec=1.0)
        self._state = decision.state
        wanted = decision.scale * self.config.cruise_speed
        self._speed = next_speed(self._speed, wanted, 1.0 / self.config.rate_hz, self.config)
        command = Twist()
        command.linear.x = self._speed
        command.angular.z = yaw_rate(self._ego, self._speed, self.config) if self._ego else 0.0
        self._command.publish(command)
        # Nav2 reads a percentage of 0 as 'no limit', so a stop is said as the least limit there is.
        limit = SpeedLimit(percentage=True, speed_limit=max(1.0, 100.0 * decision.scale))
        limit.header.stamp = self.get_clock().now().to_msg()
        self._limit.publish(limit)

    def _change(self, config: PlannerConfig) -> None:
        self.config = config
        self._policy.config = config.policy

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        decision = self._policy.decide(self._now())
        level = Level.WARN if decision.state is State.STOP else Level.OK
        values = {
            "state": decision.state.value,
            "scale": round(decision.scale, 3),
            "speed": round(self._speed, 3),
            "stops": self._policy.stops,
        }
        return level, decision.reason, values


def probabilities(detection: Any) -> list[float]:
    """Heading probabilities of a detection, aligned with `viewpoint.HEADINGS_AND_UNKNOWN`.

    What the four headings leave over is unknown, whatever the message says of it.
    """
    scores = {r.hypothesis.class_id: float(r.hypothesis.score) for r in detection.results}
    known = [scores.get(name, 0.0) for name in HEADINGS]
    return [*known, 1.0 - sum(known)]


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(PlannerNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
