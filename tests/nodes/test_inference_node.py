"""The inference node in a process of its own, over DDS."""

import math
import time

import numpy as np
import pytest
from harness import PATIENCE, NodeProcess, Peer, private_domain

from pose_ssl_ros.viewpoint import HEADINGS_AND_UNKNOWN, azimuth_from_orientation
from tests.model_factory import bad_models, make_model

WIDTH, HEIGHT = 160, 120
FRAME = "camera_optical_frame"


class Rig:
    """A camera, a tracker and a learner in one, and a listener to everything."""

    def __init__(self, peer: Peer) -> None:
        from sensor_msgs.msg import CameraInfo, Image, PointCloud2
        from std_msgs.msg import Float32, UInt8MultiArray
        from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo
        from visualization_msgs.msg import MarkerArray

        from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, SENSOR

        self.peer = peer
        self.time = 1_000_000_000
        self.headings = peer.collect(Detection2DArray, "headings", RESULT)
        self.detections = peer.collect(Detection2DArray, "detections", RESULT)
        self.danger = peer.collect(Float32, "danger", RESULT)
        self.zones = peer.collect(PointCloud2, "danger_zones", RESULT)
        self.markers = peer.collect(MarkerArray, "markers", RESULT)
        self.infos = peer.collect(VisionInfo, "model_info", LATCHED)
        self.labels = peer.collect(LabelInfo, "label_info", LATCHED)
        self.heading_labels = peer.collect(LabelInfo, "headings/label_info", LATCHED)
        self._image = peer.publisher(Image, "image", SENSOR)
        self._tracks = peer.publisher(Detection2DArray, "tracks", RESULT)
        self._camera = peer.publisher(CameraInfo, "camera_info", SENSOR)
        self._model = peer.publisher(UInt8MultiArray, "model", LATCHED)

    def connect(self) -> None:
        """Wait until the node hears us and we hear the node."""
        peer = self.peer
        peer.wait_for(lambda: self._image.get_subscription_count() and self._tracks.get_subscription_count(), 20)
        peer.wait_for(lambda: self._camera.get_subscription_count() and self._model.get_subscription_count())
        peer.wait_for(lambda: self.infos, what="the latched model_info")
        topics = ("headings", "detections", "danger", "danger_zones", "markers")
        peer.wait_for(lambda: all(peer.node.count_publishers(f"/pose_ssl/{t}") for t in topics))

    def model(self, content: bytes) -> None:
        from std_msgs.msg import UInt8MultiArray

        from pose_ssl_ros.nodes.convert import to_bytes_field

        self._model.publish(UInt8MultiArray(data=to_bytes_field(content)))

    def camera(self, fx: float = 140.0) -> None:
        from sensor_msgs.msg import CameraInfo

        info = CameraInfo(width=WIDTH, height=HEIGHT)
        info.k = [fx, 0.0, WIDTH / 2, 0.0, 140.0, HEIGHT / 2, 0.0, 0.0, 1.0]
        self._camera.publish(info)

    def image(self, stamp: int, **changes) -> None:
        from pose_ssl_ros.nodes.convert import rgb_to_image, to_header

        message = rgb_to_image(np.full((HEIGHT, WIDTH, 3), 90, np.uint8), to_header(stamp, FRAME))
        for name, value in changes.items():
            setattr(message, name, value)
        self._image.publish(message)

    def tracks(self, stamp: int, boxes, prefix: str = "") -> None:
        from pose_ssl_ros.interfaces import Box
        from pose_ssl_ros.nodes.convert import detection, detection_array, to_header

        header = to_header(stamp, FRAME)
        found = [detection(header, f"{prefix}{i}", Box(*b)) for i, b in enumerate(boxes)]
        self._tracks.publish(detection_array(header, found))

    def frame(self, boxes=((60, 50, 30, 40),), timeout: float = 5.0, prefix: str = ""):
        """Publish a frame with its tracks and wait for all answers; returns the headings message."""
        self.time += 100_000_000
        lists = (self.headings, self.detections, self.danger, self.zones, self.markers)
        before = [len(found) for found in lists]
        self.image(self.time)
        self.tracks(self.time, boxes, prefix)
        self.peer.wait_for(lambda: all(len(f) > b for f, b in zip(lists, before, strict=True)), timeout, "an answer")
        return self.headings.last

    def version(self) -> int:
        return self.infos.last.database_version if self.infos else -1

    def story(self) -> str:
        """What the node said so far, and how many of its kind there are."""
        nodes = self.peer.node.get_node_names_and_namespaces()
        return f"{nodes}\n{values_of(self.peer)}\n{self.process.output}"

    def warm(self, content: bytes, version: int) -> None:
        self.model(content)
        self.peer.wait_for(lambda: self.version() == version, what=f"model {version}")


