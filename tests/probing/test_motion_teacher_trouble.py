"""The teacher where something is wrong: tracks that change over, odometry that ends, a camera that just stopped."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, EgoState, TeacherEvidence, Track
from pose_ssl_ros.probing.motion_teacher import MotionTeacher
from pose_ssl_ros.viewpoint import azimuth_from_scores
from tests.probing.test_motion_teacher import CAMERA, MOUNT, project


def standing(index: int) -> EgoState:
    return EgoState(index * 10**8, 0.0, 0.0, 0.0)


def watch(boxes: list[Box], egos: list[EgoState]) -> list[TeacherEvidence | None]:
    """One track with odometry, an image every tenth of a second."""
    teacher = MotionTeacher()
    return [
        teacher.update(Track("1", box, ego.stamp_ns), ego.stamp_ns, CAMERA, MOUNT, ego)
        for box, ego in zip(boxes, egos, strict=True)
    ]


def loom(rate: float, still: list[bool], spreads: list[bool | None]) -> list[TeacherEvidence | None]:
    """A box that grows by `rate` a second in the middle of the picture, without odometry and intrinsics."""
    teacher, found = MotionTeacher(), []
    for index, (stands, flows) in enumerate(zip(still, spreads, strict=True)):
        h = 80 * math.exp(rate * 0.1 * index)
        track = Track("1", Box(320 - h / 2, 240 - h / 2, h, h), index * 10**8)
        found.append(teacher.update(track, track.stamp_ns, None, MOUNT, None, stands, flows))
    return found


@pytest.mark.parametrize("smooth", [0.0, 0.6])  # share of the old place that the tracker keeps
@pytest.mark.parametrize("other", [(8.0, 1.0), (12.0, 4.0), (15.0, -1.0)])
def test_a_track_that_changes_over_to_another_object_moves_nowhere(smooth: float, other: tuple[float, float]) -> None:
    boxes, place = [], np.array([11.0, 0.0])
    rng = np.random.default_rng(3)
    for index in range(30):
        goal = np.array([11.0, 0.0] if index < 14 else other)
        place = smooth * place + (1 - smooth) * goal
        boxes.append(project(standing(index), *place, 0.4, rng))
    assert watch(boxes, [standing(i) for i in range(30)]) == [None] * 30


def test_two_objects_that_melt_into_one_box_and_part_again_move_nowhere() -> None:
    rng = np.random.default_rng(4)
    boxes = []
    for index in range(40):
        a = project(standing(index), 12.0, 1.0, 0.4, rng)
        b = project(standing(index), 14.0, -1.2, 0.4, rng)
        x0, y0 = min(a.x, b.x), min(a.y, b.y)
        both = Box(x0, y0, max(a.x + a.w, b.x + b.w) - x0, max(a.bottom, b.bottom) - y0)
        boxes.append(both if 12 <= index < 26 else a if index < 12 else b)
    assert watch(boxes, [standing(i) for i in range(40)]) == [None] * 40


def test_what_starts_brakes_and_overtakes_is_still_taught() -> None:
    rng = np.random.default_rng(5)
    for acceleration, first in ((1.5, 0.5), (-1.5, 4.0)):
        boxes = []
        for index in range(16):
            t = 0.1 * index
            boxes.append(project(standing(index), 16.0 - first * t - acceleration * t * t / 2, 0.5, 0.3, rng))
        said = watch(boxes, [standing(i) for i in range(16)])[-1]
        assert said is not None and int(np.argmax(said.scores)) == 0


@pytest.mark.parametrize("rate", [0.6, 1.5])
def test_a_robot_that_begins_to_spin_with_late_odometry_sees_nobody_move(rate: float) -> None:
    """Stamps 30 ms apart: what the picture shows is 30 ms older than the pose that comes with it."""
    for start in ((10.0, 1.0), (18.0, -2.0)):
        boxes, egos = [], []
        rng = np.random.default_rng(6)
        for index in range(25):
            yaws = [rate * max(0.0, 0.1 * index - 0.8 - late) for late in (0.0, 0.03)]
            if abs(yaws[1]) > 0.45:
                break
            egos.append(EgoState(index * 10**8, 0.0, 0.0, yaws[0], 0.0, rate if yaws[0] else 0.0))
            boxes.append(project(EgoState(0, 0.0, 0.0, yaws[1]), *start, 0.3, rng))
        assert watch(boxes, egos) == [None] * len(egos)


def test_a_camera_that_has_just_stopped_does_not_take_its_own_way_for_looming() -> None:
    said = loom(0.4, [index >= 10 for index in range(30)], [index < 10 or None for index in range(30)])
    # For a window's length after the stop the box's growth is partly our own.
    assert said[:23] == [None] * 23
    assert said[-1] is not None and int(np.argmax(said[-1].scores)) == 0


def test_while_the_camera_moves_only_what_it_cannot_have_made_is_taught() -> None:
    moving = [False] * 20
    ahead = loom(-0.3, moving, [True] * 20)[-1]
    assert ahead is not None
    azimuth, weight = azimuth_from_scores(ahead.scores)
    assert azimuth == pytest.approx(math.pi) and weight == pytest.approx(0.6)
    back = loom(0.3, moving, [False] * 20)[-1]
    assert back is not None and int(np.argmax(back.scores)) == 0
    # Everything grows when we go ahead, and shrinks when we back off.
    assert loom(0.3, moving, [True] * 20)[-1] is None
    assert loom(-0.3, moving, [False] * 20)[-1] is None
    # It must be known all the time which way we go.
    assert loom(-0.3, moving, [None] * 20)[-1] is None
    assert loom(-0.3, moving, [True] * 12 + [False] + [True] * 7)[-1] is None


def test_odometry_that_ends_and_comes_back_teaches_nothing_wrong() -> None:
    teacher, said = MotionTeacher(), []
    for index in range(45):
        t = 0.1 * index
        ego = EgoState(index * 10**8, 1.2 * t, 0.0, 0.0, 1.2, 0.0)
        known = None if 15 <= index < 25 else ego
        track = Track("1", project(ego, 14.0, 2.0), ego.stamp_ns)
        said.append(teacher.update(track, ego.stamp_ns, CAMERA, MOUNT, known, False, True))
    assert said == [None] * 45
