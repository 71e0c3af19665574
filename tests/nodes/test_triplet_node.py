"""The triplet node in a process of its own, over DDS, fed with a real ROS 2 bag."""

from __future__ import annotations

import time
from typing import Any

import cv2
import numpy as np
import pytest
from harness import PATIENCE, NodeProcess, Peer, shared

from pose_ssl_ros.interfaces import Box, TeacherEvidence, Triplet, ViewSteps

PARAMS = {"tracker.confirm_hits": 2, "keyframes.view_step": 0.03, "keyframes.scale_step": 0.05}


@pytest.fixture(scope="module")
def bag() -> list[dict[str, Any]]:
    """Frames of the golden bag: JPEG bytes, odometry and camera_info as raw CDR-decoded messages."""
    from rosbags.highlevel import AnyReader
    from rosbags.typesys import Stores, get_typestore

    frames: dict[int, dict[str, Any]] = {}
    names = {"/camera/image_raw/compressed": "jpeg", "/odom": "odom", "/camera/camera_info": "info"}
    with AnyReader([shared("golden/bags/street_mcap")], default_typestore=get_typestore(Stores.ROS2_JAZZY)) as reader:
        wanted = [c for c in reader.connections if c.topic in names]
        for connection, _, raw in reader.messages(connections=wanted):
            message = reader.deserialize(raw, connection.msgtype)
            stamp = message.header.stamp.sec * 10**9 + message.header.stamp.nanosec
            frames.setdefault(stamp, {"stamp": stamp})[names[connection.topic]] = message
    return [frames[s] for s in sorted(frames)][60:110]


class Rig:
    """Camera, odometry and listeners for one triplet node."""

    def __init__(self, peer: Peer) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from sensor_msgs.msg import Image
        from vision_msgs.msg import Detection2DArray

        self.peer = peer
        self.tracks = peer.collect(Detection2DArray, "tracks")
        self.triplets = peer.collect(Image, "triplets")
        self.info = peer.collect(Detection2DArray, "triplets/info")
        self.diagnostics = peer.collect(DiagnosticArray, "/diagnostics")

    def status(self) -> tuple[int, str, dict[str, str]]:
        for array in reversed(self.diagnostics):
            for status in array.status:
                if status.name.endswith(": triplet"):
                    level = status.level
                    number = level[0] if isinstance(level, (bytes, bytearray)) else int(level)
                    return number, status.message, {v.key: v.value for v in status.values}
        return -1, "", {}

    def image(self, pixels: np.ndarray, stamp: int, encoding: str = "rgb8") -> Any:
        from pose_ssl_ros.nodes.convert import rgb_to_image, to_header

        message = rgb_to_image(pixels, to_header(stamp, "camera_optical_frame"))
        message.encoding = encoding
        return message

    def odom(self, recorded: Any) -> Any:
        from nav_msgs.msg import Odometry

        from pose_ssl_ros.nodes.convert import to_header

        stamp = recorded.header.stamp.sec * 10**9 + recorded.header.stamp.nanosec
        message = Odometry(header=to_header(stamp, "odom"), child_frame_id="base_link")
        pose, given = message.pose.pose, recorded.pose.pose
        pose.position.x, pose.position.y = float(given.position.x), float(given.position.y)
        pose.orientation.z, pose.orientation.w = float(given.orientation.z), float(given.orientation.w)
        message.twist.twist.linear.x = float(recorded.twist.twist.linear.x)
        return message

    def camera_info(self, width: int, height: int, k: list[float]) -> Any:
        from sensor_msgs.msg import CameraInfo

        message = CameraInfo(width=width, height=height)
        message.k = k
        return message

    def answer(self, topic: str, message: Any, stamp: int, timeout: float = 10.0) -> Any:
        """Publish an image until its tracks come (best effort may lose one)."""

        def found() -> Any:
            return next((t for t in self.tracks if _stamp(t) == stamp), None)

        until = time.monotonic() + timeout * PATIENCE
        while time.monotonic() < until:
            self.peer.publish(topic, message)
            try:
                return self.peer.wait_for(found, timeout=1.0)
            except AssertionError:
                continue
        raise AssertionError(f"no tracks for stamp {stamp}; diagnostics: {self.status()}")


def _stamp(message: Any) -> int:
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def _pixels(frame: dict[str, Any]) -> np.ndarray:
    bgr = cv2.imdecode(np.frombuffer(frame["jpeg"].data, np.uint8), cv2.IMREAD_COLOR)
    return np.ascontiguousarray(bgr[..., ::-1])


