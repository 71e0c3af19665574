"""Encounters: a robot on its lane, one other object, and what happens between them; no picture is needed.

Everything here is plane geometry, so that thousands of them can be played; `encounter_view` draws what the robot's
camera sees of one.  The same stand may hold an object that stays and one that pulls out: place and pose come from
the same distribution, and only its front says which could.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.pulling_out import ACCELERATION, PullOut
from pose_ssl_sim.robot import DifferentialDrive
from pose_ssl_sim.stage import Actor, Behaviour, Stage
from pose_ssl_sim.traffic import Cross, Lane

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting
from pose_ssl_ros.viewpoint import azimuth_from_yaw

#: In this order they are drawn in turn.
KINDS = ("parked_toward", "parked_away", "approaching", "crossing", "pulling_out", "receding")
#: Metres that the robot has to go.
GOAL_M = 26.0
#: Objects farther away are not seen, metres.
SIGHT_M = 40.0
#: Least number of pixels, of the box, that is seen.
_LEAST_PIXELS = 60
_TICK = 0.05
_MOUNTING = Mounting(x=0.2, height=1.0)
_VEHICLES = ("sedan", "pickup", "van", "truck", "motorcycle", "forklift", "bus")
_SHARES = (0.3, 0.1, 0.12, 0.12, 0.14, 0.14, 0.08)
_WALKERS = ("pedestrian", "bicycle", "wheelchair", "dog")


@dataclass(frozen=True)
class Encounter:
    """What is drawn from the seed; SI units, world frame: the robot begins at the origin and drives along +x."""

    seed: int
    number: int
    kind: str
    prop: str  # of the stage: a category, `:parked` where nobody is on it
    x: float
    y: float
    yaw: float
    speed: float
    behaviour: Behaviour | None

    @property
    def name(self) -> str:
        """As `pulling_out_0004`."""
        return f"{self.kind}_{self.number:04d}"


def draw(seed: int, number: int, cruise: float) -> Encounter:
    """The encounter of a number; same arguments, same encounter.

    Args:
        seed: Of everything.
        number: From 0; the kinds come in turn.
        cruise: Speed of the robot where nothing hinders it, m/s: what crosses or pulls out is timed by it.
    """
    kind = KINDS[number % len(KINDS)]
    # Parked and pulling-out objects of the same round stand in the same place.
    rng = np.random.default_rng([seed, 1212, number // len(KINDS)])
    stand = _stand(seed, number, rng)
    rng = np.random.default_rng([seed, 1213, number])
    if kind in ("parked_toward", "parked_away", "pulling_out"):
        away = kind == "parked_away"
        stand = replace(stand, kind=kind, yaw=stand.yaw + (math.pi if away else 0.0))
        if kind == "pulling_out":
            return replace(stand, prop=stand.prop.split(":")[0], behaviour=_pull_out(stand, cruise, rng))
        return stand
    if kind == "approaching":
        side = 1.0 if rng.random() < 0.5 else -1.0
        pace, y = rng.uniform(2.0, 5.0), side * rng.uniform(2.3, 2.9)
        weaves, yields = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
        lane = Lane(-1, y, pace, yields, weaves, side * rng.uniform(-0.3, 0.5))
        return Encounter(seed, number, kind, _vehicle(rng), rng.uniform(30.0, 38.0), y, math.pi, pace, lane)
    if kind == "crossing":
        direction = 1 if rng.random() < 0.5 else -1
        walks = bool(rng.random() < 0.6)
        prop = str(rng.choice(_WALKERS)) if walks else _vehicle(rng)
        pace = rng.uniform(0.7, 1.6) if walks else rng.uniform(1.5, 3.5)
        x = rng.uniform(8.0, 15.0)
        begin = -direction * pace * (x / cruise + rng.uniform(-2.0, 2.0))
        cross = Cross(direction, pace, bool(rng.random() < 0.5), 0.6, 14.0)
        return Encounter(seed, number, kind, prop, x, begin, direction * math.pi / 2, pace, cross)
    pace = rng.uniform(0.6, 1.8)
    prop = str(rng.choice(_WALKERS)) if rng.random() < 0.4 else _vehicle(rng)
    y = rng.uniform(-0.4, 0.4)
    return Encounter(seed, number, kind, prop, rng.uniform(6.0, 10.0), y, 0.0, pace, Lane(1, y, pace, True))


def _vehicle(rng: np.random.Generator) -> str:
    return str(rng.choice(_VEHICLES, p=_SHARES))


def _stand(seed: int, number: int, rng: np.random.Generator) -> Encounter:
    """An object that stands beside the lane, its front towards the robot or towards the lane."""
    side = 1.0 if rng.random() < 0.5 else -1.0
    along = bool(rng.random() < 0.5)
    yaw = (math.pi if along else -side * math.pi / 2) + rng.uniform(-0.12, 0.12)
    # Where its near side is; the place of its middle follows from its size.
    near, x = side * rng.uniform(1.0, 2.2), rng.uniform(11.0, 17.0)
    return Encounter(seed, number, "", f"{_vehicle(rng)}:parked", x, near, yaw, 0.0, None)


def _pull_out(stand: Encounter, cruise: float, rng: np.random.Generator) -> PullOut:
    """Begins to move so that a robot that keeps its speed would meet it, or nearly."""
    needs = math.sqrt(2 * (abs(stand.y) + 0.5) / ACCELERATION)
    lead = cruise * (needs + rng.uniform(-0.9, 1.4))
    return PullOut(lead, rng.uniform(6.0, 14.0), rng.uniform(1.8, 3.5), -math.copysign(1.0, stand.y))


class _NoRenderer:
    """Stands in for the renderer where nothing is drawn."""

    def store(self, mesh: Mesh) -> Path | None:
        return None

    def add(self, mesh: Mesh | Path) -> int:
        return 0

    def remove(self, body: int) -> None:
        return None


class Scene:
    """An encounter as it goes on.

    Args:
        encounter: What was drawn.
        camera: Intrinsics of the robot's camera.
    """

    mounting = _MOUNTING

    def __init__(self, encounter: Encounter, camera: CameraModel) -> None:
        """Everybody takes their place."""
        self.encounter = encounter
        self.camera = camera
        self.robot = DifferentialDrive(2.5, 1.5, 2.5)
        self.time = 0.0
        self.collided = False
        seed = encounter.seed * 1_000_003 + encounter.number // len(KINDS)
        self._stage = Stage(_NoRenderer(), seed, 1)  # type: ignore[arg-type]
        rng = np.random.default_rng(0)
        e = encounter
        actor = self._stage.enter(e.prop, rng, e.x, e.y, e.yaw)
        if e.kind in ("parked_toward", "parked_away", "pulling_out"):
            c, s = abs(math.cos(e.yaw)), abs(math.sin(e.yaw))
            actor.y += math.copysign(s * actor.half[0] + c * actor.half[1], e.y)
        elif e.kind == "receding":
            actor.x += actor.half[0]
        actor.speed, actor.behaviour = e.speed, copy.copy(e.behaviour)
        self._points = _outline(actor.prop.spec.mesh.vertices())
        self._tell_traffic(0.0)

    @property
    def actor(self) -> Actor | None:
        """The other, while it is there."""
        return self._stage.actors[0] if self._stage.actors else None

    @property
    def stamp_ns(self) -> int:
        """Time as a stamp; frames of recordings do not begin at 0 either."""
        return round((self.time + 1.0) * 1e9)

    def copy(self) -> Scene:
        """A second future that begins now."""
        other = copy.copy(self)
        other.robot = copy.copy(self.robot)
        other._stage = stage = copy.copy(self._stage)
        stage.robot = replace(self._stage.robot)
        stage.actors = [replace(a, behaviour=copy.copy(a.behaviour), state=dict(a.state)) for a in self._stage.actors]
        return other

    def step(self, dt: float, speed: float, turn: float) -> None:
        """Let time pass in ticks of 0.05 s while the robot is told a speed (m/s) and a turning rate (rad/s)."""
        for _ in range(round(dt / _TICK)):
            self.robot.command(speed, turn, _TICK)
            self.robot.x, self.robot.y, self.robot.yaw = self.robot.moved(_TICK)
            self.time += _TICK
            self._tell_traffic(_TICK)
            self._stage.update(_TICK)
            if self._touches():
                self.collided = True
                self.robot.speed = 0.0
                # Bodies pass through each other here: after the crash the other is taken away.
                self._stage.leave(self._stage.actors[0])

    def _touches(self) -> bool:
        actor = self.actor
        if actor is None or math.hypot(actor.x - self.robot.x, actor.y - self.robot.y) > math.hypot(*actor.half) + 0.5:
            return False
        return self.gap() <= 0.0

    def _tell_traffic(self, dt: float) -> None:
        seen = self._stage.robot
        seen.x, seen.y, seen.yaw, seen.speed = self.robot.x, self.robot.y, self.robot.yaw, self.robot.speed
        seen.standing = 0.0 if abs(self.robot.speed) > 0.1 else seen.standing + dt

    def gap(self) -> float:
        """Metres between the footprints of robot and object; 0 when they touch, infinite when there is no object."""
        actor = self.actor
        if actor is None:
            return math.inf
        robot = self.robot
        return distance(
            (robot.x, robot.y, robot.yaw, *self._stage.robot.half), (actor.x, actor.y, actor.yaw, *actor.half)
        )

    def ego(self) -> EgoState:
        """The robot's odometry, without error."""
        robot = self.robot
        return EgoState(self.stamp_ns, robot.x, robot.y, robot.yaw, robot.speed, robot.yaw_rate)

    def pose(self) -> tuple[float, ...]:
        """Where robot and object are: x, y, yaw of each."""
        robot, actor = self.robot, self.actor
        here = (robot.x, robot.y, robot.yaw)
        return here if actor is None else (*here, actor.x, actor.y, actor.yaw)

    def azimuth(self) -> float:
        """True viewpoint azimuth of the object, radians."""
        actor = self.actor
        assert actor is not None
        x, y, _ = camera_pose(self.robot.x, self.robot.y, self.robot.yaw).position
        return azimuth_from_yaw(actor.yaw, (actor.x, actor.y), (float(x), float(y)))

    def box(self) -> Box | None:
        """The object's box in the image, as its outline gives it; None when it is not in view."""
        actor = self.actor
        if actor is None or math.hypot(actor.x - self.robot.x, actor.y - self.robot.y) > SIGHT_M:
            return None
        return box_at(self._points, self.pose(), self.camera)

    @property
    def points(self) -> np.ndarray:
        """Outermost points of the object's shape (n, 3) in its own frame, metres."""
        return self._points


