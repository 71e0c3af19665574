"""Parameters of the triplet node."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import nested, parameter
from pose_ssl_ros.perception.config import ProposalConfig, TrackerConfig
from pose_ssl_ros.probing.teacher_config import TeacherConfig


@dataclass(frozen=True)
class KeyframeConfig:
    """Which views of a track become keyframes, and which keyframes become triplets."""

    view_step: float = parameter(
        0.10, "Turn of the viewing direction that makes a new keyframe.", minimum=0.01, maximum=1.5, unit="rad"
    )
    scale_step: float = parameter(
        0.12, "Change of the logarithm of the box height that makes a new keyframe.", minimum=0.01, maximum=2.0
    )
    image_step: float = parameter(
        0.25, "Change of the crop (1 - correlation) that makes a new keyframe.", minimum=0.01, maximum=1.0
    )
    equal_ratio: float = parameter(
        0.5, "Least ratio of the smaller to the larger step of a triplet.", minimum=0.0, maximum=1.0
    )
    max_step_ratio: float = parameter(
        3.0, "A step larger than this many wanted steps breaks the chain of keyframes.", minimum=1.0, maximum=20.0
    )
    max_pause_s: float = parameter(
        8.0, "A longer pause between keyframes breaks their chain.", minimum=0.5, maximum=120.0, unit="s"
    )
    stride: int = parameter(
        1, "Keyframes between the starts of two triplets: 1 shares two views, 3 none.", minimum=1, maximum=3
    )
    max_rate: float = parameter(4.0, "Most triplets per track and second.", minimum=0.1, maximum=60.0, unit="Hz")
    teach_span_s: float = parameter(
        2.0,
        "How long before or after a view the motion of its track still teaches the view's heading.",
        minimum=0.0,
        maximum=30.0,
        unit="s",
    )
    min_side: float = parameter(
        20.0, "Boxes with a shorter long side are too tiny.", minimum=4.0, maximum=500.0, unit="px"
    )
    min_sharpness: float = parameter(
        0.02, "Least Laplacian variance over grey variance of a crop.", minimum=0.0, maximum=10.0
    )
    max_jump: float = parameter(
        0.25, "Largest disagreement of box and predicted box, in box sizes.", minimum=0.01, maximum=5.0
    )
    max_overlap: float = parameter(
        0.25, "Largest share of a box that another track may cover.", minimum=0.0, maximum=1.0
    )
    border: float = parameter(
        2.0, "Boxes nearer to the image border are cut off.", minimum=0.0, maximum=50.0, unit="px"
    )


@dataclass(frozen=True)
class TripletNodeConfig:
    """Everything a user may set on the triplet node."""

    size: int = parameter(64, "Side of a crop.", minimum=16, maximum=256, unit="px", read_only=True)
    margin: float = parameter(
        0.1,
        "Border around a box in a crop, as a share of its longer side; the inference node needs the same.",
        minimum=0.0,
        maximum=1.0,
    )
    transport: str = parameter(
        "auto",
        "Which image topic to hear; auto takes whichever speaks first.",
        choices=("auto", "raw", "compressed"),
        read_only=True,
    )
    detector: bool = parameter(
        False, "Take boxes from `detections_in` instead of the built-in proposals.", read_only=True
    )
    detector_timeout_s: float = parameter(
        2.0, "A detector silent for longer is reported.", minimum=0.1, maximum=60.0, unit="s"
    )
    sync_slop_s: float = parameter(
        0.05, "Largest time between an image and its detections.", minimum=0.0, maximum=5.0, unit="s", read_only=True
    )
    base_frame: str = parameter("base_link", "Robot frame that /tf_static places the camera in.", read_only=True)
    camera_height: float = parameter(
        0.6,
        "Height of the camera above the ground when /tf_static does not tell.",
        minimum=0.01,
        maximum=20.0,
        unit="m",
    )
    camera_pitch: float = parameter(
        0.0,
        "Pitch of the camera, down positive, when /tf_static does not tell.",
        minimum=-1.5,
        maximum=1.5,
        unit="rad",
    )
    camera_x: float = parameter(
        0.2,
        "Camera ahead of the robot's centre when /tf_static does not tell.",
        minimum=-10.0,
        maximum=10.0,
        unit="m",
    )
    max_odom_gap_s: float = parameter(
        0.25, "Odometry farther than this from an image's time is not used.", minimum=0.01, maximum=5.0, unit="s"
    )
    proposals: ProposalConfig = nested(ProposalConfig)
    tracker: TrackerConfig = nested(TrackerConfig)
    keyframes: KeyframeConfig = nested(KeyframeConfig)
    teacher: TeacherConfig = nested(TeacherConfig)
