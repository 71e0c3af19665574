"""The catalogue's shapes as numbers: varied, standing rightly, with a front, and not given away by their paint."""

import math
from collections import defaultdict
from functools import cache

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.paint import MEANINGFUL

INSTANCES = 200
PAINTED = 80
#: Least and greatest length, width and height in metres of what we call by these names; load and crew included.
SIZES = {
    "sedan": ((3.4, 1.6, 1.1), (5.3, 4.1, 2.4)),  # with both doors open it is wide
    "pickup": ((4.6, 1.9, 1.5), (6.4, 4.1, 2.2)),
    "van": ((4.2, 2.0, 1.8), (7.0, 2.6, 3.4)),
    "bus": ((6.9, 2.4, 2.5), (10.2, 3.2, 4.2)),
    "truck": ((5.1, 2.2, 2.0), (9.6, 3.6, 5.6)),
    "motorcycle": ((1.7, 0.6, 1.0), (2.5, 1.1, 2.1)),
    "bicycle": ((1.3, 0.4, 0.85), (2.6, 0.9, 2.15)),
    "pedestrian": ((0.25, 0.3, 1.0), (1.5, 1.3, 2.3)),
    "wheelchair": ((0.7, 0.5, 0.65), (1.4, 1.0, 1.7)),
    "forklift": ((2.5, 1.0, 1.9), (4.3, 1.5, 3.6)),
    "delivery_robot": ((0.5, 0.3, 0.3), (1.7, 1.2, 2.5)),
    "dog": ((0.3, 0.1, 0.25), (2.1, 0.8, 1.4)),
    "chair": ((0.5, 0.4, 0.7), (1.4, 1.6, 2.2)),
    "tractor": ((2.5, 1.4, 1.3), (7.0, 4.0, 3.0)),
    "excavator": ((2.6, 1.2, 1.6), (7.5, 3.1, 4.4)),
    "tram": ((7.8, 2.3, 3.3), (14.5, 3.1, 4.5)),
    "scooter": ((0.9, 0.45, 0.9), (2.4, 0.95, 2.1)),
    "horse": ((1.2, 0.2, 0.9), (4.0, 1.5, 3.0)),
    "airplane": ((3.9, 3.5, 1.3), (7.4, 8.5, 3.4)),
    "motorboat": ((2.5, 0.8, 0.5), (11.5, 4.2, 4.6)),
    "sofa": ((0.6, 0.9, 0.5), (2.4, 3.8, 1.5)),
    "shopping_cart": ((0.6, 0.4, 0.8), (1.6, 0.9, 1.4)),
    "quadruped": ((0.4, 0.15, 0.25), (1.8, 1.0, 1.6)),
    "pram": ((0.7, 0.4, 0.8), (1.8, 1.4, 1.8)),
}


@cache
def instances(category):
    """As many instances as a split needs, every other one crewed."""
    return [catalogue.sample(category, np.random.default_rng([5, i]), crewed=i % 2 == 0) for i in range(INSTANCES)]


def outline(mesh, bins=24):
    """Heights and half widths along the length, (3 * bins,) metres: a shape's own numbers, whatever its colours."""
    points = mesh.vertices()
    low, high = mesh.bounds()
    where = np.clip(((points[:, 0] - low[0]) / (high[0] - low[0]) * bins).astype(int), 0, bins - 1)
    top, bottom, wide = np.zeros(bins), np.full(bins, high[2]), np.zeros(bins)
    np.maximum.at(top, where, points[:, 2])
    np.minimum.at(bottom, where, points[:, 2])
    np.maximum.at(wide, where, np.abs(points[:, 1]))
    return np.concatenate([top, bottom, wide, high - low])


def paint(mesh):
    """The colour that covers the most, lamps, glass, tyres and the like left out."""
    corners = mesh.triangles()
    sizes = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    colours = [colour for points, colour in mesh.polygons() for _ in range(len(points) - 2)]
    area = defaultdict(float)
    for size, colour in zip(sizes.tolist(), colours, strict=True):
        if colour not in MEANINGFUL:
            area[colour] += size
    return max(area, key=area.__getitem__)


def without_twin(mesh):
    """Share of corners that have none near the place where a body equal behind and in front would have one."""
    points = np.unique(np.round(mesh.vertices(), 2), axis=0)
    near = np.linalg.norm(points[:, None] - points[None] * [-1, 1, 1], axis=2).min(axis=1)
    return float((near > 0.04 * np.ptp(points, axis=0).max()).mean())