def camera_pose(x: float, y: float, yaw: float) -> CameraPose:
    """The camera of a robot that stands at a place."""
    m = _MOUNTING
    return CameraPose(x + m.x * math.cos(yaw), y + m.x * math.sin(yaw), m.height, yaw, m.pitch)


def box_at(points: np.ndarray, pose: tuple[float, ...], camera: CameraModel) -> Box | None:
    """Box of a shape (n, 3) for a pose of `Scene.pose`, cut at the image border; None where too little of it shows."""
    x, y, yaw = pose[3:]
    c, s = math.cos(yaw), math.sin(yaw)
    world = points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + np.array([x, y, 0.0])
    pixels, depth = camera_pose(*pose[:3]).project(world, camera)
    pixels = pixels[depth > 0.15]
    if not len(pixels):
        return None
    size = np.array([camera.width, camera.height], float)
    low = np.clip(np.floor(pixels.min(axis=0)), 0, size)
    high = np.clip(np.ceil(pixels.max(axis=0)) + 1, 0, size)
    width, height = (float(v) for v in high - low)
    if width < 4 or height < 4 or width * height < _LEAST_PIXELS:
        return None
    return Box(float(low[0]), float(low[1]), width, height)


#: x, y, yaw, half length, half width of a footprint.
Footprint = tuple[float, float, float, float, float]


