"""Parameters of danger assessment and of the speed policy."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import nested, parameter


@dataclass(frozen=True)
class MotionConfig:
    """How positions on the ground and velocities are estimated from boxes."""

    max_range_m: float = parameter(60.0, "Ranges are cut here; farther is 'far'.", minimum=5, maximum=300, unit="m")
    tallest_m: float = parameter(
        4.0,
        "No object is taller; a tall box that does not reach the ground is put no farther than this allows.",
        minimum=0.5,
        maximum=20,
        unit="m",
    )
    edge_px: float = parameter(
        2.0,
        "A box this near to the left or right image border is taken to be cut off.",
        minimum=0,
        maximum=50,
        unit="px",
    )
    pixel_sigma: float = parameter(
        2.0, "Standard deviation of a box edge that the ranging assumes.", minimum=0.1, maximum=50, unit="px"
    )
    edge_sigma: float = parameter(
        0.06, "Added to it, as a share of the box height: proposals lose wheels and gain shadows.", minimum=0, maximum=1
    )
    acceleration_sigma: float = parameter(
        1.5, "How fast objects change their velocity (1 sigma).", minimum=0.05, maximum=20, unit="m/s^2"
    )
    speed_sigma: float = parameter(
        5.0, "How fast objects may be before anything is known (1 sigma).", minimum=0.5, maximum=50, unit="m/s"
    )
    known_sigma: float = parameter(
        1.2, "A velocity counts as known below this uncertainty.", minimum=0.05, maximum=10, unit="m/s"
    )
    forget_s: float = parameter(2.0, "A track not seen for so long is forgotten.", minimum=0.1, maximum=60, unit="s")


@dataclass(frozen=True)
class DangerConfig:
    """Weights of the danger formula (see `danger.assess`)."""

    toward_weight: float = parameter(1.0, "What `toward` and `unknown` weigh.", minimum=0, maximum=1)
    entering_weight: float = parameter(
        0.8, "What a lateral heading weighs that leads into the robot's corridor.", minimum=0, maximum=1
    )
    leaving_weight: float = parameter(
        0.2, "What a lateral heading weighs that leads out of the corridor.", minimum=0, maximum=1
    )
    away_weight: float = parameter(0.15, "What `away` weighs.", minimum=0, maximum=1)
    half_range_m: float = parameter(
        5.0, "At this range the heading term has fallen to one half.", minimum=0.5, maximum=100, unit="m"
    )
    contact_soon_s: float = parameter(
        2.5, "Time to contact at which the motion term is 1.", minimum=0.1, maximum=30, unit="s"
    )
    contact_far_s: float = parameter(
        7.0, "Time to contact at which the motion term is 0.", minimum=0.2, maximum=60, unit="s"
    )
    block_near_m: float = parameter(
        1.5, "Whatever stands in the corridor nearer than this is danger 1.", minimum=0, maximum=20, unit="m"
    )
    block_far_m: float = parameter(
        3.5, "Beyond this an object in the corridor does not block.", minimum=0.1, maximum=50, unit="m"
    )
    corridor_half_width_m: float = parameter(
        0.6, "Half the width that the robot needs, margin included.", minimum=0.1, maximum=10, unit="m"
    )
    widest_m: float = parameter(
        2.0,
        "Width of what is seen from its front or back; a wider box shows the object's length behind it.",
        minimum=0.1,
        maximum=20,
        unit="m",
    )
    longest_m: float = parameter(
        10.0, "Length that an object which comes or goes is given at least.", minimum=0.0, maximum=50, unit="m"
    )
    clearance_scale_m: float = parameter(
        0.8, "Danger falls by 1/e for each such distance beside the corridor.", minimum=0.05, maximum=20, unit="m"
    )
    horizon_s: float = parameter(3.0, "How far ahead motion is extrapolated.", minimum=0.1, maximum=20, unit="s")
    assumed_closing_mps: float = parameter(
        1.0, "Closing speed of what has no known velocity.", minimum=0, maximum=20, unit="m/s"
    )


@dataclass(frozen=True)
class ZoneConfig:
    """Points for a costmap."""

    frame: str = parameter(
        "",
        "Frame of the odometry, as `odom`: `danger_zones` come in it where odometry is heard; empty: in `base_frame`.",
    )
    min_danger: float = parameter(0.08, "Objects below this danger give no points.", minimum=0, maximum=1)
    step_s: float = parameter(
        0.5, "Longest time between two swept discs; fast objects get more of them.", minimum=0.05, maximum=5, unit="s"
    )
    spacing_m: float = parameter(0.25, "Distance between points of a disc.", minimum=0.05, maximum=2, unit="m")
    max_radius_m: float = parameter(1.5, "Largest disc.", minimum=0.05, maximum=10, unit="m")
    max_points: int = parameter(4096, "Points per cloud; the most dangerous are kept.", minimum=1, maximum=100000)


@dataclass(frozen=True)
class PolicyConfig:
    """When to slow down, stop and go on."""

    stop_at: float = parameter(0.3, "Danger that stops the robot; a probability.", minimum=0, maximum=1)
    resume_below: float = parameter(0.22, "Danger below which a stopped robot goes on.", minimum=0, maximum=1)
    slow_at: float = parameter(0.12, "Danger from which the robot slows down.", minimum=0, maximum=1)
    stop_count: int = parameter(2, "Danger messages in a row needed to stop.", minimum=1, maximum=100)
    resume_count: int = parameter(
        8,
        "Calm messages needed to go on; alarms in between take them back, what lies between does not count.",
        minimum=1,
        maximum=1000,
    )
    stale_s: float = parameter(
        1.0, "Missing danger, headings or odometry for so long is danger.", minimum=0.05, maximum=60, unit="s"
    )
    creep_scale: float = parameter(0.25, "Share of the cruise speed just below stopping.", minimum=0, maximum=1)
    unknown_scale: float = parameter(
        0.6, "Greatest share of the cruise speed while every heading in view is unknown.", minimum=0.05, maximum=1
    )
    patience_s: float = parameter(
        8.0,
        "After so long at a stop the robot creeps on unless danger exceeds `patience_below`; 0 waits for ever.",
        minimum=0,
        maximum=3600,
        unit="s",
    )
    patience_below: float = parameter(0.9, "Danger at which no patience helps.", minimum=0, maximum=1)


@dataclass(frozen=True)
class PlannerConfig:
    """The example planner: speed, steering and the policy."""

    cruise_speed: float = parameter(1.0, "Speed without danger.", minimum=0.0, maximum=20, unit="m/s")
    rate_hz: float = parameter(10.0, "Commands per second.", minimum=1, maximum=100, unit="Hz", read_only=True)
    acceleration: float = parameter(0.8, "Greatest gain of speed.", minimum=0.05, maximum=20, unit="m/s^2")
    deceleration: float = parameter(3.0, "Greatest loss of speed.", minimum=0.05, maximum=50, unit="m/s^2")
    lane_y: float = parameter(0.0, "The lane's y in the odometry frame.", minimum=-1000, maximum=1000, unit="m")
    lane_gain: float = parameter(0.6, "Steering towards the lane per metre beside it.", minimum=0, maximum=10)
    yaw_gain: float = parameter(1.5, "Turn rate per radian of heading error.", minimum=0, maximum=10)
    max_yaw_rate: float = parameter(0.6, "Greatest turn rate.", minimum=0.05, maximum=10, unit="rad/s")
    policy: PolicyConfig = nested(PolicyConfig)
