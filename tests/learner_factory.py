"""A small learner and a stream that it can learn from, for tests."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet
from pose_ssl_ros.learning.config import LearnerConfig
from pose_ssl_ros.learning.online import OnlineLearner
from pose_ssl_ros.viewpoint import scores_from_azimuth

SIZE = 32
CONFIG = LearnerConfig(
    size=SIZE, width=8, depth=0, batch=8, min_triplets=8, replay_mib=8.0, projector=32, threads=1, track_quota=20,
    replays=1000.0,
)  # fmt: skip


def picture(azimuth: float, tint: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A box whose lamp says where it heads: bright and high towards, dark away, at the side otherwise."""
    image = np.full((SIZE, SIZE, 3), 120.0) + random.normal(0, 6, (SIZE, SIZE, 3))
    image[8:28, 4:28] = tint
    column = int(16 - 9 * math.sin(azimuth))
    row = 12 if math.cos(azimuth) > 0 else 23
    image[row - 3 : row + 3, column - 3 : column + 3] = 255 - tint / 4
    return np.clip(image, 0, 255).astype(np.uint8)


def stream(tracks: int = 24, length: int = 6, taught: bool = True, seed: int = 0) -> list[Triplet]:
    random = np.random.default_rng(seed)
    triplets = []
    for track in range(tracks):
        azimuth, tint = (track % 4) * math.pi / 2 + random.uniform(-0.3, 0.3), random.uniform(40, 160, 3)
        for number in range(length):
            crops = np.stack([picture(azimuth + 0.1 * k, tint, random) for k in (-1, 0, 1)])
            teacher = TeacherEvidence(scores_from_azimuth(azimuth, 0.9)) if taught else None
            triplets.append(Triplet(f"{seed}-{track}", number, crops, Box(0, 0, 9, 9), teacher))
    return triplets


def trained(folder: Path, steps: int = 25, config: LearnerConfig = CONFIG) -> OnlineLearner:
    learner = OnlineLearner(config, folder)
    learner.add(stream())
    for _ in range(steps):
        assert learner.step() is not None
    return learner
