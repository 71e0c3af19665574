"""What a user may set on the evaluator."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class EvaluatorConfig:
    """Settings of the evaluator node; taken at start, since they shape the whole record of a run."""

    output: str = parameter("", "Folder of the run; empty means runs/<time> in the current folder.", read_only=True)
    duration: float = parameter(
        0.0, "End after this much robot time; 0 means until interrupted.", minimum=0.0, unit="s", read_only=True
    )
    video: bool = parameter(True, "Write annotated.mp4.", read_only=True)
    panel: str = parameter(
        "auto",
        "Live panel: rich on a terminal, else plain lines; or off.",
        choices=("auto", "rich", "plain", "off"),
        read_only=True,
    )
    seed: int = parameter(0, "Seed of the simulation, copied to the summary.", read_only=True)
    scenario: str = parameter("", "Name of the scenario or input, copied to the summary.", read_only=True)
    iou: float = parameter(
        0.3, "Least overlap at which a detection answers for a true object.", minimum=0.01, maximum=1.0, read_only=True
    )
    window: float = parameter(
        10.0,
        "Width of a window of the learning curve, robot time.",
        minimum=0.5,
        maximum=3600.0,
        unit="s",
        read_only=True,
    )
    toward_width: float = parameter(
        math.pi / 2,
        "Full width of the true toward class; give the inference node's value.",
        minimum=0.1,
        maximum=3.1,
        unit="rad",
        read_only=True,
    )
    min_visible: float = parameter(
        0.3, "True objects that show less of themselves are not counted.", minimum=0.0, maximum=1.0, read_only=True
    )
    min_side: float = parameter(
        12.0,
        "True objects with a shorter side are not counted.",
        minimum=0.0,
        maximum=1000.0,
        unit="px",
        read_only=True,
    )
    moving_speed: float = parameter(
        0.25,
        "A true object at least this fast counts as moving.",
        minimum=0.01,
        maximum=10.0,
        unit="m/s",
        read_only=True,
    )
    summary_period: float = parameter(
        10.0, "How often summary.json is refreshed, wall time.", minimum=0.5, maximum=600.0, unit="s", read_only=True
    )
    video_rate: float = parameter(
        5.0, "Frames of the video per robot second.", minimum=0.2, maximum=60.0, unit="Hz", read_only=True
    )
    video_width: int = parameter(640, "Width of the video.", minimum=64, maximum=3840, unit="px", read_only=True)
    samples: int = parameter(
        400, "Crops kept for the pictures of the embedding; 0 for none.", minimum=0, maximum=5000, read_only=True
    )
    max_records: int = parameter(
        400000, "Sightings kept; beyond, every second one is dropped.", minimum=1000, maximum=5000000, read_only=True
    )