def test_messages_carry_triplets_there_and_back():
    from pose_ssl_ros.nodes.convert_triplets import TripletMessageError, from_messages, to_messages

    crops = np.random.default_rng(0).integers(0, 255, (3, 3, 32, 32, 3), dtype=np.uint8)
    steps = ViewSteps((0.0, 0.0, 0.1, 0.995), (0.0, 0.0, -0.1, 0.995))
    triplets = [
        Triplet("1", 5_000_000_001, crops[0], Box(1, 2, 30, 40)),
        Triplet("7", 6_000_000_002, crops[1], Box(3, 4, 50, 60), TeacherEvidence((0.9, 0.2, 0.0, 0.0))),
        Triplet("8", 4_000_000_003, crops[2], Box(3, 4, 50, 60), None, steps),
    ]
    image, info = to_messages(triplets, "cam")
    assert (image.width, image.height, image.header.frame_id) == (96, 96, "cam")
    assert _stamp(image) == _stamp(info) == 6_000_000_002
    back = from_messages(image, info)
    for sent, got in zip(triplets, back, strict=True):
        assert np.array_equal(sent.crops, got.crops)
        assert (sent.track_id, sent.stamp_ns, sent.box) == (got.track_id, got.stamp_ns, got.box)
        assert (sent.teacher, sent.view_steps) == (got.teacher, got.view_steps)
    info.detections[1].results[0].hypothesis.score = float("nan")
    info.detections[2].results[0].pose.pose.orientation.w = float("nan")
    assert [(t.teacher, t.view_steps) for t in from_messages(image, info)] == [(None, None)] * 3
    info.detections = list(info.detections)[:2]
    with pytest.raises(TripletMessageError, match="3 columns but the info has 2"):
        from_messages(image, info)
    image.step = 1
    with pytest.raises(TripletMessageError, match="step"):
        from_messages(image, info)


def test_a_recorded_street_gives_tracks_and_triplets(peer, bag):
    """Raw images with odometry and camera_info; tracks carry the image's stamp and frame."""
    from pose_ssl_ros.nodes.convert_triplets import from_messages

    rig = Rig(peer)
    with NodeProcess("triplet_node", params={**PARAMS, "camera_height": 1.1}):
        info = rig.camera_info(320, 240, [float(v) for v in bag[0]["info"].k])
        for frame in bag:
            peer.publish("camera_info", info, wait=2.0)
            peer.publish("odom", rig.odom(frame["odom"]), wait=2.0)
            last = rig.answer("image", rig.image(_pixels(frame), frame["stamp"]), frame["stamp"])
        assert last.header.frame_id == "camera_optical_frame"
        assert len(last.detections) >= 2
        assert all(not d.results and d.id for d in last.detections)
        peer.wait_for(lambda: rig.triplets and len(rig.info) == len(rig.triplets), what="triplets")
        messages = zip(rig.triplets, rig.info, strict=True)
        triplets = [triplet for pair in messages for triplet in from_messages(*pair)]
        assert all(triplet.crops.shape == (3, 64, 64, 3) for triplet in triplets)
        # What seems to turn has no view steps; here everything drives straight, but boxes jitter.
        assert sum(triplet.view_steps is not None for triplet in triplets) >= 0.5 * len(triplets)
        peer.wait_for(lambda: rig.status()[2].get("triplets", "0") != "0", what="diagnostics")
        level, message, values = rig.status()
        assert (level, message) == (0, "running")
        assert values["images_bad"] == "0" and values["camera_info"] == "True"


def test_compressed_images_are_found_by_themselves_and_loops_clear(peer, bag):
    from sensor_msgs.msg import CompressedImage

    from pose_ssl_ros.nodes.convert import to_bytes_field, to_header

    rig = Rig(peer)
    with NodeProcess("triplet_node", params=PARAMS) as node:
        ids = []
        for _ in range(2):  # the bag loops
            for frame in bag[:6]:
                message = CompressedImage(header=to_header(frame["stamp"], "cam"), format="jpeg")
                message.data = to_bytes_field(bytes(frame["jpeg"].data))
                rig.tracks.clear()
                last = rig.answer("image/compressed", message, frame["stamp"], timeout=15.0)
            ids.append({d.id for d in last.detections})
        assert ids[0] and ids[1] and not ids[0] & ids[1]
        node.wait_for_output("went back")
        assert node.output.count("went back") == 1
        rig.peer.wait_for(lambda: rig.status()[2].get("transport") == "compressed")


