"""Scenes and photographs of rendered datasets: geometry, occlusion and the camera, by hand-worked cases."""

import math

import numpy as np
import pytest
from pose_ssl_sim.camera import CameraPose
from pose_ssl_sim.dataset import photo, poses, scene
from pose_ssl_sim.dataset.profiles import VIEWS

BOX = np.array([(x, y, z) for x in (-2.0, 2.0) for y in (-0.9, 0.9) for z in (0.0, 1.5)])


def a_scene(seed):
    rng = np.random.default_rng(seed)
    return scene.make_scene(BOX, math.hypot(2.0, 0.9), poses.seen_path(rng), rng), rng


def test_the_camera_stands_where_azimuth_and_elevation_say():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        path = poses.seen_path(rng)
        made = scene.make_scene(BOX, math.hypot(2.0, 0.9), path, rng)
        for k, view in enumerate(made.views):
            x, y, z = view.pose.position - [made.place.x, made.place.y, 0.0]
            assert poses.wrap_all(math.atan2(y, x) - made.place.yaw) == pytest.approx(path.azimuth[k])
            assert math.atan2(z, math.hypot(x, y)) == pytest.approx(path.elevation[k])
            assert math.hypot(x, y) > made.radius + 1.0
        heights = [view.pose.position[2] for view in made.views]
        assert np.ptp(heights) < 1e-9


def test_a_camera_turned_clockwise_sees_the_picture_turned_back():
    pose = CameraPose(0.0, 0.0, 1.0, 0.0, 0.0)
    above = np.array([[10.0, 0.0, 2.0]])
    assert scene.seen(pose, 0.0, above)[0] == pytest.approx([0.0, -0.1])
    turned = scene.seen(pose, 0.1, above)[0]
    assert turned == pytest.approx([-0.1 * math.sin(0.1), -0.1 * math.cos(0.1)])  # to the left


def test_boxes_lie_in_the_crop_as_a_tracker_would_cut_it():
    sides = []
    for seed in range(60):
        for view in a_scene(seed)[0].views:
            x, y, w, h = view.box
            sides.append(max(w, h))
            assert x > -0.08 and y > -0.08 and x + w < 1.08 and y + h < 1.08
    assert 0.74 < np.mean(sides) < 0.92


def test_neighbours_never_come_between_camera_and_object():
    held = 0
    for seed in range(60):
        made, rng = a_scene(seed)
        place = scene.behind(made, 0.7, 0.3, 9.0, rng)
        if place is None:
            continue
        held += 1
        for direction in made.directions:
            dx, dy = place.x - made.place.x, place.y - made.place.y
            along = dx * math.cos(direction) + dy * math.sin(direction)
            across = -dx * math.sin(direction) + dy * math.cos(direction)
            assert along < 0 or abs(across) > made.radius + 0.7
    assert held > 40


def test_what_stands_before_hides_a_part_and_never_more():
    post = np.array([(x, y, z) for x in (-0.3, 0.3) for y in (-0.3, 0.3) for z in (0.0, 1.2)])
    shares = []
    for seed in range(60):
        made, rng = a_scene(seed)
        found = scene.before(made, post, np.zeros(VIEWS), rng)
        if found is None:
            continue
        place, told = found
        c, s = math.cos(place.yaw), math.sin(place.yaw)
        world = post @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]) + [place.x, place.y, 0.0]
        assert told == pytest.approx([scene.hidden(view, world) for view in made.views])
        second = scene.before(made, post, told, rng)
        shares += [told, told + second[1]] if second else [told]
    shares = np.array(shares)
    assert len(shares) > 30
    assert shares.max() <= scene.MOST_HIDDEN + 1e-6 and shares.max(axis=1).min() > 0.05
    assert np.ptp(shares, axis=1).max() > 0.1  # from elsewhere it hides something else


def test_hidden_share_of_two_squares_by_hand():
    def square(x):
        return np.array([(10.0, -x - a, 2.0 + b) for a in (0, 1) for b in (0, 1)])

    pose = CameraPose(0.0, 0.0, 1.0, 0.0, 0.0)
    view = scene.View(pose, 0.0, scene.hull(scene.seen(pose, 0.0, square(0.0))), scene.Square(0, 0, 1), (0, 0, 1, 1))
    assert scene.hidden(view, square(0.75)) == pytest.approx(0.25, abs=1e-4)
    assert scene.hidden(view, square(3.0)) == pytest.approx(0.0, abs=1e-6)


# Photographs


def test_a_perfect_camera_changes_nothing_and_a_far_one_has_few_pixels():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    perfect = photo.Camera(300.0, 0.0, 0.0, 0.0, (1.0, 1.0, 1.0), 1.0, 0.0, 0.0)
    assert np.array_equal(photo.take(picture, perfect, 32.0, 32, rng), picture)
    assert perfect.pixels(0.2, 64) == (60, pytest.approx(60.0))
    assert perfect.pixels(0.001, 64)[0] == photo.FEWEST
    assert perfect.pixels(2.0, 64) == (64, pytest.approx(600.0))
    assert photo.take(picture, perfect, 32.0, 64, rng).shape == (64, 64, 3)


def test_noise_blur_and_exposure_do_what_they_say():
    rng = np.random.default_rng(0)
    grey = np.full((64, 64, 3), 100, np.uint8)
    camera = photo.Camera(300.0, 0.0, 0.0, 0.0, (1.2, 1.0, 0.8), 1.0, 4.0, 0.0)
    seen = photo.take(grey, camera, 64.0, 64, rng).astype(float)
    assert seen.mean(axis=(0, 1)) == pytest.approx([120, 100, 80], abs=0.5)
    assert seen[:, :, 1].std() == pytest.approx(4 * math.sqrt(0.5 + 100 / 255), rel=0.1)
    edge = grey.copy()
    edge[:, 32:] = 200
    for blurred in ({"defocus": 1.2}, {"drag": 4.0}):
        fields = {**vars(camera), "gain": (1.0, 1.0, 1.0), "noise": 0.0, **blurred}
        row = photo.take(edge, photo.Camera(**fields), 64.0, 64, rng)[32, :, 0].astype(int)
        assert (np.diff(row) >= 0).all() and 2 <= ((row > 101) & (row < 199)).sum() <= 8
