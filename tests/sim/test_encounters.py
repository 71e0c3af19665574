import math

import numpy as np
import pytest
from pose_ssl_sim.encounters import GOAL_M, KINDS, Scene, distance, draw

from pose_ssl_ros.danger.config import MotionConfig
from pose_ssl_ros.danger.ranging import locate
from pose_ssl_ros.experiments.driving import CAMERA
from pose_ssl_ros.viewpoint import heading_of


def scenes(count, seed=5):
    return [Scene(draw(seed, number, 1.5), CAMERA) for number in range(count)]


def play(scene, seconds, speed=1.5):
    least = math.inf
    for _ in range(round(seconds / 0.1)):
        scene.step(0.1, speed, 0.0)
        least = min(least, scene.gap())
        if scene.robot.x > GOAL_M:
            break
    return least


def collides(scene):
    play(scene, 20.0)
    return scene.collided


def test_same_seed_same_encounter_another_seed_another() -> None:
    assert draw(3, 4, 1.5) == draw(3, 4, 1.5)
    assert draw(3, 4, 1.5) != draw(4, 4, 1.5)
    first, second = Scene(draw(3, 4, 1.5), CAMERA), Scene(draw(3, 4, 1.5), CAMERA)
    play(first, 6.0)
    play(second, 6.0)
    assert first.pose() == second.pose()


def test_kinds_come_in_turn_and_share_their_stand() -> None:
    found = [draw(1, number, 1.5) for number in range(12)]
    assert [e.kind for e in found] == list(KINDS) * 2
    toward, away, pulling = found[0], found[1], found[4]
    assert (toward.x, toward.y, toward.yaw) == (pulling.x, pulling.y, pulling.yaw)
    assert (toward.x, toward.y) == (away.x, away.y)
    assert away.yaw == pytest.approx(toward.yaw + math.pi)
    assert toward.prop.split(":")[0] == pulling.prop


def test_what_is_parked_stays_and_is_never_in_the_way() -> None:
    for scene in scenes(12):
        if scene.encounter.kind.startswith("parked"):
            before = scene.pose()[3:]
            assert play(scene, 20.0) > 0.5
            assert scene.pose()[3:] == before
            assert not scene.collided


def test_a_robot_that_heeds_nothing_is_hit_by_many_that_pull_out_and_one_that_waits_by_none() -> None:
    pulling = [s for s in scenes(42) if s.encounter.kind == "pulling_out"]
    assert sum(collides(s.copy()) for s in pulling) >= 3
    for scene in pulling:
        play(scene, 4.0, speed=1.0)
        play(scene, 26.0, speed=0.0)
        assert not scene.collided


def test_headings_are_those_of_the_kind() -> None:
    for scene in scenes(24):
        name, kind = heading_of(_azimuth(scene)), scene.encounter.kind
        along = abs(math.cos(scene.encounter.yaw)) > 0.7
        if kind == "receding" or (kind == "parked_away" and along):
            assert name == "away"
        elif kind == "approaching" or (along and kind != "crossing"):
            assert name == "toward"


def _azimuth(scene):
    x, y, _, ax, ay, yaw = scene.pose()
    return math.atan2(y - ay, x - ax) - yaw


def test_boxes_stand_where_the_object_stands() -> None:
    for scene in scenes(12):
        box, actor = scene.box(), scene.actor
        if box is None or actor.x > 20:  # farther, a pixel is more than a metre
            continue
        point = locate(box, CAMERA, scene.mounting, MotionConfig())
        nearest = math.hypot(actor.x, actor.y) - math.hypot(*actor.half)
        assert nearest - 1.0 < point.range_m < math.hypot(actor.x, actor.y) + 0.5
    scene = scenes(1)[0]
    scene.robot.yaw = math.pi
    assert scene.box() is None  # behind


def test_a_copy_is_another_future() -> None:
    scene = scenes(5)[4]
    play(scene, 2.0)
    pose, time = scene.pose(), scene.time
    other = scene.copy()
    play(other, 5.0)
    assert other.time == pytest.approx(time + 5.0)
    assert (scene.pose(), scene.time) == (pose, time)
    again = scene.copy()
    play(again, 5.0)
    assert again.pose() == other.pose()


def test_after_a_collision_the_robot_stands_and_the_other_is_gone() -> None:
    scene = next(s for s in scenes(60) if s.encounter.kind == "pulling_out" and collides(s.copy()))
    while not scene.collided:
        scene.step(0.05, 1.5, 0.0)
    assert scene.actor is None
    assert scene.robot.speed == 0.0
    assert scene.gap() == math.inf


def test_distance_of_rectangles() -> None:
    square = (0.0, 0.0, 0.0, 1.0, 1.0)
    assert distance(square, (3.0, 0.0, 0.0, 1.0, 1.0)) == pytest.approx(1.0)
    assert distance(square, (5.0, 6.0, 0.0, 1.0, 1.0)) == pytest.approx(5.0)
    assert distance(square, (1.5, 0.0, 0.3, 1.0, 1.0)) == 0.0
    # A corner that points at a side: the half diagonal of a square of side 2 is sqrt(2).
    assert distance(square, (3.0, 0.0, math.pi / 4, 1.0, 1.0)) == pytest.approx(2.0 - math.sqrt(2))
    # Crossed bars share ground although no corner of one lies in the other.
    assert distance((0, 0, 0, 3.0, 0.2), (0, 0, math.pi / 2, 3.0, 0.2)) == 0.0


def test_distance_agrees_with_points_on_the_edges() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        a, b = ((*rng.uniform(-4, 4, 2), rng.uniform(-3, 3), *rng.uniform(0.2, 2.0, 2)) for _ in range(2))
        found = distance(a, b)
        brute = np.linalg.norm(_ring(a)[:, None] - _ring(b)[None], axis=-1).min()
        if found > 0:
            assert found <= brute + 1e-9
            assert brute == pytest.approx(found, abs=0.06)


def _ring(rectangle, count=80):
    x, y, yaw, length, width = rectangle
    t = np.linspace(-1, 1, count)
    edges = np.concatenate([np.stack([t * length, s * width * np.ones(count)], 1) for s in (-1, 1)]
                           + [np.stack([s * length * np.ones(count), t * width], 1) for s in (-1, 1)])  # fmt: skip
    c, s = math.cos(yaw), math.sin(yaw)
    return edges @ np.array([[c, s], [-s, c]]) + (x, y)
