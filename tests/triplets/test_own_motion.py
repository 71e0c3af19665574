"""Odometry that is right, jumps, stands still or is missing, against pictures of the ground."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from pose_ssl_ros.interfaces import CameraModel, EgoState, Mounting
from pose_ssl_ros.triplets.ground_flow import GroundFlow
from pose_ssl_ros.triplets.own_motion import OwnMotion, OwnMotionWatch
from tests.triplets.ground_pictures import CAMERA, MOUNT, picture, route, texture

GROUND = texture()


def watch(
    true: list[EgoState],
    told: list[EgoState | None],
    camera: CameraModel | None = CAMERA,
    mount: Mounting = MOUNT,
    believed: Mounting | None = None,
) -> tuple[list[OwnMotion], OwnMotionWatch]:
    """What comes out when the robot is really at `true` and odometry says `told`."""
    own = OwnMotionWatch()
    found = [
        own.update(picture(GROUND, pose, mount), pose.stamp_ns, said, camera, believed or mount, [])
        for pose, said in zip(true, told, strict=True)
    ]
    return found, own


def frozen(states: list[EgoState]) -> list[EgoState | None]:
    return [EgoState(s.stamp_ns, 0.0, 0.0, 0.0) for s in states]


@pytest.mark.parametrize(("speed", "turn"), [(1.0, 0.0), (1.0, 0.3), (-0.6, -0.2), (0.0, 0.5)])
@pytest.mark.parametrize("mount", [MOUNT, Mounting(0.0, 0.7, 0.2), Mounting(0.2, 1.0, 0.1, math.pi / 2)])
def test_the_ground_tells_how_the_camera_moved(speed: float, turn: float, mount: Mounting) -> None:
    before, after = route(speed, turn, 2)
    flow = GroundFlow()
    flow.keep(picture(GROUND, before, mount), [])
    found = flow.look(picture(GROUND, after, mount), CAMERA, mount)
    assert found.still is False and found.moved is not None
    # By hand: the lens is mount.x ahead of the axle, in the axes of the lens at the first picture.
    shift = complex(after.x - before.x, after.y - before.y) + mount.x * (
        np.exp(1j * after.yaw) - np.exp(1j * before.yaw)
    )
    shift *= np.exp(-1j * (before.yaw + mount.yaw))
    assert found.moved.ahead == pytest.approx(shift.real, abs=0.015)
    assert found.moved.left == pytest.approx(shift.imag, abs=0.015)
    assert found.moved.turn == pytest.approx(turn * 0.1, abs=0.005)


def test_right_odometry_is_used_as_it_is() -> None:
    true = route(1.2, 0.2, 25)
    found, own = watch(true, list(true))
    assert [f.ego for f in found] == true and not any(f.broken for f in found)
    assert not own.counts["odometry_jumps"] and not own.counts["odometry_contradicted"]


def test_a_wrong_camera_height_does_not_make_odometry_wrong() -> None:
    true = route(1.2, 0.1, 25)
    found, _ = watch(true, list(true), believed=Mounting(0.2, 0.6, 0.0))
    assert [f.ego for f in found] == true


def test_odometry_that_stands_still_while_the_robot_drives_is_replaced_by_the_ground() -> None:
    true = route(1.0, 0.15, 25)
    found, own = watch(true, frozen(true))
    assert own.counts["odometry_contradicted"] > 0
    assert all(f.ego is None or f.ego.speed > 0 for f in found[3:])
    assert sum(f.broken for f in found) <= 1
    first, last = found[4].ego, found[-1].ego
    assert first is not None and last is not None
    way = math.dist((first.x, first.y), (last.x, last.y))
    assert way == pytest.approx(math.dist((true[4].x, true[4].y), (true[-1].x, true[-1].y)), rel=0.06)
    assert last.yaw - first.yaw == pytest.approx(true[-1].yaw - true[4].yaw, abs=0.06)


def test_wheels_that_turn_while_the_robot_stands_are_not_believed() -> None:
    true = [dataclasses.replace(s, x=0.0, y=0.0, yaw=0.0) for s in route(1.0, 0.0, 15)]
    found, own = watch(true, list(route(1.0, 0.0, 15)))
    assert own.counts["odometry_contradicted"] > 0
    last = found[-1]
    assert last.ego is not None and last.ego.speed == 0.0 and last.still


def test_a_jump_breaks_with_the_past_once_and_is_used_again_after() -> None:
    true = route(1.0, 0.1, 20)
    told = [dataclasses.replace(s, x=s.x + (2.0 if i >= 10 else 0.0)) for i, s in enumerate(true)]
    found, own = watch(true, list(told))
    assert [i for i, f in enumerate(found) if f.broken] == [10] and own.counts["odometry_jumps"] == 1
    turned = [dataclasses.replace(s, yaw=s.yaw + (0.4 if i >= 10 else 0.0)) for i, s in enumerate(true)]
    assert watch(true, list(turned))[1].counts["odometry_jumps"] == 1


@pytest.mark.parametrize("twist", [True, False])
def test_hard_braking_and_turning_are_no_jumps(twist: bool) -> None:
    states, x, yaw, speed = [], 0.0, 0.0, 1.5
    for index in range(20):
        speed = max(0.0, speed - 0.4) if index > 8 else speed
        rate = 1.0 if 4 < index < 8 else 0.0
        x, yaw = x + speed * 0.1 * math.cos(yaw), yaw + rate * 0.1
        told = (speed, rate) if twist else (0.0, 0.0)
        states.append(EgoState(int(1e9 + index * 1e8), x, 0.0, yaw, *told))
    own = OwnMotionWatch()
    black = np.zeros((240, 320, 3), np.uint8)
    for state in states:
        own.update(black, state.stamp_ns, state, CAMERA, MOUNT, [])
    assert own.counts["odometry_jumps"] == 0


def test_at_night_odometry_stays_and_nothing_else_is_said() -> None:
    own = OwnMotionWatch()
    random = np.random.default_rng(0)
    for state in route(1.0, 0.0, 12):
        noise = random.integers(0, 3, (240, 320, 3)).astype(np.uint8)
        with_odometry = own.update(noise, state.stamp_ns, state, CAMERA, MOUNT, [])
        assert with_odometry.ego == state
    alone = OwnMotionWatch()
    for state in route(0.0, 0.0, 5):
        found = alone.update(np.zeros((240, 320, 3), np.uint8), state.stamp_ns, None, CAMERA, MOUNT, [])
        assert found == OwnMotion()


def test_without_intrinsics_it_tells_standing_driving_and_backing() -> None:
    for speed, still, spreads in ((0.0, True, None), (1.0, False, True), (-1.0, False, False)):
        true = route(speed, 0.0, 4)
        last = watch(true, [None] * 4, camera=None)[0][-1]
        assert (last.still, last.spreads) == (still, spreads)
        assert (last.ego is not None) == still  # one that stands has a pose, whatever its lens


def test_a_pause_or_another_picture_size_starts_anew() -> None:
    own = OwnMotionWatch()
    true = route(1.0, 0.0, 6)
    for index, state in enumerate(true):
        stamp = state.stamp_ns + (3_000_000_000 if index >= 3 else 0)
        image = picture(GROUND, state)
        if index == 5:
            image = image[:200, :300]
        found = own.update(np.ascontiguousarray(image), stamp, None, CAMERA, MOUNT, [])
        if index in (0, 3, 5):
            assert found.still is None
        if index in (3,):
            assert found.ego is None
