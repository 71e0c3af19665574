import math

import numpy as np
import pytest
from pose_ssl_sim import catalogue
from pose_ssl_sim.camera import CameraPose, camera_model, projection_matrix
from pose_ssl_sim.config import SimConfig, SimError
from pose_ssl_sim.crops import render_crops
from pose_ssl_sim.meshes import Mesh, palette_image, palette_index, palette_uv
from pose_ssl_sim.renderer import Lighting, Renderer

SIZE = 96
LIGHT = Lighting((0.0, 0.0, 1.0), (1.0, 1.0, 1.0), 0.8, 0.2)


@pytest.fixture(scope="module")
def renderer():
    made = Renderer("tiny")
    yield made
    made.close()


def portrait(renderer, spec, azimuth):
    """The object from an azimuth, its pixels and its mask; straight above the axis light falls alike on all sides."""
    model = camera_model(SimConfig(width=SIZE, height=SIZE, field_of_view=0.6))
    distance = max(spec.size) / 0.6 + spec.size[0] / 2 + 1.0
    pose = CameraPose(distance, 0.0, spec.size[2] / 2, math.pi, 0.0)
    body = renderer.add(spec.mesh)
    renderer.place(body, 0.0, 0.0, -azimuth)
    raw = renderer.draw(pose.view_matrix(), projection_matrix(model), SIZE, SIZE, LIGHT)
    renderer.remove(body)
    mask = raw.bodies == body
    return np.where(mask[..., None], raw.rgb, 0).astype(float), mask


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_front_and_back_differ(renderer, category):
    for seed in range(3):
        spec = catalogue.sample(category, np.random.default_rng(seed))
        front, seen = portrait(renderer, spec, 0.0)
        back, _ = portrait(renderer, spec, math.pi)
        assert seen.sum() > 100
        # Mirrored, because a symmetric body seen from behind is the mirror image of its front.
        difference = np.abs(front - back[:, ::-1]).max(axis=2)[seen]
        assert (difference > 30).mean() > 0.04, f"{category} {seed} looks the same from behind"


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_same_state_same_instance_and_other_state_another(category):
    def text(seed):
        return catalogue.sample(category, np.random.default_rng(seed)).mesh.obj_text()

    assert text(1) == text(1)
    assert text(1) != text(2)


@pytest.mark.parametrize("category", catalogue.CATEGORIES)
def test_stands_on_the_ground_around_the_origin(category):
    spec = catalogue.sample(category, np.random.default_rng(5))
    low, high = spec.mesh.bounds()
    assert low[2] == pytest.approx(0.0, abs=0.06)
    assert low[:2] == pytest.approx(-high[:2])
    assert spec.size[2] > 0.25


def test_unknown_category_is_refused_with_what_there_is():
    with pytest.raises(SimError, match="no category 'unicorn'.*sedan"):
        catalogue.sample("unicorn", np.random.default_rng(0))


def test_parked_motorcycle_has_no_rider():
    ridden = catalogue.sample("motorcycle", np.random.default_rng(3), crewed=True)
    parked = catalogue.sample("motorcycle", np.random.default_rng(3), crewed=False)
    assert parked.size[2] < ridden.size[2] - 0.1


def test_palette_texel_has_the_colour_it_stands_for():
    colour = (1.0, 16 / 31, 0.0)
    u, v = palette_uv(palette_index(colour))
    image = palette_image()
    pixel = image[int(v * image.shape[0]), int(u * image.shape[1])]
    assert pixel.tolist() == [255, round(16 * 255 / 31), 0]


@pytest.mark.parametrize("choice", ["tiny", "egl"])
def test_rendered_colour_is_the_colour_asked_for(choice):
    try:
        renderer = Renderer(choice)
    except SimError as error:
        pytest.skip(str(error))
    mesh = Mesh()
    mesh.box((0, 0, 0.5), (1, 1, 1), (1.0, 0.5, 0.0))
    model = camera_model(SimConfig(width=64, height=48, field_of_view=0.6))
    body = renderer.add(mesh)
    renderer.place(body, 0.0, 0.0, 0.0)
    view = CameraPose(6.0, 0.0, 0.5, math.pi, 0.0).view_matrix()
    raw = renderer.draw(view, projection_matrix(model), 64, 48, Lighting((1.0, 0.0, 0.1), (1.0, 1.0, 1.0), 0.5, 0.5))
    red, green, blue = raw.rgb[24, 32].astype(float)
    renderer.close()
    assert raw.bodies[24, 32] == body
    assert red > 100
    assert green / red == pytest.approx(0.5, abs=0.12)
    assert blue / red < 0.1


def test_boxes_faces_look_outwards():
    mesh = Mesh()
    mesh.box((1, 2, 3), (1, 1, 1), (1, 1, 1))
    mesh.cylinder((0, 0, 0), (0, 0, 2), 0.5, (1, 1, 1))
    mesh.sphere((4, 0, 0), 1.0, (1, 1, 1))
    for solid, centre in ((slice(0, 12), (1, 2, 3)), (slice(12, 40), (0, 0, 1)), (slice(40, None), (4, 0, 0))):
        for triangle in mesh.triangles()[solid]:
            normal = np.cross(triangle[1] - triangle[0], triangle[2] - triangle[0])
            assert normal @ (triangle.mean(axis=0) - centre) > 0


def test_crops_are_labelled_repeatable_and_step_evenly():
    first = list(render_crops(["sedan", "chair"], 6, seed=3, size=48, views=3, step=0.3, shots_per_instance=2))
    again = list(render_crops(["sedan", "chair"], 6, seed=3, size=48, views=3, step=0.3, shots_per_instance=2))
    assert [s.category for s in first] == ["sedan", "sedan", "chair", "chair", "sedan", "sedan"]
    for a, b in zip(first, again, strict=True):
        assert a.rgb.shape == (3, 48, 48, 3)
        assert np.array_equal(a.rgb, b.rgb)
        steps = np.angle(np.exp(1j * np.diff(a.azimuths)))
        assert np.abs(steps) == pytest.approx([0.3, 0.3])
        assert steps[0] == pytest.approx(steps[1])
