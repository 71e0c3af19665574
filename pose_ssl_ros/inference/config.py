"""Parameters of the inference process."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.danger.config import DangerConfig, MotionConfig, ZoneConfig
from pose_ssl_ros.parameters import nested, parameter


@dataclass(frozen=True)
class HeadingConfig:
    """How heading is filtered over a track."""

    memory_s: float = parameter(2.0, "Evidence fades to 1/e in this time.", minimum=0.05, maximum=60, unit="s")
    independent_s: float = parameter(
        0.5,
        "Frames so far apart count as independent; closer ones count less, because they repeat each other.",
        minimum=0.01,
        maximum=10,
        unit="s",
    )
    floor: float = parameter(
        0.05,
        "No frame may give a heading less than this; one wrong frame then can't decide.",
        minimum=0.001,
        maximum=0.2,
    )
    forget_s: float = parameter(2.0, "A track not seen for so long is forgotten.", minimum=0.1, maximum=60, unit="s")
    motion_trust: float = parameter(
        0.0,
        "How far an object's own clear motion is believed beside its looks (needs odometry), such as 0.95.  0: looks "
        "alone; on streets motion named more and reversed more.",
        minimum=0.0,
        maximum=0.999,
    )
    motion_speed: float = parameter(
        0.5, "Slower motion says nothing of heading.", minimum=0.05, maximum=20.0, unit="m/s"
    )
    motion_own_share: float = parameter(
        0.6, "Share of the robot's own speed that an object must have on top of that.", minimum=0.0, maximum=5.0
    )
    motion_sigmas: float = parameter(
        3.0,
        "Nor does a speed below so many standard deviations; at 2, parked things that seem to move were reversed.",
        minimum=0.5,
        maximum=50.0,
    )


@dataclass(frozen=True)
class MountingConfig:
    """Where the camera sits while /tf_static does not say."""

    x: float = parameter(0.2, "Camera ahead of base_link.", minimum=-20, maximum=20, unit="m")
    height: float = parameter(0.6, "Camera above ground.", minimum=0.01, maximum=50, unit="m")
    pitch: float = parameter(0.0, "Camera pitch, down positive.", minimum=-1.5, maximum=1.5, unit="rad")
    yaw: float = parameter(0.0, "Camera yaw, left positive.", minimum=-3.2, maximum=3.2, unit="rad")


@dataclass(frozen=True)
class PipelineConfig:
    """What happens to one frame."""

    threads: int = parameter(1, "Threads of ONNX Runtime.", minimum=1, maximum=64, read_only=True)
    max_model_mb: int = parameter(
        256, "Larger models are refused.", minimum=1, maximum=4096, unit="MiB", read_only=True
    )
    max_objects: int = parameter(
        32,
        "Objects read per frame; the largest boxes are kept, the rest is counted as dropped.",
        minimum=1,
        maximum=1024,
    )
    top_identities: int = parameter(5, "Identity hypotheses per object.", minimum=1, maximum=100)
    assumed_fov: float = parameter(
        1.05,
        "Horizontal field of view taken for ranging while no camera_info came; 0 leaves the range unknown.",
        minimum=0,
        maximum=3.0,
        unit="rad",
    )
    heading: HeadingConfig = nested(HeadingConfig)
    motion: MotionConfig = nested(MotionConfig)
    danger: DangerConfig = nested(DangerConfig)


@dataclass(frozen=True)
class InferenceConfig(PipelineConfig):
    """Parameters of the inference node."""

    transport: str = parameter(
        "auto",
        "Which image topic to hear; auto takes whichever speaks first (as the triplet node does).",
        choices=("auto", "raw", "compressed"),
        read_only=True,
    )
    model_path: str = parameter("", "ONNX file to start with; empty waits for the `model` topic.", read_only=True)
    base_frame: str = parameter("base_link", "The robot's frame, of `danger_zones`.", read_only=True)
    ring: int = parameter(16, "Recent images kept until their tracks come.", minimum=1, maximum=256, read_only=True)
    odom_gap_s: float = parameter(
        0.25, "Odometry farther than this from an image is not used.", minimum=0.01, maximum=5, unit="s"
    )
    silence_s: float = parameter(
        5.0, "Without images or tracks for so long, /diagnostics says why.", minimum=0.5, maximum=600, unit="s"
    )
    mounting: MountingConfig = nested(MountingConfig)
    zones: ZoneConfig = nested(ZoneConfig)
