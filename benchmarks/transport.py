"""Latency of sensor_msgs/Image (640x480 rgb8) between two processes, as our nodes send it."""

from __future__ import annotations

import array
import os
import subprocess
import sys
import time

import common
import numpy as np

TOPIC = "benchmark_image"


def publish(rate: float, seconds: float) -> int:
    """The other process: publishes images stamped with the monotonic clock."""
    import rclpy
    from rclpy.node import Node
    from sensor_msgs.msg import Image

    from pose_ssl_ros.nodes.runtime import SENSOR

    rclpy.init()
    node = Node("benchmark_camera")
    publisher = node.create_publisher(Image, TOPIC, SENSOR)
    pixels = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8).tobytes()
    end = time.monotonic() + seconds + 5
    while not publisher.get_subscription_count() and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.05)
    message = Image(height=480, width=640, encoding="rgb8", step=1920, data=array.array("B", pixels))
    due = time.monotonic()
    for _ in range(int(rate * seconds)):
        now = time.monotonic_ns()
        message.header.stamp.sec, message.header.stamp.nanosec = divmod(now, 10**9)
        publisher.publish(message)
        due += 1 / rate
        rclpy.spin_once(node, timeout_sec=0.0)
        time.sleep(max(0.0, due - time.monotonic()))
    time.sleep(0.3)
    node.destroy_node()
    rclpy.shutdown()
    return 0


def listen(rate: float, seconds: float) -> dict[str, float | int | None]:
    """Subscribe and time what comes."""
    import rclpy
    from rclpy.node import Node
    from sensor_msgs.msg import Image

    from pose_ssl_ros.nodes.runtime import SENSOR

    delays: list[float] = []

    def take(message: Image) -> None:
        now = time.monotonic_ns()
        pixels = np.frombuffer(message.data, np.uint8)
        delays.append((now - message.header.stamp.sec * 10**9 - message.header.stamp.nanosec) / 1e6)
        if len(pixels) != 640 * 480 * 3:
            msg = f"an image came with {len(pixels)} bytes"
            raise RuntimeError(msg)

    rclpy.init()
    node = Node("benchmark_listener")
    node.create_subscription(Image, TOPIC, take, SENSOR)
    command = [sys.executable, __file__, "--publish", "--rate", str(rate), "--seconds", str(seconds)]
    child = subprocess.Popen(command)
    end = time.monotonic() + seconds + 15
    while child.poll() is None and time.monotonic() < end:
        rclpy.spin_once(node, timeout_sec=0.1)
    if child.poll() is None:
        child.terminate()
    node.destroy_node()
    rclpy.shutdown()
    p = np.percentile(delays, (50, 95, 99)) if delays else [None] * 3
    sent = int(rate * seconds)
    values = [None if v is None else round(float(v), 2) for v in p]
    return {"p50_ms": values[0], "p95_ms": values[1], "p99_ms": values[2], "sent": sent, "lost": sent - len(delays)}


def main() -> int:
    """Run it."""
    options = common.argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--rate", type=float, default=10.0)
    options.add_argument("--publish", action="store_true", help=common.argparse.SUPPRESS)
    given = options.parse_args()
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    os.environ.setdefault("ROS_DOMAIN_ID", str(1 + os.getpid() % 100))
    sys.path.insert(0, str(common.ROOT))
    from pose_ssl_ros.embedded.path import activate

    embedded = activate()
    if given.publish:
        return publish(given.rate, given.seconds)
    before = common.machine()
    figures = {"client": "embedded" if embedded else "rclpy", **listen(given.rate, given.seconds)}
    return common.report("transport", figures, {"p95_ms": 20.0, "lost": 0.0}, before)


if __name__ == "__main__":
    raise SystemExit(main())
