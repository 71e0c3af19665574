"""The catalogue's living things, small robots, furniture and boats: what their shapes must have."""

import hashlib

import numpy as np
import pytest
from pose_ssl_sim import animals, carts, crafts, figures, furniture, small_robots
from pose_ssl_sim.limbs import flap, join, joint, sitter, tube
from pose_ssl_sim.meshes import Mesh

INSTANCES = 200
#: Maker, and the least and greatest length, width and height in metres that a real one has.
MAKERS = {
    "pedestrian": (figures.pedestrian, (0.2, 0.3, 1.0), (2.0, 1.6, 2.4)),
    "dog": (animals.dog, (0.25, 0.08, 0.25), (2.2, 0.8, 1.4)),
    "horse": (animals.horse, (1.2, 0.22, 1.0), (4.0, 1.6, 3.2)),
    "quadruped": (small_robots.quadruped, (0.4, 0.15, 0.25), (1.9, 1.0, 1.7)),
    "delivery_robot": (small_robots.delivery_robot, (0.55, 0.3, 0.28), (1.7, 1.2, 2.8)),
    "shopping_cart": (carts.shopping_cart, (0.7, 0.4, 0.85), (1.5, 0.8, 1.6)),
    "pram": (carts.pram, (0.7, 0.4, 0.7), (1.6, 1.3, 1.7)),
    "chair": (furniture.chair, (0.45, 0.4, 0.8), (1.6, 1.6, 2.2)),
    "sofa": (furniture.sofa, (0.7, 1.0, 0.5), (2.2, 3.6, 1.4)),
    "motorboat": (crafts.motorboat, (3.0, 0.9, 0.6), (11.5, 4.0, 4.2)),
}
every_category = pytest.mark.parametrize("category", MAKERS)


@pytest.fixture(scope="module")
def instances():
    """200 meshes of each category, made once for all tests."""
    return {
        name: [maker(np.random.default_rng([7, i])) for i in range(INSTANCES)] for name, (maker, _, _) in MAKERS.items()
    }


def profile(mesh):
    """Height and half width of the shape at twelve places along its length, rear to front."""
    points = mesh.vertices()
    low, high = mesh.bounds()
    place = np.clip(((points[:, 0] - low[0]) / (high[0] - low[0]) * 12).astype(int), 0, 11)
    rows = [
        (points[place == k, 2].mean(), np.abs(points[place == k, 1]).mean()) if (place == k).any() else (0.0, 0.0)
        for k in range(12)
    ]
    return np.array(rows) / (high - low).max()


@every_category
def test_two_hundred_instances_differ_in_shape(instances, category):
    shapes = {hashlib.sha256(np.round(m.vertices(), 3).tobytes()).digest() for m in instances[category]}
    assert len(shapes) == INSTANCES


@every_category
def test_instances_are_no_scaled_copies_of_a_template(instances, category):
    shapes = np.array([profile(m).ravel() for m in instances[category]])
    apart = np.abs(shapes[:, None] - shapes[None]).max(axis=2)
    np.fill_diagonal(apart, np.inf)
    assert np.median(apart.min(axis=1)) > 0.02
    assert len({len(m) for m in instances[category]}) > 20  # parts come and go


@every_category
def test_front_and_back_differ_in_geometry(instances, category):
    differences = []
    for mesh in instances[category]:
        shape = profile(mesh)
        differences.append(np.abs(shape - shape[::-1]).max())
    assert min(differences) > 0.02
    assert np.median(differences) > 0.08


@every_category
def test_stands_on_the_ground_in_a_plausible_size(instances, category):
    _, least, most = MAKERS[category]
    for mesh in instances[category]:
        low, high = mesh.bounds()
        assert np.isfinite(mesh.vertices()).all()
        assert low[2] == pytest.approx(0.0, abs=1e-9)
        size = high - low
        assert (size >= least).all(), size
        assert (size <= most).all(), size


@every_category
def test_same_state_same_mesh(category):
    maker = MAKERS[category][0]
    first, again = (maker(np.random.default_rng(11)).obj_text() for _ in range(2))
    assert first == again


@every_category
def test_meshes_are_light(instances, category):
    counts = [len(m.triangles()) for m in instances[category]]
    assert np.median(counts) < 900
    assert max(counts) < 2000


