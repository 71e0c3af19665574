"""What a replay is run with: the nodes' own parameters under the nodes' names."""

from __future__ import annotations

from dataclasses import dataclass

from pose_ssl_ros.danger.config import PlannerConfig
from pose_ssl_ros.inference.config import InferenceConfig
from pose_ssl_ros.parameters import nested
from pose_ssl_ros.triplets.config import TripletNodeConfig


@dataclass(frozen=True)
class ReplayConfig:
    """Parameters of the nodes that a replay stands in for, as `triplet.camera_height` or `planner.policy.stop_at`."""

    triplet: TripletNodeConfig = nested(TripletNodeConfig)
    inference: InferenceConfig = nested(InferenceConfig)
    planner: PlannerConfig = nested(PlannerConfig)