def scores(detection) -> dict[str, float]:
    return {r.hypothesis.class_id: r.hypothesis.score for r in detection.results}


def stamp_of(message) -> int:
    return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec


def values_of(peer: Peer) -> dict[str, str]:
    status = next((s for n, s in peer.diagnostics().items() if "inference" in n), None)
    return {v.key: v.value for v in status.values} if status else {}


def count_of(peer: Peer, name: str) -> int:
    return int(values_of(peer).get(name, 0))


def level_of(peer: Peer) -> tuple[int, str]:
    status = next(s for n, s in peer.diagnostics().items() if "inference" in n)
    level = status.level
    return (level[0] if isinstance(level, bytes) else int(level)), status.message


@pytest.fixture(scope="module")
def rig():
    """One node for all tests that leave it as it was: cold at first, then warm."""
    with private_domain(), Peer() as peer, NodeProcess("inference_node") as process:
        made = Rig(peer)
        peer.diagnostics()
        made.connect()
        peer.wait_for(lambda: values_of(peer), what="diagnostics")
        made.process = process
        yield made
        assert process.alive, process.output


def test_cold_it_answers_unknown_and_danger(rig: Rig) -> None:
    rig.camera()
    found = rig.frame()
    assert [d.id for d in found.detections] == ["0"]
    assert scores(found.detections[0]) == {"toward": 0, "left": 0, "away": 0, "right": 0, "unknown": 1}
    assert scores(rig.detections.last.detections[0]) == {"unknown": 1}
    assert 0 < rig.danger.last.data <= 1
    assert rig.infos.last.database_version == 0
    assert [c.class_name for c in rig.heading_labels.last.class_map] == list(HEADINGS_AND_UNKNOWN)


def test_no_objects_are_said_as_empty_messages_with_stamp_and_frame(rig: Rig) -> None:
    found = rig.frame(boxes=())
    for message in (found, rig.detections.last):
        assert len(message.detections) == 0
        assert stamp_of(message) == rig.time and message.header.frame_id == FRAME
    assert rig.danger.last.data == 0.0
    zones = rig.zones.last
    assert (zones.width, zones.header.frame_id, len(zones.data)) == (0, "base_link", 0)
    assert zones.header.stamp == found.header.stamp
    assert len(rig.markers.last.markers) == 1  # only the one that wipes the old ones


def test_a_model_that_is_not_ready_answers_unknown(rig: Rig) -> None:
    rig.warm(make_model(1, heading_ready=False, identity_ready=False), 1)
    assert scores(rig.frame().detections[0])["unknown"] == 1
    assert scores(rig.detections.last.detections[0]) == {"unknown": 1}


def test_warm_it_tells_heading_identity_and_pose(rig: Rig) -> None:
    rig.camera()
    azimuth = 0.6
    vector = (0.9 * math.cos(azimuth), 0.9 * math.sin(azimuth))
    rig.warm(make_model(2, azimuth=vector, heading=(0.7, 0.2, 0.05, 0.05, 0.0)), 2)
    found = scores(rig.frame(boxes=((100, 50, 20, 40),), prefix="fresh").detections[0])
    assert list(found) == list(HEADINGS_AND_UNKNOWN)
    assert sum(found.values()) == pytest.approx(1)
    assert found["toward"] == pytest.approx(0.7, abs=0.01)
    detection = rig.detections.last.detections[0]
    named = scores(detection)
    assert set(named) == {"car", "person"}
    assert list(named.values()) == sorted(named.values(), reverse=True)
    assert [c.class_name for c in rig.labels.last.class_map] == ["car", "person"]
    pose = detection.results[0].pose
    q = pose.pose.orientation
    bearing = math.atan2(110 - WIDTH / 2, 140.0)
    assert azimuth_from_orientation((q.x, q.y, q.z, q.w), bearing) == pytest.approx(azimuth, abs=1e-6)
    assert pose.covariance[28] == pytest.approx(-2 * math.log(0.9))
    # Lower edge 30 px below the horizon, camera 0.6 m high: 0.6 * 140 / 30 = 2.8 m ahead, on the ground.
    assert (pose.pose.position.z, pose.pose.position.y) == (pytest.approx(2.8, abs=0.01), pytest.approx(0.6))
    assert rig.infos.last.method == "vicreg" and rig.infos.last.database_location == "topic"


