"""One encounter driven by one planner, ten frames a second: the product's own filters, danger and speed policy."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass, field

from pose_ssl_sim.encounters import GOAL_M, Encounter, Scene

from pose_ssl_ros.danger.config import MotionConfig, PlannerConfig
from pose_ssl_ros.danger.motion import Motion, MotionEstimator
from pose_ssl_ros.danger.policy import SpeedPolicy, State
from pose_ssl_ros.danger.ranging import GroundPoint, locate
from pose_ssl_ros.danger.steering import next_speed, yaw_rate
from pose_ssl_ros.experiments.box_errors import BoxErrors
from pose_ssl_ros.experiments.danger_signals import Signal
from pose_ssl_ros.inference.config import HeadingConfig
from pose_ssl_ros.inference.track_filter import UNKNOWN_ESTIMATE, HeadingEstimate, HeadingFilter
from pose_ssl_ros.interfaces import CameraModel
from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, heading_of

FRAME_S = 0.1
#: Nearer than this is too near, metres between the footprints.
SAFETY_M = 0.5
#: How far ahead danger looks, seconds.
HORIZON_S = 3.0
#: An encounter that lasts longer is given up, seconds.
LONGEST_S = 60.0
#: The camera of the simulation: 640 x 480, 1.3 rad across.
CAMERA = CameraModel(640, 480, 320 / math.tan(0.65), 320 / math.tan(0.65), 319.5, 239.5)

#: Raw reading of a frame: heading probabilities (5,) and resultant vector (2,); None: nothing read.
Reading = Callable[[Scene], "tuple[list[float], list[float]] | None"]


#: Planners without headings know no `unknown`, for which the policy would slow down.
_NOT_ASKED = HeadingEstimate((1.0, 0.0, 0.0, 0.0, 0.0), None, None)


@dataclass(frozen=True)
class Moment:
    """What a planner saw of the object in one frame."""

    time: float
    heading: HeadingEstimate
    point: GroundPoint
    motion: Motion
    danger: float


@dataclass
class Outcome:
    """How an encounter ended."""

    seconds: float  # until the robot was past it, LONGEST_S at most
    collided: bool = False
    least_gap: float = math.inf  # metres between the footprints
    stops: int = 0
    needless: int = 0  # stops without which nothing would have come nearer than SAFETY_M within HORIZON_S
    stuck: bool = False
    moments: list[Moment] = field(default_factory=list)


def truth(scene: Scene) -> tuple[list[float], list[float]]:
    """What a perfect model would read."""
    azimuth = scene.azimuth()
    name = heading_of(azimuth)
    return [float(name == each) for each in HEADINGS_AND_UNKNOWN], [math.cos(azimuth), math.sin(azimuth)]


def _as_read(heading: list[float], azimuth: list[float]) -> HeadingEstimate:
    toward, left, away, right, unknown = heading
    return HeadingEstimate((toward, left, away, right, unknown), math.atan2(azimuth[1], azimuth[0]), 0.0)


def drive(
    encounter: Encounter,
    signal: Signal,
    reading: Reading | None,
    config: PlannerConfig,
    *,
    watch: Callable[[Scene, Moment], None] | None = None,
    raw: bool = False,
    box_errors: float = 0.0,
) -> Outcome:
    """Drive along the lane until past the goal.

    Args:
        encounter: Whom the robot meets.
        signal: What the planner takes for danger.
        reading: Where headings come from; None for planners that need none.
        config: Speeds and thresholds of the planner.
        watch: Called at each frame in which the object is in view.
        raw: Headings are taken as read, unfiltered: of the oracle, which is never wrong.
        box_errors: How far boxes are off that ranges and speeds are taken from; 1: as proposals are, 0: not at all.
    """
    scene = Scene(encounter, CAMERA)
    errors = BoxErrors(encounter.seed, encounter.number, box_errors, round(LONGEST_S / FRAME_S), FRAME_S)
    policy, headings = SpeedPolicy(config.policy), HeadingFilter(HeadingConfig())
    estimator, motions = MotionEstimator(MotionConfig()), MotionConfig()
    outcome, speed, state = Outcome(LONGEST_S), 0.0, State.GO
    while scene.time < LONGEST_S - 1e-9:
        stamp, ego, box = scene.stamp_ns, scene.ego(), scene.box()
        danger, seen = 0.0, []
        if box is not None:
            box = errors.of(box, round(scene.time / FRAME_S), CAMERA)
        point = None if box is None else locate(box, CAMERA, scene.mounting, motions)
        if point is not None:
            heading = _NOT_ASKED
            if reading is not None:
                found = reading(scene)
                heading = UNKNOWN_ESTIMATE
                if found is not None:
                    heading = _as_read(*found) if raw else headings.update("1", found[0], found[1], stamp)
            motion = estimator.update("1", point, stamp, ego)
            danger = signal(heading, point, motion)
            seen = [heading.heading]
            if watch is not None:
                watch(scene, Moment(scene.time, heading, point, motion, danger))
        now = stamp * 1e-9
        policy.on_odom(now)
        policy.on_headings(seen, now)
        policy.on_danger(danger, now)
        decision = policy.decide(now)
        if decision.state is State.STOP and state is not State.STOP and scene.robot.speed > 0.1:
            outcome.stops += 1
            outcome.needless += int(not harmed(scene, config))
        state = decision.state
        speed = next_speed(speed, decision.scale * config.cruise_speed, FRAME_S, config)
        scene.step(FRAME_S, speed, yaw_rate(ego, speed, config))
        outcome.least_gap = min(outcome.least_gap, scene.gap())
        if scene.collided and not outcome.collided:
            outcome.collided, speed = True, 0.0
        if scene.robot.x >= GOAL_M:
            outcome.seconds = scene.time
            break
    outcome.stuck = scene.robot.x < GOAL_M
    if outcome.collided:
        outcome.least_gap = 0.0
    return outcome


def least_gap_ahead(scene: Scene, config: PlannerConfig, horizon_s: float = HORIZON_S) -> float:
    """Least gap in metres within the horizon if the robot went on along its lane at its cruise speed."""
    future = scene.copy()
    speed, least = future.robot.speed, future.gap()
    for _ in range(round(horizon_s / FRAME_S)):
        speed = next_speed(speed, config.cruise_speed, FRAME_S, config)
        future.step(FRAME_S, speed, yaw_rate(future.ego(), speed, config))
        if future.collided:
            return 0.0
        least = min(least, future.gap())
    return least


def harmed(scene: Scene, config: PlannerConfig) -> bool:
    """Whether going on would bring the object within the safety distance."""
    return least_gap_ahead(scene, config) <= SAFETY_M


def nominal_seconds(config: PlannerConfig) -> float:
    """Seconds to the goal where nobody is met."""
    time = speed = x = 0.0
    while x < GOAL_M:
        speed = next_speed(speed, config.cruise_speed, FRAME_S, config)
        x, time = x + speed * FRAME_S, time + FRAME_S
    return time


def with_threshold(config: PlannerConfig, stop_at: float) -> PlannerConfig:
    """The same planner, more or less careful: its other thresholds follow in the proportion of the defaults."""
    default = type(config.policy)()
    scale = stop_at / default.stop_at
    policy = dataclasses.replace(
        config.policy,
        stop_at=stop_at,
        resume_below=scale * default.resume_below,
        slow_at=scale * default.slow_at,
        patience_below=max(stop_at, default.patience_below),
    )
    return dataclasses.replace(config, policy=policy)
