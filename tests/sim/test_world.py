import dataclasses
import math

import numpy as np
import pytest
from pose_ssl_sim.camera import CameraPose, camera_model, projection_matrix
from pose_ssl_sim.config import SimConfig
from pose_ssl_sim.meshes import Mesh
from pose_ssl_sim.renderer import Lighting, Renderer, probe_egl
from pose_ssl_sim.stage import corners, overlap
from pose_ssl_sim.world import World

from pose_ssl_ros.parameters import ParameterError, from_values
from pose_ssl_ros.viewpoint import heading_of

SMALL = {"renderer": "tiny", "width": 160, "height": 120, "variants": 6}


def config(**values):
    return from_values(SimConfig, {**SMALL, **values})


def frames(count=3, **values):
    with World(config(**values)) as world:
        found = []
        for k in range(count):
            world.step(0.4, 1.0, 0.2 * (k % 2))
            found.append(world.render())
        return found


@pytest.fixture
def empty():
    """A world without traffic, cleared; put things there by hand."""
    with World(config(density=0.0, noise=0.0, min_pixels=4)) as world:
        for actor in list(world.stage.actors):
            world.stage.leave(actor)
        world._scenario.update = lambda dt, time: None
        yield world


def put(world, kind, x, y, yaw):
    return world.stage.enter(kind, np.random.default_rng(0), x, y, yaw)


@pytest.mark.parametrize("scenario", ["street", "orbit", "mixed"])
def test_same_seed_same_frames(scenario):
    for a, b in zip(frames(scenario=scenario, seed=4), frames(scenario=scenario, seed=4), strict=True):
        assert a.stamp_ns == b.stamp_ns
        assert np.array_equal(a.rgb, b.rgb)
        assert a.truth == b.truth
        assert a.ego == b.ego


def test_same_frames_however_time_is_cut():
    with World(config(seed=2)) as a, World(config(seed=2)) as b:
        a.step(0.6, 1.0, 0.1)
        for _ in range(6):
            b.step(0.1, 1.0, 0.1)
        assert a.time_ns == b.time_ns
        assert np.array_equal(a.render().rgb, b.render().rgb)


def test_same_frames_with_egl():
    probe = probe_egl()
    if not probe.works:
        pytest.skip(probe.reason)
    for a, b in zip(frames(2, renderer="egl"), frames(2, renderer="egl"), strict=True):
        assert np.array_equal(a.rgb, b.rgb)


def test_auto_leaves_software_gl_to_tiny_and_says_what_it_saw():
    probe = probe_egl()
    renderer = Renderer("auto")
    try:
        assert renderer.name == ("egl" if probe.works and not probe.software else "tiny")
        assert renderer.reason == probe.reason != ""
    finally:
        renderer.close()


def test_other_seed_other_frames_and_other_light():
    a, b = frames(1, seed=1)[0], frames(1, seed=2)[0]
    assert np.abs(a.rgb.astype(int) - b.rgb).mean() > 5
    # Sky and ground, not only what stands there.
    assert not np.allclose(a.rgb[:8].mean(axis=(0, 1)), b.rgb[:8].mean(axis=(0, 1)), atol=1.0)
    assert not np.allclose(a.rgb[-8:].mean(axis=(0, 1)), b.rgb[-8:].mean(axis=(0, 1)), atol=1.0)


def test_light_drifts_with_time_and_stands_still_when_told():
    with World(config(seed=1)) as world:
        now, later = world.light.lighting(0.0), world.light.lighting(40.0)
        assert now.direction != later.direction
        assert now.colour != later.colour
    with World(config(seed=1, light_drift=0.0)) as world:
        assert world.light.lighting(0.0) == world.light.lighting(40.0)


@pytest.mark.parametrize(
    ("yaw", "azimuth", "heading"),
    [
        (math.pi, 0.0, "toward"),  # it faces us
        (0.0, math.pi, "away"),
        (math.pi / 2, math.pi / 2, "left"),  # y is left
        (-math.pi / 2, -math.pi / 2, "right"),
    ],
)
def test_truth_azimuth_of_an_object_straight_ahead(empty, yaw, azimuth, heading):
    put(empty, "sedan", 10.0, 0.0, yaw)
    (seen,) = empty.render().truth
    assert math.cos(seen.azimuth - azimuth) == pytest.approx(1.0, abs=1e-9)
    assert heading_of(seen.azimuth) == heading
    assert seen.bearing == pytest.approx(0.0, abs=1e-9)
    # The camera stands 0.2 m ahead of base_link.
    assert seen.range_m == pytest.approx(9.8)
    assert seen.visible_fraction > 0.9
    x, y, z = seen.position
    assert (x, z) == pytest.approx((0.0, 9.8))
    assert y == pytest.approx(1.0 - empty.stage.actors[0].prop.spec.size[2] / 2)