def test_a_swap_while_frames_flow_loses_no_frame(rig: Rig) -> None:
    start = rig.version()
    count = len(rig.headings)
    for i in range(30):
        if i in (8, 16, 24):
            rig.model(make_model(start + 1 + i, azimuth=(0.5 + 0.01 * i, 0.0)))
        rig.frame()
    rig.peer.wait_for(lambda: rig.version() == start + 25)
    assert len(rig.headings) == count + 30
    stamps = [stamp_of(h) for h in rig.headings[count:]]
    assert stamps == sorted(set(stamps))
    versions = [i.database_version for i in rig.infos]
    assert versions == sorted(set(versions))


def test_bad_models_are_refused_and_the_old_one_works(rig: Rig) -> None:
    before = rig.version()
    bad = bad_models()
    for name in ("not onnx", "wrong hash", "wrong size in metadata", "external data", "nan heading"):
        refused = count_of(rig.peer, "models_refused")
        rig.model(bad[name][0])
        rig.peer.wait_for(lambda r=refused: count_of(rig.peer, "models_refused") > r, what=name)
        assert bad[name][1] in values_of(rig.peer)["last_refusal"]
        assert scores(rig.frame().detections[0])["unknown"] < 0.5
    assert rig.version() == before
    assert "refused" in rig.process.output


def test_an_older_number_is_taken_and_database_version_still_rises(rig: Rig) -> None:
    before = rig.version()
    rig.warm(make_model(1, azimuth=(0.0, 0.77)), before + 1)


def test_ten_thousand_boxes_are_cut_to_the_largest(rig: Rig) -> None:
    boxes = [(i % WIDTH, i % HEIGHT, 5 + i % 7, 5 + i % 5) for i in range(9999)] + [(40, 40, 80, 60)]
    found = rig.frame(boxes=boxes, timeout=20)
    assert len(found.detections) == 32
    assert found.detections[0].id == "9999"
    rig.peer.wait_for(lambda: count_of(rig.peer, "objects_over_cap") == 9968)


def test_boxes_without_sense_or_outside_do_not_stop_it(rig: Rig) -> None:
    boxes = [(math.nan, 0, 5, 5), (0, 0, math.inf, 5), (10, 10, 0, 5), (5000, 5000, 10, 10), (60, 50, 30, 40)]
    found = rig.frame(boxes=boxes)
    assert {d.id for d in found.detections} == {"3", "4"}
    outside = next(d for d in found.detections if d.id == "3")
    assert scores(outside)["unknown"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"encoding": "16UC1"},
        {"step": 7},
        {"width": 0, "height": 0, "step": 0},
        {"height": 4000},
    ],
)
def test_bad_images_are_counted_and_left_out(rig: Rig, changes) -> None:
    before = count_of(rig.peer, "images_bad")
    rig.time += 100_000_000
    rig.image(rig.time, **changes)
    rig.tracks(rig.time, [(60, 50, 30, 40)])
    rig.peer.wait_for(lambda: count_of(rig.peer, "images_bad") > before)
    assert rig.frame().detections


def test_nan_in_camera_info_is_counted_and_the_last_good_one_holds(rig: Rig) -> None:
    rig.camera()
    before = count_of(rig.peer, "bad_camera_infos")
    rig.camera(fx=math.nan)
    rig.peer.wait_for(lambda: count_of(rig.peer, "bad_camera_infos") > before)
    rig.frame()
    assert rig.detections.last.detections[0].results[0].pose.covariance[28] < 99999, rig.story()


