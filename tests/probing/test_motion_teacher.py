"""The teacher against boxes projected from a world with known motion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Mounting, Track
from pose_ssl_ros.probing.ground_plane import ground_range, horizon_row
from pose_ssl_ros.probing.motion_teacher import MotionTeacher
from pose_ssl_ros.viewpoint import azimuth_from_scores, azimuth_from_yaw, wrap

CAMERA = CameraModel(640, 480, 420.0, 420.0, 320.0, 240.0)
MOUNT = Mounting(x=0.2, height=1.0, pitch=0.0)
HEIGHT = 1.5
WIDTH = 1.8


def project(ego: EgoState, x: float, y: float, jitter: float = 0.0, rng: np.random.Generator | None = None) -> Box:
    """Box of an upright object of HEIGHT and WIDTH standing at (x, y) in odom."""
    dx, dy = x - ego.x, y - ego.y
    ahead = math.cos(ego.yaw) * dx + math.sin(ego.yaw) * dy - MOUNT.x
    left = -math.sin(ego.yaw) * dx + math.cos(ego.yaw) * dy
    u = CAMERA.cx - CAMERA.fx * left / ahead
    bottom = CAMERA.cy + CAMERA.fy * MOUNT.height / ahead
    h, w = CAMERA.fy * HEIGHT / ahead, CAMERA.fx * WIDTH / ahead
    noise = rng.normal(0, jitter, 4) if rng is not None else np.zeros(4)
    x0, x1 = u - w / 2 + noise[0], u + w / 2 + noise[1]
    y0, y1 = bottom - h + noise[2], bottom + noise[3]
    return Box(float(x0), float(y0), float(x1 - x0), float(y1 - y0))


def drive(
    *,
    ego_speed: float = 0.0,
    ego_rate: float = 0.0,
    start: tuple[float, float] = (12.0, 1.0),
    velocity: tuple[float, float] = (0.0, 0.0),
    frames: int = 20,
    jitter: float = 0.3,
    with_ego: bool = True,
    still: bool | None = None,
):
    """Run the teacher; return the last evidence and the true azimuth."""
    teacher, rng = MotionTeacher(), np.random.default_rng(5)
    evidence, azimuth = None, 0.0
    for i in range(frames):
        t = 0.1 * i
        yaw = ego_rate * t
        ego = EgoState(int(t * 1e9), ego_speed * t, 0.0, yaw, ego_speed, ego_rate)
        x, y = start[0] + velocity[0] * t, start[1] + velocity[1] * t
        track = Track("7", project(ego, x, y, jitter, rng), ego.stamp_ns)
        evidence = teacher.update(
            track, ego.stamp_ns, CAMERA if with_ego else None, MOUNT, ego if with_ego else None, camera_still=still
        )
        camera = (ego.x + MOUNT.x * math.cos(yaw), ego.y + MOUNT.x * math.sin(yaw))
        azimuth = azimuth_from_yaw(math.atan2(velocity[1], velocity[0]), (x, y), camera)
    return evidence, azimuth


def test_a_box_bottom_tells_the_distance_by_hand():
    # 70 rows below the horizon at focal length 420 and height 1: 6 m.
    assert ground_range(CAMERA, MOUNT, 310.0) == pytest.approx(6.0)
    assert ground_range(CAMERA, MOUNT, 240.0) is None
    tilted = Mounting(height=1.0, pitch=math.atan(0.1))
    assert horizon_row(CAMERA, tilted) == pytest.approx(240 - 42)
    # The optical axis of a camera tilted down by atan(0.1) meets the ground at 10 m.
    assert ground_range(CAMERA, tilted, 240.0) == pytest.approx(10.0)


@pytest.mark.parametrize("ego_speed", [0.0, 1.5])
@pytest.mark.parametrize("ego_rate", [0.0, 0.15])
@pytest.mark.parametrize(
    ("velocity", "name"),
    [((-3.0, 0.0), "toward"), ((3.5, 0.0), "away"), ((0.0, 1.5), "left"), ((0.0, -1.5), "right"), ((-2, 2), None)],
)
def test_moving_objects_are_read_right_whatever_the_robot_does(ego_speed, ego_rate, velocity, name):
    start = (14.0, -1.0 * velocity[1])
    evidence, truth = drive(ego_speed=ego_speed, ego_rate=ego_rate, start=start, velocity=velocity, frames=15)
    assert evidence is not None
    azimuth, weight = azimuth_from_scores(evidence.scores)
    assert abs(wrap(azimuth - truth)) < math.radians(20)
    assert 0.8 < weight <= 1.0
    if name is not None:
        assert ("toward", "left", "away", "right")[int(np.argmax(evidence.scores))] == name


@pytest.mark.parametrize("ego_speed", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("start", [(12.0, 1.0), (8.0, -2.5), (16.0, 3.0)])
def test_parked_objects_give_no_evidence_while_the_robot_drives(ego_speed, start):
    assert drive(ego_speed=ego_speed, ego_rate=0.1, start=start, jitter=0.8)[0] is None


def test_slow_or_noisy_motion_gives_no_evidence():
    assert drive(velocity=(-0.2, 0.0))[0] is None
    assert drive(start=(25.0, 0.0), velocity=(-0.6, 0.0), jitter=2.0)[0] is None


def test_a_turning_object_is_seen_to_turn():
    teacher = MotionTeacher()
    evidence = None
    for i in range(13):
        t = 0.1 * i
        ego = EgoState(int(t * 1e9), 0.0, 0.0, 0.0)
        angle = 2.2 * t  # a circle of 1.5 m radius
        box = project(ego, 9 + 1.5 * math.cos(angle), 1.5 * math.sin(angle))
        evidence = teacher.update(Track("1", box, ego.stamp_ns), ego.stamp_ns, CAMERA, MOUNT, ego)
    motion = teacher.motion("1")
    assert motion is not None and not motion.straight
    assert evidence is None


def test_without_odometry_looming_counts_only_while_the_camera_stands():
    for velocity, name in {(-2.5, 0.0): 0, (2.5, 0.0): 2, (0.0, 2.0): 1, (0.0, -2.0): 3}.items():
        start = (9.0 - velocity[0] * 0.7, -velocity[1])
        evidence, _ = drive(start=start, velocity=velocity, with_ego=False, still=True)
        assert evidence is not None and int(np.argmax(evidence.scores)) == name
        for still in (False, None):
            assert drive(start=start, velocity=velocity, with_ego=False, still=still)[0] is None


def test_cut_off_coasting_and_repeated_boxes_add_nothing():
    teacher = MotionTeacher()
    for i in range(15):
        ego = EgoState(i * 10**8, 0.0, 0.0, 0.0)
        box = Box(0.0, 200.0 - 3 * i, 60.0, 60.0 + 6 * i)  # grows at the border
        assert teacher.update(Track("1", box, ego.stamp_ns), ego.stamp_ns, CAMERA, MOUNT, ego) is None
        growing = Box(200.0, 200.0, 60.0, 60.0 + 6 * i)
        coasting = Track("2", growing, ego.stamp_ns, missed=1)
        assert teacher.update(coasting, ego.stamp_ns, CAMERA, MOUNT, ego) is None
        same = Track("3", growing, 5)
        assert teacher.update(same, 5, CAMERA, MOUNT, ego) is None


def test_a_clock_that_goes_back_starts_a_track_anew():
    teacher = MotionTeacher()

    def see(second: float, x: float):
        ego = EgoState(int(second * 1e9), 0.0, 0.0, 0.0)
        return teacher.update(Track("1", project(ego, x, 0.0), ego.stamp_ns), ego.stamp_ns, CAMERA, MOUNT, ego)

    for i in range(12):
        last = see(100 + 0.1 * i, 14 - 0.3 * i)
    assert last is not None
    assert [see(1 + 0.1 * i, 8.0) for i in range(12)] == [None] * 12


def test_forget_and_reset_drop_the_past():
    teacher = MotionTeacher()
    for i in range(12):
        ego = EgoState(i * 10**8, 0.0, 0.0, 0.0)
        teacher.update(Track("1", project(ego, 14 - 0.3 * i, 0.0), ego.stamp_ns), ego.stamp_ns, CAMERA, MOUNT, ego)
    assert teacher.motion("1") is not None
    teacher.forget({"2"})
    assert teacher.motion("1") is None
