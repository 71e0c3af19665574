"""The sim node: the world on a thread of its own, its senses on topics, `cmd_vel` in."""

from __future__ import annotations

import array
import collections
import dataclasses
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Transform, TransformStamped, Twist
from nav_msgs.msg import Odometry
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.config import SimConfig, SimError
from pose_ssl_sim.truth import TruthObject
from pose_ssl_sim.world import SimFrame, World
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting
from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, Diagnostics, Level, bind, run
from pose_ssl_ros.viewpoint import orientation_in_camera, quaternion_from_matrix

ODOM, BASE, CAMERA = "odom", "base_link", "camera_optical_frame"
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
        self._image = self.create_publisher(Image, "image", _CAMERA)
        self._info = self.create_publisher(CameraInfo, "camera_info", _CAMERA)
        self._odom = self.create_publisher(Odometry, "odom", RESULT)
        self._truth = self.create_publisher(Detection2DArray, "ground_truth", RESULT)
        self._tf = self.create_publisher(TFMessage, "/tf", RESULT)
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
            self._publish_ego(world.ego(), world.mounting)
            if world.time_ns >= due_ns:
                due_ns += world.frame_ns
                begin = time.perf_counter()
                frame = world.render()
                took = time.perf_counter() - begin
                self._publish_frame(frame)
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

    def _publish_ego(self, ego: EgoState, mounting: Mounting) -> None:
        stamp = to_time(ego.stamp_ns)
        half = ego.yaw / 2
        odom = Odometry(header=Header(stamp=stamp, frame_id=ODOM), child_frame_id=BASE)
        pose, twist = odom.pose.pose, odom.twist.twist
        pose.position.x, pose.position.y = ego.x, ego.y
        pose.orientation.z, pose.orientation.w = float(np.sin(half)), float(np.cos(half))
        twist.linear.x, twist.angular.z = ego.speed, ego.yaw_rate
        self._odom.publish(odom)
        base = TransformStamped(header=Header(stamp=stamp, frame_id=ODOM), child_frame_id=BASE)
        base.transform.translation.x, base.transform.translation.y = ego.x, ego.y
        base.transform.rotation.z, base.transform.rotation.w = pose.orientation.z, pose.orientation.w
        self._tf.publish(TFMessage(transforms=[base, camera_transform(stamp, mounting)]))

    def _publish_frame(self, frame: SimFrame) -> None:
        header = Header(stamp=to_time(frame.stamp_ns), frame_id=CAMERA)
        height, width = frame.rgb.shape[:2]
        self._info.publish(info_message(header, frame.camera))
        image = Image(header=header, height=height, width=width, encoding="rgb8", step=3 * width)
        image.data = array.array("B", frame.rgb.tobytes())
        self._image.publish(image)
        self._truth.publish(Detection2DArray(header=header, detections=[truth_message(header, t) for t in frame.truth]))


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


def to_time(stamp_ns: int) -> Time:
    """Nanoseconds as a time message."""
    return Time(sec=stamp_ns // 1_000_000_000, nanosec=stamp_ns % 1_000_000_000)


def camera_transform(stamp: Time, mounting: Mounting) -> TransformStamped:
    """base_link to the camera's optical frame (x right, y down, z ahead)."""
    turn = CameraPose(0.0, 0.0, 0.0, mounting.yaw, mounting.pitch).rotation
    found = TransformStamped(header=Header(stamp=stamp, frame_id=BASE), child_frame_id=CAMERA)
    found.transform = Transform()
    found.transform.translation.x, found.transform.translation.z = mounting.x, mounting.height
    rotation = found.transform.rotation
    rotation.x, rotation.y, rotation.z, rotation.w = quaternion_from_matrix(turn)
    return found


def info_message(header: Header, camera: CameraModel) -> CameraInfo:
    """The intrinsics; the picture has no distortion."""
    fx, fy, cx, cy = camera.fx, camera.fy, camera.cx, camera.cy
    return CameraInfo(
        header=header,
        height=camera.height,
        width=camera.width,
        distortion_model="plumb_bob",
        d=[0.0] * 5,
        k=np.array([fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0]),
        r=np.eye(3).reshape(-1),
        p=np.array([fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0]),
    )


def truth_message(header: Header, truth: TruthObject) -> Detection2D:
    """One object of the `ground_truth` topic."""
    found = Detection2D(header=header, id=truth.id)
    found.bbox.center.position.x, found.bbox.center.position.y = (float(v) for v in truth.box.centre)
    found.bbox.size_x, found.bbox.size_y = float(truth.box.w), float(truth.box.h)
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = truth.category, float(truth.visible_fraction)
    pose = result.pose.pose
    pose.position.x, pose.position.y, pose.position.z = truth.position
    q = pose.orientation
    q.x, q.y, q.z, q.w = orientation_in_camera(truth.azimuth, truth.bearing)
    found.results = [result]
    return found


def main(args: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run(SimNode, args)


if __name__ == "__main__":
    raise SystemExit(main())