def distance(a: Footprint, b: Footprint) -> float:
    """Distance between two rectangles on the ground in metres, 0 when they overlap."""
    ab, ba = _corners_in(a, b), _corners_in(b, a)
    if not (_apart(ab, a[3], a[4]) or _apart(ba, b[3], b[4])):
        return 0.0
    # Of two convex shapes that do not overlap, one point of the shortest way is a corner.
    return min(
        math.hypot(max(0.0, abs(x) - length), max(0.0, abs(y) - width))
        for points, length, width in ((ab, a[3], a[4]), (ba, b[3], b[4]))
        for x, y in points
    )


def _corners_in(frame: Footprint, other: Footprint) -> list[tuple[float, float]]:
    """Corners of the other rectangle in the axes of the first."""
    turn = other[2] - frame[2]
    c, s, cf, sf = math.cos(turn), math.sin(turn), math.cos(frame[2]), math.sin(frame[2])
    dx, dy = other[0] - frame[0], other[1] - frame[1]
    x, y = cf * dx + sf * dy, cf * dy - sf * dx
    ends = ((1, 1), (-1, 1), (-1, -1), (1, -1))
    return [(x + c * i * other[3] - s * j * other[4], y + s * i * other[3] + c * j * other[4]) for i, j in ends]


def _apart(points: list[tuple[float, float]], length: float, width: float) -> bool:
    """Whether an axis of a rectangle around the origin separates it from the points (touching is apart)."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs) >= length or max(xs) <= -length or min(ys) >= width or max(ys) <= -width


def _outline(vertices: np.ndarray) -> np.ndarray:
    """The vertices that reach farthest in some direction: they give the same boxes as all, to a pixel."""
    rng = np.random.default_rng(0)
    directions = rng.normal(0, 1, (300, 3))
    return vertices[np.unique((vertices @ directions.T).argmax(axis=0))]


__all__ = ["GOAL_M", "KINDS", "Encounter", "Scene", "box_at", "camera_pose", "distance", "draw"]
