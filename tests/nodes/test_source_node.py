"""The source node in a process of its own, over DDS, on recorded and broken input."""

import cv2
import numpy as np
import pytest
from harness import NodeProcess, Peer, shared


def folder(path, count=6, side=(80, 60)):
    path.mkdir()
    for number in range(count):
        image = np.full((side[1], side[0], 3), 30 * number, np.uint8)
        cv2.imwrite(str(path / f"{number}.png"), image)
    return str(path)


def play(**params):
    return NodeProcess("source_node", params={"wait_for": "image", **params})


def stamps(messages):
    return [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]


def ended(node, timeout=30.0):
    return node.process.wait(timeout)


def test_a_folder_becomes_images_with_a_clock_and_a_camera(peer: Peer, tmp_path) -> None:
    from rosgraph_msgs.msg import Clock
    from sensor_msgs.msg import CameraInfo, Image

    images, infos = peer.collect(Image, "image"), peer.collect(CameraInfo, "camera_info")
    clock = peer.collect(Clock, "/clock", 100)
    with play(input=folder(tmp_path / "images"), rate=10.0, horizontal_fov=1.5, width=40) as node:
        peer.wait_for(lambda: len(images) == 6 and len(infos) == 6, 30)
        assert ended(node) == 0
        assert "input ended after 6 pictures" in node.output
    assert {(m.width, m.height, m.encoding, m.header.frame_id) for m in images} == {
        (40, 30, "rgb8", "camera_optical_frame")
    }
    assert [int(np.frombuffer(m.data, np.uint8)[0]) for m in images] == [0, 30, 60, 90, 120, 150]
    assert np.diff(stamps(images)).tolist() == [100_000_000] * 5
    assert stamps(images) == stamps(infos)
    assert infos[0].k[0] == pytest.approx(20 / np.tan(0.75))
    times = [c.clock.sec * 10**9 + c.clock.nanosec for c in clock]
    assert times == sorted(times)
    assert times[-1] == stamps(images)[-1]
    assert len(times) > 12


def test_a_bag_keeps_its_stamps_and_brings_its_other_topics(peer: Peer) -> None:
    from nav_msgs.msg import Odometry
    from sensor_msgs.msg import CameraInfo, Image
    from tf2_msgs.msg import TFMessage
    from vision_msgs.msg import Detection2DArray

    path = shared("golden/bags/street_mcap")
    images, infos = peer.collect(Image, "image", 100), peer.collect(CameraInfo, "camera_info", 100)
    odom, truth = peer.collect(Odometry, "odom", 100), peer.collect(Detection2DArray, "ground_truth", 100)
    transforms = peer.collect(TFMessage, "/tf", 100)
    with play(input=str(path), topic="/camera/image_raw", speed=8.0, wait_for="image,camera_info") as node:
        assert ended(node) == 0
    peer.wait_for(lambda: len(images) == 100, what="all images")
    # Boxes and intrinsics are recorded for 320x240, the chosen images are 96x72.
    assert (images[0].width, images[0].height) == (96, 72)
    assert {(m.width, m.height) for m in infos} == {(96, 72)}
    assert infos[0].k[0] == pytest.approx(289.7056274847714 * 0.3)
    assert stamps(images)[0] == 1_760_000_000_000_000_000
    assert np.diff(stamps(images)).tolist() == [200_000_000] * 99
    assert min(len(odom), len(truth), len(transforms)) > 190
    boxes = [d.bbox for m in truth[5:] for d in m.detections]
    assert boxes
    assert max(b.center.position.x for b in boxes) <= 96 + 30


def test_a_bag_that_loops_jumps_back_and_says_so_once(peer: Peer) -> None:
    from sensor_msgs.msg import Image

    images = peer.collect(Image, "image", 100)
    with play(input=str(shared("golden/bags/street_sqlite3_zstd_file")), speed=40.0, loop=True) as node:
        peer.wait_for(lambda: len(images) > 75, 30)
        assert node.output.count("jump back") == 1
    assert (np.diff(stamps(images)) < 0).sum() >= 2


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: str(path / "none.mp4"), "does not exist"),
        (lambda path: "", "no input is given"),
        (lambda path: str(path), "holds no image"),
        (lambda path: folder(path / "images"), "none.yaml"),
    ],
)
def test_what_cannot_be_played_is_said_and_ends_the_node_with_an_error(peer: Peer, tmp_path, make, words) -> None:
    with NodeProcess("source_node", params={"input": make(tmp_path), "calibration": "none.yaml"}) as node:
        assert ended(node) == 1
        assert words in node.output
        assert "Traceback" not in node.output


def test_a_parameter_out_of_range_ends_the_node(peer: Peer) -> None:
    with NodeProcess("source_node", params={"input": "x", "speed": -1.0}) as node:
        assert ended(node) == 2
        assert "parameter 'speed' is -1.0 but must be a number from 0.01 to 100" in node.output


def test_ctrl_c_while_playing_and_while_staying(peer: Peer, tmp_path) -> None:
    from sensor_msgs.msg import Image

    path = folder(tmp_path / "images")
    images = peer.collect(Image, "image", 100)
    with play(input=path, rate=1.0) as node:
        peer.wait_for(lambda: images, 20)
        assert node.interrupt() == 0
        assert "ERROR" not in node.output
    with play(input=path, rate=50.0, keep=True) as node:
        node.wait_for_output("input ended after 6 pictures")
        statuses = peer.diagnostics()
        peer.wait_for(lambda: "end of" in getattr(statuses.get("/pose_ssl/source: source"), "message", ""))
        assert node.alive
        assert node.interrupt() == 0
