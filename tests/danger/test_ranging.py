import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pose_ssl_ros.danger.config import MotionConfig
from pose_ssl_ros.danger.ranging import assumed_camera, locate, point_in_camera, ray_in_base
from pose_ssl_ros.interfaces import Box, CameraModel, Mounting

CONFIG = MotionConfig()
CAMERA = CameraModel(640, 480, 500.0, 500.0, 320.0, 240.0)
LEVEL = Mounting(x=0.2, height=0.6, pitch=0.0, yaw=0.0)


def _standing_at(u: float, v: float, w: float = 20.0, h: float = 40.0) -> Box:
    """A box whose lower edge has its centre at (u, v)."""
    return Box(u - w / 2, v - h, w, h)


def test_range_is_height_over_the_fall_of_the_ray() -> None:
    # 30 px below the horizon: tan a = 30 / 500 = .06, range = .6 / .06 = 10 m.
    point = locate(_standing_at(320, 270), CAMERA, LEVEL, CONFIG)
    assert point.range_m == pytest.approx(10.0)
    assert (point.x, point.y) == pytest.approx((10.2, 0.0))
    assert point.half_width == pytest.approx(20 * 10 / 500 / 2)


def test_right_of_the_image_is_negative_y() -> None:
    # 50 px right at 10 m depth: 1 m to the right, sqrt(101) m away.
    point = locate(_standing_at(370, 270), CAMERA, LEVEL, CONFIG)
    assert (point.x, point.y) == pytest.approx((10.2, -1.0))
    assert point.range_m == pytest.approx(math.sqrt(101))


def test_pitch_and_yaw_of_the_camera_are_taken_out() -> None:
    # Pitched down so that the axis meets the ground 6 m ahead, the image centre is there.
    down = Mounting(0.0, 0.6, math.atan2(0.6, 6.0), 0.0)
    assert locate(_standing_at(320, 240), CAMERA, down, CONFIG).x == pytest.approx(6.0)
    left = Mounting(0.0, 0.6, 0.0, math.pi / 2)
    point = locate(_standing_at(320, 270), CAMERA, left, CONFIG)
    assert (point.x, point.y) == pytest.approx((0.0, 10.0), abs=1e-9)


def test_one_pixel_costs_range_squared() -> None:
    near = locate(_standing_at(320, 300), CAMERA, LEVEL, CONFIG)  # 5 m
    far = locate(_standing_at(320, 270), CAMERA, LEVEL, CONFIG)  # 10 m
    pixel = 0.6 * 500 / 29 - 10
    edge = CONFIG.pixel_sigma + CONFIG.edge_sigma * 40  # the box is 40 px high
    assert far.sigma_range == pytest.approx(edge * pixel + 0.2, rel=0.05)
    assert far.sigma_range > 2 * near.sigma_range


def test_a_tall_box_above_the_ground_is_near() -> None:
    # A windscreen: ends above the horizon, 200 px high, so at most 4 m * 500 / 200 = 10 m away.
    point = locate(Box(270, 20, 100, 200), CAMERA, LEVEL, CONFIG)
    assert point.range_m == pytest.approx(10.0)
    assert point.sigma_range > 4
    assert locate(Box(310, 200, 4, 4), CAMERA, LEVEL, CONFIG).range_m == CONFIG.max_range_m


@pytest.mark.parametrize(
    "box",
    [Box(math.nan, 0, 1, 1), Box(0, 0, 0, 5), Box(0, 0, 5, -1), Box(0, math.inf, 1, 1)],
)
def test_boxes_without_sense_have_no_place(box: Box) -> None:
    assert locate(box, CAMERA, LEVEL, CONFIG) is None


def test_a_camera_on_the_ground_sees_no_range() -> None:
    assert locate(_standing_at(320, 270), CAMERA, Mounting(height=0.0), CONFIG) is None
    assert locate(_standing_at(320, 270), CAMERA, Mounting(height=math.nan), CONFIG) is None


def test_an_assumed_camera_has_its_field_of_view() -> None:
    camera = assumed_camera(640, 480, math.pi / 2)
    assert camera.fx == pytest.approx(320)
    assert camera.bearing(640) == pytest.approx(math.pi / 4)


@given(
    st.floats(1, 50), st.floats(-20, 20), st.floats(0, 2), st.floats(-0.3, 0.3), st.floats(-3, 3), st.floats(-0.5, 0.5)
)
def test_the_way_to_the_camera_frame_and_back(x, y, z, pitch, yaw, ahead) -> None:
    mounting = Mounting(ahead, 1.1, pitch, yaw)
    right, down, depth = point_in_camera(x, y, z, mounting)
    if depth < 0.1:
        return
    u, v = CAMERA.cx + CAMERA.fx * right / depth, CAMERA.cy + CAMERA.fy * down / depth
    ray = ray_in_base(u, v, CAMERA, mounting)
    assert [depth * r for r in ray] == pytest.approx([x - ahead, y, z - 1.1], abs=1e-6)


def test_a_box_at_the_image_border_is_cut_and_uncertain() -> None:
    whole = locate(Box(100, 250, 40, 40), CAMERA, LEVEL, CONFIG)
    for box in (Box(0, 250, 40, 40), Box(600, 250, 40, 40)):
        point = locate(box, CAMERA, LEVEL, CONFIG)
        assert point.cut and not whole.cut
        assert point.sigma_lateral > whole.sigma_lateral + 3 * point.half_width
