import dataclasses
import math

import numpy as np
import pytest

from pose_ssl_ros.inference.config import PipelineConfig
from pose_ssl_ros.inference.engine import Engine, ModelError
from pose_ssl_ros.inference.pipeline import InferencePipeline, fitted
from pose_ssl_ros.interfaces import Box, CameraModel, EgoState, Frame, Mounting, Track
from tests.model_factory import make_model

CAMERA = CameraModel(640, 480, 500.0, 500.0, 320.0, 240.0)
MOUNTING = Mounting(0.2, 0.6, 0.0, 0.0)
IMAGE = np.full((480, 640, 3), 120, np.uint8)
AHEAD = Box(310, 230, 20, 40)  # lower edge 30 px below the horizon: 10 m


@pytest.fixture
def pipeline():
    made = InferencePipeline(PipelineConfig())
    yield made
    made.close()


def _see(pipeline, t=0.0, boxes=(AHEAD,), image=IMAGE, camera=CAMERA, ego=None):
    stamp = int(t * 1e9)
    tracks = [Track(str(i), box, stamp) for i, box in enumerate(boxes)]
    return pipeline.process(Frame(image, stamp), tracks, camera, ego, MOUNTING)


def _load(pipeline, content) -> None:
    pipeline.slot.offer(content)
    assert pipeline.slot.settle()


def test_cold_it_knows_where_but_not_what(pipeline) -> None:
    (state,) = _see(pipeline)
    assert state.heading == (0, 0, 0, 0, 1)
    assert state.identity == (("unknown", 1.0),)
    assert state.azimuth is None and state.embedding is None
    assert state.range_m == pytest.approx(10.0)
    assert state.position == pytest.approx((10.2, 0.0))
    assert state.bearing == 0.0


def test_heading_not_ready_is_unknown_though_identity_is_known(pipeline) -> None:
    _load(pipeline, make_model(heading_ready=False))
    (state,) = _see(pipeline)
    assert state.heading == (0, 0, 0, 0, 1)
    assert state.identity[0][0] == "car"
    assert np.linalg.norm(state.embedding) == pytest.approx(1, abs=1e-3)


def test_warm_it_reads_the_model(pipeline) -> None:
    _load(pipeline, make_model(azimuth=(0.0, 0.8)))
    (state,) = _see(pipeline)
    assert state.heading == pytest.approx((0.8, 0.1, 0.05, 0.05, 0.0))
    assert state.azimuth == pytest.approx(math.pi / 2)
    assert state.azimuth_variance == pytest.approx(-2 * math.log(0.8))


def test_evidence_starts_anew_when_heading_becomes_ready(pipeline) -> None:
    _load(pipeline, make_model(1, heading=(0.1, 0.1, 0.7, 0.1, 0.0)))
    for i in range(30):
        _see(pipeline, 0.1 * i)
    _load(pipeline, make_model(2, heading_ready=False))
    _see(pipeline, 3.0)
    _load(pipeline, make_model(3, heading=(0.7, 0.1, 0.1, 0.1, 0.0)))
    (state,) = _see(pipeline, 3.1)
    assert state.heading == pytest.approx((0.7, 0.1, 0.1, 0.1, 0.0))


def test_evidence_is_kept_over_an_ordinary_swap(pipeline) -> None:
    _load(pipeline, make_model(1, heading=(0.7, 0.1, 0.1, 0.1, 0.0)))
    for i in range(30):
        _see(pipeline, 0.1 * i)
    _load(pipeline, make_model(2, heading=(0.1, 0.1, 0.7, 0.1, 0.0)))
    (state,) = _see(pipeline, 3.0)
    assert state.heading[0] > 0.5


def test_each_object_has_its_own_row(pipeline) -> None:
    _load(pipeline, make_model(classes=("bright", "dark")))
    image = IMAGE.copy()
    image[:, :320] = 255
    image[:, 320:] = (0, 0, 255)
    outside, left, right = Box(2000, 2000, 90, 90), Box(50, 200, 60, 60), Box(500, 200, 50, 50)
    states = {s.track_id: s for s in _see(pipeline, boxes=(outside, left, right), image=image)}
    assert states["0"].identity == (("unknown", 1.0),)
    assert states["1"].embedding == pytest.approx(np.full(3, 3**-0.5), abs=1e-2)
    assert states["2"].embedding == pytest.approx([0, 0, 1], abs=1e-2)
    assert pipeline.stats()["bad_crops"] == 1


def test_the_largest_boxes_are_kept(pipeline) -> None:
    boxes = [Box(10, 10, 5, 5)] * 50 + [Box(100, 100, 99, 99)]
    states = _see(pipeline, boxes=boxes)
    assert len(states) == pipeline.config.max_objects
    assert states[0].track_id == "50"
    assert pipeline.stats()["objects_over_cap"] == 51 - 32


