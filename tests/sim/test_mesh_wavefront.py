"""OBJ, MTL and textures as the wild has them: read, painted with plain colours, or refused in a sentence."""

import math

import cv2
import numpy as np
import pytest
from mesh_factory import BOX_MTL, BOX_OBJ, write
from pose_ssl_sim.config import SimError
from pose_ssl_sim.mesh_catalogue import painting
from pose_ssl_sim.mesh_catalogue.wavefront import read_obj


@pytest.fixture
def box(tmp_path):
    write(tmp_path, "box.mtl", BOX_MTL)
    return write(tmp_path, "box.obj", BOX_OBJ)


# files


def test_quads_two_materials_and_negative_indices(box):
    shape = read_obj(box)
    assert shape.points.shape == (12, 3, 3)
    assert {m.colour for m in shape.materials} == {(0, 0, 1), (1, 0, 0)}
    points, colours = painting.paint(shape)
    red = colours[:, 0] == 1
    assert red.sum() == 2 and np.allclose(points[red][..., 2], 3, atol=0.05)
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    outwards = points.mean(axis=1) - [0.5, 1, 1.5]
    assert (np.einsum("nc,nc->n", normals, outwards) > 0).all()


def test_a_missing_material_file_and_an_unknown_material_are_grey_and_told(tmp_path):
    shape = read_obj(write(tmp_path, "a.obj", BOX_OBJ))
    assert all(m.colour == shape.materials[0].colour for m in shape.materials)
    assert any("'box.mtl' is missing" in line for line in shape.skipped)
    assert any("material 'front'" in line for line in shape.skipped)


def test_a_few_broken_lines_are_left_out_and_counted(tmp_path):
    text = BOX_OBJ + "f 1 2 99\nf 1 2\nvn what\nx y z\n" + "# filler\nvn 0 0 1\n" * 300
    shape = read_obj(write(tmp_path, "a.obj", text))
    assert len(shape.points) == 12
    assert any("cannot be read" in line for line in shape.skipped)
    assert any("fewer than three corners" in line for line in shape.skipped)


def test_a_broken_vertex_keeps_the_numbers_of_those_that_follow(tmp_path, box):
    text = box.read_text().replace("v 0 2 3", "v 0 two 3") + "vn 0 0 1\n" * 300
    shape = read_obj(write(tmp_path, "b.obj", text))
    assert np.isfinite(shape.points).all() and len(shape.points) == 12 - 4
    assert shape.points.max(axis=(0, 1)).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no faces"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\n", "no faces"),
        ("v a b c\n" * 50 + "f 1 2 3\n", "cannot be read"),
        ("\x00\x01garbage" * 50, "no faces"),
        ("v 0 0 0\nv 1 nan 0\nv 0 1 0\nf 1 2 3\n" + "vn 0 0 1\n" * 200, "no face whose corners"),
    ],
)
def test_what_is_no_mesh_is_refused(tmp_path, text, message):
    with pytest.raises(SimError, match=message):
        read_obj(write(tmp_path, "bad.obj", text))


def test_a_missing_file_and_a_heavy_one_are_refused(tmp_path, box):
    with pytest.raises(SimError, match="cannot be read"):
        read_obj(tmp_path / "none.obj")
    with pytest.raises(SimError, match="12 triangles, more than the 10"):
        read_obj(box, most_faces=10)


def test_texture_coordinates_that_are_not_there_cost_no_face(tmp_path):
    shape = read_obj(write(tmp_path, "a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/7 3/1\n"))
    assert len(shape.points) == 1 and np.isnan(shape.uv[0, 1]).all()


# colours


def textured(folder, image, extra=""):
    cv2.imwrite(str(folder / "t.png"), image)
    write(folder, "t.mtl", f"newmtl m\nKd 1 1 1\n{extra}map_Kd -s 1 1 1 T.PNG\n")
    square = "mtllib t.mtl\nv 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    return read_obj(write(folder, "t.obj", square + "usemtl m\nf 1/1 2/2 3/3 4/4\n"))


def test_a_texture_is_sampled_the_right_way_up_and_covers_the_face(tmp_path):
    image = np.zeros((64, 64, 3), np.uint8)
    image[:21] = (0, 0, 255)  # the upper third red (BGR)
    image[21:] = (0, 255, 0)
    points, colours = painting.paint(textured(tmp_path, image))
    areas = np.linalg.norm(np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0]), axis=1) / 2
    assert areas.sum() == pytest.approx(1.0)
    heights = points.mean(axis=1)[:, 1]
    edge = 1 - 21 / 64
    sure = np.abs(heights - edge) > 0.05
    assert len(points) > 10
    np.testing.assert_allclose(colours[sure & (heights > edge)], [[1, 0, 0]] * (sure & (heights > edge)).sum())
    np.testing.assert_allclose(colours[sure & (heights < edge)], [[0, 1, 0]] * (sure & (heights < edge)).sum())


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_what_is_transparent_in_a_texture_is_not_drawn(tmp_path, depth):
    image = np.full((64, 64, 4), 255, np.uint8)
    image[:, :32, 3] = 0
    points, _ = painting.paint(textured(tmp_path, image.astype(depth) * (257 if depth is np.uint16 else 1)))
    assert points.mean(axis=1)[:, 0].min() > 0.45


def test_a_texture_that_is_no_picture_is_told(tmp_path):
    textured(tmp_path, np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "t.png").write_bytes(b"no picture")
    shape = read_obj(tmp_path / "t.obj")
    assert shape.skipped == ("texture 't.png' cannot be read",)
    assert np.allclose(painting.paint(shape)[1], 1.0)


def test_glass_is_dark_and_what_is_invisible_is_left_out(tmp_path, box):
    write(tmp_path, "box.mtl", BOX_MTL.replace("Kd 1 0 0", "Kd 1 1 1\nd 0.3"))
    _, colours = painting.paint(read_obj(box))
    assert len(colours) == 12 and 0.3 < colours[-1].mean() < 0.5
    write(tmp_path, "box.mtl", BOX_MTL.replace("Kd 1 0 0", "Kd 1 1 1\nTr 1"))
    assert len(painting.paint(read_obj(box))[1]) == 10


def test_a_fine_mesh_is_made_coarser_without_holes():
    # A sphere-like grid of 80,000 triangles around the origin.
    rows, columns = 201, 201
    t, p = np.meshgrid(np.linspace(0.01, math.pi - 0.01, rows), np.linspace(0, 2 * math.pi, columns), indexing="ij")
    grid = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=-1)
    a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
    points = np.concatenate([np.stack(x, axis=2).reshape(-1, 3, 3) for x in ([a, b, c], [a, c, d])])
    shape = painting.Wavefront(
        points, np.full((len(points), 3, 2), np.nan), np.zeros(len(points), int), (painting.Material(),)
    )
    coarse, _ = painting.paint(shape)
    assert len(coarse) < 0.8 * len(points)

    def volume(triangles):
        return np.einsum("nc,nc->n", triangles[:, 0], np.cross(triangles[:, 1], triangles[:, 2])).sum() / 6

    assert volume(coarse) == pytest.approx(volume(points), rel=0.02)
