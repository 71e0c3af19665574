"""A short made-up run: two cars, answers that get better."""

import math

import numpy as np
import pytest

from pose_ssl_ros.evaluation.config import EvaluatorConfig
from pose_ssl_ros.evaluation.records import Answer, TruthObject
from pose_ssl_ros.evaluation.session import Session
from pose_ssl_ros.interfaces import Box, EgoState, ModelVersion

S = 1_000_000_000


def picture(i):
    rgb = np.full((240, 320, 3), 90, np.uint8)
    rgb[120:160, 40 + i : 90 + i] = (200, 40, 40)
    rgb[100:160, 200:260] = (40, 40, 200)
    return rgb


def frame(i):
    """Truth and answers of frame i of 60, at 10 Hz."""
    first, second = Box(40 + i, 120, 50, 40), Box(200, 100, 60, 60)
    truth = [
        TruthObject("1", "sedan", first, 0.2, (-2.0, 1.0, 9.0)),
        TruthObject("2", "bus", second, math.pi - 0.2, (1.0, 1.0, 9.0)),
    ]
    good = i >= 30
    toward, away, unknown = (0.9, 0, 0, 0, 0.1), (0, 0, 0.9, 0, 0.1), (0, 0, 0, 0, 1.0)
    answers = [
        Answer("t1", first, toward if good else unknown, "object_0", 0.7, 0.3 if good else None),
        Answer("t2", second, away if good else unknown, "object_1", 0.7, math.pi - 0.3 if good else None),
    ]
    return truth, answers


def play(session, recorder=None, frames=60, truth=True, start=0):
    for i in range(start, start + frames):
        stamp = S + i * S // 10
        now = i / 10
        session.image(stamp, now)
        if recorder is not None:
            recorder.image(stamp, session.robot_seconds, picture(i), "caption")
        session.odometry(EgoState(stamp, 0.05 * i, 0.0, 0.0, 0.5))
        session.danger = i / 60
        objects, answers = frame(i)
        if truth:
            session.truth(stamp, objects)
        session.headings(stamp, answers)
        scored = session.detections(stamp, answers, now + 0.04)
        if recorder is not None and scored is not None:
            recorder.scored(scored, "caption")
        if i == 30:
            session.model(ModelVersion(1, sha256="ab" * 32, objective="vicreg", training={"steps": 40}))
            session.swapped(1)


@pytest.fixture
def session():
    made = Session(EvaluatorConfig(window=1.0, scenario="made up", seed=3))
    play(made)
    return made
