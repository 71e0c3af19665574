"""Parameters of proposals, tracking and crops."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class TrackerConfig:
    """How boxes become tracks."""

    confirm_hits: int = parameter(3, "Detections before a track is published.", minimum=1, maximum=20)
    max_coast_s: float = parameter(
        0.6, "How long a track lives without a detection.", minimum=0.0, maximum=5.0, unit="s"
    )
    shown_coast: int = parameter(
        2, "Frames for which a track without a detection is still published.", minimum=0, maximum=30
    )
    min_iou: float = parameter(
        0.2, "Least overlap of a predicted and a detected box to be the same object.", minimum=0.01, maximum=0.9
    )
    max_merge_s: float = parameter(
        3.0,
        "How long a track is kept while its box is merged with another object's.",
        minimum=0.0,
        maximum=30.0,
        unit="s",
    )
    max_gap_s: float = parameter(
        2.0, "A longer pause between images ends all tracks.", minimum=0.1, maximum=60.0, unit="s"
    )
    max_boxes: int = parameter(
        64, "Boxes used per image, largest score or area first; more are counted and dropped.", minimum=1, maximum=500
    )
    process_noise: float = parameter(
        4.0, "Box acceleration that the filter expects, in box sizes per second squared.", minimum=0.01, maximum=50.0
    )
    measurement_noise: float = parameter(0.06, "Jitter of detected boxes, in box sizes.", minimum=0.001, maximum=0.5)


@dataclass(frozen=True)
class ProposalConfig:
    """How class-agnostic boxes are found."""

    method: str = parameter(
        "learned",
        "A small net that knows what stands out as an object, colour contrast to the ground without any learned "
        "weights, or both, where the net's boxes come first.",
        choices=("learned", "contrast", "both"),
        read_only=True,
    )
    objectness_model: str = parameter(
        "", "ONNX file of that net; empty takes the one that comes with the package.", read_only=True
    )
    objectness_threshold: float = parameter(0.32, "Least score of the net's boxes.", minimum=0.01, maximum=0.99)
    objectness_threads: int = parameter(1, "Threads that the net computes on.", minimum=1, maximum=64, read_only=True)
    work_width: int = parameter(
        320, "Images are scaled down to this width before boxes are sought.", minimum=96, maximum=1280, unit="px"
    )
    horizon: float = parameter(
        0.5,
        "Height of the horizon, 0 = top, 1 = bottom of the image, when camera_info does not tell.",
        minimum=-1.0,
        maximum=2.0,
    )
    contrast: float = parameter(
        14.0,
        "Least colour distance (CIE Lab) of an object to the ground or sky around it.",
        minimum=1.0,
        maximum=100.0,
    )
    spread: float = parameter(0.35, "A colour seen in this share of the columns is ground.", minimum=0.05, maximum=1.0)
    min_height: float = parameter(
        0.045, "Least height of a box as a share of the image height.", minimum=0.005, maximum=1.0
    )
    min_rise: float = parameter(
        0.55,
        "Least height of an object in camera heights above ground; flatter things are marks on the ground.",
        minimum=0.0,
        maximum=5.0,
    )
    max_rise: float = parameter(
        4.5,
        "Largest height of an object in camera heights above ground; what has no end below is a wall.",
        minimum=1.0,
        maximum=50.0,
    )
    min_aspect: float = parameter(0.12, "Least width over height; thinner things are poles.", minimum=0.0, maximum=1.0)
    max_aspect: float = parameter(5.0, "Largest width over height; wider things are walls.", minimum=1.0, maximum=50.0)
    max_boxes: int = parameter(24, "Most boxes per image.", minimum=1, maximum=200)
