"""The sim node: the world on a thread of its own, its senses on topics, `cmd_vel` in."""

from __future__ import annotations

import collections
import dataclasses
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from builtin_interfaces.msg import Time
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from pose_ssl_sim.config import SimConfig, SimError
from pose_ssl_sim.node_messages import Sensed, camera_transform, of_frame, of_tick
from pose_ssl_sim.world import World
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.nodes.convert import to_time
from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, Diagnostics, Level, bind, run

# A reliable camera is heard by best-effort and reliable subscribers alike; a shallow queue keeps it from waiting.
_CAMERA = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=2,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.VOLATILE,
)
_LAST_WORDS_S = 1.5  # how long a finished simulation goes on saying so


class SimNode(Node):
    """Publishes what the simulated robot senses and drives it from `cmd_vel`."""

    def __init__(self, **kwargs: Any) -> None:
        """Declare parameters, create topics and start the world's thread."""
        super().__init__("sim", **kwargs)
        self.finished = threading.Event()
        self.exit_status = 0
        self._config = bind(self, SimConfig, self._change)
        self._outputs = {
            "image": self.create_publisher(Image, "image", _CAMERA),
            "camera_info": self.create_publisher(CameraInfo, "camera_info", _CAMERA),
            "odom": self.create_publisher(Odometry, "odom", RESULT),
            "ground_truth": self.create_publisher(Detection2DArray, "ground_truth", RESULT),
            "/tf": self.create_publisher(TFMessage, "/tf", RESULT),
        }
        self._tf_static = self.create_publisher(TFMessage, "/tf_static", LATCHED)
        self._clock_out = self.create_publisher(Clock, "/clock", RESULT)
        self._commands: collections.deque[tuple[float, float]] = collections.deque(maxlen=1)
        self.create_subscription(Twist, "cmd_vel", self._take_command, RESULT)
        self._stop = threading.Event()
        self._state: dict[str, Any] = {"scenario": self._config.scenario, "seed": self._config.seed}
        self._message = "starting"
        self._level = Level.OK
        self._diagnostics = Diagnostics(self, "sim", self._diagnose)
        self._thread = threading.Thread(target=self._live, name="world", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the world's thread."""
        self._stop.set()
        self._thread.join(4.0)

    def _take_command(self, message: Twist) -> None:
        self._commands.append((float(message.linear.x), float(message.angular.z)))

    def _change(self, config: SimConfig) -> None:
        self._config = config

    def _diagnose(self) -> tuple[Level, str, Mapping[str, Any]]:
        return self._level, self._message, dict(self._state)

    def _live(self) -> None:
        """The world's thread: PyBullet is created, used and closed here."""
        try:
            with World(self._config) as world:
                self._announce(world)
                self._play(world)
        except SimError as error:
            self._fail(str(error))
        except Exception as error:  # said, then the process ends: a world that broke cannot go on
            self._fail(f"the simulation broke: {type(error).__name__}: {error}")
            raise

    def _fail(self, message: str) -> None:
        if self._stop.is_set():
            return
        self.get_logger().fatal(message)
        self._level, self._message = Level.ERROR, message
        self.exit_status = 1
        self.finished.set()

    def _announce(self, world: World) -> None:
        config, renderer = self._config, world.renderer
        why = f" ({renderer.reason})" if renderer.reason else ""
        self._state.update(renderer=renderer.name, renderer_reason=renderer.reason)
        self.get_logger().info(
            f"scenario {config.scenario}, seed {config.seed}, {config.width}x{config.height} at {config.rate:g} Hz, "
            f"renderer {renderer.name}{why}"
        )
        self._tf_static.publish(TFMessage(transforms=[camera_transform(Time(), world.mounting)]))
        self._message = "running"

    def _play(self, world: World) -> None:
        pace = _Pace()
        velocity, heard_ns = (0.0, 0.0), -(1 << 62)
        due_ns, images = world.frame_ns, 0
        while not self._stop.is_set():
            config = self._config
            world.config = dataclasses.replace(world.config, noise=config.noise)
            if self._commands:
                velocity, heard_ns = self._commands.popleft(), world.time_ns
            if world.time_ns - heard_ns > config.command_timeout * 1e9:
                velocity = (0.0, 0.0)
            world.step(world.tick_ns * 1e-9, *velocity)
            self._clock_out.publish(Clock(clock=to_time(world.time_ns)))
            self._publish(of_tick(world.ego(), world.mounting))
            if world.time_ns >= due_ns:
                due_ns += world.frame_ns
                begin = time.perf_counter()
                frame = world.render()
                took = time.perf_counter() - begin
                self._publish(of_frame(frame))
                images += 1
                self._state.update(
                    collisions=frame.collisions, images=images, render_ms=1000 * took, objects=len(frame.truth)
                )
            self._state.update(sim_time=world.time_ns * 1e-9, real_time_factor=pace.achieved)
            if config.duration and world.time_ns >= config.duration * 1e9:
                self._end(world)
                return
            pace.wait(world.time_ns, config.real_time_factor, self._stop)
            self._judge(pace, config.real_time_factor)

    def _judge(self, pace: _Pace, wanted: float) -> None:
        slow = 0 < pace.achieved < 0.9 * wanted
        self._level = Level.WARN if slow else Level.OK
        self._message = f"running at {pace.achieved:.2f} of {wanted:g} times real time" if slow else "running"

    def _end(self, world: World) -> None:
        seconds = world.time_ns * 1e-9
        self._level, self._message = Level.OK, "finished"
        self.get_logger().info(f"finished after {seconds:.1f} s of simulated time, {world.collisions} collisions")
        self._diagnostics.publish()
        self._stop.wait(_LAST_WORDS_S)
        self.finished.set()

    def _publish(self, sensed: Iterable[Sensed]) -> None:
        for topic, message in sensed:
            self._outputs[topic].publish(message)


class _Pace:
    """Keeps simulated time beside the wall's; what could not be kept up is given up, not caught up."""

    def __init__(self) -> None:
        self._zero: tuple[float, float, float] | None = None  # wall, sim, factor
        self._marks: collections.deque[tuple[float, float]] = collections.deque(maxlen=60)
        self.achieved = 0.0

    def wait(self, time_ns: int, factor: float, stop: threading.Event) -> None:
        """Wait until the wall has come as far as simulated time; factor 0 never waits."""
        wall, sim = time.monotonic(), time_ns * 1e-9
        self._marks.append((wall, sim))
        first = self._marks[0]
        if wall - first[0] > 0.2:
            self.achieved = (sim - first[1]) / (wall - first[0])
        if factor <= 0:
            return
        if self._zero is None or self._zero[2] != factor:
            self._zero = (wall, sim, factor)
        early = self._zero[0] + (sim - self._zero[1]) / factor - wall
        if early > 0:
            stop.wait(early)
        elif early < -0.25:
            self._zero = (wall, sim, factor)


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(SimNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
