"""What a person may set on the judging of a recording."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pose_ssl_ros.parameters import parameter


@dataclass(frozen=True)
class JudgeConfig:
    """How answers are compared with truth and how figures get their intervals."""

    iou: float = parameter(
        0.3, "Least overlap at which a detection answers for a true object.", minimum=0.01, maximum=1.0
    )
    min_visible: float = parameter(
        0.3, "True objects that show less of themselves are not counted.", minimum=0.0, maximum=1.0
    )
    min_side: float = parameter(
        12.0, "True objects with a shorter side are not counted.", minimum=0.0, maximum=1000.0, unit="px"
    )
    toward_width: float = parameter(
        math.pi / 2,
        "Full width of the true toward class; give the inference node's value.",
        minimum=0.1,
        maximum=3.1,
        unit="rad",
    )
    moving_speed: float = parameter(
        0.25, "A true object at least this fast counts as moving.", minimum=0.01, maximum=10.0, unit="m/s"
    )
    window: float = parameter(
        10.0, "Width of a window of the curves, robot time.", minimum=0.5, maximum=3600.0, unit="s"
    )
    raise_at: float = parameter(
        0.3, "Danger from which it counts as raised; the planner stops there.", minimum=0.0, maximum=1.0
    )
    release_below: float = parameter(
        0.22, "Danger below which it counts as released; the planner goes on there.", minimum=0.0, maximum=1.0
    )
    alarm_frames: int = parameter(
        2, "Frames in a row with raised danger that make an alarm, as the planner counts.", minimum=1, maximum=100
    )
    least_threat: float = parameter(
        0.3, "Threats that last shorter are not judged.", minimum=0.0, maximum=60.0, unit="s"
    )
    bins: int = parameter(10, "Bins of the reliability plot and of ECE.", minimum=2, maximum=100)
    replicates: int = parameter(1000, "Draws of tracks behind an interval.", minimum=100, maximum=100000)
    level: float = parameter(0.95, "Share of the draws that an interval holds.", minimum=0.5, maximum=0.999)
    seed: int = parameter(0, "Of the draws; the same answers give the same intervals.", minimum=0)
    max_records: int = parameter(
        400000, "Answers kept; beyond, every second one is dropped.", minimum=1000, maximum=5000000
    )
