import json
import math
import time

import numpy as np
import pytest
from harness import NodeProcess
from nav_msgs.msg import Odometry
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Float32, UInt8MultiArray
from vision_msgs.msg import Detection2DArray

from pose_ssl_ros.interfaces import Box, CameraModel, Mounting, ObjectState
from pose_ssl_ros.nodes import outputs
from pose_ssl_ros.nodes.convert import detection, detection_array, rgb_to_image, to_bytes_field, to_header
from pose_ssl_ros.nodes.convert_evaluation import detections_from, headings_from, truth_from
from pose_ssl_ros.nodes.runtime import LATCHED, RESULT, SENSOR
from pose_ssl_ros.viewpoint import orientation_in_camera

S = 1_000_000_000
CAMERA = CameraModel(320, 240, 290.0, 290.0, 160.0, 120.0)
BOX = Box(180, 110, 60, 50)


def true_array(header, azimuth=0.3):
    x, z = 1.7, 9.8
    item = detection(header, "7", BOX, [("sedan", 0.9)])
    pose = item.results[0].pose.pose
    pose.position.x, pose.position.y, pose.position.z = x, 1.0, z
    q = orientation_in_camera(azimuth, math.atan2(x, z))
    pose.orientation.x, pose.orientation.y, pose.orientation.z, pose.orientation.w = q
    return detection_array(header, [item])


def state(azimuth=0.5, heading=(0.9, 0.0, 0.0, 0.0, 0.1)):
    bearing = CAMERA.bearing(BOX.centre[0])
    return ObjectState("t1", BOX, (("object_1", 0.8),), heading, azimuth, 0.1, bearing, 10.0, 1.0, (10.0, -1.7))


def test_truth_comes_back():
    (found,) = truth_from(true_array(to_header(S, "camera")))
    assert (found.id, found.category, found.visible) == ("7", "sedan", pytest.approx(0.9))
    assert found.azimuth == pytest.approx(0.3)
    assert found.box == pytest.approx(BOX)


def test_truth_that_is_broken_is_left_out():
    header = to_header(S, "camera")
    no_result = detection(header, "1", BOX)
    not_finite = true_array(header).detections[0]
    not_finite.results[0].pose.pose.orientation.w = math.nan
    zero = true_array(header).detections[0]
    zero.bbox.size_x = 0.0
    assert truth_from(detection_array(header, [no_result, not_finite, zero])) == []


def test_answers_come_back_from_what_inference_publishes():
    header = to_header(S, "camera")
    (found,) = detections_from(outputs.detections_message(header, [state()], Mounting()), CAMERA)
    assert found.azimuth == pytest.approx(0.5, abs=1e-6)
    assert found.identity == "object_1"
    (heading,) = headings_from(outputs.headings_message(header, [state()]))
    assert heading.heading == pytest.approx((0.9, 0, 0, 0, 0.1))


def test_an_azimuth_that_is_not_known_is_none():
    header = to_header(S, "camera")
    (found,) = detections_from(outputs.detections_message(header, [state(azimuth=None)], Mounting()), CAMERA)
    assert found.azimuth is None
    (found,) = detections_from(outputs.detections_message(header, [state()], Mounting()), None)
    assert found.azimuth is None


class Feed:
    """Publishes frames as a camera, a simulation and an inference node would."""

    def __init__(self, peer, truth=True):
        self.made = {
            "image": peer.publisher(Image, "image", SENSOR),
            "camera_info": peer.publisher(CameraInfo, "camera_info", SENSOR),
            "odom": peer.publisher(Odometry, "odom", RESULT),
            "detections": peer.publisher(Detection2DArray, "detections", RESULT),
            "headings": peer.publisher(Detection2DArray, "headings", RESULT),
            "danger": peer.publisher(Float32, "danger", RESULT),
        }
        if truth:
            self.made["ground_truth"] = peer.publisher(Detection2DArray, "ground_truth", RESULT)
        peer.wait_for(lambda: all(p.get_subscription_count() for p in self.made.values()), 20, "the evaluator")
        self.n = 0

    def frame(self, pause=0.03):
        stamp = 100 * S + self.n * S // 10
        header = to_header(stamp, "camera_optical_frame")
        info = CameraInfo(header=header, width=320, height=240)
        info.k = np.array([290.0, 0, 160, 0, 290, 120, 0, 0, 1])
        odom = Odometry(header=header)
        odom.pose.pose.orientation.w = 1.0
        messages = {
            "camera_info": info,
            "odom": odom,
            "image": rgb_to_image(np.full((240, 320, 3), 80, np.uint8), header),
            "ground_truth": true_array(header),
            "danger": Float32(data=0.4),
            "headings": outputs.headings_message(header, [state()]),
            "detections": outputs.detections_message(header, [state()], Mounting()),
        }
        for name, message in messages.items():
            if name in self.made:
                self.made[name].publish(message)
        self.n += 1
        time.sleep(pause)


def settings(folder, **more):
    return {"output": str(folder), "panel": "plain", "window": 1.0, "video_width": 320, **more}


def read(folder):
    return json.loads((folder / "summary.json").read_text())


def test_ends_by_itself_when_the_duration_is_over(peer, tmp_path):
    with NodeProcess("evaluator_node", params=settings(tmp_path / "a", duration=3.0, seed=5)) as node:
        feed = Feed(peer)
        # A model that is none must end nothing.
        peer.publish("model", UInt8MultiArray(data=to_bytes_field(b"not a model")), LATCHED)
        until = time.monotonic() + 30
        while node.alive and time.monotonic() < until:
            feed.frame()
        assert node.process.wait(20) == 0, node.output
        assert "cannot be read" in node.output
    files = sorted(p.name for p in (tmp_path / "a").iterdir())
    assert files == ["annotated.mp4", "report.html", "summary.json"]
    found = read(tmp_path / "a")
    assert found["seed"] == 5
    assert found["heading"]["n"] > 20
    assert found["heading"]["toward_away_accuracy"] == 1
    assert found["heading"]["azimuth_median_error_deg"] == pytest.approx(math.degrees(0.2), abs=0.2)
    assert found["coverage"] == 1
    assert found["latency_ms"]["p95"] > 0


def test_ctrl_c_writes_everything_within_five_seconds(peer, tmp_path):
    with NodeProcess("evaluator_node", params=settings(tmp_path / "a")) as node:
        feed = Feed(peer, truth=False)
        for _ in range(30):
            feed.frame()
        assert node.interrupt(5.0) == 0, node.output
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["annotated.mp4", "report.html", "summary.json"]
    found = read(tmp_path / "a")
    assert found["finished"] is True
    assert found["heading"]["toward_away_accuracy"] is None
    assert found["answers"]["n"] > 10
    assert "There was no ground truth" in (tmp_path / "a" / "report.html").read_text()


def test_a_killed_run_leaves_a_summary(peer, tmp_path):
    with NodeProcess("evaluator_node", params=settings(tmp_path / "a", summary_period=0.5)) as node:
        feed = Feed(peer)
        for _ in range(40):
            feed.frame(pause=0.05)
        node.kill()
    found = read(tmp_path / "a")
    assert found["finished"] is False
    assert found["heading"]["n"] > 5


def test_a_bad_parameter_is_refused_with_a_sentence(domain, tmp_path):
    with NodeProcess("evaluator_node", params=settings(tmp_path / "a", iou=7.0)) as node:
        assert node.process.wait(20) == 2
        assert "'iou' is 7.0 but must be" in node.output
    assert not (tmp_path / "a").exists()
