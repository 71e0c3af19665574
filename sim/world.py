"""The world: time, robot, traffic and what the camera sees of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from pose_ssl_sim import scenarios
from pose_ssl_sim.camera import CameraPose, camera_model, projection_matrix
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.ground import Ground
from pose_ssl_sim.light import Light
from pose_ssl_sim.renderer import Renderer
from pose_ssl_sim.robot import DifferentialDrive, robot_mesh
from pose_ssl_sim.stage import Stage, corners, overlap
from pose_ssl_sim.truth import TruthObject, TruthReader

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting

#: Nothing moves further at once than in this time.
_LONGEST_TICK_NS = 50_000_000
_CONTACT_ENDS = 0.25  # metres apart before the same contact may count again


@dataclass(frozen=True)
class SimFrame:
    """One image and all that is true at its moment."""

    rgb: np.ndarray  # (height, width, 3) uint8
    stamp_ns: int
    camera: CameraModel
    ego: EgoState
    truth: list[TruthObject]
    collisions: int  # since the beginning


class World:
    """The simulated world; use it on one thread only.

    Example:
        >>> with World(SimConfig(scenario="street", seed=3)) as world:
        ...     world.step(0.1, 1.0, 0.0)
        ...     frame = world.render()
    """

    def __init__(self, config: SimConfig) -> None:
        """Build the world.

        Args:
            config: Scenario, seed, camera and robot.

        Raises:
            SimError: If the renderer that was asked for does not work here.
        """
        self.config = config
        self.camera = camera_model(config)
        turn = math.pi / 2 if config.scenario == "orbit" else 0.0
        #: Where the camera sits; in `orbit` it looks to the left, at the middle of the circle.
        self.mounting = Mounting(config.camera_x, config.camera_height, config.camera_pitch, turn + config.camera_yaw)
        self.renderer = Renderer(config.renderer, config.render_threads)
        self.collisions = 0
        self.robot = DifferentialDrive(config.max_speed, config.max_yaw_rate, config.acceleration)
        self.stage = Stage(self.renderer, config.seed, config.variants)
        self.light = Light(config.seed, config.light_drift)
        #: Time from image to image, a whole number of ticks.
        self.frame_ns = round(1e9 / config.rate)
        self.tick_ns = self.frame_ns // math.ceil(self.frame_ns / _LONGEST_TICK_NS)
        self.frame_ns -= self.frame_ns % self.tick_ns
        self._time_ns = 0
        self._owed_ns = 0
        self._contacts: set[str] = set()
        self._robot_body = self.renderer.add(robot_mesh(config.camera_x, config.camera_height))
        self._scenario = scenarios.build(config, self.stage)
        surface = self._scenario.surface
        self._ground = Ground(config.seed, surface != "square", surface == "hall")
        self._truth = TruthReader(self.camera, config.min_pixels, config.min_visible, config.max_range)
        self._projection = projection_matrix(self.camera)
        rng = np.random.default_rng([config.seed, 808])
        # Speckle is cut from one larger tile at a place that depends on the time only.
        self._speckle = rng.normal(0, 1, (config.height + 97, config.width + 131)).astype(np.float32)
        self._scenario.update(0.0, 0.0)

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def time_ns(self) -> int:
        """Simulated time since the beginning, nanoseconds."""
        return self._time_ns

    def step(self, dt: float, cmd_v: float = 0.0, cmd_w: float = 0.0) -> None:
        """Let time pass.

        Args:
            dt: Seconds; what is less than a whole tick (0.05 s at 10 Hz) is owed to the next call.
            cmd_v: Speed that the robot is told to drive, m/s.
            cmd_w: Turning rate that it is told, rad/s, left positive.
        """
        self._owed_ns += round(dt * 1e9)
        # A caller's rounding must not put a tick off.
        while self._owed_ns >= self.tick_ns - 1000:
            self._owed_ns -= self.tick_ns
            self._tick(cmd_v, cmd_w)

    def _tick(self, cmd_v: float, cmd_w: float) -> None:
        dt = self.tick_ns * 1e-9
        self._time_ns += self.tick_ns
        time = self._time_ns * 1e-9
        own = self._scenario.drive(time)
        if own:
            # Up to speed at once: a slow start at full turn would leave the circle.
            self.robot.speed, self.robot.yaw_rate = own
        else:
            self.robot.command(cmd_v, cmd_w, dt)
        self._move_robot(dt)
        seen = self.stage.robot
        seen.x, seen.y, seen.yaw, seen.speed = self.robot.x, self.robot.y, self.robot.yaw, self.robot.speed
        seen.standing = 0.0 if abs(self.robot.speed) > 0.1 else seen.standing + dt
        self._scenario.update(dt, time)
        self.stage.update(dt)
        self._count_contacts()

    def _move_robot(self, dt: float) -> None:
        """Drive on, unless something that stands is in the way."""
        robot, half = self.robot, self.stage.robot.half
        before = corners(robot.x, robot.y, robot.yaw, *half)
        x, y, yaw = robot.moved(dt)
        after = corners(x, y, yaw, *half)
        for actor in self.stage.actors:
            if abs(actor.speed) > 0.1 or math.hypot(actor.x - x, actor.y - y) > math.hypot(*actor.half) + 1.0:
                continue
            shape = actor.corners()
            if overlap(after, shape) and not overlap(before, shape):
                self._touch(actor.id)
                robot.speed = 0.0
                return
        robot.x, robot.y, robot.yaw = x, y, yaw

    def _touch(self, actor_id: str) -> None:
        if actor_id not in self._contacts:
            self._contacts.add(actor_id)
            self.collisions += 1

    def _count_contacts(self) -> None:
        robot = self.stage.robot
        tight, wide = robot.corners(), robot.corners(_CONTACT_ENDS)
        near: set[str] = set()
        struck = []
        for actor in self.stage.actors:
            if math.hypot(actor.x - robot.x, actor.y - robot.y) > math.hypot(*actor.half) + 1.0:
                continue
            shape = actor.corners()
            if overlap(wide, shape):
                near.add(actor.id)
                if overlap(tight, shape):
                    self._touch(actor.id)
                    if actor.speed > 0.1:
                        struck.append(actor)
        self._contacts &= near
        # Bodies pass through each other here: after the crash the vehicle is taken away, not driven through the lens.
        for actor in struck:
            self.stage.leave(actor)

    def ego(self) -> EgoState:
        """Pose and velocity of the robot in `odom`."""
        robot = self.robot
        return EgoState(self._time_ns, robot.x, robot.y, robot.yaw, robot.speed, robot.yaw_rate)

    def camera_pose(self) -> CameraPose:
        """Where the camera is now."""
        robot, m = self.robot, self.mounting
        x = robot.x + m.x * math.cos(robot.yaw)
        y = robot.y + m.x * math.sin(robot.yaw)
        return CameraPose(x, y, m.height, robot.yaw + m.yaw, m.pitch)

    def render(self) -> SimFrame:
        """What the camera sees now, and the truth about it."""
        return self.render_from(self.camera_pose())

    def render_from(self, pose: CameraPose) -> SimFrame:
        """What the camera would see from another pose, and the truth about it."""
        model, time = self.camera, self._time_ns * 1e-9
        self.stage.place_all()
        self.renderer.place(self._robot_body, self.robot.x, self.robot.y, self.robot.yaw)
        raw = self.renderer.draw(
            pose.view_matrix(), self._projection, model.width, model.height, self.light.lighting(time)
        )
        image = np.empty((model.height, model.width, 3), np.uint8)
        self.light.draw_sky(image, pose, model, time)
        solids = [(a.corners(), a.prop.spec.size[2]) for a in self.stage.actors]
        self._ground.draw(image, pose, model, self.light, time, solids)
        cv2.copyTo(raw.rgb, (raw.bodies >= 0).view(np.uint8), image)
        truth = self._truth.read(self.stage.actors, pose, raw.bodies)
        return SimFrame(self._sensor(image), self._time_ns, model, self.ego(), truth, self.collisions)

    def _sensor(self, image: np.ndarray) -> np.ndarray:
        """A little blur and noise, as a lens and a sensor give."""
        image = cv2.GaussianBlur(image, (3, 3), 0.55)
        if self.config.noise <= 0:
            return image
        tick = self._time_ns // self.tick_ns
        x, y = int(tick * 37 % 131), int(tick * 53 % 97)
        grain = self._speckle[y : y + image.shape[0], x : x + image.shape[1]] * self.config.noise
        return cv2.add(image, cv2.merge([grain, grain, grain]), dtype=cv2.CV_8U)

    def close(self) -> None:
        """Let go of the renderer; may be called twice."""
        self.renderer.close()
