import collections
import math

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.sites import SITES
from pose_ssl_sim.world import World

from pose_ssl_ros.parameters import from_values
from pose_ssl_ros.viewpoint import heading_of

SMALL = {"renderer": "tiny", "width": 96, "height": 72, "variants": 3, "min_pixels": 6}


def make(**values):
    return World(from_values(SimConfig, {**SMALL, **values}))


def seen(scenario, seconds=30.0):
    """Categories of everybody on stage by whether they ever drove, and the headings in the pictures."""
    kinds, headings = collections.defaultdict(bool), collections.Counter()
    with make(scenario=scenario, seed=1) as world:
        for _ in range(round(seconds)):
            world.step(1.0, 1.2, 0.0)
            for actor in world.stage.actors:
                if actor.category:
                    kinds[actor.category] |= abs(actor.speed) > 0.3
            headings.update(heading_of(item.azimuth) for item in world.render().truth)
    return kinds, headings


@pytest.mark.parametrize("scenario", ["warehouse", "yard"])
def test_a_site_has_its_kinds_and_no_others_and_all_its_vehicles_drive(scenario):
    site = SITES[scenario]
    kinds, headings = seen(scenario)
    allowed = {name for table in (site.moving, site.parked, site.walking, site.stepping) for name, _ in table}
    assert set(kinds) <= allowed
    assert {name for name, drives in kinds.items() if drives} >= {name for name, _ in site.moving}
    assert headings["toward"] >= 5 and headings["away"] >= 5 and headings["left"] + headings["right"] >= 5


def test_the_yard_has_kinds_that_no_start_model_saw():
    site = SITES["yard"]
    vehicles = {name for name, _ in (*site.moving, *site.parked)}
    assert vehicles <= set(catalogue.OUT_OF_DOMAIN)


@pytest.mark.parametrize("scenario", ["warehouse", "yard"])
def test_a_site_is_the_same_for_the_same_seed_and_another_for_another(scenario):
    def drive(seed):
        with make(scenario=scenario, seed=seed) as world:
            world.step(2.0, 1.2, 0.0)
            frame = world.render()
            return frame.rgb, frame.truth

    first, again, other = drive(1), drive(1), drive(2)
    assert np.array_equal(first[0], again[0]) and first[1] == again[1]
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("scenario", ["warehouse", "yard"])
def test_the_same_site_lies_there_on_the_way_back(scenario):
    def standing(world):
        near = [a for a in world.stage.actors if a.behaviour is None and 8 < a.x < 24]
        return sorted((a.prop.kind, a.prop.number, a.x, a.y, a.yaw) for a in near)

    with make(scenario=scenario, seed=4) as world:
        before = standing(world)
        assert any(kind != f"clutter:{SITES[scenario].background}" for kind, *_ in before)
        world.robot.x = 100.0
        world.step(0.1)
        assert not standing(world)
        while world.robot.x > 0.0:
            world.robot.x -= 4.0
            world.step(0.1)
        assert standing(world) == before


def test_racks_line_the_aisles_and_keep_off_the_lanes():
    with make(scenario="warehouse", seed=2) as world:
        racks = [a for a in world.stage.actors if a.prop.kind == "clutter:rack"]
        assert len(racks) >= 5
        for rack in racks:
            # Its shape stands with its front on its place and reaches away from the aisle.
            assert abs(rack.y) > 9.0 and math.cos(rack.yaw) * rack.y > 0