def test_velocity_over_ground_and_closing_speed(pipeline) -> None:
    # The object stands, the robot drives 1 m/s towards it: the lower edge sinks as h f / range.
    for i in range(25):
        t = 0.1 * i
        bottom = 240 + 0.6 * 500 / (12 - t)
        box = Box(310, bottom - 40, 20, 40)
        (state,) = _see(pipeline, t, (box,), ego=EgoState(int(t * 1e9), t, 0, 0, 1.0, 0))
    assert state.velocity == pytest.approx((0, 0), abs=0.1)
    assert state.closing_speed == pytest.approx(1, abs=0.1)


def test_what_clearly_moves_is_answered_though_its_looks_are_unknown(pipeline) -> None:
    def comes(t: float, ego: EgoState | None = None):
        scale = 10.0 / (10.0 - 2.0 * t)  # from 10 m at 2 m/s
        box = Box(320 - 10 * scale, 240 - 10 * scale, 20 * scale, 40 * scale)
        return _see(pipeline, t, [box], ego=ego)[0]

    def standing(t: float) -> EgoState:
        return EgoState(int(t * 1e9), 0.0, 0.0, 0.0, 0.0)

    heading = dataclasses.replace(pipeline.config.heading, motion_trust=0.95)
    pipeline.configure(dataclasses.replace(pipeline.config, heading=heading))
    cold = [comes(0.1 * i, standing(0.1 * i)) for i in range(20)][-1]
    assert cold.heading == (0, 0, 0, 0, 1)  # no model yet: unknown, whatever moves
    pipeline.reset()
    _load(pipeline, make_model(heading=(0.05, 0.02, 0.02, 0.01, 0.9)))
    state = [comes(0.1 * i, standing(0.1 * i)) for i in range(20)][-1]
    assert state.heading[0] > 0.8 and abs(state.azimuth) < 0.2
    assert state.looks[4] > 0.8
    pipeline.reset()
    assert [comes(0.1 * i) for i in range(20)][-1].heading[4] > 0.8  # without odometry nothing is said


def test_without_camera_info_range_is_assumed_and_bearing_is_not_said(pipeline) -> None:
    _load(pipeline, make_model())
    (state,) = _see(pipeline, camera=None)
    assert state.range_m is not None and state.bearing is None
    pipeline.configure(dataclasses.replace(pipeline.config, assumed_fov=0.0))
    (state,) = _see(pipeline, 0.1, camera=None)
    assert state.range_m is None
    assert state.danger == 1.0  # no range is the worst case


def test_a_stamp_in_the_past_forgets_all_tracks(pipeline) -> None:
    _load(pipeline, make_model(1, heading=(0.7, 0.1, 0.1, 0.1, 0.0)))
    for i in range(10):
        _see(pipeline, 10 + 0.1 * i)
    (state,) = _see(pipeline, 0.0)
    assert state.heading == pytest.approx((0.7, 0.1, 0.1, 0.1, 0.0))
    assert pipeline.stats()["clock_jumps"] == 1


def test_an_image_without_pixels_is_no_end(pipeline) -> None:
    _load(pipeline, make_model())
    (state,) = _see(pipeline, image=np.zeros((0, 0, 3), np.uint8))
    assert state.heading[4] == 1.0
    assert 0 <= state.danger <= 1


def test_a_model_that_fails_on_a_frame_costs_that_frame_only(pipeline, monkeypatch) -> None:
    _load(pipeline, make_model())
    _see(pipeline)

    def fail(self, crops):
        raise ModelError("output 'heading' is not finite")

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "run", fail)
        (state,) = _see(pipeline, 0.1)
        assert state.heading[4] == 1.0
    assert pipeline.stats()["model_failures"] == 1
    (state,) = _see(pipeline, 0.2)
    assert state.heading[4] < 0.2


def test_memory_stays_bounded_over_many_tracks(pipeline) -> None:
    _load(pipeline, make_model())
    for i in range(300):
        stamp = int(i * 1e8)
        pipeline.process(Frame(IMAGE, stamp), [Track(str(i), AHEAD, stamp)], CAMERA, None, MOUNTING)
    kept = (len(pipeline._headings), len(pipeline._motion))
    assert max(kept) <= 22


def test_intrinsics_follow_a_scaled_image() -> None:
    half = fitted(CAMERA, 320, 240)
    assert (half.fx, half.cx, half.cy, half.width) == (250, 160, 120, 320)
    assert fitted(CAMERA, 640, 480) is CAMERA
    assert fitted(None, 1, 1) is None
    assert fitted(CameraModel(0, 0, 1, 1, 0, 0), 5, 5).fx == 1  # a camera_info that does not say its size
