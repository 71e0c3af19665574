"""What a user can set of learning from recordings."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.inference.config import InferenceConfig
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.parameters import nested, parameter
from pose_ssl_ros.triplets.config import TripletNodeConfig


@dataclass(frozen=True)
class PassConfig:
    """How `pose-ssl learn` goes through recordings (`--set NAME=VALUE`)."""

    passes: int = parameter(1, "Times that the recordings are gone through.", minimum=1, maximum=1000)
    order: str = parameter(
        "stream",
        "Triplets as they were recorded, one bag after the other, or of all bags shuffled.",
        choices=("stream", "shuffled"),
    )
    threads: int = parameter(
        2,
        "Torch threads; two runs are equal to the bit only with the same number, whatever the machine's cores.",
        minimum=1,
        maximum=256,
    )
    save_steps: int = parameter(200, "Steps between two checkpoints.", minimum=1, maximum=1_000_000)
    exemplars: int = parameter(
        500,
        "Most crops with a known heading that the model brings along, at most half of them of the site; "
        "more make each export on the robot slower.",
        minimum=0,
        maximum=10_000,
    )


@dataclass(frozen=True)
class SiteConfig(PassConfig):
    """All settings of `pose-ssl learn`; beneath the names of the nodes are their parameters."""

    learner: LearnerConfig = nested(LearnerConfig)
    triplet: TripletNodeConfig = nested(TripletNodeConfig)
    inference: InferenceConfig = nested(InferenceConfig)  # for measuring only, as the planner's
    planner: PlannerConfig = nested(PlannerConfig)