def main_paint(mesh):
    """The colour of the largest part of the surface."""
    share = {}
    for ring, colour in mesh.polygons():
        a, b = ring[1] - ring[0], ring[2] - ring[0]  # half the area of a quadrilateral will do
        area = np.sqrt((a @ a) * (b @ b) - (a @ b) ** 2)
        share[colour] = share.get(colour, 0.0) + area
    return max(share, key=share.get)


@every_category
def test_paint_is_drawn_from_everywhere(instances, category):
    # The main paint of the instances covers dark, light and every third of the colour circle.
    main = np.array([main_paint(m) for m in instances[category]])
    loud = main[main.max(axis=1) - main.min(axis=1) > 0.3].argmax(axis=1)
    assert np.bincount(loud, minlength=3).min() / len(loud) > 0.15
    assert np.percentile(main.mean(axis=1), 5) < 0.35
    assert np.percentile(main.mean(axis=1), 95) > 0.65


@pytest.mark.parametrize(
    ("category", "ahead"), [("dog", 1), ("horse", 1), ("chair", -1), ("sofa", -1), ("shopping_cart", -1), ("pram", -1)]
)
def test_the_high_end_is_where_it_belongs(instances, category, ahead):
    """Heads are ahead; backrests, handles and hoods are behind."""
    right = 0
    for mesh in instances[category]:
        low, high = mesh.bounds()
        points = mesh.vertices()
        upper = points[points[:, 2] > low[2] + 0.8 * (high[2] - low[2])]
        right += (upper[:, 0].mean() - (low[0] + high[0]) / 2) * ahead > 0
    assert right / INSTANCES > (0.7 if category in ("dog", "horse") else 0.9)


def volume(mesh):
    a, b, c = mesh.triangles().transpose(1, 0, 2)
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def test_tube_is_closed_and_looks_outwards():
    for end in ((2.0, 0.0, 0.0), (0.0, 0.0, 2.0), (-1.2, 0.0, -1.6)):
        mesh = Mesh()
        tube(mesh, [(0, 0, 0), end], [(0.5, 0.25)] * 2, (1, 1, 1), sides=32)
        assert volume(mesh) == pytest.approx(np.pi * 0.5 * 0.25 * 2.0, rel=0.01)


def test_flap_is_a_thin_plate():
    mesh = Mesh()
    flap(mesh, [(0, 0, 0), (2, 0, 0), (2, 1, 0), (0, 1, 0)], 0.1, (1, 1, 1))
    assert volume(mesh) == pytest.approx(0.2)


def test_joint_keeps_the_links_lengths_and_bends_where_asked():
    middle = joint((0, 0, 1), (0, 0, 0), 0.6, 0.5, (1, 0, 0))
    assert np.linalg.norm(middle - [0, 0, 1]) == pytest.approx(0.6)
    assert np.linalg.norm(middle) == pytest.approx(0.5)
    assert middle[0] > 0.1
    assert joint((0, 0, 1), (0, 0, 0), 0.6, 0.5, (-1, 0, 0))[0] == pytest.approx(-middle[0])
    # Links that do not reach are stretched in proportion.
    assert joint((0, 0, 1), (0, 0, 0), 0.3, 0.3, (1, 0, 0)) == pytest.approx([0.0, 0.0, 0.5], abs=0.03)


def test_joined_part_is_turned_then_moved():
    part, mesh = Mesh(), Mesh()
    part.box((1, 0, 0), (0.2, 0.2, 0.2), (1, 0, 0))
    join(mesh, part, (5, 0, 1), yaw=np.pi / 2)
    assert mesh.vertices().mean(axis=0) == pytest.approx([5, 1, 1])
    down = Mesh()
    join(down, part, (0, 0, 0), pitch=np.pi / 2)
    assert down.vertices().mean(axis=0) == pytest.approx([0, 0, -1])
    assert volume(mesh) == pytest.approx(volume(part))


def test_sitter_faces_ahead_over_the_seat():
    mesh = Mesh()
    sitter(mesh, np.random.default_rng(0), (0, 0, 1.0), (0.4, 0, 1.4), (0.4, 0, 0.5))
    low, high = mesh.bounds()
    assert 1.7 < high[2] < 2.3
    assert high[0] > 0.4 > -0.6 < low[0]
