"""A small node for the tests: echoes `in` to `out`, counts, has parameters and a service."""

from __future__ import annotations

import sys
from typing import Any

import rclpy
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor, SetParametersResult
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Float32, String, UInt8MultiArray
from std_srvs.srv import SetBool


class EchoNode(Node):
    """Echo, timer, latched model, parameters, service."""

    def __init__(self) -> None:
        super().__init__("echo")
        described = ParameterDescriptor(
            description="A gain.", floating_point_range=[FloatingPointRange(from_value=0.0, to_value=2.0, step=0.0)]
        )
        self.declare_parameter("gain", 1.0, described)
        self.declare_parameter("label", "plain")
        self.declare_parameter("outer.inner", 7)
        self.declare_parameter("fixed", "x", ParameterDescriptor(read_only=True))
        self.declare_parameter("period", 0.05)
        self.declare_parameter("model_size", 0)
        self.add_on_set_parameters_callback(self.check)
        self.out = self.create_publisher(String, "out", 10)
        self.create_subscription(String, "in", self.echo, 10)
        self.ticks = 0
        self.tick = self.create_publisher(Float32, "ticks", 10)
        self.create_timer(self.get_parameter("period").value, self.on_timer)
        self.create_service(SetBool, "~/set", self.on_set)
        size = self.get_parameter("model_size").value
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.model = self.create_publisher(UInt8MultiArray, "model", latched)
        if size:
            self.model.publish(UInt8MultiArray(data=bytes(i % 251 for i in range(size))))
        self.get_logger().info("ready")

    def check(self, parameters: list[Any]) -> SetParametersResult:
        bad = [p.name for p in parameters if p.name == "label" and not p.value]
        return SetParametersResult(successful=not bad, reason="label must not be empty" if bad else "")

    def echo(self, message: String) -> None:
        self.out.publish(String(data=f"{self.get_parameter('label').value}:{message.data}"))

    def on_timer(self) -> None:
        self.ticks += 1
        self.tick.publish(Float32(data=float(self.ticks)))

    def on_set(self, request: Any, response: Any) -> Any:
        response.success, response.message = request.data, "naïve"
        return response


def main(args: list[str] | None = None) -> None:
    """Spin until stopped."""
    try:
        with rclpy.init(args=args):
            rclpy.spin(EchoNode())
    except (KeyboardInterrupt, ExternalShutdownException):
        sys.exit(0)


if __name__ == "__main__":
    main()
