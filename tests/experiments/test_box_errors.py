import numpy as np
import pytest
from pose_ssl_sim.encounters import draw

from pose_ssl_ros.danger.config import DangerConfig, PlannerConfig
from pose_ssl_ros.experiments.box_errors import EDGES, SLOW_S, SLOW_SHARE, BoxErrors
from pose_ssl_ros.experiments.danger_signals import signals
from pose_ssl_ros.experiments.driving import CAMERA, drive
from pose_ssl_ros.interfaces import Box

BOX = Box(200.0, 100.0, 80.0, 60.0)
CONFIG = PlannerConfig(cruise_speed=1.5)


def test_edges_are_off_as_far_as_was_measured_and_for_as_long() -> None:
    many = np.concatenate([BoxErrors(1, n, 1.0, 600, 0.1).shares[None] for n in range(60)])
    # Cut off at 0.4 of the size: a little narrower than what is drawn.
    assert many.std((0, 1)) == pytest.approx(EDGES, rel=0.08)
    assert abs(many.mean((0, 1))).max() < 0.02
    for lag in (2, 10):
        together = (many[:, lag:, 3] * many[:, :-lag, 3]).mean() / (many[..., 3] ** 2).mean()
        assert together == pytest.approx(SLOW_SHARE * np.exp(-lag * 0.1 / SLOW_S), abs=0.05)


def test_true_boxes_stay_as_they_are_and_every_planner_sees_the_same_errors() -> None:
    assert BoxErrors(1, 2, 0.0, 10, 0.1).of(BOX, 3, CAMERA) == BOX
    first, second = (BoxErrors(1, 2, 1.0, 10, 0.1).of(BOX, 3, CAMERA) for _ in range(2))
    assert first == second != BOX
    assert BoxErrors(1, 3, 1.0, 10, 0.1).of(BOX, 3, CAMERA) != first


def test_boxes_stay_in_the_image_and_keep_an_area() -> None:
    errors = BoxErrors(1, 2, 3.0, 300, 0.1)
    for frame in range(300):
        for box in (BOX, Box(0.0, 400.0, 30.0, 80.0), Box(600.0, 2.0, 40.0, 9.0)):
            found = errors.of(box, frame, CAMERA)
            assert found.w > 0 and found.h > 0
            assert found.x >= 0 and found.x + found.w <= CAMERA.width + 1e-9
            assert found.y >= 0 and found.y + found.h <= CAMERA.height + 1e-9
    cut = errors.of(Box(0.0, 100.0, 50.0, 60.0), 7, CAMERA)
    assert cut.x == 0.0, "an edge that the image border cuts is still cut"


def test_ranges_of_boxes_with_errors_disturb_a_planner_that_lives_on_them() -> None:
    contact = signals(DangerConfig())["ttc"]
    parked = [draw(3, n, 1.5) for n in range(0, 36, 6)]
    exact, rough = ([drive(e, contact, None, CONFIG, box_errors=x).seconds for e in parked] for x in (0.0, 1.0))
    assert sum(rough) > sum(exact)
