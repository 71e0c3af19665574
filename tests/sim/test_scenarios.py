import collections
import math

import numpy as np
import pytest
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.ground import BLOCK
from pose_ssl_sim.world import World

from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.viewpoint import HEADINGS, azimuth_from_yaw, heading_of


def make(**values):
    return World(
        from_values(
            SimConfig, {"renderer": "tiny", "width": 96, "height": 72, "variants": 4, "min_pixels": 6, **values}
        )
    )


def drive(world, seconds, speed=1.2, every=0.5):
    """Drive straight on; yields the world each `every` seconds."""
    for _ in range(round(seconds / every)):
        world.step(every, speed, 0.0)
        yield world


@pytest.mark.parametrize("scenario", ["street", "mixed"])
def test_a_minute_of_street_shows_all_headings_moving_and_parked(scenario):
    seen, per_frame = collections.Counter(), []
    with make(scenario=scenario, seed=0) as world:
        for _ in drive(world, 60.0):
            moving = {a.id: abs(a.speed) > 0.3 for a in world.stage.actors}
            frame = world.render()
            per_frame.append(len(frame.truth))
            for item in frame.truth:
                seen[heading_of(item.azimuth), moving[item.id]] += 1
    for heading in HEADINGS:
        assert seen[heading, True] >= 5, (heading, seen)
    assert seen["toward", False] >= 5 and seen["away", False] >= 5
    assert 2 <= np.median(per_frame) <= 12


def test_street_has_every_kind_of_vehicle_and_people():
    with make(scenario="street", seed=0) as world:
        seen = {a.category for _ in drive(world, 60.0) for a in world.stage.actors}
    assert {"sedan", "truck", "bus", "motorcycle", "forklift", "pedestrian"} <= seen


def test_lanes_go_where_they_should():
    with make(scenario="street", seed=1, weave_fraction=0.0) as world:
        ways = {+1: [], -1: []}
        for _ in drive(world, 30.0):
            for actor in world.stage.actors:
                if type(actor.behaviour).__name__ == "Lane":
                    ways[1 if actor.y > 0 else -1].append(math.cos(actor.yaw))
    assert ways[1] and max(ways[1]) < -0.9  # on the left they come
    assert ways[-1] and min(ways[-1]) > 0.9  # on the right they go


def test_parked_vehicles_face_either_way_on_both_sides():
    with make(scenario="street", seed=0) as world:
        found = collections.Counter()
        for _ in drive(world, 60.0, every=2.0):
            for a in world.stage.actors:
                if a.behaviour is None and a.category in ("sedan", "truck", "bus"):
                    found[a.y > 0, math.cos(a.yaw) > 0] += 1
    assert len(found) == 4


def test_traffic_never_runs_dry_and_the_stage_stays_small():
    with make(scenario="street", seed=3) as world:
        for _ in drive(world, 150.0, speed=2.0, every=5.0):
            moving = [a for a in world.stage.actors if a.behaviour is not None]
            assert 2 <= len(moving) <= 40
            assert len(world.stage.actors) < 140
            ahead = [a.x - world.robot.x for a in world.stage.actors if a.behaviour is None]
            assert min(ahead) > -30 and max(ahead) > 20
        built = world.stage.shapes
        for _ in drive(world, 60.0, speed=2.0, every=5.0):
            pass
        # Shapes are used again: the number of bodies is bounded, not growing with the way.
        assert world.stage.shapes <= built + 15


@pytest.mark.parametrize("seed", range(8))
def test_the_same_street_lies_there_on_the_way_back(seed):
    """Whether the robot jumps or drives, and whatever the traffic did meanwhile."""

    def standing(world):
        near = [a for a in world.stage.actors if a.behaviour is None and 8 < a.x < 24]
        return sorted((a.prop.kind, a.prop.number, a.x, a.y, a.yaw) for a in near)

    with make(scenario="mixed" if seed % 2 else "street", seed=seed, variants=24 if seed < 4 else 3) as world:
        before = standing(world)
        assert before
        world.robot.x = 100.0
        world.step(0.1)
        assert not any(a.behaviour is None and 8 < a.x < 24 for a in world.stage.actors)
        while world.robot.x > 0.0:  # backwards, so that the cells come in the other order
            world.robot.x -= 4.0
            world.step(0.1)
        assert standing(world) == before


def test_yielding_pays():
    """A robot that stands still while something comes into its way is hit less often than one that never yields."""

    def hits(careful):
        total, way = 0, 0.0
        for seed in (2, 3, 4):
            with make(scenario="street", seed=seed, variants=2) as world:
                for _ in range(900):
                    world.step(0.1, 0.0 if careful and threatened(world) else 1.2, -0.8 * world.robot.yaw)
                total += world.collisions
                way += world.robot.x
        return total, way

    def threatened(world):
        for a in world.stage.actors:
            for t in np.arange(0.0, 3.0, 0.3) if a.behaviour is not None and a.speed > 0.1 else ():
                x, y = a.x + a.speed * math.cos(a.yaw) * t, a.y + a.speed * math.sin(a.yaw) * t
                if -0.3 < x - world.robot.x < 6 + a.half[0] and abs(y - world.robot.y) < a.half[1] + 0.6:
                    return True
        return False

    careless, careful = hits(False), hits(True)
    assert careless[0] >= 4
    assert careful[0] <= careless[0] / 2
    assert careful[1] > 30  # and it still gets on


def test_cross_traffic_crosses_at_the_crossings():
    with make(scenario="street", seed=0) as world:
        places = [
            a.x
            for _ in drive(world, 40.0)
            for a in world.stage.actors
            if type(a.behaviour).__name__ == "Cross" and a.category != "pedestrian"
        ]
    assert places
    assert max(abs((x + BLOCK / 2) % BLOCK - BLOCK / 2) for x in places) < 4.0


def test_orbit_goes_round_ignoring_commands_and_looks_at_the_middle():
    with make(scenario="orbit", seed=0, orbit_speed=2.0, orbit_radius=10.0, acceleration=20.0) as world:
        world.step(2 * math.pi * 10.0 / 2.0 / 4, 0.0, 1.0)
        # A quarter of the circle round (0, 10), counter-clockwise.
        assert (world.robot.x, world.robot.y) == pytest.approx((10.0, 10.0), abs=0.2)
        assert world.camera_pose().yaw == pytest.approx(math.pi, abs=0.05)


def test_orbit_shows_all_sides_and_replaces_what_stands_there():
    with make(scenario="orbit", seed=1, orbit_speed=3.0, orbit_lifetime=12.0) as world:
        ids, headings = set(), set()
        for _ in drive(world, 40.0):
            for item in world.render().truth:
                ids.add(item.id)
                headings.add(heading_of(item.azimuth))
        assert world.collisions == 0
    assert headings == set(HEADINGS)
    assert len(ids) >= 8


def test_truth_agrees_with_the_poses():
    with make(scenario="mixed", seed=5) as world:
        world.step(3.0, 1.0, 0.0)
        frame, pose = world.render(), world.camera_pose()
        assert frame.truth
        actors = {a.id: a for a in world.stage.actors}
        for item in frame.truth:
            a = actors[item.id]
            assert item.azimuth == azimuth_from_yaw(a.yaw, (a.x, a.y), pose.position[:2])
            assert item.box.x >= 0 and item.box.x + item.box.w <= 96
            assert item.box.y >= 0 and item.box.y + item.box.h <= 72
            assert 0 < item.visible_fraction <= 1