def test_every_category_is_registered_and_in_one_domain():
    assert set(catalogue.CATEGORIES) == set(catalogue.IN_DOMAIN) | set(catalogue.OUT_OF_DOMAIN) == set(SIZES)
    assert len(catalogue.IN_DOMAIN) == 13
    assert len(catalogue.OUT_OF_DOMAIN) == 11
    assert not set(catalogue.IN_DOMAIN) & set(catalogue.OUT_OF_DOMAIN)
    assert set(catalogue.VEHICLES) | set(catalogue.CREWED) | set(catalogue.OPENING) <= set(catalogue.CATEGORIES)


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_two_hundred_instances_have_shapes_of_their_own(category):
    shapes = np.array([outline(spec.mesh) for spec in instances(category)])
    scale = float(np.ptp(np.array([spec.size for spec in instances(category)]), axis=0).max())
    for i, shape in enumerate(shapes[:-1]):
        # Somewhere along its length each is at least a centimetre (or a twentieth of the spread) unlike each other.
        assert np.abs(shapes[i + 1 :] - shape).max(axis=1).min() > min(0.01, scale / 20), i
    # And not a little: the bodies themselves vary, not one corner of them.
    assert np.median(np.std(shapes / shapes.max(axis=0).clip(0.05), axis=0)) > 0.04


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_stands_centred_on_the_ground_in_a_plausible_size(category):
    least, greatest = (np.array(s) for s in SIZES[category])
    for spec in instances(category):
        low, high = spec.mesh.bounds()
        assert np.isfinite(spec.mesh.vertices()).all()
        assert low[2] == pytest.approx(0.0, abs=1e-9)
        assert low[:2] == pytest.approx(-high[:2])
        assert spec.size == pytest.approx(tuple(high - low))
        assert (least < spec.size).all(), spec.size
        assert (spec.size < greatest).all(), spec.size


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_front_and_back_differ_in_shape_and_not_by_colour_alone(category):
    shares = [without_twin(spec.mesh) for spec in instances(category)[:24]]
    # A box has none without twin. Trams and buses are the most alike at both ends.
    assert min(shares) > 0.02
    assert np.mean(shares) > 0.12


def test_a_body_alike_at_both_ends_has_no_corner_without_twin():
    mesh = catalogue.Mesh()
    mesh.box((0, 0, 1), (4, 2, 2), (1, 0, 0))
    assert without_twin(mesh) == 0.0


def test_paint_does_not_tell_categories_apart():
    colours = {category: np.array([paint(spec.mesh) for spec in instances(category)[:PAINTED]]) for category in SIZES}
    everything = np.concatenate(list(colours.values()))
    for category, some in colours.items():
        # Six standard errors: a category with a colour of its own is many times further off.
        bound = 6 * everything.std(axis=0) / math.sqrt(PAINTED)
        assert (np.abs(some.mean(axis=0) - everything.mean(axis=0)) < bound).all(), category
        assert (np.abs(some.std(axis=0) / everything.std(axis=0) - 1) < 0.3).all(), category
    # A nearest-neighbour vote on the paint of other instances guesses; chance is 1 in 24.
    half = PAINTED // 2
    known = np.concatenate([some[:half] for some in colours.values()])
    asked = np.concatenate([some[half:] for some in colours.values()])
    label = np.repeat(np.arange(len(colours)), half)
    distance = ((asked[:, None] - known[None]) ** 2).sum(axis=2)
    votes = label[np.argpartition(distance, 9, axis=1)[:, :9]]
    guess = np.array([np.bincount(vote).argmax() for vote in votes])
    assert (guess == label).mean() < 2.5 / len(colours)


@pytest.mark.parametrize("category", catalogue.CREWED)
def test_crew_changes_the_shape_and_leaves_the_machine(category):
    for seed in range(4):
        crewed, empty = (catalogue.sample(category, np.random.default_rng(seed), crewed=c) for c in (True, False))
        assert len(crewed.mesh) > len(empty.mesh)


@pytest.mark.parametrize("category", catalogue.OPENING)
def test_doors_stay_shut_while_driven(category):
    seeds = [np.random.default_rng([6, i]).bit_generator.state for i in range(30)]

    def drawn(state, crewed):
        rng = np.random.default_rng(0)
        rng.bit_generator.state = state
        return catalogue.sample(category, rng, crewed=crewed)

    driven = [drawn(state, True) for state in seeds]
    empty = [drawn(state, False) for state in seeds]
    assert any(len(a.mesh) != len(b.mesh) for a, b in zip(driven, empty, strict=True))
    if category not in ("bus", "truck", "tram"):
        assert max(spec.size[1] for spec in driven) < 2.6


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_light_enough_to_render_fast(category):
    triangles = [len(spec.mesh.triangles()) for spec in instances(category)[:50]]
    assert np.mean(triangles) < 1000


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_same_state_same_mesh(category):
    first, again = (catalogue.sample(category, np.random.default_rng(3), crewed=False).mesh for _ in range(2))
    assert np.array_equal(first.vertices(), again.vertices())
    assert [c for _, c in first.polygons()] == [c for _, c in again.polygons()]