def test_bad_input_is_said_and_survived(peer, bag):
    """Encodings, truncation, empty images, zero stamps, NaN in camera_info: the node goes on."""
    rig = Rig(peer)
    good = _pixels(bag[0])
    with NodeProcess("triplet_node", params=PARAMS) as node:
        rig.answer("image", rig.image(good, 10**9), 10**9)
        depth = rig.image(good, 2 * 10**9, "16UC1")
        cut = rig.image(good, 3 * 10**9)
        cut.data = cut.data[:1000]
        narrow = rig.image(good, 4 * 10**9)
        narrow.step = 5
        empty = rig.image(good, 5 * 10**9)
        empty.width = empty.height = empty.step = 0
        broken = rig.camera_info(320, 240, [float("nan")] * 9)

        def counted() -> bool:
            peer.publish("camera_info", broken)
            time.sleep(0.1)
            return rig.status()[2].get("camera_info_bad", "0") != "0"

        peer.wait_for(counted, what="NaN in camera_info counted")
        for message in (depth, cut, narrow, empty):
            before = int(rig.status()[2].get("images_bad", "0"))
            peer.publish("image", message)
            peer.wait_for(lambda n=before: int(rig.status()[2].get("images_bad", "0")) > n, what="counted as bad")
        assert "the image is empty" in rig.status()[2]["last_image_error"]
        assert "16 bits" in node.output
        rig.tracks.clear()
        peer.publish("image", rig.image(good, 0))
        peer.wait_for(lambda: rig.tracks, what="tracks of an image without stamp")
        assert _stamp(rig.tracks[0]) > 10**18  # the node's own time
        assert "no stamp" in node.output and "NaN" in node.output
        assert node.alive


def test_a_detector_is_used_and_its_silence_is_said(peer, bag):
    """Boxes come by time; a silent detector gives a warning and empty tracks, never other boxes."""
    from vision_msgs.msg import Detection2DArray

    from pose_ssl_ros.nodes.convert import detection, detection_array, to_header

    rig = Rig(peer)
    pixels = _pixels(bag[0])
    nan = float("nan")
    with NodeProcess("triplet_node", params={**PARAMS, "detector": True, "detector_timeout_s": 1.0}):
        publisher = peer.publisher(Detection2DArray, "detections_in")
        images = peer.publisher(type(rig.image(pixels, 1)), "image")
        peer.wait_for(lambda: publisher.get_subscription_count() and images.get_subscription_count(), timeout=20.0)
        for i in range(1, 30):
            stamp = i * 10**8
            header = to_header(stamp + 10**7, "cam")  # a hundredth of a second late
            boxes = [Box(100 + i, 100, 40, 40), Box(nan, 0, 5, 5), Box(5000, 0, 5, 5)]
            if i % 6 == 5:  # several, because best effort may lose one
                boxes += [Box(10.0 * (k % 20), 10.0 * (k // 20 % 15), 8, 8) for k in range(10_000)]
            publisher.publish(detection_array(header, [detection(header, "", b) for b in boxes]))
            images.publish(rig.image(pixels, stamp))
            time.sleep(0.05)
        peer.wait_for(lambda: rig.tracks and rig.tracks[-1].detections, what="tracks from detections")
        box = rig.tracks[-1].detections[0].bbox
        assert 100 < box.center.position.x < 160 and box.size_x == pytest.approx(40, abs=3)
        peer.wait_for(lambda: int(rig.status()[2].get("boxes_capped", "0")) > 0, what="capped boxes")

        def silent() -> bool:
            images.publish(rig.image(pixels, int(time.monotonic() * 1e9)))
            time.sleep(0.05)
            level, message, _ = rig.status()
            return level == 1 and "detector is silent" in message and not rig.tracks[-1].detections

        peer.wait_for(silent, timeout=15.0, what="a warning and empty tracks")


def test_silence_is_explained_with_the_publishers_qos(peer):
    """An image publisher of the wrong type or no publisher at all is named on /diagnostics."""
    rig = Rig(peer)
    with NodeProcess("triplet_node"):
        peer.wait_for(lambda: "nobody publishes '/pose_ssl/image'" in rig.status()[1], timeout=20.0)
        assert rig.status()[0] == 1
        from sensor_msgs.msg import Image

        peer.publisher(Image, "image")
        peer.wait_for(lambda: "reliable" in rig.status()[1], timeout=10.0)
        assert "peer offers sensor_msgs/msg/Image" in rig.status()[1]


def test_parameters_are_checked_and_taken_while_running(peer):
    rig = Rig(peer)
    with NodeProcess("triplet_node") as node:
        peer.wait_for(lambda: rig.status()[0] >= 0, timeout=20.0)
        name = "/pose_ssl/triplet"
        assert peer.set_parameter(name, "keyframes.view_step", 0.2).successful
        refused = peer.set_parameter(name, "keyframes.view_step", 9.0)
        assert not refused.successful and "from 0.01 to 1.5 rad" in refused.reason
        assert not peer.set_parameter(name, "size", 32).successful
        assert peer.get_parameter(name, "keyframes.view_step") == 0.2
        assert node.alive
    with NodeProcess("triplet_node", params={"size": 5}) as node:
        node.wait_for_output("must be an integer from 16 to 256 px")