def test_truth_of_an_object_to_the_right(empty):
    # 45 degrees to the right, seen by a camera at (0.2, 0); it drives towards +y, so it passes before us to the left.
    empty_range = math.hypot(8.0, 5.0)
    put(empty, "sedan", 8.2, -5.0, math.pi / 2)
    (seen,) = empty.render().truth
    assert seen.bearing == pytest.approx(math.atan2(5.0, 8.0))
    assert seen.range_m == pytest.approx(empty_range)
    # Direction to the camera is pi - atan(-5/8)... = pi - 0.5586 from above; minus its yaw of pi/2.
    assert seen.azimuth == pytest.approx(math.pi / 2 - math.atan2(5.0, 8.0))
    assert seen.box.centre[0] > 100


def test_truth_box_encloses_the_segmentation_and_nothing_more(empty):
    body = put(empty, "pedestrian", 5.0, 0.6, 1.0).prop.body
    frame = empty.render()
    (seen,) = frame.truth
    pose, model = empty.camera_pose(), empty.camera
    raw = empty.renderer.draw(pose.view_matrix(), projection_matrix(model), 160, 120, empty.light.lighting(0.0))
    rows, columns = np.nonzero(raw.bodies == body)
    assert seen.box == (
        columns.min(),
        rows.min(),
        columns.max() - columns.min() + 1,
        rows.max() - rows.min() + 1,
    )


def test_visible_fraction_falls_with_occlusion_and_at_the_edge(empty):
    car = put(empty, "sedan", 12.0, 0.0, math.pi / 2)
    free = empty.render().truth[0]
    put(empty, "clutter:boxes", 4.0, 0.2, 0.0)
    hidden = next(t for t in empty.render().truth if t.id == car.id)
    assert hidden.visible_fraction < free.visible_fraction - 0.1
    car.x, car.y = 4.0, 3.6
    cut = [t for t in empty.render().truth if t.id == car.id][0]
    assert cut.box.x == 0
    assert cut.visible_fraction < 0.9


def test_tiny_far_and_hidden_objects_are_left_out(empty):
    put(empty, "sedan", 39.0, 0.0, 0.0)
    assert len(empty.render().truth) == 1
    empty._truth._min_pixels = 10_000
    assert empty.render().truth == []
    empty._truth._min_pixels = 4
    empty.stage.actors[0].x = 60.0
    assert empty.render().truth == []
    empty.stage.actors[0].x = -10.0
    assert empty.render().truth == []


def test_a_known_point_projects_where_the_intrinsics_say():
    model = camera_model(SimConfig(width=640, height=480, field_of_view=math.pi / 2))
    assert (model.fx, model.fy) == pytest.approx((320.0, 320.0))
    assert (model.cx, model.cy) == (319.5, 239.5)
    pose = CameraPose(0.0, 0.0, 1.0, 0.0, 0.0)
    # 10 m ahead, 2 m to the left, on the ground: 64 px left of and 32 px below the middle.
    pixels, depth = pose.project(np.array([[10.0, 2.0, 0.0]]), model)
    assert pixels[0] == pytest.approx([319.5 - 64, 239.5 + 32])
    assert depth[0] == pytest.approx(10.0)
    ground = pose.ground_homography(model) @ [319.5 - 64, 239.5 + 32, 1.0]
    assert ground[:2] / ground[2] == pytest.approx([10.0, 2.0])


def test_the_renderer_draws_where_the_intrinsics_say():
    renderer = Renderer("tiny")
    mesh = Mesh()
    mesh.box((0, 0, 0), (0.2, 0.4, 0.4), (1, 1, 1))
    body = renderer.add(mesh)
    model = camera_model(SimConfig(width=320, height=240, field_of_view=1.0))
    pose = CameraPose(1.0, -2.0, 1.0, 0.3, 0.1)
    renderer.place(body, 7.0, 0.5, 0.3, z=0.4)
    raw = renderer.draw(
        pose.view_matrix(), projection_matrix(model), 320, 240, Lighting((0, 0, 1), (1, 1, 1), 0.5, 0.5)
    )
    renderer.close()
    rows, columns = np.nonzero(raw.bodies == body)
    pixels, _ = pose.project(np.array([[7.0, 0.5, 0.4]]), model)
    assert columns.mean() == pytest.approx(pixels[0, 0], abs=1.0)
    assert rows.mean() == pytest.approx(pixels[0, 1], abs=1.0)