def test_frames_whose_tracks_never_come_are_skipped_and_counted(rig: Rig) -> None:
    before = count_of(rig.peer, "frames_skipped")
    for _ in range(3):
        rig.time += 100_000_000
        rig.image(rig.time)
    rig.frame()
    rig.peer.wait_for(lambda: count_of(rig.peer, "frames_skipped") == before + 3)


def test_stamps_that_go_back_start_anew(rig: Rig) -> None:
    rig.time += 5_000_000_000
    rig.frame()
    jumps = count_of(rig.peer, "stamp_jumps")
    rig.time = 500_000_000
    assert rig.frame().detections
    rig.peer.wait_for(lambda: count_of(rig.peer, "stamp_jumps") == jumps + 1)
    assert rig.frame().detections


def test_annotated_is_drawn_only_for_a_listener(rig: Rig) -> None:
    from sensor_msgs.msg import Image

    seen = rig.peer.collect(Image, "annotated")
    rig.peer.wait_for(lambda: rig.peer.node.count_publishers("/pose_ssl/annotated"))
    rig.peer.wait_for(lambda: rig.frame() and seen)
    picture = np.frombuffer(seen.last.data, np.uint8).reshape(HEIGHT, WIDTH, 3)
    assert seen.last.encoding == "rgb8" and len(np.unique(picture)) > 2
    rig.peer.node.destroy_subscription(seen.subscription)


def test_diagnostics_tell_latency_rates_and_state(rig: Rig) -> None:
    found = values_of(rig.peer)
    assert found["state"] == "warm", rig.story()
    assert 0 < float(found["latency_p50_ms"]) <= float(found["latency_p95_ms"]) <= float(found["latency_p99_ms"])
    assert int(found["frames"]) > 40
    assert int(found["failures"]) == 0
    assert level_of(rig.peer)[0] == 0


def test_live_parameters_are_checked(rig: Rig) -> None:
    assert not rig.peer.set_parameter("inference", "max_objects", 0).successful
    assert rig.peer.set_parameter("inference", "max_objects", 2).successful
    assert len(rig.frame(boxes=[(10 * i, 40, 9, 20) for i in range(5)]).detections) == 2
    refusal = rig.peer.set_parameter("inference", "threads", 2)
    assert not refusal.successful and "restart" in refusal.reason
    assert rig.peer.set_parameter("inference", "max_objects", 32).successful


def test_killed_and_started_again_it_gets_the_latched_model_at_once(peer: Peer) -> None:
    rig = Rig(peer)
    with NodeProcess("inference_node") as first:
        rig.connect()
        rig.warm(make_model(7), 7)
        first.kill()
    rig.infos.clear()
    with NodeProcess("inference_node"):
        peer.wait_for(lambda: rig.version() == 7, 20, "the latched model without publishing it again")


def test_starts_from_a_file_ends_in_time_and_a_missing_file_is_no_end(peer: Peer, tmp_path) -> None:
    path = tmp_path / "encoder.onnx"
    path.write_bytes(make_model(5))
    rig = Rig(peer)
    with NodeProcess("inference_node", params={"model_path": str(path)}) as process:
        peer.wait_for(lambda: rig.version() == 5, 20)
        assert rig.infos.last.database_location == str(path)
        assert process.interrupt() == 0
    rig.infos.clear()
    with NodeProcess("inference_node", params={"model_path": str(tmp_path / "none.onnx")}) as process:
        process.wait_for_output("cannot be read")
        peer.wait_for(lambda: rig.version() == 0, 20)
        rig.connect()
        rig.warm(make_model(6), 6)


def test_silence_is_explained_with_the_publishers(peer: Peer) -> None:
    peer.diagnostics()
    rig = Rig(peer)
    with NodeProcess("inference_node", params={"silence_s": 0.5}):
        rig.connect()
        peer.wait_for(lambda: values_of(peer) and level_of(peer)[0] == 1)
        assert "/pose_ssl/image" in level_of(peer)[1] and "peer offers" in level_of(peer)[1]
        until = time.monotonic() + 10 * PATIENCE
        while "no tracks" not in level_of(peer)[1] and time.monotonic() < until:
            rig.time += 100_000_000
            rig.image(rig.time)
            time.sleep(0.1)
        assert "no tracks" in level_of(peer)[1]
