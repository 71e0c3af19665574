"""Parameters of the motion teacher."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class TeacherConfig:
    """When a track's motion is clear enough to say where the object heads."""

    window_s: float = parameter(1.4, "Time over which motion is measured.", minimum=0.2, maximum=10.0, unit="s")
    min_samples: int = parameter(5, "Images needed inside the window.", minimum=3, maximum=100)
    min_speed: float = parameter(
        0.6, "Slower objects say nothing about their heading.", minimum=0.0, maximum=20.0, unit="m/s"
    )
    own_share: float = parameter(
        0.6, "Share of the robot's own speed that an object must have on top of that.", minimum=0.0, maximum=5.0
    )
    min_sigmas: float = parameter(4.0, "Least speed in standard errors of the speed.", minimum=1.0, maximum=50.0)
    max_heading_error: float = parameter(
        0.35, "Largest standard error of the direction of motion.", minimum=0.01, maximum=1.5, unit="rad"
    )
    max_inconsistency: float = parameter(
        0.14,
        "Largest scatter (of the logarithm) of an object's true height and outline over the window.",
        minimum=0.01,
        maximum=2.0,
    )
    max_disagreement: float = parameter(
        0.5,
        "Largest angle between the motion told by foot and height and that told by the foot alone.",
        minimum=0.01,
        maximum=3.2,
        unit="rad",
    )
    still_speed: float = parameter(
        0.05, "A robot slower than this counts as standing.", minimum=0.0, maximum=1.0, unit="m/s"
    )
    still_yaw_rate: float = parameter(
        0.02, "A robot turning slower than this counts as standing.", minimum=0.0, maximum=1.0, unit="rad/s"
    )
    min_box_height: float = parameter(
        14.0, "Boxes lower than this are too coarse to measure motion by.", minimum=2.0, maximum=500.0, unit="px"
    )
    loom_rate: float = parameter(
        0.10,
        "Without ground geometry: least growth or shrinkage of the box that counts.",
        minimum=0.01,
        maximum=5.0,
        unit="1/s",
    )
    lateral_rate: float = parameter(
        0.5,
        "Without ground geometry: least sideways motion that counts, in box heights.",
        minimum=0.05,
        maximum=10.0,
        unit="1/s",
    )
    pixel_noise: float = parameter(
        0.75, "Jitter of a box edge that is always assumed.", minimum=0.1, maximum=20.0, unit="px"
    )
    sync_error_s: float = parameter(
        0.03,
        "How far stamps of images and odometry may be apart: a robot whose turning changes sees what stands move.",
        minimum=0.0,
        maximum=1.0,
        unit="s",
    )