def test_odometry_integrates_the_commands(empty):
    empty.step(1.0, 0.0, 0.0)
    assert (empty.ego().x, empty.ego().y, empty.ego().yaw) == (0.0, 0.0, 0.0)
    empty.step(3.0, 1.0, 0.0)
    # Half a second to reach 1 m/s at 2 m/s^2; speed rises by tick, so one tick ahead of the continuous 0.25 m.
    assert empty.ego().x == pytest.approx(2.75, abs=0.03)
    assert empty.ego().speed == pytest.approx(1.0)
    empty.step(math.pi, 0.0, 0.5)
    assert empty.ego().yaw == pytest.approx(math.pi / 2, abs=0.03)
    assert empty.ego().speed == pytest.approx(0.0)


def test_commands_are_limited_and_nonsense_stops_the_robot(empty):
    empty.step(4.0, 100.0, 0.0)
    assert empty.ego().speed == pytest.approx(2.0)
    empty.step(4.0, math.nan, 0.0)
    assert empty.ego().speed == pytest.approx(0.0)


def test_camera_height_and_pitch_move_the_picture(empty):
    put(empty, "sedan", 8.0, 0.0, 0.0)
    level = empty.render().truth[0].box
    empty.mounting = dataclasses.replace(empty.mounting, pitch=0.2)
    assert empty.render().truth[0].box.y < level.y - 10
    empty.mounting = dataclasses.replace(empty.mounting, pitch=0.0, height=2.0)
    assert empty.render().truth[0].box.y > level.y + 5


def test_standing_thing_blocks_the_robot_and_counts_once(empty):
    put(empty, "clutter:boxes", 3.0, 0.0, 0.0)
    empty.step(8.0, 1.0, 0.0)
    assert empty.collisions == 1
    assert empty.ego().x < 3.0
    empty.step(3.0, -1.0, 0.0)  # back off: the contact ends
    assert empty.ego().x < 1.5
    empty.step(5.0, 1.0, 0.0)
    assert empty.collisions == 2


def test_vehicle_that_hits_the_robot_counts_once_and_is_taken_away(empty):
    class Straight:
        def update(self, actor, dt, stage):
            actor.x -= 4.0 * dt
            return True

    car = put(empty, "sedan", 12.0, 0.0, math.pi)
    car.speed, car.behaviour = 4.0, Straight()
    empty.step(6.0, 0.0, 0.0)
    assert empty.collisions == 1
    assert car not in empty.stage.actors


def test_overlap_of_turned_rectangles():
    a = corners(0.0, 0.0, 0.0, 1.0, 1.0)
    assert overlap(a, corners(1.9, 0.0, 0.0, 1.0, 1.0))
    assert not overlap(a, corners(2.1, 0.0, 0.0, 1.0, 1.0))
    # A square turned by 45 degrees reaches 1.414 along x, but not into a corner.
    assert overlap(a, corners(2.3, 0.0, math.pi / 4, 1.0, 1.0))
    assert not overlap(a, corners(1.9, 1.9, math.pi / 4, 1.0, 1.0))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"scenario": "moon"}, "'scenario' is 'moon' but must be one of 'street', 'orbit', 'mixed'"),
        ({"rate": 0.0}, "'rate'.*from 0.5 to 60"),
        ({"width": 5}, "'width'"),
        ({"colour": 1}, "no parameter 'colour'"),
    ],
)
def test_bad_parameters_are_refused_with_a_sentence(values, words):
    with pytest.raises(ParameterError, match=words):
        from_values(SimConfig, values)


@pytest.mark.parametrize("rate", [7.0, 10.0, 15.0, 30.0])
def test_frames_come_at_the_rate_whatever_the_tick(rate):
    with World(config(rate=rate, density=0.0)) as world:
        assert world.frame_ns == pytest.approx(1e9 / rate, rel=1e-6)
        assert world.frame_ns % world.tick_ns == 0
        assert world.tick_ns <= 50_000_000
